"""The priority themes of a COP: candidates by working group, with their score and evidence; what is kept.

A candidate comes from a lever: how much it weighs, whether it is late, what collectivités think of it, whether projects
are lacking, whether they can be repeated (``parameters/themes.yml``). What is not known counts neither way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pandas as pd
import xarray as xr
from pydantic import Field

from copkit import french, paths
from copkit.errors import ProjectError, given, typed, unknowns
from copkit.files import kept, path_of
from copkit.intake import labels, perimeters, spreadsheets
from copkit.intake import reading as collected
from copkit.intake.fields import NO, ORIGIN, SEPARATOR, YES, Collected, ids
from copkit.intake.fields import Field as Collecting
from copkit.intake.workbook.form import SEND, Column, Form, Noun, filled
from copkit.intake.workbook.merge import Merged, gather
from copkit.intake.workbook.write import write
from copkit.models import dynamics, nomenclatures, worth
from copkit.models import panorama as panoramas
from copkit.projects import fields as projects_fields
from copkit.projects.counting import crossing as counting
from copkit.reference import parameters, reading, territories
from copkit.roadmap.actions import taken
from copkit.survey import analysis, family, questionnaire

FILE = "themes.yml"
COMPONENTS = ("gap", "pace", "relevance", "projects", "replicable")
BLOCKED, CHANCE = "blocage", "opportunite"
STATUSES = (*dynamics.AT_PACE, *dynamics.LATE)
KINDS = {BLOCKED: "blocage à lever", CHANCE: "opportunité à massifier"}
LEVELS = {"region": "région", "departement": "département"}
NAMED = 8  # levers of a message
GROUPING = ("groupe", "levier")  # the columns of a file of working groups
OPENINGS = {"A": "Accélérer", "B": "Faire connaître", "C": "Organiser entre territoires", "": "Mettre au débat"}
THEMES = ["theme_id", "group", "title", "levers", "kind", "level", "key", "concrete", "why", "score", "evidence"]
CROSSING = [
    *("lever", "label", "target", "pace", "relevance", "rank_relevance", "projects", "rank_projects", "cost"),
    *("cost_missing", "family", "reversal"),
]


class Evidence(NamedTuple):
    """A figure that founds a theme: which part of the score, its value, unit, year, source, status, and in words."""

    lever: str
    component: str
    figure: str
    value: float = math.nan
    unit: str = ""
    year: float = math.nan
    source: str = ""
    status: str = ""
    said: str = ""


class Group(parameters.Strict):
    """A working group and its levers."""

    id: str
    label: str
    levers: Annotated[list[str], Field(min_length=1)]


class Groups(parameters.Strict):
    """The working groups, and where they come from."""

    source: str
    status: parameters.Status
    note: str
    items: Annotated[list[Group], Field(min_length=1)]


class Component(parameters.Strict):
    """A part of the score, between 0 and 1."""

    label: str
    weight: Annotated[float, Field(gt=0)]
    status: parameters.Status
    rule: str


class Thresholds(parameters.Strict):
    """From what a lever is key, lacks projects, is blocked; how many themes a group has."""

    status: parameters.Status
    enough: Annotated[int, Field(ge=1)]
    blocked: Annotated[float, Field(gt=0, le=1)]
    key: Annotated[float, Field(ge=0, le=1)]
    least: Annotated[int, Field(ge=1)]
    most: Annotated[int, Field(ge=1)]
    reversal: Annotated[int, Field(ge=2)]
    note: str


class Example(parameters.Strict):
    """A theme that the source gives as an example."""

    label: str
    levers: Annotated[list[str], Field(min_length=1)]
    kind: Literal[BLOCKED, CHANCE]


class Rules(parameters.Strict):
    """``parameters/themes.yml``."""

    version: str
    source: str
    groups: Groups
    components: dict[Literal[COMPONENTS], Component]
    paces: dict[str, Annotated[float, Field(ge=0, le=1)]]
    thresholds: Thresholds
    examples: list[Example]


@kept(maxsize=1)
def rules() -> Rules:
    """The rules of the themes.

    Raises
    ------
    ParameterError
        If the file is damaged, or if a lever is in no group or in two: all its problems at once.
    """
    return reading.read_checked(paths.parameters(FILE), Rules, _faults)


def _faults(found: Rules, _: dict) -> list[str]:
    said = [f"composante absente : {one}." for one in COMPONENTS if one not in found.components]
    said += _incomplete(found.groups.items)
    cited = [lever for group in found.groups.items for lever in group.levers]
    cited += [lever for one in found.examples for lever in one.levers]
    said += unknowns("levier inconnu « {} »", cited, nomenclatures.cop_labels(), "Leviers")
    said += parameters.unknown_sources((found.source, found.groups.source))
    said += unknowns("statut inconnu « {} »", found.paces, STATUSES, "Statuts")
    if found.thresholds.least > found.thresholds.most:
        said.append("thresholds : least au-dessus de most. Écrire le plus petit des deux dans least.")
    return said


def _incomplete(groups: Iterable[Group]) -> list[str]:
    """The levers that are in no group, or in several."""
    times = Counter(lever for group in groups for lever in group.levers)
    levers = nomenclatures.cop_labels()
    absent = [f"« {one} »" for one in levers if one not in times]
    said = [f"levier {one} dans aucun groupe. L'ajouter à un groupe." for one in absent]
    if len(absent) > NAMED:
        most = f"{', '.join(absent[:NAMED])} et {len(absent) - NAMED} autres"
        said = [f"leviers dans aucun groupe : {most}. Les ajouter à un groupe."]
    return said + [f"levier « {one} » dans {n} groupes. N'en garder qu'un." for one, n in times.items() if n > 1]


def _groups() -> dict[str, str]:
    return {one.id: one.label for one in rules().groups.items}


Grouping = str | Path | Mapping[str, Sequence[str]] | None


def working_groups(groups: Grouping = None) -> list[Group]:
    """Les groupes de travail d'une COP et leurs leviers : ceux du kit, ou ceux que l'on donne.

    Parameters
    ----------
    groups : un fichier (CSV, XLSX, ODS) aux colonnes « groupe » et « levier », une ligne par levier ; ou un
        dictionnaire du nom de chaque groupe vers ses leviers (identifiants ou libellés). Sans lui, ceux de
        ``parameters/themes.yml``.

    Returns
    -------
    list : chaque groupe, avec ``id``, ``label`` et ``levers``.

    Raises
    ------
    ProjectError
        Si un levier n'est pas reconnu, n'est dans aucun groupe ou est dans plusieurs : tous les problèmes à la fois.
    """
    if groups is None:
        return rules().groups.items
    where = "" if isinstance(groups, Mapping) else f"{groups} : "
    written = groups if isinstance(groups, Mapping) else _grouped(path_of(groups, ProjectError))
    known, said, found = {label: one for one, label in _groups().items()}, [], []
    for label, levers in written.items():
        if isinstance(levers, str) or not isinstance(levers, Iterable):
            said.append(f"groupe « {label} » : {given(levers)} n'est pas une liste. Écrire la liste de ses leviers.")
            continue
        read, ids_ = [(one, labels.lever(str(one))) for one in levers], []
        for one, answer in read:
            if answer.unknown:
                said.append(f"« {label} », levier « {one} » : {labels.unknown(answer.close)}")
            ids_ += [lever for term in answer.ids for lever in labels.levers_of(term)]
        name = known.get(label, french.plain(label).replace(" ", "_"))
        if name in (one.id for one in found):
            said.append(f"groupe « {label} » écrit deux fois. Donner un autre nom, ou réunir ses leviers.")
        if not ids_:
            said.append(f"groupe « {label} » sans levier. L'enlever, ou lui donner un levier.")
            continue
        found.append(Group(id=name, label=label, levers=ids_))
    if said := said + _incomplete(found):
        lines = "\n".join(f"  • {one}" for one in said)
        raise ProjectError(f"{where}groupes de travail, {french.plural(len(said), 'problème')}\n{lines}")
    return found


def _grouped(path: Path) -> dict[str, list[str]]:
    """The groups of a file, and what it writes of their levers."""
    (sheet, *_) = spreadsheets.read(path).values()
    plain = [french.plain(header) for header in sheet.headers]
    if missing := [name for name in GROUPING if name not in plain]:
        raise ProjectError(f"{path} : colonne absente : {', '.join(missing)}. Colonnes : {', '.join(GROUPING)}.")
    places = [plain.index(name) for name in GROUPING]
    sheet.warn(places)
    found: dict[str, list[str]] = {}
    for group, lever in sheet.cells[places].to_numpy().tolist():
        if group or lever:
            found.setdefault(group, []).append(lever)
    return found


def evidence(
    territory: str | xr.Dataset, answers: pd.DataFrame | None = None, projects: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Les chiffres qui fondent les thèmes prioritaires d'un territoire, levier par levier.

    Parameters
    ----------
    territory, answers, projects : comme ``candidates``.

    Returns
    -------
    DataFrame : lever, component (« gap », « pace », « relevance », « projects », « replicable »), figure (ce qui est
        compté), value, unit, year, source (clé de parameters/sources.yml, ou ce qui a été lu), status (« publie »,
        « derive »), said (la même chose en mots). Ce qui manque y est, sans valeur.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    """
    p = panoramas.given(territory)
    rows = [row for one in _facts(p, answers, projects).values() for row in one["evidence"]]
    found = pd.DataFrame(rows, columns=Evidence._fields)
    found.attrs = {"territory": p.attrs["territory"], "version": p.attrs["version"]}
    return found


def candidates(
    territory: str | xr.Dataset,
    answers: pd.DataFrame | None = None,
    projects: pd.DataFrame | None = None,
    *,
    groups: Grouping = None,
) -> pd.DataFrame:
    """Les thèmes prioritaires possibles d'un territoire, par groupe de travail, du plus au moins prioritaire.

    Parameters
    ----------
    territory : code (« reg-32 », « dep-59 ») ou panorama.
    answers : réponses au questionnaire, lues par ``ck.survey.read`` ; sans elles, la pertinence n'est pas connue.
    projects : projets lus par ``ck.projects.read`` ; sans eux, ni leur manque ni leur réplicabilité ne le sont.
    groups : les groupes de travail de la COP, comme ``working_groups`` ; sans eux, ceux de ``parameters/themes.yml``.

    Returns
    -------
    DataFrame : theme_id, group, group_label, lever, title, kind (« blocage », « opportunite »), key et concrete
        (« oui », « non » : les deux questions de la définition, à confirmer), gap, pace, relevance, projects,
        replicable [0 à 1, vide quand on ne sait pas], score [0 à 1, moyenne pondérée de ce qui est connu], known
        [0 à 1, part des poids connus], evidence (les chiffres en mots ; en table : ``evidence``), family.
        ``attrs["groups"]`` : identifiant de chaque groupe vers son nom.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ParameterError
        Si ``parameters/themes.yml`` est endommagé.
    ProjectError
        Si les groupes donnés ne sont pas complets.

    References
    ----------
    Thèmes prioritaires : ``sgpe_point_de_sortie``.
    """
    p, found, grouped = panoramas.given(territory), rules(), working_groups(groups)
    facts = _facts(p, answers, projects)
    weights = {name: one.weight for name, one in found.components.items()}
    names = nomenclatures.cop_labels()
    concrete = {lever for cell in questionnaire.actions().levers for lever in ids(cell)}
    rows = []
    for group in grouped:
        for lever in group.levers:
            one = facts[lever]
            values = {name: one[name] for name in COMPONENTS}
            known = {name: value for name, value in values.items() if not math.isnan(value)}
            total = sum(weights[name] for name in known)
            rows.append(
                {
                    "theme_id": lever,
                    "group": group.id,
                    "group_label": group.label,
                    "lever": lever,
                    "title": f"{OPENINGS[one['family']]} : {names[lever][:1].lower()}{names[lever][1:]}",
                    "kind": BLOCKED if _blocked(values, found.thresholds) else CHANCE,
                    "key": "" if math.isnan(values["gap"]) else YES if values["gap"] >= found.thresholds.key else NO,
                    "concrete": YES if lever in concrete else NO,
                    **values,
                    "score": sum(weights[name] * value for name, value in known.items()) / total if total else math.nan,
                    "known": total / sum(weights.values()),
                    "evidence": " ; ".join(row.said for row in one["evidence"] if row.said),
                    "family": one["family"],
                }
            )
    table = pd.DataFrame(rows)
    order = {group.id: n for n, group in enumerate(grouped)}
    table["place"] = table.group.map(order)
    table = table.sort_values(["place", "score", "lever"], ascending=[True, False, True], na_position="last")
    table = table.drop(columns="place").reset_index(drop=True)
    table.attrs = {
        "territory": p.attrs["territory"],
        "version": p.attrs["version"],
        "rules": found.version,
        "groups": {one.id: one.label for one in grouped},
    }
    return table


def _blocked(values: dict[str, float], limits: Thresholds) -> bool:
    """Late, or nobody does anything of what is judged relevant."""
    idle = values["projects"] >= limits.blocked and values["relevance"] >= questionnaire.rules().thresholds.share
    return values["pace"] >= limits.blocked or idle


def _facts(p: xr.Dataset, answers: pd.DataFrame | None, projects: pd.DataFrame | None) -> dict[str, dict]:
    """The components of each of the 43 levers, with the figures that they come from."""
    found, carried = rules(), counting.carriers(p)
    targets, figures = p.target.to_series().to_dict(), worth.levers(p)
    stated = dict(zip(targets, zip(p.source.values.tolist(), p.status.values.tolist(), strict=True), strict=True))
    largest = max((kt for lever, kt in targets.items() if lever != panoramas.FOREST), default=math.nan)
    paces = dynamics.dynamics(p, "tous").set_index("lever")
    measured = None if answers is None else analysis.levers(answers)
    families = family.of_measured(measured).set_index("lever").kept.to_dict()
    measured = {} if measured is None else measured.set_index("lever").to_dict("index")
    listed = None if projects is None else _listed(projects, p)
    counted = None if listed is None else listed.lever.value_counts()
    repeated = {} if listed is None else _replicable(listed)
    asked = None if answers is None else _origin(answers, "date", "réponses au questionnaire")
    held = None if listed is None else _origin(listed, "year", "vivier de projets")
    out = {}
    for lever in nomenclatures.cop_labels():
        rows, values = [], dict.fromkeys(COMPONENTS, math.nan)
        carrier = carried.get(lever, "")
        kt = targets.get(carrier, math.nan)
        if not math.isnan(kt) and lever != panoramas.FOREST:
            values["gap"] = min(1.0, max(0.0, kt / largest))
            rows.append(_aimed(lever, carrier, kt, worth.write(kt, figures[carrier]), *stated[carrier]))
        row = paces.loc[lever] if lever in paces.index else paces.loc[carrier] if carrier in paces.index else None
        if row is not None and row.status in found.paces:
            values["pace"] = found.paces[row.status]
            rows += _paced(lever, row)
        answered = measured.get(lever)
        if answered and not answered["small"] and not pd.isna(answered["pertinence"]):
            values["relevance"] = answered["pertinence"]
            rows.append(_judged(lever, values["relevance"], answered["respondents"], asked))
        else:
            why = "trop peu de réponses" if measured else "sans réponses au questionnaire"
            rows.append(Evidence(lever, "relevance", "collectivités qui jugent le levier pertinent", said=why))
        if counted is None:
            rows.append(Evidence(lever, "projects", "projets", said="sans vivier"))
        else:
            n = int(counted.get(lever, 0))
            values["projects"] = 1 - min(1.0, n / found.thresholds.enough)
            said = french.plural(n, "projet") if n else "aucun projet"
            rows.append(Evidence(lever, "projects", "projets", n, "projets", *held, said=said))
            if lever in repeated:
                values["replicable"], said_so = repeated[lever]
                share = 100 * values["replicable"]
                figure = f"projets réplicables, sur {said_so} qui le disent"
                said = f"{french.percent(share, 0)} réplicables, sur {said_so} qui le disent"
                rows.append(Evidence(lever, "replicable", figure, share, "%", *held, said=said))
        out[lever] = values | {"evidence": rows, "family": families.get(lever, "")}
    return out


def _aimed(lever: str, carrier: str, kt: float, written: str, source: str, status: str) -> Evidence:
    """The target of a lever, or of the lever of the panorama that carries it with others. [ktCO2e/an]"""
    whole = "" if carrier == lever else ", avec les leviers qu'il réunit"
    said = f"objectif {written} ktCO2e/an en 2030{whole} (SGPE)"
    return Evidence(lever, "gap", f"objectif{whole}", kt, "ktCO2e/an", 2030, source, status, said)


def _paced(lever: str, row: pd.Series) -> list[Evidence]:
    """The last observed value of a lever, its pace, and the pace that its target needs."""
    said = f"dynamique : {row.status} ({row.first_year} à {row.last_year})"
    seen = f"{row.indicator_label} ({row.status})"
    rows = [Evidence(lever, "pace", seen, row["last"], row.unit, row.last_year, row.source, "publie", said)]
    for name, what, year in (("pace", "rythme observé", row.last_year), ("needed", "rythme nécessaire", 2030)):
        if not pd.isna(row[name]):
            rows.append(Evidence(lever, "pace", what, row[name], f"{row.unit} par an", year, row.source, "derive"))
    return rows


def _judged(lever: str, share: float, count: int, asked: tuple) -> Evidence:
    """The share of the answers that find a lever relevant."""
    of = french.plural(count, "collectivité")
    said = f"jugé pertinent par {french.percent(100 * share, 0)} des réponses ({of})"
    figure = f"réponses qui jugent le levier pertinent, de {of}"
    return Evidence(lever, "relevance", figure, 100 * share, "%", *asked, said=said)


def _origin(table: pd.DataFrame, column: str, name: str) -> tuple[float, str, str]:
    """Year, source and status of what was counted in a table: its last year, and whether some of it is invented."""
    years = pd.to_numeric(table[column].astype("str").str[:4], errors="coerce") if column in table else pd.Series([])
    invented = "invented" in table and bool((table.invented == YES).any())
    return float(years.max()), f"{name}{' (exemple inventé)' if invented else ''}", "derive"


def _listed(projects: pd.DataFrame, p: xr.Dataset) -> pd.DataFrame:
    """The projects of the territory, one row for each of the 43 levers that each stands for."""
    table = perimeters.placed(projects_fields.counted(projects_fields.taken(projects)))
    code = p.attrs["territory"]
    if code != "fr":
        table = table[table[territories.level(code)] == code]
    rows = table.assign(lever=table.levers.str.split(SEPARATOR, regex=False)).explode("lever")
    return rows[rows.lever != ""]


def _replicable(listed: pd.DataFrame) -> dict[str, tuple[float, int]]:
    """Lever → the share of its projects that say yes among those that answer, and how many answer."""
    groups = listed[listed.replicable.isin([YES, NO])].groupby("lever").replicable
    return {lever: (float((said == YES).mean()), len(said)) for lever, said in groups}


def crossing(
    territory: str | xr.Dataset, answers: pd.DataFrame | None = None, projects: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Levier par levier, ce que disent le questionnaire, le vivier, le panorama et les dynamiques ; les renversements.

    Parameters
    ----------
    territory, answers, projects : comme ``candidates``.

    Returns
    -------
    DataFrame : lever, label, target [ktCO2e/an], pace (statut), relevance [0 à 1], rank_relevance et rank_projects
        [rang parmi les leviers connus, 1 en tête], projects [nombre], cost [EUR, somme des coûts connus ; un projet de
        plusieurs leviers compte dans chacun] et cost_missing [projets sans coût], family, reversal : « parmi les
        moins pertinents, beaucoup de projets », « parmi les plus pertinents, peu de projets », ou vide. Un renversement
        va du dernier tiers d'un classement au premier tiers de l'autre (``reversal`` de parameters/themes.yml).

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    """
    p, part = panoramas.given(territory), rules().thresholds.reversal
    facts, targets, carried = _facts(p, answers, projects), p.target.to_series(), counting.carriers(p)
    paces = dynamics.dynamics(p, "tous").set_index("lever").status
    table = pd.DataFrame(
        {"lever": list(nomenclatures.cop_labels()), "label": list(nomenclatures.cop_labels().values())}
    )
    table["target"] = table.lever.map(carried).map(targets).astype("float64")
    table["pace"] = table.lever.map(paces).fillna("")
    table["relevance"] = [facts[lever]["relevance"] for lever in table.lever]
    listed = _listed(projects, p) if projects is not None else pd.DataFrame(columns=["lever", "cost"])
    rows = listed.groupby("lever").cost
    counts = table.lever.map(rows.size()).fillna(0).astype("float64")
    table["projects"] = math.nan if projects is None else counts
    table["cost"] = table.lever.map(rows.sum(min_count=1)).astype("float64")
    table["cost_missing"] = (table.projects - table.lever.map(rows.count())).where(table.projects > 0)
    table["family"] = [facts[lever]["family"] for lever in table.lever]
    for name in ("relevance", "projects"):
        table[f"rank_{name}"] = table[name].rank(ascending=False, method="min")
    thirds = {name: _thirds(table[name], part) for name in ("relevance", "projects")}
    table["reversal"] = [
        "parmi les moins pertinents, beaucoup de projets" if (a, b) == ("last", "first")
        else "parmi les plus pertinents, peu de projets" if (a, b) == ("first", "last")
        else ""
        for a, b in zip(thirds["relevance"], thirds["projects"], strict=True)
    ]  # fmt: skip
    table.attrs = {"territory": p.attrs["territory"], "version": p.attrs["version"]}
    return table[CROSSING]


def _thirds(values: pd.Series, part: int) -> list[str]:
    """« first », « last » or nothing: where each value lies among those that are known, the equal ones together."""
    known = values.notna().sum()
    first = values.rank(ascending=False, method="min") <= known / part
    last = values.rank(ascending=False, method="max") > known - known / part
    return ["first" if a and not b else "last" if b and not a else "" for a, b in zip(first, last, strict=True)]


# ------------------------------------------------------------------ the workbook of the debate

FIELDS: dict[str, Collecting] = {
    "theme_id": Collecting("Thème", "id"),
    "group": Collecting("Groupe de travail", "choice", choices=_groups),
    "keep": Collecting("Retenu", "yes_no"),
    "merged_into": Collecting("Réuni dans (numéro du thème)", "name"),
    "title": Collecting("Intitulé", "name"),
    "levers": Collecting("Leviers", "text"),
    "kind": Collecting("Sorte", "choice", choices=KINDS),
    "level": Collecting("Niveau", "choice", choices=LEVELS),
    "key": Collecting("Clé pour les objectifs", "yes_no"),
    "concrete": Collecting("Des actions concrètes peuvent en naître", "yes_no"),
    "why": Collecting("Pourquoi", "text"),
    "score": Collecting("Score (0 à 1)", "number"),
    "evidence": Collecting("Ce que l'on en sait", "text"),
}  # fmt: skip
KEPT = Collected("themes", ("thème", "thèmes"), {**FIELDS, **ORIGIN}, ("title",), ("group", "title"))
WIDTHS = {
    "group": 22, "keep": 10, "merged_into": 16, "title": 44, "levers": 40, "kind": 20, "level": 14, "key": 12,
    "concrete": 14, "why": 44,
}  # fmt: skip
DO = (
    "Dans la feuille « Thèmes », écrire oui ou non dans « Retenu » : cinq à dix thèmes par groupe de travail.",
    "Renommer un thème dans « Intitulé » ; le réunir à un autre en écrivant le numéro de l'autre dans « Réuni dans ».",
    "Répondre aux deux questions : clé pour les objectifs, et des actions concrètes peuvent en naître.",
    "Ajouter un thème au bas de la feuille : groupe, intitulé, leviers (séparés par « ; »).",
    SEND,
)
KNOW = (
    "Le score classe, il ne décide pas : poids de l'objectif, retard, pertinence, manque de projets, réplicabilité. Ce "
    "qui n'est pas connu n'y compte pas.",
    "Si deux copies disent d'un thème deux choses, les deux sont montrées et rien n'est choisi.",
)


def form(table: pd.DataFrame) -> Form:
    """The workbook of the candidates of a territory; rows may be added."""
    same, choices = KEPT.deduplicate, {"group": table.attrs["groups"]}
    shown = (Column("score", FIELDS["score"], 10, front=True), Column("evidence", FIELDS["evidence"], 78, front=True))
    name = territories.name(table.attrs["territory"])
    return Form(
        sheet="Thèmes",
        noun=Noun("thème", "thèmes", "de thème", "du thème"),
        columns=(Column("theme_id", FIELDS["theme_id"], 22), *filled(FIELDS, WIDTHS, same, choices), *shown),
        title=f"Thèmes prioritaires — {name}",
        do=DO,
        know=KNOW,
        reference={"examples": [("Exemples de la source",), *((one.label,) for one in rules().examples)]},
        new_rows=30,
        identity=same,
    )


def rows(table: pd.DataFrame) -> pd.DataFrame:
    """The candidates as the workbook shows them; nothing is kept before somebody says so."""
    names = nomenclatures.cop_labels()
    level = "departement" if table.attrs["territory"].startswith("dep") else "region"
    return table.assign(
        keep="",
        merged_into="",
        why="",
        level=level,
        levers=[names[one] for one in table.lever],
        score=table.score.round(2),
    )


def write_themes(table: pd.DataFrame, path) -> None:
    """Écrit le classeur où un service garde, réunit, renomme et ajoute des thèmes prioritaires.

    Parameters
    ----------
    table : ce que ``candidates`` a rendu.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des candidats, ou si le fichier ne peut être écrit.
    """
    table = _taken(table)
    write(form(table), rows(table), path)


def read_themes(table: pd.DataFrame, *paths) -> Merged:
    """Relit des classeurs de thèmes et les réunit, sans choisir entre deux réponses qui diffèrent.

    Parameters
    ----------
    table : les candidats pour lesquels ils ont été écrits.
    paths : les classeurs revenus.

    Returns
    -------
    Merged : ``table`` (un thème par ligne), ``conflicts``, ``changes``, ``problems``, ``messages()``.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des candidats, ou si un classeur est illisible.
    """
    table = _taken(table)
    return gather(form(table), rows(table), *paths)


def retained(table: pd.DataFrame, merged: Merged) -> pd.DataFrame:
    """Les thèmes retenus par des classeurs revenus : renommés, réunis, ajoutés.

    Parameters
    ----------
    table : les candidats ; merged : ce que ``read_themes`` a réuni.

    Returns
    -------
    DataFrame : theme_id, group, title, levers (identifiants joints par |), kind, level, key, concrete, why, score,
        evidence. ``attrs["problems"]`` : ce que la définition d'un thème demande et qui manque, une phrase chacun.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des candidats, ou si rien n'a été relu.
    """
    table = _taken(table)
    if not isinstance(merged, Merged):
        asked = typed("ck.roadmap.read_themes(…)", "copkit themes -r …")
        raise ProjectError(f"Classeurs relus attendus, et non {given(merged)}. Écrire {asked}.")
    said = merged.table.merge(table[["theme_id", "score", "evidence"]], on="theme_id", how="left")
    said["evidence"] = said.evidence.fillna("")
    return _retained(said, table.attrs)


def read_retained(*files: str | Path, mapping: str | Path | None = None, groups: Grouping = None) -> pd.DataFrame:
    """Lit les thèmes retenus dans des fichiers de toute forme : classeur de débat rempli, CSV.

    Parameters
    ----------
    files : chemins des fichiers, un thème par ligne ; ceux dont « Retenu » dit oui le sont.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/themes`` ou un fichier YAML.
    groups : les groupes de travail de la COP, comme ``working_groups`` ; sans eux, ceux de ``parameters/themes.yml``.

    Returns
    -------
    DataFrame : comme ``retained``, et invented. ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, si ses en-têtes ne sont pas reconnus, ou si les groupes donnés ne sont
        pas complets.
    """
    offered = {one.id: one.label for one in working_groups(groups)}
    kind = replace(KEPT, fields={**KEPT.fields, "group": replace(FIELDS["group"], choices=offered)})
    said = collected.read(kind, files, mapping=mapping)
    said = said[said.duplicate_of == ""]
    return _retained(said, said.attrs | {"groups": offered})


def _retained(said: pd.DataFrame, attrs: dict) -> pd.DataFrame:
    """The themes that are kept, each with what was merged into it."""
    problems: list[str] = []
    said = said.copy()
    said["levers"] = [_levers(row, problems) for row in said.itertuples()]
    kept_ = said[said.keep == YES].copy()
    into = dict(zip(said.theme_id, said.merged_into, strict=True))
    known = set(kept_.theme_id[kept_.merged_into == ""])
    for row in said[said.merged_into != ""].itertuples():
        last = _last(row.theme_id, into)
        if last is None:
            problems.append(f"« {row.title} » est réuni à lui-même, ou en rond : il n'est dans aucun thème. Corriger.")
            continue
        if last not in known:
            problems.append(f"« {row.title} » est réuni dans « {row.merged_into} », qui n'est pas un thème retenu.")
            continue
        at = kept_.index[kept_.theme_id == last][0]
        kept_.at[at, "levers"] = SEPARATOR.join(dict.fromkeys([*ids(kept_.at[at, "levers"]), *ids(row.levers)]))
        kept_.at[at, "evidence"] = " ; ".join(filter(None, [kept_.at[at, "evidence"], row.evidence]))
    kept_ = kept_[kept_.merged_into == ""]
    made = kept_[[*THEMES, *(["invented"] if "invented" in kept_ else [])]].reset_index(drop=True)
    made.attrs = dict(attrs)
    made.attrs["problems"] = problems + checks(made)
    return made


def _last(theme: str, into: dict[str, str]) -> str | None:
    """The theme at the end of a chain of merges; nothing when it goes round."""
    seen = {theme}
    while into.get(theme):
        theme = into[theme]
        if theme in seen:
            return None
        seen.add(theme)
    return theme


def checks(made: pd.DataFrame) -> list[str]:
    """What the definition of priority themes asks for, and is not there: one sentence each."""
    limits, said = rules().thresholds, []
    for group, label in made.attrs.get("groups", _groups()).items():
        count = int((made.group == group).sum())
        if not limits.least <= count <= limits.most:
            counted = french.plural(count, "thème retenu", "thèmes retenus") if count else "aucun thème retenu"
            said.append(f"{label} : {counted}. En garder de {limits.least} à {limits.most}.")
    local = made.attrs.get("territory", "").startswith("dep-")
    for row in made.itertuples():
        lacks = [
            what
            for what, wrong in (
                ("un levier", not row.levers),
                ("sa sorte (blocage ou opportunité)", row.kind not in KINDS),
                ("son niveau (région ou département)", row.level not in LEVELS),
                ("s'il est clé pour les objectifs", row.key not in (YES, NO)),
                ("si des actions concrètes peuvent en naître", row.concrete not in (YES, NO)),
            )
            if wrong
        ]
        if lacks:
            said.append(f"« {row.title} » : dire {french.join(lacks)}.")
        if local and row.level == "region":
            said.append(f"« {row.title} » : niveau région, dans les thèmes d'un département. Écrire département, ou le "
                        "garder dans ceux de la région.")  # fmt: skip
        if NO in (row.key, row.concrete):
            said.append(f"« {row.title} » : non à l'une des deux questions, ce n'est pas un thème prioritaire.")
    return said


def named(written: pd.Series, themes: pd.DataFrame) -> pd.Series:
    """The id of the theme that each text names, by its title or its number however it is typed; empty without one."""
    names = {french.plain(one): number for number, one in zip(themes.theme_id, themes.title, strict=True)}
    names |= {french.plain(one): one for one in themes.theme_id}
    return pd.Series([names.get(french.plain(one), "") for one in written], written.index, "str", name="theme_id")


def without_action(themes: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Les thèmes retenus qu'aucune action ne sert : ce qui reste à débattre.

    Parameters
    ----------
    themes : ce que ``retained`` ou ``read_retained`` a rendu.
    actions : ce que ``ck.roadmap.read_actions`` a lu, ou des actions évaluées (``ck.roadmap.assess``) ; un doublon ne
        compte pas.

    Returns
    -------
    DataFrame : les lignes de ``themes`` dont aucune action ne nomme l'intitulé ni le numéro.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des thèmes retenus, ou pas des actions.
    """
    if not isinstance(themes, pd.DataFrame) or not {"theme_id", "title", "levers"} <= set(themes):
        asked = typed('ck.roadmap.read_retained("themes.xlsx")', "copkit themes -r themes.xlsx")
        raise ProjectError(f"Thèmes retenus attendus, et non {given(themes)}. Écrire d'abord {asked}.")
    listed = taken(actions)
    return themes[~themes.theme_id.isin(named(listed.theme[listed.duplicate_of == ""], themes))].reset_index(drop=True)


def _levers(row, problems: list[str]) -> str:
    """The levers that a cell of the workbook names, as ids."""
    found = labels.lever(row.levers)
    if found.unknown:
        problems.append(f"« {row.title} », leviers : {labels.unknown(found.close)} ({', '.join(found.unknown)})")
    return SEPARATOR.join(dict.fromkeys(lever for one in found.ids for lever in labels.levers_of(one)))


def _taken(table: object) -> pd.DataFrame:
    """Candidates; anything else is refused."""
    if not isinstance(table, pd.DataFrame) or not {"theme_id", "score", "evidence"} <= set(table):
        asked = typed('ck.roadmap.candidates("reg-32")', "copkit themes --territory reg-32")
        raise ProjectError(f"Candidats attendus, et non {given(table)}. Écrire d'abord {asked}.")
    return table
