"""The server of the simulator: Voilà, with its pages, one notebook, and nothing else reachable.

A visitor needs no kernel: the page of a territory is whole as it comes, and what it asks of Python a few processes
answer (``pool.py``). The notebook, at « carnet », is Voilà's: a kernel for each visitor, so many at once. A public
demonstration has neither notebook nor kernel.
All settings are here, in Python: no file of the working folder or of the user changes them. ``gate.py`` holds who may
come and what every answer says, ``handlers.py`` what is answered, ``sessions.py`` the kernels, ``template/`` the page
of the notebook.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from jupyter_core.utils import run_sync
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from traitlets import Bool, Unicode
from traitlets.config import Config
from voila.app import Voila

from copkit import french, paths
from copkit.errors import RunError
from copkit.simulator import gate, handlers, pool, sessions

TEMPLATE = Path(__file__).parent / "template"
# Without a list, Voilà loads every extension of JupyterLab that is installed; without its own manager, no widget.
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")
LARGEST_MESSAGE = 2 * gate.MEBIBYTE  # from a page: the largest scenario that can be imported, and room
LIMITS = gate.Limits()
PUBLIC = gate.Limits(rate=5, burst=60)  # of a demonstration: a page is one request, and what it asks another
PUBLIC_WAITING = 5  # requests of one address that wait for a process
PUBLIC_NOTE = "Démonstration publique : ni carnet, ni classeur, ni PDF, ni image. Table CSV, lien et impression y sont."
_HELD = "serveur"  # in the folder of a server, held by it for as long as it lives
IDLE, LOOK = 900, 60  # s without activity before a session ends, open or not; s between two looks
ARRIVAL, CLOSING = 120, 20  # s for a page to connect; s for it to come back after it disconnects
CELL = 60  # s that a cell of the page may take; less than handlers.PATIENCE
KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


def serve(
    *,
    port: int = 8866,
    host: str = "127.0.0.1",
    base_url: str = "/",
    territory: str | None = None,
    max_sessions: int | None = None,
    demonstration: bool = False,
    proxies: Sequence[str] = (),
    browser: bool = True,
    notebook: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the simulator until Ctrl-C or SIGTERM. Meant for a process of its own: it cleans its environment.

    Parameters
    ----------
    port : int
        0 for any free one.
    base_url : str
        Where the simulator is behind a proxy, for instance « /simulateur/ ».
    territory : str, optional
        Territory of an address that names none.
    max_sessions : int, optional
        Notebooks open at once; by default what the free memory holds.
    demonstration : bool
        Open to everybody: no notebook, no file that costs, tighter limits; the pages say so.
    proxies : sequence of str
        Other machines, or networks of them, that say who asks (« X-Forwarded-For »), as a proxy of this one does.

    Raises
    ------
    RunError
        If the notebook is missing, or if the port or the address cannot be used.
    TerritoryError
        If the territory is unknown.
    """
    known = gate.networks(proxies)
    notebook = notebook or paths.notebooks("simulateur.ipynb")
    if not notebook.is_file():
        raise RunError(f"Carnet absent : {paths.shown(notebook)}. Réinstaller copkit, ou corriger COPKIT_HOME.")
    if territory:
        from copkit.simulator.ground import place

        territory = place(territory)
    _set_environment()
    if demonstration:
        limit = 0
    else:
        per_session = sessions.prepare_kernels()
        limit = max_sessions or sessions.default_limit(per_session)
    server = SimulatorServer(
        config=settings(notebook, limit, territory),
        config_file_paths=[],
        notebook_path=str(notebook),
        ip=host,
        port=port,
        base_url=f"/{base_url.strip('/')}/".replace("//", "/"),
        identity_provider_class=handlers.Visitors,
        kernel_websocket_connection_class=sessions.Connection,
        demonstration=demonstration,
        territory=territory or "",
        log_level="ERROR",
    )
    server.say, server.opens, server.proxies = say, browser, known
    server.initialize([])
    server.start()


def _set_environment() -> None:
    """Keep in the environment what kernels need, and add what tells them where they run."""
    clean = sessions.without_secrets(dict(os.environ))
    os.environ.clear()
    os.environ.update(clean)
    found = [str(TEMPLATE), *filter(None, [clean.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(found)


def settings(notebook: Path, limit: int, territory: str | None) -> Config:
    """What Voilà is told; the rest of its settings is off."""
    voila = {
        "template": "copkit",
        "allow_template_override": "NO",
        "allow_theme_override": "NO",
        "strip_sources": True,
        "show_tracebacks": False,
        "file_allowlist": [],
        "extension_allowlist": list(EXTENSIONS),
        "multi_kernel_manager_class": sessions.Sessions,
        "page_config_hook": _versioned,
        "prelaunch_hook": _with_territory(territory, notebook) if territory else None,
    }
    return Config(
        VoilaConfiguration=voila,
        VoilaExecutor={"timeout": CELL},
        Sessions={
            "limit": limit,
            "arrival_delay": ARRIVAL,
            "closing_delay": CLOSING,
            "cull_idle_timeout": IDLE,
            "cull_interval": LOOK,
            "cull_connected": True,
        },
        KernelManager={"transport": _transport()},
        KernelRestarter={"restart_limit": 0},  # a new kernel would know nothing of its page
    )


def _transport() -> str:
    """How the server speaks to its kernels: by files that only its user can open, where their names can be so long."""
    return "ipc" if os.name == "posix" and len(tempfile.gettempdir()) < 40 else "tcp"


def _with_territory(code: str, path: Path):
    """A hook that gives the notebook its territory as Papermill does; that of the address still comes first."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    def hook(_request, notebook, cwd):
        given = parameterize_notebook(load_notebook_node(str(path)), {"territoire": code})
        given.metadata.kernelspec = notebook.metadata.kernelspec
        return given

    return hook


def files_version() -> str:
    """A part of the addresses of Voilà's files, that changes with them."""
    packages = ("voila", "jupyterlab_widgets", "anywidget")
    return sha256(" ".join(map(version, packages)).encode()).hexdigest()[:12]


def _versioned(page_config: dict, *, base_url: str, **_) -> dict:
    """Addresses that can be kept for a year."""
    for name, folder in (("fullStaticUrl", "static"), ("fullLabextensionsUrl", "labextensions")):
        page_config[name] = f"{base_url}voila/{files_version()}/{folder}"
    return page_config


class SimulatorServer(Voila):
    """Voilà with the handlers of the simulator, and no other."""

    territory = Unicode()
    demonstration = Bool(False)
    say: Callable[[str], None] = print
    opens = False
    proxies: gate.Networks = ()

    def initialize(self, argv=None) -> None:
        """Be ready to stop before being ready to start."""
        self.ioloop = IOLoop.current()
        super().initialize(argv)
        for name in ("SIGINT", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._handle_signal_stop)

    def init_settings(self) -> dict:
        """Limits of what is received, and of what a page may ask a kernel."""
        tornado = super().init_settings()
        self.kernel_manager.allowed_message_types = sessions.MESSAGES
        return tornado | {
            "default_handler_class": handlers.NotFound,
            "ws_ping_timeout": 30_000,  # ms without an answer: the page is gone
            "websocket_max_message_size": LARGEST_MESSAGE,
            "xsrf_cookie_kwargs": {"path": self.base_url, "samesite": "Strict", "expires_days": None},
        }

    def init_handlers(self) -> list:
        """The pages and what they ask; the notebook, its files and its session."""
        root = self.base_url
        self.held = _hold(Path(self.connection_dir))
        self.pool = pool.Pool(PUBLIC_WAITING if self.demonstration else pool.OF_ONE)
        front = {
            "pages": handlers.Pages(self.pool),
            "base": root,
            "territory": self.territory or None,
            "note": french.typeset(PUBLIC_NOTE) if self.demonstration else "",
        }
        asked = {"workers": self.pool, "demonstration": self.demonstration}
        return [
            (root, handlers.Page, front),
            (f"{root}api/demande", handlers.Ask, asked),
            *([(root.rstrip("/"), handlers.Moved, {"url": root})] if root != "/" else []),
            (f"{root}sante", handlers.Health),
            *([] if self.demonstration else self._notebook_handlers()),
        ]

    def _notebook_handlers(self) -> list:
        root, stamp = self.base_url, files_version()
        page = {
            "notebook_path": os.path.relpath(self.notebook_path, self.root_dir),
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        static = [Path(folder) for folder in self.static_paths[:-1]]  # the last is Jupyter's own
        named = [folder for folder in static if folder.parent.name in ("copkit", "lab")]
        folders = {f"{stamp}/static": static, "templates/copkit/static": named}
        for name in EXTENSIONS:
            places = [Path(folder) / name / "static" for folder in self.labextensions_path]
            folders[f"{stamp}/labextensions/{name}/static"] = places
        return [
            (f"{root}carnet", handlers.Notebook, page),
            (f"{root}api/kernels/{KERNEL}", handlers.Session),
            (f"{root}api/kernels/{KERNEL}/channels", handlers.Channels),
            (f"{root}voila/api/shutdown/{KERNEL}", handlers.End),
            (f"{root}voila/(.+)", handlers.Files, {"files": handlers.table(folders), "stamp": stamp}),
        ]

    def listen(self) -> None:
        """Answer until told to stop."""
        try:
            sockets = bind_sockets(self.port, self.ip)
        except OSError as error:
            self.stop()
            raise RunError(
                f"Impossible d'écouter à l'adresse {self.ip}, port {self.port} ({error.strerror}). "
                "Choisir un autre port, ou --port 0 pour un port libre."
            ) from error
        self.port = sockets[0].getsockname()[1]
        self.app.transforms.append(handlers.Headers)
        limits = PUBLIC if self.demonstration else LIMITS
        server = gate.Gate(self.app, limits, self.proxies)
        server.add_sockets(sockets)
        limit = self.kernel_manager.limit
        what = "démonstration publique, sans carnet" if self.demonstration else f"carnet : {limit} sessions au plus"
        self.say(f"Simulateur : {self.display_url} ({what}). Ctrl-C pour arrêter.")
        if self.opens:
            self.ioloop.run_in_executor(None, webbrowser.open, self.display_url)
        try:
            self.ioloop.start()
        finally:
            server.stop()
            self.stop()

    def stop(self) -> None:
        """End every session and leave no file."""
        self.pool.stop()
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def _hold(folder: Path):
    """Mark a folder as that of a server that lives, however it ends; remove those of servers that were killed."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    for mark in folder.parent.glob(f"voila_*/{_HELD}"):
        with suppress(OSError), mark.open("r+") as left:  # another's, or held
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(mark.parent, ignore_errors=True)
    held = (folder / f"{_HELD}.tmp").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    Path(held.name).rename(folder / _HELD)  # held from the first moment that it has its name
    return held
