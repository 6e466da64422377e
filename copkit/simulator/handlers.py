"""What the server of the simulator answers: its pages, their files, what they ask, the notebook, errors in French."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import mimetypes
import os
import re
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import web
from voila.static_file_handler import MultiStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from copkit import files
from copkit.errors import CopkitError
from copkit.models import panorama
from copkit.simulator import bundle, home, links, pool, requests, static
from copkit.simulator.ground import place

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
    return static.policy(*allowed, "; connect-src 'self'; frame-ancestors 'self'")


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
HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ALONE = "same-origin"  # the notebook has a session to keep from the page that opened it; elsewhere, where there is
# none, it would only cost each visitor a process of the browser: a quarter of the time until the page is usable
ERRORS = {
    400: ("Demande illisible", "L’adresse ou la demande est mal formée."),
    403: ("Accès refusé", "Cette demande n’est pas permise."),
    404: ("Page introuvable", "Cette adresse ne mène à rien."),
    405: ("Demande refusée", "Cette adresse se lit, elle ne s’écrit pas."),
    414: (
        "Lien trop long",
        "Le lien dépasse 8\u202f192\u202fcaractères. Dans le simulateur, enregistrer le scénario dans un fichier, "
        "l’envoyer, puis l’ouvrir.",
    ),
    500: (
        "Le simulateur ne répond pas",
        "Une erreur s’est produite sur le serveur. Réessayer dans un instant\u202f; si cela recommence, prévenir la "
        "personne qui tient le serveur.",
    ),
    503: (
        "Le simulateur est complet",
        "Toutes les places sont prises. Réessayer dans quelques minutes\u202f: le lien garde le scénario.",
    ),
}


class Headers(web.OutputTransform):
    """The headers of every answer, whoever writes it."""

    def __init__(self, request):
        self.path = request.path

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        """Add them, and do not say which server this is."""
        for name, value in HEADERS.items():
            headers[name] = value
        notebook = "/carnet" in self.path or "/voila/" in self.path
        headers["Content-Security-Policy"] = NOTEBOOK_POLICY if notebook else page_policy()
        if notebook:
            headers["Cross-Origin-Opener-Policy"] = ALONE
        headers.pop("Server", None)
        return status_code, headers, chunk


class Visitors(IdentityProvider):
    """Everybody, without a name: no cookie says who they are. Signing in is the proxy's work."""

    def get_user(self, handler: web.RequestHandler) -> User:
        """A visitor."""
        return User(username="visiteur")


class FrenchErrors(JupyterHandler):
    """Errors as a page in French that says what to do, and nothing of the program."""

    def write_error(self, status_code: int, **_) -> None:
        """Write the page."""
        title, text = ERRORS.get(status_code, ERRORS[500])
        self.set_header("Content-Type", "text/html; charset=utf-8")
        if status_code == 503:
            self.set_header("Retry-After", "60")
        page = self.settings["voila_jinja2_env"].get_template("error.html")
        self.finish(page.render(title=title, text=text, status=status_code, home=self.base_url))


class NotFound(FrenchErrors):
    """Every address that is not the simulator's."""

    def prepare(self) -> None:
        """Whatever the method."""
        raise web.HTTPError(404)


class Health(FrenchErrors):
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

    async def get(self, make, *given) -> bytes:
        """A page; visitors who come together wait for the same one."""
        key = (make.__name__, repr(given))
        if key not in self.made or (self.made[key].done() and self.made[key].exception()):
            self.made[key] = asyncio.ensure_future(self.workers.do(pool.compressed, make, *given))
            while len(self.made) > self.MOST:
                self.made.popitem(last=False)
        return await asyncio.shield(self.made[key])


class Page(FrenchErrors):
    """The home page, and the page of a territory: whole, without a kernel."""

    def initialize(self, pages: Pages, base: str, territory: str | None) -> None:
        """``territory``: that of an address that names none; the home page otherwise."""
        self.pages, self.base, self.territory = pages, base, territory

    async def get(self) -> None:
        """Send a page, made by the pool the first time."""
        if len(self.request.query) > LONGEST_QUERY:
            raise web.HTTPError(414)
        asked = parse_qs(self.request.query, max_num_fields=links.MOST_PAIRS)
        if "lien" in asked:
            link, _ = await self.pages.workers.do(_link, asked["lien"][0], self.territory or "reg-32")
            self.redirect(self.base + link)
            return
        given = asked.get("territoire", [self.territory or ""])[0][:80]
        version = asked.get("v", [""])[0][:80]
        try:
            found = _resolved(given, version) if given else None
            if found:
                sent = await self.pages.get(static.served, found[0], self.base, found[1])
            else:
                sent = await self.pages.get(home.page)
        except CopkitError as error:
            sent = await self.pages.workers.do(pool.compressed, home.page, str(error))
            self.set_status(404)
        except pool.Full:
            raise web.HTTPError(503) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
        else:
            sent = gzip.decompress(sent)
        self.finish(sent)


def _link(text: str, default: str) -> tuple[str, list[str]]:
    """A link of this page or of the official simulator, as one of this page."""
    state, notes = links.from_query(text, default=default)
    return links.to_query(state.having(step=3))[0], notes


def _resolved(given: str, version: str) -> tuple[str, str]:
    """A territory and a version of the data that exist; the page says of a version unknown that it is."""
    return place(given), version if version in panorama.versions() else panorama.LATEST


class Ask(FrenchErrors):
    """What a page asks of Python: a file, a probability. One request, one answer, nothing kept between the two."""

    def initialize(self, workers: pool.Pool) -> None:
        """``workers``: who answers."""
        self.workers = workers

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
        except ValueError:
            raise web.HTTPError(400) from None
        if not isinstance(asked, dict):
            raise web.HTTPError(400)
        try:
            found = await self.workers.do(requests.answer, asked)
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
        if self.kernel_manager.full:
            raise web.HTTPError(503)
        _ = self.xsrf_token  # its cookie lets the page end its kernel when it is closed
        silent = 0
        async for html in self.get_generator():
            silent = silent + 1 if SCRIPT_BEAT in html else 0
            if silent == PATIENCE:  # Voilà would beat for ever when a kernel dies before it has answered
                self.write(FAILED)
                return
            self.write(html.replace(SCRIPT_BEAT, "<!-- -->"))
            self.flush()


class Session(KernelHandler):
    """Whether a session lives; pages end theirs by another address, which checks where the request comes from."""

    SUPPORTED_METHODS = ("GET",)


class Files(MultiStaticFileHandler):
    """Files whose address changes with their content: kept a year by browsers, sent compressed."""

    def initialize(self, paths: list[str], compressed: str) -> None:
        """``compressed``: the folder where compressed copies are made."""
        super().initialize(paths=paths)
        self.compressed, self.plain = Path(compressed), ""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The file, or its compressed copy for a browser that takes it."""
        path = super().validate_absolute_path(root, absolute_path)
        self.plain = path
        if path is None or "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            return path
        copy = self.compressed / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.gz"
        if not copy.exists():
            files.write_whole(copy, gzip.compress(Path(path).read_bytes(), 6))
        return str(copy)

    def get_content_size(self) -> int:
        """Of what is sent."""
        return os.path.getsize(self.absolute_path)

    def get_content_type(self) -> str:
        """That of the file, compressed or not."""
        return mimetypes.guess_type(self.plain)[0] or "application/octet-stream"

    def get_cache_time(self, path: str, modified, mime_type: str) -> int:
        """A year."""
        return YEAR

    def set_extra_headers(self, path: str) -> None:
        """Say that it is compressed."""
        self.set_header("Vary", "Accept-Encoding")
        if self.absolute_path != self.plain:
            self.set_header("Content-Encoding", "gzip")
