"""The roadmap of a territory: objectives, where it stands, themes and their actions, what they cover, what they cost.

It puts together what was read elsewhere (actions, themes, projects, answers, strong points, a scenario); each view is
asked for once, and a document shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import xarray as xr

from copkit import files, french, paths, strengths
from copkit.errors import ProjectError
from copkit.intake import perimeters, personal
from copkit.intake.fields import NO, YES, Collected, ids
from copkit.intake.reading import Files, located, located_all
from copkit.intake.report import Reading
from copkit.intake.selection import EXAMPLE_OF, HINT, Selection, of_the_example, or_examples
from copkit.models import dynamics, gaps, interactions, nomenclatures, scenario_file
from copkit.models import panorama as panoramas
from copkit.models.scenario import justify, parts, simulate
from copkit.projects.fields import PROJECTS
from copkit.projects.selection import Vivier, vivier
from copkit.reference import framework, territories
from copkit.roadmap import assessment, themes
from copkit.roadmap.actions import ACTIONS, read_actions
from copkit.roadmap.assessment import CONTRARY, RETAINED, TWICE
from copkit.roadmap.contracts import CONTRACTS, city_policy, read_contracts
from copkit.roadmap.jobs import JOBS, employment, read_jobs
from copkit.survey.fields import ANSWERS
from copkit.survey.selection import Consultation, consultation

EXAMPLES = {
    "actions": "actions_hauts_de_france.csv",
    "themes": "themes_hauts_de_france.csv",
    "projects": "vivier_hauts_de_france.csv",
    "answers": "reponses_hauts_de_france.csv",
    "points": "points_forts.csv",
    "scenario": "objectifs_hauts_de_france.json",
}


@dataclass(frozen=True, eq=False)
class Roadmap(Selection):
    """Une feuille de route, telle qu'un document la montre.

    actions : celles du territoire, évaluées, une par ligne. regional : celles de sa région qui le concernent aussi
    (département, périmètre). themes : les thèmes retenus. scenario : les objectifs retenus, ou la référence ; chosen :
    s'ils ont été donnés. vivier, consultation, strengths : l'état des lieux, quand il a été donné ; contracts, jobs :
    le contexte et les emplois, de même. perimeter : le nom d'un périmètre dont c'est l'extrait.
    """

    actions: pd.DataFrame
    regional: pd.DataFrame
    themes: pd.DataFrame
    scenario: xr.Dataset
    chosen: bool
    of_projects: Callable[[], Vivier] | None  # read when a view asks for it
    of_answers: Callable[[], Consultation] | None
    strengths: pd.DataFrame
    reading: Reading | None
    counts: dict[str, object]
    perimeter: str = ""
    contracts: pd.DataFrame | None = None
    jobs: pd.DataFrame | None = None

    def __repr__(self) -> str:
        count = french.plural(len(self.retained), "action retenue", "actions retenues")
        return f"Feuille de route — {self.name} : {count}"

    @property
    def name(self) -> str:
        """The name of the territory, or of the perimeter."""
        return self.perimeter or territories.name(self.territory)

    @property
    def empty(self) -> bool:
        """No action lies in the territory."""
        return self.actions.empty

    @cached_property
    def invented(self) -> bool:
        """Whether something that it shows is invented."""
        given = [one for one in (self.contracts, self.jobs) if one is not None]
        parts = (self.actions, self.regional, self.themes, self.strengths, *given)
        if self.example or any("invented" in one and bool((one.invented == YES).any()) for one in parts):
            return True
        return any(one.invented for one in (self.vivier, self.consultation) if one is not None)

    @cached_property
    def vivier(self) -> Vivier | None:
        """The projects of the territory, when they were given."""
        return self.of_projects() if self.of_projects else None

    @cached_property
    def consultation(self) -> Consultation | None:
        """The answers of the territory, when they were given."""
        return self.of_answers() if self.of_answers else None

    # ------------------------------------------------------------------ actions

    @cached_property
    def retained(self) -> pd.DataFrame:
        """The actions that meet the three criteria, or that somebody decided to retain."""
        return self.actions[self.actions.standing_kept == RETAINED]

    @cached_property
    def apart(self) -> pd.DataFrame:
        """The actions that are listed apart, with their reason; those that are contrary to the targets first."""
        found = self.actions[self.actions.standing_kept != RETAINED]
        return found.sort_values("standing_kept", key=lambda one: one != CONTRARY, kind="stable")

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Each lever of the panorama and the retained actions that serve it, with their ktCO2e/an and euros."""
        return assessment.by_lever(self.actions, panoramas.panorama(self.territory))

    @cached_property
    def identified(self) -> tuple[float, float]:
        """ktCO2e/an of the quantities of the retained actions: without what may be counted twice, and with it."""
        whole = float(self.retained.kt.sum())
        twice = assessment.overlaps(self.retained)
        return max(0.0, whole - float(twice.kt.sum())), whole

    @cached_property
    def aimed(self) -> float:
        """The sum of the targets of the territory, without the forest. [ktCO2e/an]"""
        return float(panoramas.total(panoramas.panorama(self.territory), forest=False))

    @cached_property
    def served(self) -> pd.Series:
        """Lever of the 43 → retained actions that serve it."""
        listed = self.retained.levers.map(ids).explode().value_counts()
        return pd.Series({one: int(listed.get(one, 0)) for one in nomenclatures.cop_labels()}, dtype="int64")

    @cached_property
    def thematiques(self) -> pd.DataFrame:
        """Each thématique: label, levers (of the 43), served (levers with an action), actions."""
        labels, found = framework.labels("thematiques"), []
        of = nomenclatures.levers("cop").groupby("thematique", sort=False).lever.agg(list)
        for one, levers in of.items():
            here = sum(bool(set(ids(cell)) & set(levers)) for cell in self.retained.levers)
            served = sum(self.served[lever] > 0 for lever in levers)
            found.append((labels[one], len(levers), served, here))
        return pd.DataFrame(found, columns=["label", "levers", "served", "actions"])

    @cached_property
    def places(self) -> pd.DataFrame:
        """The départements of the territory (or itself), and their retained actions: code, name, actions."""
        codes = self.departements
        counts = perimeters.placed(self.retained).departement.value_counts()
        names = [territories.name(one) for one in codes]
        return pd.DataFrame({"code": codes, "name": names, "actions": [int(counts.get(one, 0)) for one in codes]})

    # ------------------------------------------------------------------ themes

    @cached_property
    def by_theme(self) -> pd.DataFrame:
        """The themes in the order of their groups, with the retained actions of each: actions, kt, cost."""
        groups = self.themes.attrs.get("groups", {})
        order = {one: n for n, one in enumerate(groups)}
        rows = self.retained.groupby("theme_id")
        table = self.themes.assign(
            group_label=self.themes.group.map(groups),
            actions=self.themes.theme_id.map(rows.size()).fillna(0).astype("int64"),
            kt=self.themes.theme_id.map(rows.kt.sum(min_count=1)).astype("float64"),
            cost=self.themes.theme_id.map(rows.cost.sum(min_count=1)).astype("float64"),
        )
        return table.sort_values("group", key=lambda one: one.map(order), kind="stable").reset_index(drop=True)

    @cached_property
    def without_action(self) -> pd.DataFrame:
        """The themes that no retained action serves."""
        return themes.without_action(self.by_theme, self.retained)

    # ------------------------------------------------------------------ means

    @cached_property
    def money(self) -> pd.DataFrame:
        """The retained actions by what is said of their funding: granted, label, actions, known (costs), cost [EUR]."""
        labels = {YES: "Financement accordé", NO: "Financement à trouver", "": "Financement non renseigné"}
        groups = self.retained.groupby("funding_granted")
        rows = []
        for one, label in labels.items():
            part = groups.get_group(one) if one in groups.groups else self.retained.head(0)
            cost = float(part.cost.sum(min_count=1)) if len(part) else 0.0  # of none that is known: not zero
            rows.append((one, label, len(part), int(part.cost.notna().sum()), cost))
        return pd.DataFrame(rows, columns=["granted", "label", "actions", "known", "cost"])

    @cached_property
    def engineering(self) -> pd.DataFrame:
        """The retained actions that need engineering that is not granted."""
        return self.retained[(self.retained.engineering != "") & (self.retained.engineering_granted != YES)]

    # ------------------------------------------------------------------ jobs, and context

    @cached_property
    def employment(self) -> pd.DataFrame | None:
        """Each sector or trade: jobs now and later, training places, coverage; then all of them."""
        return None if self.jobs is None else employment(self.jobs)

    @cached_property
    def city(self) -> pd.DataFrame | None:
        """What share of the contrats de ville was read, beside what the sources print."""
        return None if self.contracts is None else city_policy(self.contracts, self.territory)

    # ------------------------------------------------------------------ objectives, and where it stands

    @cached_property
    def deviations(self) -> pd.DataFrame:
        """The levers whose retained target is not that of the reference, and why."""
        return gaps.deviations(self.scenario)

    @cached_property
    def objectives(self) -> pd.DataFrame:
        """Each lever: label, target and proposed [ktCO2e/an], quantity [unit], unit, actions."""
        s = self.scenario
        table = pd.DataFrame({"lever": s.lever.values, "label": s.label.values, "unit": s.unit.values})
        for name in ("target", "proposed", "quantity", "proposed_quantity"):
            table[name] = s[name].values
        return table.sort_values("target", ascending=False, kind="stable", na_position="last").reset_index(drop=True)

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """« met », « compensated », « missing » or « unknown », and the sentence, without the forest."""
        found = gaps.standings(self.scenario)
        return gaps.verdict(gaps.sums(one for lever, one in found.items() if lever != panoramas.FOREST), "hors forêt")

    @cached_property
    def joint(self) -> tuple[float, float]:
        """What the levers that act on one quantity count twice: in the reference, in what is retained. [ktCO2e/an]"""
        table = interactions.interactions(self.scenario)
        before = "reference_overlap" if "reference_overlap" in table else "overlap"
        return float(table[before].sum()), float(table.overlap.sum())

    @cached_property
    def paces(self) -> dict[str, list[str]]:
        """« at_pace », « late », « unknown » → labels of the levers of the panorama."""
        found = dynamics.dynamics(panoramas.panorama(self.territory))
        late, at = found.status.isin(dynamics.LATE), found.status.isin(dynamics.AT_PACE)
        return {
            "at_pace": found.label[at].to_list(),
            "late": found.label[late].to_list(),
            "unknown": found.label[~late & ~at].to_list(),
        }

    @cached_property
    def synthesis(self) -> pd.DataFrame:
        """Each thématique: label; levers late, at_pace, unknown; projects (NaN without any file), strengths, actions;
        blocked and chances (titles of themes); what is empty is still to be said."""
        p = panoramas.panorama(self.territory)
        paces = dynamics.dynamics(p).set_index("lever").status
        chantier = pd.Series(p.chantier.values, p.lever.values)
        of = nomenclatures.levers("cop").set_index("lever").thematique
        rows = []
        for one, label in framework.labels("thematiques").items():
            found = paces[paces.index.isin(chantier.index[chantier == one])]
            late, at = int(found.isin(dynamics.LATE).sum()), int(found.isin(dynamics.AT_PACE).sum())
            serves = [one in {of.get(lever) for lever in ids(cell)} for cell in self.themes.levers]
            mine = self.themes.loc[pd.Series(serves, self.themes.index, dtype=bool)]
            rows.append(
                {
                    "label": label,
                    "late": late,
                    "at_pace": at,
                    "unknown": len(found) - late - at,
                    "projects": float("nan") if self.vivier is None else _holding(self.vivier.counted, one),
                    "strengths": _holding(self.strengths, one),
                    "actions": _holding(self.retained, one),
                    "blocked": list(mine.title[mine.kind == themes.BLOCKED]),
                    "chances": list(mine.title[mine.kind == themes.CHANCE]),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def obstacles(self) -> pd.DataFrame:
        """The actions, retained or not, that say what hampers them."""
        return self.actions[(self.actions.obstacles != "") & (self.actions.standing != TWICE)]

    @cached_property
    def followed(self) -> pd.DataFrame:
        """The retained actions that say both what is expected in a year and what follows it."""
        return self.retained[(self.retained.expected != "") & (self.retained.indicators != "")]

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Who contributed by type, over the official lists: answers, projects; empty when nothing was given."""
        if self.consultation is None:
            return pd.DataFrame(columns=["type", "label", "answered", "official", "share"])
        found = self.consultation.coverage
        return found[found.official > 0].reset_index(drop=True)


def _holding(table: pd.DataFrame, thematique: str) -> int:
    """How many rows serve a thématique."""
    return sum(thematique in ids(cell) for cell in table.thematiques)


def plan(
    territory: str = "reg-32",
    *,
    actions: Files = "",
    themes: Files = "",
    projects: Files = "",
    answers: Files = "",
    points: Files = "",
    scenario: str | Path = "",
    decisions: str | Path = "",
    contracts: Files = "",
    jobs: Files = "",
    perimeter: str | Path = "",
    name: str = "",
    public: bool = False,
) -> Roadmap:
    """Réunit ce qu'une COP remet à sa fin : objectifs, état des lieux, thèmes, actions, couverture, moyens.

    Parameters
    ----------
    territory : code d'une région, d'un département ou « fr ».
    actions : fiches action ; vide : l'exemple inventé du kit (Hauts-de-France), et dans cette région ceux des autres
        fichiers laissés vides. Un chemin relatif est cherché dans le dossier courant, dans celui d'où « copkit » a
        été lancé, puis dans celui du kit.
    themes : thèmes retenus, un classeur de débat rempli ou un CSV.
    projects : vivier ; answers : réponses au questionnaire ; points : points forts. Vides : absents.
    scenario : objectifs retenus, un scénario enregistré (JSON) ; vide : ceux de la référence.
    decisions : journal de décisions ; une décision compte, à côté de la réponse de la règle. Vide : aucune.
    contracts : contrats de ville et autre contexte ; jobs : emplois et compétences. Vides : absents.
    perimeter : périmètres de CRTE (CSV, YAML) ; name : celui dont on veut l'extrait, quand le fichier en a plusieurs.
    public : version publique : ni ce qui a été lu, ni ce qui cite un dossier.

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible, ou le périmètre inconnu.
    SimulationError
        Si le scénario est d'un autre territoire.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    References
    ----------
    Contenu et points de sortie : ``sgpe_point_de_sortie``.

    Examples
    --------
    >>> plan("dep-80")
    Feuille de route — Somme : 4 actions retenues
    """
    code, example = territories.resolve(territory), not actions
    given = {"actions": actions, "themes": themes, "projects": projects, "answers": answers, "points": points}
    given |= {"scenario": scenario}
    if example:
        given = or_examples(given, EXAMPLES, lambda one: _holds(one, code))
    read = read_actions(*located_all(given["actions"], ACTIONS, HINT))
    kept, reading = _themes(given["themes"], public), read.attrs["reading"]
    read = shown(read, ACTIONS, public)
    p, table = panoramas.panorama(code), perimeters.placed(read)
    inside, around = within(table, code)
    held_by = ""
    if perimeter:
        held_by, held = _perimeter(perimeter, name, table)
        inside, around = table[held], table[~held & (table.territory == territories.region_of(code))]
    told = located(decisions, ACTIONS) if decisions else None
    found = assessment.assess(inside, p, themes=kept if given["themes"] else None, decisions=told)
    chosen = _scenario(given["scenario"], code) if given["scenario"] else None
    if public:
        found = found.assign(decision_author="", decision_reason="")
    city = read_contracts(*located_all(contracts, CONTRACTS)) if contracts else None
    work = read_jobs(*located_all(jobs, JOBS)) if jobs else None
    return Roadmap(
        territory=code,
        actions=found,
        regional=assessment.assess(around, panoramas.panorama(territories.region_of(code) if len(around) else code)),
        themes=kept,
        scenario=simulate(p, {}) if chosen is None else chosen,
        chosen=chosen is not None,
        of_projects=_later(vivier, given["projects"], PROJECTS, code, public),
        of_answers=_later(consultation, given["answers"], ANSWERS, code, public),
        strengths=_strengths(given["points"], code, public),
        reading=None if public else reading,
        counts=_counts(reading, read, found),
        public=public,
        example=example,
        files=() if public else tuple(reading.files),
        perimeter=held_by,
        contracts=city if city is None else shown(city, CONTRACTS, public),
        jobs=work if work is None else shown(work, JOBS, public),
    )


def shown(table: pd.DataFrame, kind: Collected, public: bool) -> pd.DataFrame:
    """What was read of a kind, as the version that is asked shows it."""
    return personal.published(table, kind.name, kind.fields) if public else table


def _holds(one: str, code: str) -> bool:
    """Whether an invented example may stand for a file that a territory does not give: it is of one région only."""
    if one == "actions":
        return True
    return code == EXAMPLE_OF or (one != "scenario" and of_the_example(code))


def _later(read: Callable, given: Files, kind, code: str, public: bool) -> Callable | None:
    """What reads files when a view asks for it; that they are there is checked now."""
    if not given:
        return None
    return partial(read, located_all(given, kind, HINT, folder=kind is ANSWERS), code, public=public)


def _themes(given: Files, public: bool) -> pd.DataFrame:
    """The themes that are kept; none when no file is given."""
    if not given:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in themes.THEMES})
    return shown(themes.read_retained(*located_all(given, themes.KEPT, HINT)), themes.KEPT, public)


def _strengths(given: Files, code: str, public: bool) -> pd.DataFrame:
    """The strong points of the territory; public, those that may be."""
    found = (
        strengths.read(*located_all(given, strengths.STRENGTHS, HINT))
        if given
        else strengths.STRENGTHS.complete(pd.DataFrame())
    )
    return shown(strengths.within(found, code, public=public), strengths.STRENGTHS, public)


def _scenario(file: str | Path, code: str) -> xr.Dataset:
    path = located(file, ACTIONS)
    found = scenario_file.from_json(files.read_text(path, ProjectError))
    if (other := found.attrs["territory"]) != code:
        raise ProjectError(
            f"{paths.shown(path)} : scénario de {territories.name(other)} ({other}), et non de "
            f"{territories.name(code)}. Donner les objectifs retenus de ce territoire."
        )
    _, _, texts = parts(found)
    hidden = {lever: {name: personal.mask(one) for name, one in said.items()} for lever, said in texts.items()}
    return justify(found, hidden)


def within(table: pd.DataFrame, code: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The actions of a territory, and those of the whole of its région that concern it too.

    One without place is of the région of the others when they are all of one.
    """
    if code == "fr":
        return table, table.head(0)
    region = territories.region_of(code)
    blank = (table.region == "") & (table.departement == "") & (table.epci == "")
    around = (table.region == region) | (blank & (set(table.region) - {""} <= {region}))
    if territories.level(code) == "region":
        return table[around], table.head(0)
    straddling = table.epci.isin(territories.territories("epci", within=code).code)
    at = (table.departement == code) | straddling
    return table[at], table[~at & (table.territory == region)]


def _perimeter(file: str | Path, name: str, table: pd.DataFrame) -> tuple[str, pd.Series]:
    """The name of a perimeter, and which actions lie in it."""
    found = perimeters.read_perimeters(located(file, ACTIONS))
    one = found.chosen(name)
    held = found.of(table)
    at = set(held.project[held.key == one])
    return one, pd.Series([n in at for n in range(len(table))], index=table.index)


def _counts(reading: Reading, read: pd.DataFrame, inside: pd.DataFrame) -> dict[str, object]:
    """What happened at the reading, as numbers."""
    return {
        "summary": reading.summary,
        "rows": reading.rows,
        "actions": len(inside),
        "elsewhere": len(read) - len(inside),
        "duplicates": int((inside.standing == TWICE).sum()),
        "problems": len(reading.problems),
        "unknown": len(reading.unknown_labels),
    }
