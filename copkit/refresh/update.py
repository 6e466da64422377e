"""A new version of the observed series: what is read, what it changes, and how it is written, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from copkit import files, french, paths
from copkit.errors import DataError, Problems, ServiceError
from copkit.files import read_bytes
from copkit.intake import official, personal
from copkit.received import read_json
from copkit.reference import parameters, tables
from copkit.refresh import barometer, hub
from copkit.refresh.difference import Difference, difference
from copkit.refresh.rules import Watch
from copkit.refresh.service import Service
from copkit.refresh.settings import FILE, Settings, settings

TABLE, RECORD = "observed.parquet", "version.json"
SIDECAR = ".origine.json"
OTHERS = ("manifest.json", "meta.json")  # of a copy of the hub
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Raw:
    """A file as it was received, and where it comes from."""

    name: str
    content: bytes
    source: str
    origin: str
    made: str = ""  # when its producer made it
    rules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        name = Path(self.name)
        masked = {"name": personal.mask(name.stem) + name.suffix}  # what it holds stays as it was received
        masked |= {one: personal.mask(getattr(self, one)) for one in ("origin", "made")}
        for one, text in masked.items():
            object.__setattr__(self, one, text)

    def sidecar(self, at: datetime) -> dict[str, object]:
        """What stays beside the file: no path of a machine, and nothing that is secret."""
        said = parameters.sources()[self.source]
        return {
            "fichier": self.name,
            "source": self.source,
            "producteur": said.publisher,
            "origine": self.origin,
            "licence": said.licence,
            "produit_le": self.made or None,
            "lu_le": at.isoformat(timespec="seconds"),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "regles": list(self.rules),
        }


@dataclass(frozen=True, eq=False)
class Update:
    """What was read, and what it would change. ``notes``: what the reader has to know besides."""

    difference: Difference
    rules: pd.DataFrame
    raws: tuple[Raw, ...]
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True when there is nothing to write."""
        return self.difference.values.empty and not any(raw.source in official.SOURCES for raw in self.new)

    @property
    def new(self) -> list[Raw]:
        """The files that are not in ``data/raw/`` as they are here."""
        return [raw for raw in self.raws if _digest(_place(raw)) != hashlib.sha256(raw.content).hexdigest()]


@dataclass
class _Read:
    """What was read so far."""

    known: Settings
    problems: Problems = field(default_factory=Problems)
    series: list[pd.DataFrame] = field(default_factory=list)
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    rules: list[dict] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def hub(self, content: bytes, number: str, where: str, origin: str, made: str = "") -> None:
        """A file of the hub."""
        watch = Watch(where, self.problems)
        self._add(hub.read(content, number, self.known, watch), [self.known.indicators[number]], self.known.hub, watch)
        self._keep(f"{number}.json", content, self.known.hub.source, origin, watch, made)

    def barometer(self, content: bytes, name: str, where: str, origin: str) -> None:
        """The table of the barometer."""
        watch = Watch(where, self.problems)
        found = barometer.of_bytes(content, name, self.known, watch)
        self._add(found, self.known.series.values(), self.known.barometer, watch)
        self._keep(name, content, self.known.barometer.source, origin, watch)

    def official(self, path: Path, kind: str, where: str) -> None:
        """An official file: it is checked, and kept as it is for those who use it."""
        table = official.read(path, self.problems)
        if table is None:
            return
        self.notes.append(f"{where} : {official.LABELS[kind]}, {official.summary(table)}")
        self.notes += [f"{where} : {note}" for note in table.attrs["notes"]]
        source = official.SOURCE_OF[kind]
        self.raws.append(Raw(path.name, path.read_bytes(), source, f"fichier posé par l'utilisateur : {path.name}"))

    def _add(self, found: pd.DataFrame, series, origin, watch: Watch) -> None:
        self.series.append(found)
        self.sources |= {one.indicator: (origin.delivered, origin.source) for one in series}
        if "confirmer" in parameters.sources()[origin.source].licence:
            watch.note("licence_a_confirmer")

    def _keep(self, name: str, content: bytes, source: str, origin: str, watch: Watch, made: str = "") -> None:
        self.rules += watch.rows()
        self.raws.append(Raw(name, content, source, origin, made, tuple(watch.done)))

    def update(self) -> Update:
        """What all of it changes; what its texts and its names of files say of a person is masked.

        Raises
        ------
        DataError
            All the faults of all the files at once.
        """
        for said in disagreements():
            self.problems.add(f"parameters/{FILE}", said)
        mask = personal.mask
        self.problems.found = {mask(file): [*map(mask, said)] for file, said in self.problems.found.items()}
        self.problems.raise_if_any(DataError)
        found = [one for one in self.series if len(one)]
        read = pd.concat(found, ignore_index=True) if found else hub.series([])
        stored = tables.read(TABLE)
        rules = pd.DataFrame(self.rules, columns=["file", "rule", "count", "said"])
        rules["file"], rules["said"] = rules.file.map(mask), rules.said.map(mask)
        changed = difference(stored, read, self.sources, self.known)
        return Update(changed, rules, tuple(self.raws), tuple(map(mask, self.notes)))


def from_folder(folder: Path) -> Update:
    """What the files of a folder change: copies of the hub, the table of the barometer, official files.

    Raises
    ------
    DataError
        If the folder or a file cannot be read, or if a rule finds a fault: all at once.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} : dossier absent. Vérifier le chemin donné à --offline-dir.")
    known = settings()
    found, strange = _Read(known), []
    made, listed = _manifest(folder, found.problems)
    for path in sorted(folder.iterdir(), key=lambda one: (len(one.stem), one.name)):
        where, number = f"{folder.name}/{path.name}", path.stem
        if path.name in OTHERS or path.name.startswith(".") or path.name.endswith(SIDECAR) or not path.is_file():
            continue
        kind = official.kind(path) if path.suffix.lower() in official.SUFFIXES else ""
        if path.suffix == ".json" and number in known.indicators:
            origin = (
                f"copie du hub d'indicateurs territoriaux ({known.hub.url}), mesure {known.indicators[number].measure}"
            )
            found.hub(read_bytes(path, DataError), number, where, origin, made)
        elif kind == "barometre":
            found.barometer(
                read_bytes(path, DataError), path.name, where, f"copie de la table du baromètre : {path.name}"
            )
        elif kind:
            found.official(path, kind, where)
        else:
            strange.append(path.name)
    for number in listed:
        if not (folder / f"{number}.json").is_file():
            found.problems.add(
                f"{folder.name}/manifest.json",
                f"serie_absente : {number}.json est annoncé et absent du dossier. Copier le dossier entier.",
            )
    if strange:
        found.notes.append(f"Fichiers que le kit ne reconnaît pas, laissés : {french.join(strange)}.")
    if not found.raws and not found.problems:
        raise DataError(
            f"{folder} : rien à lire. Y poser des fichiers du hub (826.json…), la table du baromètre ou un fichier "
            "officiel (IGT, logements de l'Insee, parc du SDES, CRTE)."
        )
    return found.update()


def _manifest(folder: Path, problems: Problems) -> tuple[str, list[str]]:
    """When a copy of the hub was made, and the indicators that it announces."""
    path = folder / "manifest.json"
    if not path.is_file():
        return "", []
    wrong: list[str] = []
    said = read_json(read_bytes(path, DataError), wrong.append, "Le copier de nouveau.")
    made, listed = (said.get("generatedAt"), said.get("indicatorIds")) if isinstance(said, dict) else (None, None)
    if not wrong and not (isinstance(made or "", str) and isinstance(listed or [], list)):
        wrong = ["« generatedAt » (un texte) et « indicatorIds » (une liste) attendus. Le copier de nouveau."]
    for one in wrong:
        problems.add(f"{folder.name}/{path.name}", f"json_illisible : {one}")
    return ("", []) if wrong else (made or "", [str(one) for one in listed or []])


def from_network(*, cache: Path | None = None, progress: Progress = lambda done, total: None) -> Update:
    """What the public services change: the hub, whose token is in the environment, then the barometer.

    ``cache``: where answers are kept a while. ``progress``: called with (answers had, in all).

    Raises
    ------
    ServiceError
        If there is no token, or if a service does not answer as it should.
    DataError
        If a rule finds a fault in what was answered: all at once.
    """
    known = settings()
    token = os.environ.get(known.hub.token, "").strip()
    if not token:
        raise ServiceError(
            f"{known.hub.token} n'est pas dans l'environnement : le hub demande un jeton. Le demander à l'Écolab, ou "
            "lire des fichiers : copkit update --offline-dir DOSSIER."
        )
    found, total = _Read(known), len(known.indicators) + 1
    service = Service(known.hub.url, known.network, token=token, cache=cache)
    for done, (number, one) in enumerate(known.indicators.items()):
        progress(done, total)
        where = f"hub, indicateur {number}"
        try:
            content = service.kept(f"{number}.json", lambda number=number: hub.ask(service, number, known))
        except DataError as wrong:  # of this measure: the others are asked all the same
            found.problems.add(where, str(wrong))
        else:
            found.hub(content, number, where, f"{known.hub.url}, mesure {one.measure}")
    progress(total - 1, total)
    national = Service(known.barometer.url, known.network, cache=cache)
    content = national.kept("barometre.csv", lambda: national.content("baromètre"))
    found.barometer(content, "barometre.csv", "baromètre", known.barometer.url)
    progress(total, total)
    return found.update()


def write(update: Update, *, accept_abnormal: bool = False) -> list[Path]:
    """Write a new version: the table, the files that it comes from, what each one is. Whole or not at all.

    Raises
    ------
    DataError
        If something looks abnormal and is not accepted, if the table would not pass its own check, or if a folder
        cannot be written.
    """
    odd = update.difference.abnormal
    if len(odd) and not accept_abnormal:
        raise DataError(
            f"{french.plural(len(odd), 'valeur anormale', 'valeurs anormales')} : rien n'est écrit. Les vérifier, puis "
            "écrire quand même avec --accept-abnormal, ou retirer le fichier de la série."
        )
    now, table = datetime.now().astimezone(), paths.written_data("clean", TABLE)
    texts: dict[Path, bytes] = {}
    for raw in update.new:
        texts[_place(raw)] = raw.content
        texts[_place(raw).with_name(raw.name + SIDECAR)] = _json(raw.sidecar(now))
    with files.drafts(*texts, table, paths.written_data("raw", RECORD), error=DataError) as made:
        for content, draft in zip(texts.values(), made, strict=False):
            draft.write_bytes(content)
        *_, of_table, of_record = made
        update.difference.table.to_parquet(of_table, index=False, compression="zstd")
        problems = Problems()
        tables.check(of_table, TABLE, problems)
        problems.raise_if_any(DataError)
        record = {
            "table": TABLE,
            "ecrite_le": now.isoformat(timespec="seconds"),
            "sha256": _digest(of_table),
            "sha256_avant": _digest(paths.clean_data(TABLE)),
            "sha256_livree": _digest(paths.home() / "data" / "clean" / TABLE) if paths.own() != paths.home() else None,
            "series": list(update.difference.read),
            "valeurs": {kind: int(count) for kind, count in update.difference.values.change.value_counts().items()},
            "anormales_acceptees": len(odd),
        }
        of_record.write_bytes(_json(record))
    files.reload()
    return [table, *texts]


def disagreements() -> list[str]:
    """The series that parameters/refresh.yml gives in another unit than the one in which the kit holds them."""
    units = tables.read(TABLE).groupby("indicator").unit.first()
    known = settings()
    return [
        f"« {one.indicator} » : unité « {one.unit} », alors que la série est en « {units[one.indicator]} ». Les "
        "accorder."
        for one in (*known.indicators.values(), *known.series.values())
        if one.indicator in units.index and units[one.indicator] != one.unit
    ]


def outdated() -> str:
    """Why the user's own version hides newer series of an installed kit; empty when it does not."""
    record = paths.written_data("raw", RECORD)
    if paths.own() == paths.home() or not record.is_file():
        return ""
    said, mine = {}, paths.written_data("clean", TABLE)
    with suppress(ValueError):
        said = json.loads(record.read_bytes())
    if said.get("sha256_livree") == _digest(paths.home() / "data" / "clean" / TABLE):
        return ""
    return (
        f"{mine} : version faite sur des séries que le kit livre autrement depuis. L'effacer pour prendre celles du "
        "kit, puis relancer « copkit update »."
    )


def _place(raw: Raw) -> Path:
    return paths.written_data("raw", raw.source, re.sub(r"[^\w.()-]", "_", raw.name))


def _json(said: object) -> bytes:
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _digest(path: Path) -> str:
    """The hash of a file; empty when it is not there."""
    with suppress(OSError), path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
    return ""
