"""The room of a live session: who is in it, what each proposes for each lever, what was decided. Kept in one file.

A proposal is in the file (SQLite) before its author reads that it was received: the server may be killed at any moment.
Nobody has a name in it: a participant is the digest of a key that only their telephone keeps, and a role if they give
one, from a list. Nothing that is given back says who proposed what.
"""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import xarray as xr

from copkit import files, french
from copkit.errors import RunError, SimulationError, unknown
from copkit.models import gaps, panorama, scenario, scenario_file
from copkit.models.levers import FOREST
from copkit.models.limits import KT, Limit, limits
from copkit.models.scenario import Entry, Standing, settle
from copkit.models.spread import Spread, middle, spread
from copkit.presentation.minutes import Minutes, Round
from copkit.simulator.ground import place

FORMAT = 1  # of the file
APPLICATION = 0x636F706B  # « copk »: how SQLite tells our files from others
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # of the code of a room: none is taken for another
CODE, KEY = 8, 16  # signs of a code (40 bits); bytes of a key
MOST_PEOPLE = 300
LONGEST_REASON = 1000
ROLES = {  # a list, so that nobody writes a name
    "elu": "Élu ou élue",
    "etat": "Service ou opérateur de l'État",
    "collectivite": "Service d'une collectivité",
    "entreprise": "Entreprise",
    "agriculture": "Agriculture",
    "association": "Association",
    "syndicat": "Syndicat",
    "recherche": "Recherche, bureau d'études, agence",
    "habitant": "Habitant ou habitante",
    "autre": "Autre",
}
_TABLES = """
create table room (
  code text not null, host text not null, territory text not null, version text not null, made text not null
);
create table rounds (number integer primary key, opened text not null, closed text);
create table people (id text primary key, role text not null) without rowid;
create table proposals (
  round integer not null, person text not null references people (id), lever text not null,
  value real not null, unit text not null, carried integer not null default 0,
  primary key (round, lever, person)
) without rowid;
create table decisions (number integer primary key, round integer not null, at text not null, content text not null);
"""
_NOT_OURS = "ce fichier n'est pas une séance de copkit. En choisir un autre avec --out."


@dataclass(frozen=True, slots=True)
class Decision:
    """What the host keeps of a closed round: what is entered for each lever, and why. Another one may follow it."""

    number: int
    round: int
    at: datetime
    reason: str
    entries: dict[str, Entry]
    medians: tuple[str, ...]  # levers whose median was kept as it is


class Room:
    """An open session. Used by one thread, but for ``minutes``, which gives what it read."""

    def __init__(self, path: Path) -> None:
        """Open the file of a session.

        Raises RunError when it is no such file, SimulationError when its data are of a version that is not known.
        """
        self.path = path
        try:
            self._file = sqlite3.connect(path, timeout=1, isolation_level=None)
            self._file.execute("pragma locking_mode = exclusive")  # until the end of the process, however it ends
            ours = self._one("pragma application_id")[0] == APPLICATION
            kind = self._one("pragma user_version")[0]
            if not ours:
                raise RunError(f"{path} : {_NOT_OURS}")
            if kind != FORMAT:
                raise RunError(f"{path} : séance d'une autre version de copkit (format {kind}). L'ouvrir avec elle.")
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = full")  # what was answered outlives a power cut too
            self._file.execute("pragma foreign_keys = on")
            self.code, self.host, self.territory, self.version, made = self._one("select * from room")
        except sqlite3.OperationalError as error:
            locked = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            other = "séance déjà ouverte par un autre serveur. L'arrêter d'abord."
            raise RunError(f"{path} : {other if locked else f'illisible ({error}). Choisir un fichier.'}") from None
        except sqlite3.DatabaseError:
            raise RunError(f"{path} : {_NOT_OURS}") from None
        self.made = datetime.fromisoformat(made)
        if self.version not in panorama.versions():
            known = ", ".join(panorama.versions())
            raise SimulationError(
                f"{path} : séance sur la version « {self.version} » des données, inconnue de ce copkit, qui connaît "
                f"{known}. Mettre copkit à jour."
            )
        self.limits: dict[str, Limit] = limits(self.panorama())
        self._people = {one for (one,) in self._file.execute("select id from people")}

    @classmethod
    def make(cls, path: Path, territory: str) -> Room:
        """A new session on a territory, in a file that only its owner can read, with its first round open.

        Raises RunError when the file cannot be written, TerritoryError when the territory has no panorama.
        """
        code = place(territory)
        panorama.panorama(code)
        now = _now()
        with files.draft(path, error=RunError, new_folder=False) as made:
            made.chmod(0o600)  # before anything is in it
            with closing(sqlite3.connect(made, isolation_level=None)) as file:
                file.executescript(f"{_TABLES}pragma application_id = {APPLICATION};pragma user_version = {FORMAT};")
                said = "".join(secrets.choice(SIGNS) for _ in range(CODE)), secrets.token_urlsafe(KEY)
                file.execute("insert into room values (?, ?, ?, ?, ?)", (*said, code, panorama.LATEST, now))
                file.execute("insert into rounds values (1, ?, null)", (now,))
        return cls(path)

    def close(self) -> None:
        """Leave the file, whole and alone."""
        self._file.close()

    def panorama(self) -> xr.Dataset:
        """The reference that the room speaks of."""
        return panorama.panorama(self.territory, version=self.version)

    # ---- Who takes part

    def enter(self, role: str = "") -> str:
        """A new participant: the key that their telephone keeps. Raises SimulationError when there is no room left."""
        if role and role not in ROLES:
            raise SimulationError(unknown(f"Rôle inconnu : « {role} »", role, ROLES))
        if len(self._people) >= MOST_PEOPLE:
            raise SimulationError(f"La séance est complète : {french.plural(MOST_PEOPLE, 'personne')} y sont entrées.")
        key = secrets.token_urlsafe(KEY)
        self._file.execute("insert into people values (?, ?)", (_person(key), role))
        self._people.add(_person(key))
        return key

    def person(self, key: str) -> str | None:
        """Whose key this is, if anybody's."""
        person = _person(key)
        return person if person in self._people else None

    def is_host(self, key: str) -> bool:
        """Whether this is the key of the host, which is not that of the room."""
        return secrets.compare_digest(key.encode(), self.host.encode())

    def roles(self) -> dict[str, int]:
        """Role → how many said so; « » for those who said none."""
        return dict(self._file.execute("select role, count(*) from people group by role"))

    # ---- Rounds

    @property
    def round(self) -> int:
        """The number of the last round."""
        return self._one("select max(number) from rounds")[0]

    @property
    def is_open(self) -> bool:
        """Whether the last round takes proposals."""
        return self._one("select closed is null from rounds order by number desc limit 1")[0] == 1

    def close_round(self) -> None:
        """End the round: what was proposed in it is seen by all, and moves no more."""
        if not self.is_open:
            raise SimulationError(f"Le tour {self.round} est déjà clos.")
        self._file.execute("update rounds set closed = ? where number = ?", (_now(), self.round))

    def open_round(self) -> None:
        """Begin another round, in which the proposals of the last one hold until their author changes them."""
        last = self.round
        if self.is_open:
            raise SimulationError(f"Le tour {last} est encore ouvert. Le clore d'abord.")
        with self._together():
            self._file.execute("insert into rounds values (?, ?, null)", (last + 1, _now()))
            self._file.execute(
                "insert into proposals select round + 1, person, lever, value, unit, 1 from proposals where round = ?",
                (last,),
            )

    # ---- Proposals

    def propose(self, person: str, lever: str, value: float | None, unit: str) -> None:
        """Keep what somebody proposes for a lever, in place of what they proposed before; None takes it back.

        Parameters
        ----------
        value : the whole target of 2030. [``unit``: « ktco2e » or « quantity »]

        Raises
        ------
        SimulationError
            With the reason, in French: closed round, unknown or closed lever, value beyond the bounds of the lever.
        """
        limit = self.limits.get(lever)
        if limit is None:
            raise SimulationError(french.typeset(unknown(f"Levier inconnu : « {lever} »", lever, self.limits)))
        if not self.is_open:
            raise SimulationError(f"Le tour {self.round} est clos : la proposition n'est pas prise.")
        if refusal := limit.refusal(value, unit, 0.0):
            raise SimulationError(french.typeset(f"{limit.label} : {refusal}"))
        if limit.closed:
            raise SimulationError(french.typeset(f"{limit.label} : levier fermé ({limit.closed})."))
        where = (self.round, lever, person)
        if value is None:
            self._file.execute("delete from proposals where round = ? and lever = ? and person = ?", where)
        else:
            self._file.execute(
                "insert or replace into proposals (round, lever, person, value, unit) values (?, ?, ?, ?, ?)",
                (*where, value, unit),
            )

    def own(self, person: str) -> dict[str, dict]:
        """What somebody proposes in the last round: lever → value, unit, whether it comes from the round before."""
        rows = self._file.execute(
            "select lever, value, unit, carried from proposals where round = ? and person = ?", (self.round, person)
        )
        return {lever: {"value": value, "unit": unit, "carried": bool(carried)} for lever, value, unit, carried in rows}

    def spreads(self, number: int) -> dict[str, Spread]:
        """The spread of each lever that somebody spoke of in a round."""
        found: dict[str, list[float]] = {}
        rows = self._file.execute("select lever, value, unit from proposals where round = ?", (number,))
        for lever, value, unit in rows:
            found.setdefault(lever, []).append(value if unit == KT else self.limits[lever].kt_of(value))
        return {lever: spread(values, self.limits[lever].target) for lever, values in found.items()}

    def speakers(self, number: int) -> int:
        """How many proposed something in a round."""
        return self._one("select count(distinct person) from proposals where round = ?", number)[0]

    # ---- Decisions

    def decide(self, kept: Mapping[str, Entry | None], reason: str) -> None:
        """Keep a scenario of the closed round; one that was kept before stays in the file.

        Parameters
        ----------
        kept : lever → what is kept; None: the median. A lever that is not there keeps its reference.

        Raises
        ------
        SimulationError
            When the round is open, or with all that a lever refuses.
        """
        number = self.round
        if self.is_open:
            raise SimulationError(f"Le tour {number} est encore ouvert. Le clore avant de retenir un scénario.")
        medians, entries, problems = middle(self.spreads(number)), {}, []
        for lever, entry in kept.items():
            limit = self.limits.get(lever)
            if limit is None:
                problems.append(unknown(f"Levier inconnu : « {lever} »", lever, self.limits))
            elif (found := entry or medians.get(lever)) is None:
                problems.append(f"{limit.label} : aucune proposition, donc pas de médiane. Écrire une valeur.")
            elif refusal := limit.refusal(found.value, found.unit, 0.0):
                problems.append(f"{limit.label} : {refusal}")
            else:
                entries[lever] = found
        if problems:
            raise SimulationError(french.typeset(" ".join(problems)))
        content = {
            "reason": reason,
            "medians": [lever for lever in entries if kept[lever] is None],
            "levers": {lever: [entry.value, entry.unit] for lever, entry in entries.items()},
        }
        said = (number, _now(), json.dumps(content, ensure_ascii=False))
        self._file.execute("insert into decisions (round, at, content) values (?, ?, ?)", said)

    def decision(self) -> Decision | None:
        """The last one."""
        row = self._file.execute("select * from decisions order by number desc limit 1").fetchone()
        if row is None:
            return None
        number, of, at, content = row
        said = json.loads(content)
        entries = {lever: Entry(value, unit) for lever, (value, unit) in said["levers"].items()}
        made = datetime.fromisoformat(at)
        return Decision(number, of, made, said["reason"], entries, tuple(said["medians"]))

    def scenario(self) -> str:
        """The scenario that was kept, as a file that the kit reads (``ck.from_json``).

        Raises
        ------
        SimulationError
            When none was kept.
        """
        if (found := self.decision()) is None:
            raise SimulationError("Aucun scénario n'est retenu. Clore le tour, puis retenir un scénario.")
        spreads = self.spreads(found.round)
        texts = {
            lever: {"texte": found.reason, "source": self._source(lever, found, spreads)}
            for lever, one in settle(self.limits, found.entries).items()
            if one.changed
        }
        return scenario_file.to_json(scenario.build(self.panorama(), found.entries, texts))

    def _source(self, lever: str, found: Decision, spreads: dict[str, Spread]) -> str:
        where = f"Séance du {french.long_date(self.made)}, tour {found.round}"
        count = french.plural(len(spreads[lever].values), "proposition") if lever in spreads else "aucune proposition"
        kept = "médiane" if lever in found.medians else "valeur retenue par la salle"
        return f"{where} : {kept}, {count}"

    # ---- What follows

    def standings(self, entries: Mapping[str, Entry]) -> dict[str, Standing]:
        """Where each lever stands, for what is entered."""
        return settle(self.limits, entries)

    def minutes(self) -> Minutes:
        """What is written of the session, without a name."""
        found = self.decision()
        rows = list(self._file.execute("select number, opened, closed from rounds order by number"))
        return Minutes(
            p=self.panorama(),
            limits=self.limits,
            made=self.made,
            roles={(ROLES[role] if role else ""): count for role, count in self.roles().items()},
            rounds=[self._round(number, opened, closed) for number, opened, closed in rows],
            kept=self.standings(found.entries) if found else None,
            kept_sums=_sums(self.standings(found.entries)) if found else None,
            kept_round=found.round if found else 0,
            kept_at=found.at if found else None,
            medians=found.medians if found else (),
            reason=found.reason if found else "",
        )

    def _round(self, number: int, opened: str, closed: str | None) -> Round:
        spreads = self.spreads(number)
        carried, proposals = self._one("select sum(carried), count(*) from proposals where round = ?", number)
        return Round(
            number=number,
            opened=datetime.fromisoformat(opened),
            closed=closed and datetime.fromisoformat(closed),
            people=self.speakers(number),
            proposals=proposals,
            carried=carried or 0,
            spreads=spreads,
            sums=_sums(self.standings(middle(spreads))),
        )

    def _one(self, asked: str, *values: object) -> tuple:
        return self._file.execute(asked, values).fetchone()

    @contextmanager
    def _together(self) -> Iterator[None]:
        """All of it, or nothing."""
        self._file.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._file.execute("rollback")
            raise
        self._file.execute("commit")


def totals(settled: Mapping[str, Standing]) -> dict[str, dict]:
    """What levers add up to without and with the forest, as JSON takes it; the sentence on what lacks. [ktCO2e/an]"""
    out = {}
    for name, whole in _sums(settled).items():
        status, sentence = gaps.verdict(whole, name)
        figures = {key: None if math.isnan(value) else value for key, value in whole.items()}
        out[name] = figures | {"status": status, "sentence": french.typeset(sentence)}
    return out


def _sums(settled: Mapping[str, Standing]) -> dict[str, dict[str, float]]:
    without = [one for lever, one in settled.items() if lever != FOREST]
    return {"hors forêt": gaps.sums(without), "avec forêt": gaps.sums(settled.values())}


def _person(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
