"""The server of a live session: a page for the host, one for the participants, and what they ask of the room.

No kernel, no cookie, no address written. Participants and host say who they are by a key of their own, in a header that
no other site can send. What is refused is said in one French sentence (``{"message": …}``).
"""

from __future__ import annotations

import json
import math
import signal
import time
import webbrowser
from asyncio import to_thread
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application, GZipContentEncoding, HTTPError, RequestHandler

from copkit import __version__, escaping, french
from copkit.errors import CopkitError, RunError
from copkit.intake import personal
from copkit.models.limits import KT
from copkit.models.scenario import Entry
from copkit.models.spread import Spread, by_disagreement, middle
from copkit.presentation import labels, minutes
from copkit.reference import reading, territories
from copkit.simulator import bundle, gate
from copkit.simulator.ground import place
from copkit.simulator.room import LONGEST_REASON, ROLES, Room, totals
from copkit.simulator.state import Name, Number

MODULES = ("numbers.js", "scenario.js", "elements.js", "room.js")
TEMPLATE, STYLE = "room.html.j2", "room.css"
KEY = "X-Copkit-Key"
LARGEST_BODY = 16 * 1024  # bytes: a decision on all levers, with its reason
RATE, BURST = 2, 40  # proposals of one person: so many in a second in the long run, so many at once
ENTRANCES, CROWD = 5, 120  # people who enter: the same; a room enters together, from one address
EVERY = 2000  # ms between two looks of a page
LIMITS = gate.Limits(  # a room goes out by one address: 300 telephones look every two seconds, six connections each
    of_one=900,
    rate=250,
    burst=1500,
    body=4 * LARGEST_BODY,
    headers=LARGEST_BODY,
)
ERRORS = {
    400: "La demande est illisible : du JSON est attendu.",
    403: "Cette demande n'est pas permise : la clé manque, ou n'est pas celle de cette séance.",
    404: "Cette adresse ne mène à aucune séance. Reprendre le lien affiché à l'écran.",
    405: "Cette adresse ne répond pas à cette demande.",
    413: "La demande est trop longue : 16 384 octets au plus.",
    415: "La demande doit être du JSON (Content-Type: application/json).",
    429: "Trop de demandes à la fois. Attendre quelques secondes, puis recommencer.",
    500: "Une erreur s'est produite sur le serveur. Réessayer dans un instant ; rien de ce qui était reçu n'est perdu.",
}
LEVER_KEYS = (
    *("id", "label", "thematique", "colour", "limit", "range", "unit", "quantity_label", "shown"),
    *("decimals_kt", "decimals_quantity", "translated", "closed", "target", "start"),
)


def _reason(text: str) -> str:
    if len(text) > LONGEST_REASON:
        raise ValueError(f"texte de {french.number(len(text), 0)} caractères, {LONGEST_REASON} au plus. Le raccourcir")
    return personal.mask(escaping.terminal(text))


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Entrance(_Message):
    role: Name = ""


class _Value(_Message):
    value: Number
    unit: Name = KT


class _Proposal(_Message):
    lever: Name
    value: Number | None
    unit: Name = KT


class _Turn(_Message):
    open: bool


class _Choice(_Message):
    """``levers``: what is kept of each; None for the median."""

    levers: dict[Name, _Value | None]
    reason: Annotated[str, AfterValidator(_reason)] = ""


class Hall:
    """What the handlers share: the room, its addresses, what it is made of for a page, what was said since."""

    def __init__(self, room: Room, address: str) -> None:
        """``address``: where the room is for those who take part, with its final « / »."""
        self.room, self.address = room, address
        self.start, self.turns, self.changes = time.time_ns(), 0, 0
        self.entrances, self.buckets = gate.Bucket(ENTRANCES, CROWD), gate.Buckets(RATE, BURST)

    @property
    def link(self) -> str:
        """What participants open."""
        return self.address + self.room.code

    @property
    def host_link(self) -> str:
        """What the host opens: their key is in a part that a browser never sends, and that the page takes away."""
        return f"{self.address}animation#{self.room.host}"

    @property
    def turn(self) -> str:
        """Another text when what all participants see has changed, and after each start."""
        return f"{self.start}-{self.turns}"

    @property
    def version(self) -> str:
        """Another text when what the host sees has changed too."""
        return f"{self.turn}-{self.changes}"

    @cached_property
    def ground(self) -> str:
        """What a page shows of the territory whatever is proposed, as JSON; made when the first page asks."""
        from copkit.simulator import page

        found = page.page(self.room.territory, self.room.version)
        kept = {name: found[name] for name in ("forest_lever", "sentences", "thematiques", "version")}
        said = kept | {
            "name": territories.name(self.room.territory),
            "of": labels.of(self.room.territory),
            "levers": [{name: one[name] for name in LEVER_KEYS} for one in found["levers"]],
            "roles": [{"id": name, "label": french.typeset(label)} for name, label in ROLES.items()],
            "status": found["texts"]["status"],
            "every": EVERY,
        }
        return json.dumps(said, ensure_ascii=False, allow_nan=False)

    def results(self, number: int) -> list[dict]:
        """The spread of each lever, the most disputed first."""
        return [self._result(lever, one) for lever, one in by_disagreement(self.room.spreads(number)).items()]

    def _result(self, lever: str, one: Spread) -> dict:
        limit = self.room.limits[lever]
        quantity = limit.quantity_of(one.median)
        return {
            "lever": lever,
            "values": one.values,
            "low": one.low,
            "median": one.median,
            "high": one.high,
            "below": one.below,
            "at": one.at,
            "above": one.above,
            "disagreement": one.disagreement,
            "quantity": None if math.isnan(quantity) else quantity,
        }

    def kept(self) -> dict | None:
        """The scenario that was kept."""
        if (found := self.room.decision()) is None:
            return None
        settled = self.room.standings(found.entries)
        return {
            "round": found.round,
            "at": french.moment(found.at),
            "reason": found.reason,
            "medians": found.medians,
            "levers": {lever: settled[lever].kt for lever in found.entries},
            "totals": totals(settled),
        }

    def median(self, number: int) -> dict:
        """What the median scenario adds up to."""
        return totals(self.room.standings(middle(self.room.spreads(number))))


class Headers(gate.Headers):
    """The headers of every answer; the address of the page holds the code of the room, that nobody else reads."""

    def own(self) -> dict[str, str]:
        """One policy: scripts and styles are files of this server."""
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return {"Referrer-Policy": "no-referrer", "Content-Security-Policy": policy} | gate.ALONE


class _Handler(RequestHandler):
    """Keys, bodies and errors of every answer."""

    @property
    def hall(self) -> Hall:
        return self.settings["hall"]

    @property
    def room(self) -> Room:
        return self.hall.room

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **about: Any) -> None:
        """One French sentence, and nothing of the program."""
        error = about.get("exc_info", (None, None, None))[1]
        known = isinstance(error, CopkitError)
        if known:
            self.set_status(422)
        text = str(error) if known else ERRORS.get(status_code, ERRORS[500 if status_code >= 500 else 400])
        if status_code in gate.RETRY:
            self.set_header("Retry-After", gate.RETRY[status_code])
        if "application/json" in self.request.headers.get("Accept", "") or self.request.method != "GET":
            self.finish({"message": french.typeset(text)})
            return
        self.finish(_page("erreur", french.typeset(text)))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """What a person can mend is not the server's fault."""
        if not isinstance(error, CopkitError | HTTPError):
            super().log_exception(kind, error, trace)

    def of_room(self, code: str) -> None:
        """Refuse another room than this one."""
        if code.upper() != self.room.code:
            raise HTTPError(404)

    def key(self) -> str:
        """The key that came with the demand."""
        return self.request.headers.get(KEY, "")[:100]

    def person(self) -> str:
        """The participant who asks."""
        if (found := self.room.person(self.key())) is None:
            raise HTTPError(403)
        return found

    def host(self) -> None:
        """Refuse anybody but the host."""
        if not self.room.is_host(self.key()):
            raise HTTPError(403)

    def read(self, model: type[BaseModel]) -> Any:
        """The body of the demand, checked; all its problems in one message."""
        if self.request.headers.get("Content-Type", "").split(";")[0].strip() != "application/json":
            raise HTTPError(415)  # so that a form of another site cannot send one
        if len(self.request.body) > LARGEST_BODY:
            raise HTTPError(413)
        try:
            return model.model_validate(json.loads(self.request.body))
        except ValidationError as error:
            said = reading.explain(error, {}, model)[:5]
            raise Refused(" ".join(one if len(one) < 300 else f"{one[:300]}…" for one in said)) from None
        except (ValueError, RecursionError):
            raise HTTPError(400) from None

    def changed(self, *, turn: bool = False) -> None:
        """Have the host look again; ``turn``: every participant too."""
        self.hall.changes += 1
        self.hall.turns += turn

    def seen(self, version: str) -> bool:
        """Whether the page that asks already has what there is: it is then told so, and nothing more."""
        if self.get_argument("vu", "") != version:
            return False
        self.set_status(204)
        return True


class Refused(CopkitError):
    """A message from a page is malformed."""


class NotFound(_Handler):
    """Every other address."""

    def prepare(self) -> None:
        raise HTTPError(404)


class Participant(_Handler):
    """The page of a participant."""

    def get(self, code: str) -> None:
        self.of_room(code)
        self.finish(_page("participant"))


class Host(_Handler):
    """The page of the host: it holds nothing that is not public; what it shows asks for the key."""

    def get(self) -> None:
        self.finish(_page("animation"))


class Asset(_Handler):
    """The script or the style of both pages, whose address changes with them."""

    def get(self, kind: str) -> None:
        self.set_header("Content-Type", f"text/{'css' if kind == 'css' else 'javascript'}; charset=utf-8")
        self.set_header("Cache-Control", "max-age=31536000, immutable")
        self.finish(_style() if kind == "css" else _script())


class Ground(_Handler):
    """What both pages show of the territory."""

    def get(self, code: str) -> None:
        if code != "animation":
            self.of_room(code)
        else:
            self.host()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(self.hall.ground)


class Entrance(_Handler):
    """Somebody comes in."""

    def post(self, code: str) -> None:
        self.of_room(code)
        if not self.hall.entrances.take():
            raise HTTPError(429)
        key = self.room.enter(self.read(_Entrance).role)
        self.changed()
        self.finish({"key": key})


class Own(_Handler):
    """What a participant sees: their own proposals; those of the room, as spreads, once the round is closed."""

    def get(self, code: str) -> None:
        self.of_room(code)
        person = self.person()
        if self.seen(self.hall.turn):
            return
        number, is_open = self.room.round, self.room.is_open
        self.finish(
            {
                "version": self.hall.turn,
                "round": number,
                "open": is_open,
                "own": self.room.own(person),
                "results": None if is_open else self.hall.results(number),
                "totals": None if is_open else self.hall.median(number),
                "kept": self.hall.kept(),
            }
        )


class Proposal(_Handler):
    """A participant proposes a value for a lever, or takes it back."""

    def put(self, code: str) -> None:
        self.of_room(code)
        person = self.person()
        if not self.hall.buckets.take(person):
            raise HTTPError(429)
        said = self.read(_Proposal)
        self.room.propose(person, said.lever, said.value, _unit(said.unit))
        self.changed()
        self.finish({"own": self.room.own(person), "round": self.room.round})


class Whole(_Handler):
    """What the host sees."""

    def get(self) -> None:
        self.host()
        if self.seen(self.hall.version):
            return
        number = self.room.round
        self.finish(
            {
                "version": self.hall.version,
                "link": self.hall.link,
                "code": self.room.code,
                "alone": _alone(self.hall.address),
                "round": number,
                "open": self.room.is_open,
                "people": sum(self.room.roles().values()),
                "speakers": self.room.speakers(number),
                "results": self.hall.results(number),
                "totals": self.hall.median(number),
                "kept": self.hall.kept(),
            }
        )


class Turn(_Handler):
    """The host closes the round, or opens the next one."""

    def post(self) -> None:
        self.host()
        said = self.read(_Turn)
        if said.open:
            self.room.open_round()
        else:
            self.room.close_round()
        self.changed(turn=True)
        self.finish({"round": self.room.round, "open": said.open})


class Choice(_Handler):
    """The host keeps a scenario."""

    def post(self) -> None:
        self.host()
        said = self.read(_Choice)
        kept = {lever: one and Entry(one.value, _unit(one.unit)) for lever, one in said.levers.items()}
        self.room.decide(kept, said.reason)
        self.changed(turn=True)
        self.finish({"kept": self.hall.kept()})


class Scenario(_Handler):
    """The scenario that was kept, as the kit reads it."""

    def get(self) -> None:
        self.host()
        written = self.room.scenario()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{_file(self.room, "scenario", "json")}"')
        self.finish(written)


class Report(_Handler):
    """The minutes, as a PDF: composed beside the other demands."""

    async def get(self) -> None:
        self.host()
        from copkit.presentation.writers import typst

        made = await to_thread(typst.write, minutes.document(self.room.minutes()))
        self.set_header("Content-Type", "application/pdf")
        self.set_header("Content-Disposition", f'attachment; filename="{_file(self.room, "seance", "pdf")}"')
        self.finish(made)


class Picture(_Handler):
    """The link of the room as a QR code, made here."""

    def get(self, code: str) -> None:
        self.of_room(code)
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(_qr(self.hall.link))


def _file(room: Room, name: str, kind: str) -> str:
    return f"{name}-{room.territory}-{room.made:%Y-%m-%d}.{kind}"


def _unit(name: str) -> str:
    if name not in ("ktco2e", "quantity"):
        raise Refused(f"unit : valeur « {name[:40]} » inconnue. Écrire « ktco2e » ou « quantity ».")
    return name


def _alone(address: str) -> bool:
    """Whether only this machine reaches an address."""
    return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


@lru_cache(maxsize=4)
def _qr(link: str) -> bytes:
    import segno

    out = BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    return out.getvalue()


@lru_cache(maxsize=1)
def _script() -> str:
    parts = [(bundle.ASSETS / name).read_text(encoding="utf-8") for name in MODULES]
    return "\n".join(['"use strict";', "(() => {", *parts, "})();"])


@lru_cache(maxsize=1)
def _style() -> str:
    return (bundle.ASSETS / STYLE).read_text(encoding="utf-8")


def _stamp() -> str:
    return sha256((_script() + _style()).encode()).hexdigest()[:12]


def _page(kind: str, error: str = "") -> str:
    """The one page, of the host or of a participant: an empty frame that the script fills."""
    title = {"animation": "Séance : écran de l’animation", "participant": "Séance : proposer"}.get(kind, "Séance")
    return escaping.template(bundle.ASSETS / TEMPLATE).render(
        kind=kind, title=title, stamp=_stamp(), error=error, copkit=__version__
    )


def application(hall: Hall, base_url: str = "/") -> Application:
    """The pages and what they ask, under ``base_url``."""
    code = "([A-Za-z0-9]{8})"
    routes = [
        ("animation", Host),
        (r"seance-\w{12}\.(css|js)", Asset),
        (rf"api/({code[1:-1]}|animation)/territoire", Ground),
        ("api/animation/etat", Whole),
        ("api/animation/tour", Turn),
        ("api/animation/decision", Choice),
        ("api/animation/scenario", Scenario),
        ("api/animation/compte-rendu", Report),
        (f"api/{code}/entree", Entrance),
        (f"api/{code}/etat", Own),
        (f"api/{code}/proposition", Proposal),
        (rf"{code}\.svg", Picture),
        (code, Participant),
    ]
    handlers = [(base_url + path, handler) for path, handler in routes]
    silent = {"log_function": lambda _handler: None}  # who asked what, from which address, is written nowhere
    transforms = [GZipContentEncoding, Headers]
    return Application(handlers, hall=hall, default_handler_class=NotFound, transforms=transforms, **silent)


def serve(
    *,
    path: Path | None = None,
    territory: str | None = None,
    port: int = 8866,
    host: str = "127.0.0.1",
    base_url: str = "/",
    address: str | None = None,
    proxies: Sequence[str] = (),
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Open the room of a file, or a new one, and answer until Ctrl-C or SIGTERM.

    Parameters
    ----------
    path : the file of the session; by default one named after the territory and the day. One that is there goes on.
    territory : of a new session.
    address : where participants reach this server, for instance « https://seance.example.fr/ ».
    proxies : other machines, or networks, whose word on who asks is taken.

    Raises
    ------
    RunError
        If the file, the address or the port cannot be used, or if no territory is given for a new session.
    TerritoryError
        If the territory is unknown.
    """
    known = gate.networks(proxies)
    root = f"/{base_url.strip('/')}/".replace("//", "/")
    with closing(_room(path, territory)) as room:
        try:
            sockets = bind_sockets(port, host)
        except OSError as error:
            raise RunError(
                f"Impossible d'écouter à l'adresse {host}, port {port} ({error.strerror}). "
                "Choisir un autre port, ou --port 0 pour un port libre."
            ) from error
        hall = Hall(room, _address(address, host, sockets[0].getsockname()[1], root))
        server = gate.Gate(application(hall, root), LIMITS, known)
        server.add_sockets(sockets)
        for line in _said(hall):
            say(line)
        loop = IOLoop.current()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: loop.add_callback_from_signal(loop.stop))
        if browser:
            loop.run_in_executor(None, webbrowser.open, hall.host_link)
        loop.start()
        server.stop()


def _room(path: Path | None, territory: str | None) -> Room:
    code = place(territory) if territory else ""
    path = path or Path(f"seance-{code}-{date.today():%Y-%m-%d}.sqlite")
    if path.exists():
        room = Room(path)
        if code and room.territory != code:
            room.close()
            raise RunError(
                f"{path} : séance sur {room.territory}, et non sur {code}. Choisir un autre fichier avec --out."
            )
        return room
    if not code:
        raise RunError("Séance sans territoire. Écrire par exemple : copkit simulator --session --territoire dep-59")
    return Room.make(path, code)


def _address(given: str | None, host: str, port: int, root: str) -> str:
    if given:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            said = "« https://seance.example.fr/ »"
            raise RunError(f"--public-url : « {given} » n'est pas une adresse de page. Écrire par exemple {said}.")
        return given.rstrip("/") + "/"
    if host in ("0.0.0.0", "::", ""):
        raise RunError(
            f"--host {host or '« »'} écoute partout, sans dire à quelle adresse la salle doit aller. Ajouter "
            "--public-url, par exemple --public-url http://192.0.2.10:8866/"
        )
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{quote(root)}"


def _said(hall: Hall) -> list[str]:
    lines = [
        f"Séance {labels.of(hall.room.territory)}, gardée dans {hall.room.path}",
        f"Lien de la salle : {hall.link}",
        f"Lien de l'animation (à ne montrer à personne) : {hall.host_link}",
    ]
    if _alone(hall.address):
        lines.append(
            "Seule cette machine ouvre ces liens. Pour une salle : --host et --public-url, derrière un serveur "
            "mandataire (docs/deploiement.md)."
        )
    return [*lines, "Ctrl-C pour arrêter ; la même commande reprend la séance où elle en était."]
