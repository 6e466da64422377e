"""What the server of the simulator answers: its pages, their files, what they ask, the notebook, errors in French."""

from __future__ import annotations

import asyncio
import gzip
import json
import mimetypes
import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import httputil, web
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from copkit import escaping
from copkit.errors import CopkitError
from copkit.models import panorama
from copkit.simulator import bundle, gate, home, links, pool, requests, sessions, static
from copkit.simulator.ground import place

KINDS = frozenset((".js", ".css", ".woff", ".woff2", ".ttf", ".eot", ".svg", ".png", ".txt"))  # what a page loads
YEAR = 365 * 24 * 3600
LONGEST_QUERY = 8192  # characters: what browsers and proxies let through
SCRIPT_BEAT = "<script>window.voila_heartbeat()</script>"  # what Voilà writes while a page is long to come
PATIENCE = 7  # of those in a row, one each 10 s
FAILED = '</div><p class="copkit-notice" role="alert">Le simulateur n’a pas pu s’afficher. Recharger la page.</p>'

ERROR_PAGE = Path(__file__).parent / "template" / "voila" / "templates" / "copkit" / "error.html"


@lru_cache(maxsize=1)
def page_policy() -> str:
    """What the pages of the simulator may do: run their own scripts, wear their own styles, ask this server."""
    errors = re.findall(r"<style>(.*?)</style>", ERROR_PAGE.read_text(encoding="utf-8"), re.S)
    allowed = [static.script(), home.script()], [bundle.style(), *errors]
    return escaping.policy(*allowed, "; connect-src 'self'; frame-ancestors 'self'")


# The notebook: no inline script and no 'unsafe-eval'. Two exceptions: 'unsafe-inline' for styles only, because
# JupyterLab's style loader writes style elements; blob: for scripts, because anywidget loads a module from one.
NOTEBOOK_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
ERRORS = gate.ERRORS | {
    414: (
        "Lien trop long",
        "Le lien dépasse 8\u202f192\u202fcaractères. Dans le simulateur, enregistrer le scénario dans un fichier, "
        "l’envoyer, puis l’ouvrir.",
    ),
}
ERRORS[500] = ("Le simulateur ne répond pas", ERRORS[500][1])
ERRORS[503] = ("Le simulateur est complet", ERRORS[503][1])


class Headers(gate.Headers):
    """The headers of every answer; a link holds a scenario, that other sites do not read."""

    def own(self) -> dict[str, str]:
        """The notebook has a policy of its own, and nothing else has it."""
        notebook = re.search(r"/(?:carnet/?|voila/.*)$", self.request.path)
        policy = {"Content-Security-Policy": NOTEBOOK_POLICY if notebook else page_policy()}
        return {"Referrer-Policy": "same-origin"} | policy | (gate.ALONE if notebook else {})


class Visitors(IdentityProvider):
    """Everybody, without a name: no cookie says who they are. Signing in is the proxy's work."""

    def get_user(self, handler: web.RequestHandler) -> User:
        """A visitor."""
        return User(username="visiteur")


class FrenchErrors(web.RequestHandler):
    """Errors as a page in French that says what to do, and nothing of the program; as JSON for a script."""

    def write_error(self, status_code: int, **_) -> None:
        """Write the page."""
        title, text = ERRORS.get(status_code, ERRORS[500 if status_code >= 500 else 400])
        if status_code in gate.RETRY:
            self.set_header("Retry-After", gate.RETRY[status_code])
        if gate.asks_json(self.request.headers):
            self.finish({"ok": False, "message": text})
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = self.settings["voila_jinja2_env"].get_template("error.html")
        self.finish(page.render(title=title, text=text, status=status_code, home=self.settings["base_url"]))

    @property
    def who(self) -> str:
        """Who is counted together with the one who asks; nobody on this machine."""
        return gate.one(self.request.remote_ip or "")


class NotFound(FrenchErrors):
    """Every address that is not the simulator's."""

    def prepare(self) -> None:
        """Whatever the method."""
        raise web.HTTPError(404)


class Moved(FrenchErrors, web.RedirectHandler):
    """The address without its last « / »."""


class Health(FrenchErrors, JupyterHandler):
    """How many sessions are open: for whoever watches the server. Starts no kernel."""

    def get(self) -> None:
        """JSON."""
        sessions = self.kernel_manager
        self.set_header("Cache-Control", "no-store")
        self.finish({"sessions": sessions.live, "limite": sessions.limit})


class Pages:
    """The pages of the territories, made by the pool, each once, and kept compressed."""

    MOST = 300  # 119 territories and France, in a few versions

    def __init__(self, workers: pool.Pool) -> None:
        self.workers = workers
        self.made: OrderedDict[tuple, asyncio.Future] = OrderedDict()

    async def get(self, who: str, make, *given) -> bytes:
        """A page; visitors who come together wait for the same one, that is counted of the first.

        Raises
        ------
        pool.Full, pool.Late
        """
        key = (make.__name__, repr(given))
        if key not in self.made or (self.made[key].done() and self.made[key].exception()):
            self.made[key] = asyncio.ensure_future(self.workers.do(pool.compressed, make, *given, who=who))
            while len(self.made) > self.MOST:
                self.made.popitem(last=False)
        return await asyncio.shield(self.made[key])


class Page(FrenchErrors, JupyterHandler):
    """The home page, and the page of a territory: whole, without a kernel."""

    def initialize(self, pages: Pages, base: str, territory: str | None, note: str) -> None:
        """``territory``: that of an address that names none; ``note``: what every page says."""
        self.pages, self.base, self.territory, self.note = pages, base, territory, note

    async def get(self) -> None:
        """Send a page, made by the pool the first time."""
        if len(self.request.query) > LONGEST_QUERY:
            raise web.HTTPError(414)
        try:
            asked = parse_qs(self.request.query, max_num_fields=links.MOST_PAIRS)
        except ValueError:
            raise web.HTTPError(400) from None
        try:
            if "lien" in asked:  # the page reads it, and says what it leaves of it
                default = self.territory or "reg-32"
                asked = await self.pages.workers.do(_concerned, asked["lien"][0], default, who=self.who)
            sent = await self._page(asked)
        except (pool.Full, pool.Late):
            raise web.HTTPError(503) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        if _takes_gzip(self.request):
            self.set_header("Content-Encoding", "gzip")
        else:
            sent = gzip.decompress(sent)
        self.finish(sent)

    async def _page(self, asked: Mapping[str, list[str]]) -> bytes:
        """What is asked, compressed; the home page, that says why, when there is no such territory."""
        given = asked.get("territoire", [self.territory or ""])[0][:80]
        try:
            found = _resolved(given, asked.get("v", [""])[0][:80]) if given else None
        except CopkitError as error:
            self.set_status(404)
            return await self.pages.workers.do(pool.compressed, home.page, str(error), self.note, who=self.who)
        if found is None:
            return await self.pages.get("", home.page, "", self.note)
        return await self.pages.get(self.who, static.served, found[0], self.base, found[1], self.note)


def _concerned(text: str, default: str) -> dict[str, list[str]]:
    """The territory and the version of the data of a link of this page or of the official simulator."""
    state, _ = links.from_query(text, default=default)
    return {"territoire": [state.territory], "v": [state.version]}


def _resolved(given: str, version: str) -> tuple[str, str]:
    """A territory and a version of the data that exist; the page says of a version unknown that it is."""
    return place(given), version if version in panorama.versions() else panorama.LATEST


class Ask(FrenchErrors, JupyterHandler):
    """What a page asks of Python: a file, a probability. One request, one answer, nothing kept between the two."""

    def initialize(self, workers: pool.Pool, demonstration: bool) -> None:
        """``workers``: who answers; ``demonstration``: not what costs."""
        self.workers, self.demonstration = workers, demonstration
        self.asking: asyncio.Future | None = None

    def on_connection_close(self) -> None:
        """Its page has left: what it waits for is for nobody."""
        if self.asking is not None:
            self.asking.cancel()

    def check_xsrf_cookie(self) -> None:
        """Only a page of this server asks: its browser says where it comes from."""
        origin, site = self.request.headers.get("Origin"), self.request.headers.get("Sec-Fetch-Site", "same-origin")
        if site != "same-origin" or (origin and urlsplit(origin).netloc != self.request.host):
            raise web.HTTPError(403)
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise web.HTTPError(403)

    async def post(self) -> None:
        """The answer, in JSON, whatever happens."""
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise web.HTTPError(400) from None
        if not isinstance(asked, dict):
            raise web.HTTPError(400)
        work = self.workers.do(requests.answer, asked, self.demonstration, who=self.who, costs=requests.costs(asked))
        self.asking = asyncio.ensure_future(work)
        try:
            found = await self.asking
        except asyncio.CancelledError:  # the page has left
            return
        except pool.Full:
            found = {"ok": False, "message": "Le serveur calcule déjà beaucoup. Recommencer dans un instant."}
        except pool.Late:
            found = {"ok": False, "message": "Le calcul est trop long. Recommencer avec un scénario plus simple."}
        self.set_header("Cache-Control", "no-store")
        self.finish(found)


class Notebook(FrenchErrors, TornadoVoilaHandler):
    """The notebook of the simulator, run by Voilà in a kernel of its own."""

    async def get(self) -> None:
        """Run the notebook and send the page as it comes."""
        if len(self.request.query) > LONGEST_QUERY:
            raise web.HTTPError(414)
        sessions.visitor.set(self.who)
        self.kernel_manager.enter(self.who)
        _ = self.xsrf_token  # its cookie lets the page end its kernel when it is closed
        silent = 0
        async for html in self.get_generator():
            silent = silent + 1 if SCRIPT_BEAT in html else 0
            if silent == PATIENCE:  # Voilà would beat for ever when a kernel dies before it has answered
                self.write(FAILED)
                return
            self.write(html.replace(SCRIPT_BEAT, "<!-- -->"))
            self.flush()


class Session(FrenchErrors, KernelHandler):
    """Whether a session lives; pages end theirs by another address, which checks where the request comes from."""

    SUPPORTED_METHODS = ("GET",)


class End(FrenchErrors, VoilaShutdownKernelHandler):
    """A page ends its session."""

    SUPPORTED_METHODS = ("POST",)


class Channels(FrenchErrors, VoilaKernelWebsocketHandler):
    """The websocket between a page and its kernel."""

    async def get(self, kernel_id: str) -> None:
        """A few for each kernel: a page has one, and a second while the first is taken for lost."""
        open_ = self.kernel_manager.sockets.setdefault(kernel_id, set())
        if len(open_) >= sessions.SOCKETS:
            raise web.HTTPError(429)
        open_.add(self)
        try:
            await super().get(kernel_id=kernel_id)
        finally:
            if self.ws_connection is None:
                self._leave()

    def on_close(self) -> None:
        """The page has left."""
        self._leave()
        super().on_close()

    def _leave(self) -> None:
        sockets = self.kernel_manager.sockets
        for kernel_id in [kernel_id for kernel_id, open_ in sockets.items() if self in open_]:
            sockets[kernel_id].discard(self)
            if not sockets[kernel_id]:
                del sockets[kernel_id]

    def write_message(self, message, binary: bool = False):
        """Send, to a page that is there and reads: one that lets too much wait is left."""
        if self.ws_connection is None:
            return None
        try:
            sent = super().write_message(message, binary)
        except WebSocketClosedError:
            return None
        except StreamBufferFullError:
            self.ws_connection.stream.close()  # with all that waits there
            return None
        if sent is not None:
            sent.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may leave meanwhile
        return sent


class Files(FrenchErrors):
    """Files of the notebook's page: those of a table made at the start. What is asked is never taken for a path."""

    def initialize(self, files: Mapping[str, Path], stamp: str) -> None:
        """``files``: by address; ``stamp``: how the addresses begin that change with their content."""
        self.files, self.stamp = files, stamp

    def prepare(self) -> None:
        """Whatever the method."""
        if self.path_args[0] not in self.files:
            raise web.HTTPError(404)

    def get(self, address: str) -> None:
        """One of them, compressed for a browser that takes it; kept a year when its address changes with it."""
        path = self.files[address]
        self.set_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        self.set_header("Cache-Control", f"max-age={YEAR}" if address.startswith(self.stamp) else "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        if not _takes_gzip(self.request):
            self.finish(path.read_bytes())
            return
        self.set_header("Content-Encoding", "gzip")
        self.finish(_compressed(path))


def table(folders: Mapping[str, list[Path]]) -> dict[str, Path]:
    """The files of some folders by their address; the first folder that has one gives it, and no link leads out."""
    found: dict[str, Path] = {}
    for address, given in folders.items():
        for folder in reversed(given):
            root = folder.resolve()
            for path in folder.rglob("*"):
                if path.suffix in KINDS and path.is_file() and path.resolve().is_relative_to(root):
                    found[f"{address}/{path.relative_to(folder).as_posix()}"] = path
    return found


def _takes_gzip(request: httputil.HTTPServerRequest) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


@lru_cache(maxsize=512)
def _compressed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)
