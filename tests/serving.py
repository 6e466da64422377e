"""A real server of the simulator on the loopback, with a small notebook of the tests, and what speaks to it."""

import asyncio
import json
import os
import re
import signal
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import nbformat
import psutil
import websocket
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from copkit.batch.forked import forks, kernels
from copkit.reference import territories
from copkit.simulator import server
from copkit.simulator.gate import Gate
from copkit.simulator.page import page

from . import terminal
from .processes import wait_until

PAGE = """
import os
import anywidget, traitlets
import copkit as ck
territoire = ck.notebook.parameter("territoire", territoire)
class Counter(anywidget.AnyWidget):
    _esm = '''
    async function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = model.get("shown"); };
      button.onclick = () => { model.set("asked", model.get("asked") + 1); model.save_changes(); };
      model.on("change:shown", show);
      show();
      el.append(button);
    }
    export default { render };
    '''
    shown = traitlets.Unicode().tag(sync=True)
    asked = traitlets.Int().tag(sync=True)
counter = Counter(shown=f"{territoire} : 0")
counter.observe(lambda change: counter.set_trait("shown", f"{territoire} : {change.new}"), "asked")
counter
"""
SAYS = 'print("pid", os.getpid(), "territoire", territoire, "noms", " ".join(sorted(os.environ)))'
WARM, SIMULATOR = "tests.serving:warm", "tests.serving:simulator"


def warm() -> None:
    """What the kernels of that page find ready: those of the notebook of the kit find the kit whole."""
    import_module("anywidget")
    import_module("copkit.notebook")
    territories.territories()


def simulator() -> None:
    """The same, beside the simulator."""
    warm()
    import_module("copkit.simulator.widget")
    page("reg-32")


def serve(notebook: Path, constants: dict, options: dict) -> None:
    """The server, in a process of its own: its address goes to the standard output, its routes to a file."""
    for name, value in constants.items():
        setattr(server, name, value)
    listen = server.SimulatorServer.listen

    def described(self):
        notebook.with_name("routes.json").write_text(json.dumps(routes(self.app)))
        listen(self)

    server.SimulatorServer.listen = described
    source = notebook.read_text()
    if "class Counter" in source:
        forks.WARM = kernels.WARM = WARM if "Simulator(" not in source else SIMULATOR
    elif "copkit" not in source:  # it needs nothing of the kit: its kernels are forked from a bare parent
        forks.WARM = kernels.WARM = forks.NOTHING
    given = {"port": 0, "browser": False} | options
    server.serve(notebook=notebook, say=lambda text: print(text, flush=True), **given)


def routes(app: Application) -> list[dict]:
    """What an application answers, from its own tables: patterns of addresses, methods, files."""
    found = []
    for rule in app.default_router.rules:
        for one in rule.target.rules:
            handler = one.target
            methods = [
                method
                for method in handler.SUPPORTED_METHODS
                if getattr(handler, method.lower()) is not RequestHandler._unimplemented_method
            ]
            files = sorted(one.target_kwargs.get("files", ()))
            found.append({"pattern": one.matcher.regex.pattern, "methods": methods, "files": files})
    return found


def write_notebook(folder: Path, *cells: str) -> Path:
    """A notebook with a parameter, then the cells; by default a widget, and what its kernel knows."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    parameters = nbformat.v4.new_code_cell('territoire = "reg-32"', metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(cell) for cell in cells or (PAGE, SAYS)]
    notebook.cells = [nbformat.v4.new_markdown_cell("# Essai"), parameters, *code]
    path = folder / "essai.ipynb"
    nbformat.write(notebook, path)
    return path


class Reached:
    """A server at an address."""

    root = ""

    def raw(self, path: str, method: str = "GET", body: bytes | None = None, **headers) -> "Answer":
        """The answer at a path that no client has tidied."""
        with closing(HTTPConnection(self.root.removeprefix("http://"), timeout=120)) as connection:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            got = connection.getresponse()
            return Answer(got.status, got.headers, got.read())


class Threaded(Reached):
    """A server of this process, in a thread of its own, until it is stopped."""

    def __init__(self, made: Callable[[str], AbstractContextManager[Gate]]) -> None:
        """``made``: gives the server of an address, in the thread."""
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve(made)))
        self.thread.start()
        self.ready.wait()

    async def _serve(self, made):
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        sockets = bind_sockets(0, "127.0.0.1")
        self.root = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        with made(self.root) as self.server:
            self.server.add_sockets(sockets)
            self.ready.set()
            await self.ended.wait()
            self.server.stop()

    def stop(self) -> None:
        """And leave nothing running."""
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()


class Server(Reached):
    """A server in its own process, until the end of the « with »."""

    def __init__(self, folder: Path, *cells: str, environment=(), constants=(), **options) -> None:
        self.notebook = write_notebook(folder, *cells)
        self.temporary = folder / "t"
        self.temporary.mkdir()
        self.said, self.log = folder / "said.txt", folder / "server.log"
        self.constants, self.options = dict(constants), options
        self.environment = {**os.environ, **dict(environment)}
        self.start()

    def start(self, **more) -> None:
        """Run, and know its address."""
        for file in (self.said, self.log):
            file.write_text("")
        where = {"stdout": self.said, "stderr": self.log, "environment": self.environment}
        self.process = terminal.begin(serve, self.notebook, self.constants, self.options | more, **where)
        wait_until(lambda: self.said.read_text().endswith("\n") or self.process.exitcode is not None)
        found = re.search(r"http://\S+:\d+/\S*", self.said.read_text())
        assert found, f"{self.said.read_text()}{self.log.read_text()}"
        self.url, self.routes = found[0], json.loads(self.log.with_name("routes.json").read_text())
        self.root = re.match(r"http://[^/]+", self.url)[0]

    def __enter__(self):
        return self

    def restart(self, how: int = signal.SIGTERM) -> None:
        """End, and run again at the same address."""
        self.stop(how)
        self.start(port=urlsplit(self.url).port)

    def __exit__(self, *_):
        self.stop()

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End, and wait for it."""
        terminal.send(self.process, how)
        self.process.join(120)
        assert self.process.exitcode is not None, "the server hangs"

    def get(self, path: str = "", *, method: str = "GET", data: bytes | None = None, **headers):
        """The answer at an address under the simulator's; under the root of the server when it starts with « / »."""
        request = Request((self.root if path.startswith("/") else self.url) + path, data=data, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        return answer(request)

    def health(self) -> dict:
        """What the server says of its sessions."""
        return json.loads(self.get("sante").text)

    def visit(self, query: str = "") -> "Visit":
        """Open the notebook as a browser without JavaScript would."""
        return Visit(self, self.get(f"carnet{query}"))

    def children(self) -> list[psutil.Process]:
        """Everything that it started."""
        return psutil.Process(self.process.pid).children(recursive=True)


class Answer:
    """Status, headers, content."""

    def __init__(self, status: int, headers, content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content

    @property
    def text(self) -> str:
        """The content."""
        return self.content.decode("utf-8")


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def answer(request: Request) -> Answer:
    """The answer to a request, whatever its status; redirections are not followed."""
    try:
        with build_opener(_Stay).open(request, timeout=120) as got:
            return Answer(got.status, got.headers, got.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


class Visit:
    """An open page: its session and its websocket."""

    def __init__(self, server: Server, page: Answer) -> None:
        assert page.status == 200, page.text
        self.server, self.page = server, page
        self.kernel = re.search(r'"kernelId": "([-\w]+)"', page.text)[1]
        self.session = f"api/kernels/{self.kernel}"

    def said(self, name: str) -> str:
        """What the kernel printed after a word."""
        return re.search(rf"\b{name} (\S+)", self.page.text)[1]

    def connect(self, origin: str | None = None, **options) -> websocket.WebSocket:
        """The websocket of the page; ``options``: of its opening, as the subprotocols."""
        address = f"{self.server.url}{self.session}/channels?session_id={uuid.uuid4().hex}".replace("http", "ws", 1)
        return websocket.create_connection(address, timeout=120, origin=origin or self.server.root, **options)


def message(kind: str, content: dict, channel: str = "shell") -> str:
    """A Jupyter message, as a page would send it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "s",
        "version": "5.3",
        "date": "",
    }
    return json.dumps(
        {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel, "buffers": []}
    )


def reply(socket: websocket.WebSocket, kind: str) -> dict:
    """The first message of a kind; the others are for whoever asked. Raises when the server closes."""
    while True:
        if not (text := socket.recv()):
            raise websocket.WebSocketConnectionClosedException
        got = json.loads(text)
        if got["header"]["msg_type"] == kind:
            return got
