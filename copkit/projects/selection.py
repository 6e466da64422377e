"""What a document shows of a vivier: its projects sorted, those of the territory, and what may be made public.

The figures come from ``copkit.projects``; each is asked for once. In the public version everything that is not
public is blanked here, before any chart, table or sentence sees it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr

from copkit import french, paths
from copkit.files import kept
from copkit.intake import perimeters, personal
from copkit.intake.reading import located, located_all
from copkit.intake.report import Reading
from copkit.intake.selection import EXAMPLES, HINT, Selection, missing
from copkit.models import panorama as panoramas
from copkit.projects import fields
from copkit.projects.counting import balance, coverage, crossing, ranking
from copkit.projects.reading import read
from copkit.projects.sorting import criteria, sort
from copkit.projects.workshop import merge
from copkit.reference import framework, territories

EXAMPLE = (*EXAMPLES, "vivier_hauts_de_france.csv")
JUDGED = ("theme", "contrary", "impact", "replicable", "partners", "next_steps")  # what the criteria look at
FIELDS = fields.FIELDS | sort.COLUMNS
EXPLAINED = 10  # dossiers


@dataclass(frozen=True, eq=False)
class Vivier(Selection):
    """Les projets d'un territoire, triés, tels qu'un document les montre.

    projects : ceux du territoire ; peers : ceux de sa région, pour comparer. reading : ce qui s'est passé à la
    lecture, absent de la version publique ; counts : les mêmes nombres, sans aucun texte reçu. elsewhere et nowhere :
    dossiers d'un autre territoire, et sans lieu ; placeless : les dossiers sans lieu sont comptés.
    """

    projects: pd.DataFrame
    peers: pd.DataFrame
    reading: Reading | None
    counts: dict[str, object]
    year: int
    elsewhere: int
    nowhere: int
    placeless: bool

    def __repr__(self) -> str:
        return f"Vivier de {self.name} : {french.plural(len(self.counted), 'dossier')}"

    @cached_property
    def counted(self) -> pd.DataFrame:
        """The projects that are counted: without second submissions."""
        return fields.counted(self.projects)

    @property
    def empty(self) -> bool:
        """No project lies in the territory."""
        return self.counted.empty

    @cached_property
    def invented(self) -> bool:
        """Whether a project that is counted here, or beside it, is invented."""
        return bool((self.peers.invented == fields.YES).any()) or self.example

    @cached_property
    def labels(self) -> dict[str, str]:
        """Category → its label for the year."""
        return sort.category_labels(self.year)

    @cached_property
    def categories(self) -> pd.DataFrame:
        """Projects by category, a column for each département (of each région for France), then the total."""
        by = "region" if self.territory == "fr" else "departement"
        table = balance.balance(self.peers, by, crossed=True)
        return table if self.level != "departement" else table[["category", "label", self.territory, balance.TOTAL]]

    @cached_property
    def shares(self) -> pd.DataFrame:
        """The same, in % of each column."""
        return balance.shares(self.categories)

    def by(self, kind: str) -> pd.DataFrame:
        """Projects by lever (on the two categories of the COP), thématique, EPCI where they lie, type of holder."""
        if kind not in self._balances:
            self._balances[kind] = balance.balance(self.projects, kind)
        return self._balances[kind]

    @cached_property
    def _balances(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """The levers most, least and not invested."""
        return ranking.top_and_bottom(self.by("lever"))

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """The collectivités that carry a project, over the official list."""
        return coverage.coverage(self.projects, self.territory)

    @cached_property
    def without_epci(self) -> pd.DataFrame:
        """The EPCI without any project."""
        return coverage.without_project(self.projects, "epci", self.territory)

    @cached_property
    def whole(self) -> str:
        """The territory whose parts are compared: the country, or the région."""
        return "fr" if self.territory == "fr" else territories.region_of(self.territory)

    @cached_property
    def located(self) -> pd.DataFrame:
        """Where the projects of the région lie: each département (each région for France), projects and rank."""
        kind = "region" if self.whole == "fr" else "departement"
        codes = territories.territories(kind, within=None if self.whole == "fr" else self.whole).code
        counts = balance.balance(self.peers, kind, crossed=False).set_index(kind).projects
        table = pd.DataFrame({"code": codes, "projects": codes.map(counts).fillna(0).astype("int64")})
        table["rank"] = table.projects.rank(method="min", ascending=False).astype("int64")
        return table.reset_index(drop=True)

    @cached_property
    def epci_parts(self) -> pd.DataFrame:
        """The EPCI by département, one that lies in two in both: code, name, departement, straddling, population,
        projects that lie there, without (no project at all)."""
        fr = self.territory == "fr"
        listed = territories.territories("epci", within=None if fr else self.territory)
        inside = {self.territory}
        if self.level != "departement":
            codes = territories.territories("departement", within=None if fr else self.territory).code
            inside = set(codes) or inside  # overseas, a région is its département
        rows = [
            (one.code, one.name, departement, " " in one.departements, one.population)
            for one in listed.itertuples(index=False)
            for departement in one.departements.split(" ")
            if departement in inside
        ]
        table = pd.DataFrame(rows, columns=["code", "name", "departement", "straddling", "population"])
        counts = {} if self.empty else self.by("epci").set_index("epci").projects.to_dict()
        table["projects"] = [int(counts.get(code, 0)) for code in table.code]
        return table.assign(without=table.code.isin(list(self.without_epci.code)))

    @cached_property
    def decided(self) -> int:
        """Dossiers whose category is that of an analyst."""
        return int((self.counted.decision != "").sum())

    @cached_property
    def explained(self) -> pd.DataFrame:
        """Ten dossiers that show the rules: one for each rule, then for each other reason, by category."""
        by_rule = self.counted.drop_duplicates("rule")
        others = self.counted[~self.counted.index.isin(by_rule.index)]
        others = others.drop_duplicates(["rule", "missing", "dimension", "maturity"])
        chosen = pd.concat([by_rule, others]).head(EXPLAINED)
        order = {one: n for n, one in enumerate(fields.CATEGORIES)}
        return chosen.iloc[chosen.category_kept.map(order).argsort(kind="stable")]

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Criterion of inclusion → share of its answers: yes, no, cannot be said. [%]"""
        answers = (fields.YES, fields.NO, criteria.UNSAID)
        rows = [[100 * float((self.counted[key] == one).mean()) for one in answers] for key in criteria.VERDICTS]
        return pd.DataFrame(rows, index=list(criteria.VERDICTS), columns=answers)

    @cached_property
    def included(self) -> int:
        """Dossiers that meet the three criteria."""
        return int((self.counted.included == fields.YES).sum())

    @cached_property
    def verdict_reasons(self) -> pd.DataFrame:
        """Each criterion, its answers and their reasons, the most frequent first: dossiers, and share [%]."""
        rows = []
        for key in criteria.VERDICTS:
            counts = self.counted.groupby([key, f"{key}_reason"], sort=False).size().sort_values(ascending=False)
            rows += [(key, answer, reason, n) for (answer, reason), n in counts.items()]
        table = pd.DataFrame(rows, columns=["criterion", "answer", "reason", "projects"])
        return table.assign(share=100 * table.projects / len(self.counted))

    @cached_property
    def cells_to_check(self) -> pd.DataFrame:
        """The cells that are wrong by file, column and message, the most frequent first: their number, the first."""
        groups = self.reading.problems.groupby(["file", "column", "message"], sort=False)
        found = groups.agg(n=("row", "size"), row=("row", "first"), value=("value", "first")).reset_index()
        return found.sort_values("n", ascending=False, kind="stable")

    @cached_property
    def panorama(self) -> xr.Dataset:
        """The targets of the territory."""
        return panoramas.panorama(self.territory)

    @cached_property
    def crossing(self) -> pd.DataFrame:
        """The levers of the panorama and their projects."""
        return crossing.crossing(self.projects, self.panorama)

    @cached_property
    def aimed(self) -> pd.DataFrame:
        """The levers of the panorama whose target is shown, from the largest, and their projects."""
        table = self.crossing[self.crossing.target.notna() & self.crossing.shown.fillna(False).astype(bool)]
        return table.sort_values("target", ascending=False, kind="stable")

    @cached_property
    def uncovered(self) -> tuple[int, float]:
        """The levers among them that have no project, and the sum of their targets. [ktCO2e/an]"""
        none = self.aimed[self.aimed.projects == 0]
        return len(none), float(none.target.sum())

    @cached_property
    def quantities(self) -> pd.DataFrame:
        """The declared quantities."""
        return crossing.quantities(self.projects, self.panorama)

    def themes(self) -> dict[str, pd.DataFrame]:
        """Territory → projects by theme of the matrix: the whole, then each département (or région for France)."""
        parts = {self.name: self.projects}
        if self.level != "departement":
            column = "region" if self.territory == "fr" else "departement"
            where = perimeters.placed(self.projects)[column]
            seen = {*where.unique()}
            for code in (c for c in self.categories if c in seen and c.startswith(("reg-", "dep-"))):
                parts[territories.name(code)] = self.projects[where == code]
        return {name: balance.balance(part, "theme") for name, part in parts.items()}

    def holder(self, projects: pd.DataFrame) -> list[str]:
        """Who holds each project, as this document may say it."""
        types = framework.labels("collectivites") | {"autre": "Autre"}
        written = [types.get(kind, kind) for kind in projects.holder_type]
        return [name or kind or french.UNKNOWN for name, kind in zip(projects.holder, written, strict=True)]


def vivier(
    file: str | Path | Iterable[str | Path] = "",
    territory: str = "reg-32",
    *,
    year: int | None = None,
    public: bool = False,
    mapping: str | Path | None = None,
    decisions: str | Path | None = None,
) -> Vivier:
    """Lit un fichier de projets, les trie et garde ceux d'un territoire, pour un document.

    Parameters
    ----------
    file : fichier de projets, ou plusieurs ; vide : l'exemple inventé du kit. Un chemin relatif est cherché dans le
        dossier courant, dans celui d'où « copkit » a été lancé, puis dans celui du kit.
    territory : code d'une région, d'un département ou « fr ».
    year : année de la COP ; à défaut le dernier millésime des dossiers, sinon celui des règles.
    public : version publique : aucun commentaire, avis, nom de personne ni texte libre autre que l'intitulé.
    mapping : correspondance d'en-têtes, comme ``ck.projects.read``.
    decisions : décisions des analystes, un CSV ou un classeur d'atelier revenu.

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    Examples
    --------
    >>> vivier(territory="dep-59")
    Vivier de Nord : 193 dossiers
    """
    code, example = territories.resolve(territory), missing(file)
    asked = paths.home().joinpath(*EXAMPLE) if example else file
    files = located_all(asked, fields.PROJECTS, HINT)
    table = _read(*files).copy() if mapping is None else read(*files, mapping=mapping)
    given = _decisions(table, decisions, year)
    projects = sort.triage(table, year=year, decisions=given)
    reading, year = table.attrs["reading"], projects.attrs["triage"]["year"]
    counts = _counts(reading, fields.counted(projects))
    if public:
        projects, reading = personal.published(projects, fields.PROJECTS.name, FIELDS), None
    here, peers, left = inside(projects, code)
    return Vivier(
        projects=here,
        peers=peers,
        reading=reading,
        counts=counts,
        territory=code,
        year=year,
        public=public,
        example=example,
        files=() if public else tuple(table.attrs["reading"].files),
        **left,
    )


@kept(maxsize=2)
def _read(*files: Path) -> pd.DataFrame:
    """The projects of files, read once for all that a notebook shows of them: to be copied."""
    return read(*files)


def _decisions(table: pd.DataFrame, given: str | Path | None, year: int | None):
    """The decisions of a CSV as they are; those of a workbook of the workshop read back."""
    if not given:
        return None
    path = located(given, fields.PROJECTS)
    if path.suffix.lower() != ".xlsx":
        return path
    return merge.read_workshop(sort.triage(table, year=year), path)


# ------------------------------------------------------------------ which projects


def inside(projects: pd.DataFrame, code: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int | bool]]:
    """The projects of a territory, those of its région, and how many are left out.

    Projects without any place belong to the région of the file when it has only one, and to no département.
    """
    if code == "fr":
        return projects, projects, {"elsewhere": 0, "nowhere": 0, "placeless": True}
    where, region = perimeters.placed(projects), territories.region_of(code)
    blank = (where.region == "") & (where.departement == "")
    alone = set(where.region.unique()) <= {region, ""}
    around = (where.region == region) | (blank & alone)
    at = around if territories.level(code) == "region" else where.departement == code
    counted = projects.duplicate_of == ""
    placeless = alone and territories.level(code) == "region"
    left = {"elsewhere": int((~at & ~blank & counted).sum()), "nowhere": int((blank & counted).sum())}
    return projects[at], projects[around], left | {"placeless": placeless}


# ------------------------------------------------------------------ what is told


def _counts(reading: Reading, counted: pd.DataFrame) -> dict[str, object]:
    """What happened at the reading, as numbers: nothing that was written in a file."""
    return {
        "silent": tuple(name for name in JUDGED if (counted[name] == "").all()),
        "summary": replace(reading, notes=[]).summary,
        "rows": reading.rows,
        "projects": reading.kept,
        "set_aside": len(reading.set_aside),
        "left_out": reading.left_out,
        "duplicates": len(reading.duplicates),
        "same_number": reading.shared_numbers,
        "probable": len(reading.probable_duplicates),
        "probable_groups": reading.probable_groups,
        "problems": len(reading.problems),
        "unknown": len(reading.unknown_labels),
        "unknown_rows": int(reading.unknown_labels["count"].sum()) if len(reading.unknown_labels) else 0,
        "conflicts": len(reading.conflicts),
        "dropped": len(reading.dropped),
        "masked": reading.masked,
        "opinions": len(reading.opinions),
        **{f"without_{name}": count for name, count in reading.missing.items()},
    }
