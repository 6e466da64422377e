"""The follow-up: a year against the one before, as one value: actions, projects, targets, coverage, indicators.

Nothing is guessed: what could be two things is listed as such, what nobody says is « non dit ».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french, journal
from copkit.errors import LeverError, ProjectError, given, typed
from copkit.intake import perimeters
from copkit.intake.fields import YES, ids
from copkit.intake.reading import located
from copkit.intake.selection import Selection, or_examples
from copkit.models import comparison, dynamics, panorama, published
from copkit.models.levers import FOREST
from copkit.projects import fields as vivier
from copkit.projects import selection
from copkit.projects.counting import balance
from copkit.projects.reading import read as read_projects
from copkit.projects.sorting import sort
from copkit.reference import territories
from copkit.roadmap import assessment, carried, matching, sites
from copkit.roadmap import themes as kept_themes
from copkit.roadmap.actions import ACTIONS, FIELDS, IDENTITY, read_actions
from copkit.roadmap.assessment import APART, RETAINED, TWICE
from copkit.roadmap.contracts import CONTRACTS, city_policy, read_contracts
from copkit.roadmap.plan import EXAMPLES as PLAN_EXAMPLES
from copkit.roadmap.plan import shown, within

EXAMPLES = {
    "before": PLAN_EXAMPLES["actions"],
    "after": "actions_hauts_de_france_annee_suivante.csv",
    "projects_before": "vivier_extrait.csv",
    "projects_after": "vivier_extrait_annee_suivante.csv",
    "issues": "sujets_hauts_de_france.csv",
    "themes": PLAN_EXAMPLES["themes"],
    "decisions": "journal_hauts_de_france.csv",
}
DONE, LATE, ONGOING, UNSTARTED, DROPPED = "faite", "en_retard", "en_cours", "non_commencee", "abandonnee"
UNSAID, GONE, NEW, OPEN, CLOSED = "non_dit", "disparue", "nouvelle", "a_rapprocher", "close"
OUTCOMES = {
    DONE: "faite",
    ONGOING: "en cours",
    LATE: "en retard",
    UNSTARTED: "pas commencée",
    DROPPED: "abandonnée",
    UNSAID: "non dit",
    GONE: "disparue du fichier",
    OPEN: "à rapprocher",
    NEW: "nouvelle",
    CLOSED: "close l'année d'avant",
}
FOLLOWED = tuple(one for one in OUTCOMES if one not in (NEW, CLOSED))  # what an action of the year before becomes
MOVED, STAYED, LEFT, CAME = "change", "reste", "parti", "arrive"
MOVES = {
    MOVED: "change de catégorie",
    STAYED: "garde sa catégorie",
    LEFT: "parti",
    CAME: "arrivé",
    OPEN: OUTCOMES[OPEN],
}
COVERED, GAINED, LOST, NONE = "couvert", "gagne", "perdu", "sans_action"
COVERAGES = {
    COVERED: "couvert les deux années",
    GAINED: "couvert depuis",
    LOST: "ne l'est plus",
    NONE: "sans action",
}
ON_TRACK, BEHIND, UNJUDGED, TO_BUILD = "au_rythme", "en_retard", "non_juge", "donnee_a_construire"
TRACKS = {
    ON_TRACK: "au rythme",
    BEHIND: "en retard",
    UNJUDGED: "suivi, rythme non jugé",
    TO_BUILD: "donnée à construire",
}
UNCOMPARED = {"action_id", "progress", "lever_label", "levers", "thematiques", "region_label", "duplicate_of"}
COMPARED = [  # the fields of an action that a change is looked for in
    name
    for name, one in FIELDS.items()
    if name not in UNCOMPARED and one.kind != "place" and one.given and name != "invented"
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Followup(Selection):
    """Le suivi d'une feuille de route : une année face à la précédente.

    before, after : les actions évaluées de chaque année. actions : une ligne par action de l'une ou de l'autre, ce
    qu'elle est devenue (``outcome``) et pourquoi. changes : ce qui a changé dans les fiches. projects : ce que sont
    devenus les dossiers du vivier. levers : objectifs de deux versions du panorama [ktCO2e/an]. coverage : leviers
    couverts par des actions retenues. indicators : dernière valeur, rythme, état. carried : ce qui est laissé à la COP
    suivante. decisions : le journal. city : part des contrats de ville lus. themes : les thèmes retenus. notes : ce que
    le lecteur doit savoir.
    """

    year: int
    before: pd.DataFrame
    after: pd.DataFrame
    actions: pd.DataFrame
    changes: pd.DataFrame
    coverage: pd.DataFrame
    indicators: pd.DataFrame
    carried: pd.DataFrame
    projects: pd.DataFrame | None = None
    levers: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None
    city: pd.DataFrame | None = None
    themes: pd.DataFrame | None = None
    versions: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()
    invented: bool = field(default=False)

    def __repr__(self) -> str:
        return f"Suivi {self.year} de {self.name} : {french.plural(len(self.expected), 'action')} de {self.year - 1}"

    @property
    def expected(self) -> pd.DataFrame:
        """The actions of the year before that were not closed then, with what became of them."""
        return self.actions[self.actions.outcome.isin(FOLLOWED) & (self.actions.before != "")]

    @cached_property
    def decided(self) -> pd.DataFrame:
        """The decisions in force, each beside what the rules answer now: ``rule``, empty where no rule speaks of it."""
        if self.decisions is None:
            return pd.DataFrame(columns=[*journal.HEADERS, "rule", "there"])
        found = journal.in_force(self.decisions)
        dossiers = {} if self.projects is None else dict(zip(self.projects.project_id, self.projects.rule, strict=True))
        actions = dict(zip(self.after.action_id, self.after.standing, strict=True))
        known = {"dossier": dossiers, "action": actions}
        answers = [known.get(one.kind, {}).get(one.about, "") for one in found.itertuples()]
        there = [one.kind not in known or one.about in known[one.kind] for one in found.itertuples()]
        return found.assign(rule=answers, there=there)

    @property
    def counts(self) -> dict[str, int]:
        """How many actions of the year before became what; and the new ones."""
        found = {one: int((self.expected.outcome == one).sum()) for one in FOLLOWED}
        return found | {NEW: int((self.actions.outcome == NEW).sum())}

    @property
    def aimed(self) -> pd.DataFrame:
        """The levers of the panorama that have a target, with their actions of each year."""
        return self.coverage[self.coverage.target.notna() & (self.coverage.part_of == "")]

    def tracked(self, state: str) -> list[str]:
        """The labels of the levers of a state, each once."""
        return self.indicators.label[self.indicators.track == state].drop_duplicates().to_list()


def diff(
    before: pd.DataFrame | str | Path,
    after: pd.DataFrame | str | Path,
    territory: str | xr.Dataset = "reg-32",
    *,
    year: int | None = None,
    projects: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    versions: tuple[str | xr.Dataset, str | xr.Dataset] | None = None,
    issues: pd.DataFrame | str | Path | None = None,
    themes: pd.DataFrame | None = None,
    decisions: pd.DataFrame | str | Path | None = None,
    contracts: pd.DataFrame | None = None,
    same: Mapping[str, str] | None = None,
) -> Followup:
    """Compare une année d'une feuille de route à la précédente : ce qui est fait, en retard, nouveau, laissé de côté.

    Parameters
    ----------
    before, after : les actions des deux années, lues par ``ck.roadmap.read_actions``, ou leur fichier.
    territory : code (« reg-32 », « dep-59 ») ou panorama.
    year : année de ``after`` [année] ; à défaut celle de parameters/suivi.yml.
    projects : projets des deux années, triés ou non.
    versions : deux versions du panorama, par leur nom ou comme panoramas ; à défaut les deux dernières s'il y en a.
    issues : ce que l'année d'avant a laissé (``ck.roadmap.read_carried``), ou son fichier.
    themes : thèmes retenus (``ck.roadmap.read_retained``) ; ceux d'une région qui n'ont pas d'action sont reportés.
    decisions : journal de décisions (``ck.journal``), ou son fichier.
    contracts : contrats de ville, comme ``ck.roadmap.read_contracts`` les lit.
    same : actions rapprochées par une personne : numéro d'avant → numéro d'après.

    Returns
    -------
    Followup : ``actions``, ``changes``, ``projects``, ``levers``, ``coverage``, ``indicators``, ``carried``…

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si ce ne sont pas des actions ou des projets ; si un rapprochement donné est inconnu.
    LeverError
        Si une version du panorama est inconnue.

    References
    ----------
    Ce qui prépare la COP suivante : ``sgpe_point_de_sortie`` ; les chantiers de 2025 :
    ``feuille_de_route_hauts_de_france_2025``.
    """
    p = panorama.given(territory)
    code, notes = p.attrs["territory"], []
    entries = decisions if decisions is None or isinstance(decisions, pd.DataFrame) else journal.read(decisions)
    year = _year(year)
    former = None if entries is None else journal.until(entries, f"{year - 1}-12-31")
    old, new = (
        _assessed(one, p, known, themes, of, notes)
        for one, known, of in ((before, former, year - 1), (after, entries, year))
    )
    found, actions, changes = compared(old, new, same)
    coverage = _coverage(assessment.by_lever(old, p), assessment.by_lever(new, p), p)
    left = carried.read_carried(issues) if isinstance(issues, str | Path) else issues
    sorted_ = _projects(projects, code, year, (former, entries)) if projects is not None else None
    levers, named = _levers(code, versions, notes)
    tables = [
        one for one in (old, new, *(projects or ()), left, themes, contracts) if one is not None and "invented" in one
    ]
    return Followup(
        territory=code,
        year=year,
        before=old,
        after=new,
        actions=actions,
        changes=changes,
        coverage=coverage,
        indicators=_indicators(code, coverage),
        carried=_carried(old, new, found, actions, coverage, left, themes, year, code.startswith("dep-")),
        projects=sorted_,
        levers=levers,
        decisions=entries,
        city=None if contracts is None else city_policy(contracts, code),
        themes=themes,
        versions=named,
        notes=tuple(notes),
        invented=any(bool((one.invented == YES).any()) for one in tables),
    )


def _year(year: object) -> int:
    """A year, or that of the parameters."""
    if year is None:
        return sites.rules().year
    if isinstance(year, bool) or not isinstance(year, int | np.integer) or not 1990 <= year <= 2100:
        raise ProjectError(
            f"Année du suivi : {given(year)} n'est pas une année de 1990 à 2100. Écrire par exemple 2026."
        )
    return int(year)


def _assessed(
    given_: object, p: xr.Dataset, entries, themes: pd.DataFrame | None, year: int, notes: list[str]
) -> pd.DataFrame:
    """The actions of a year that lie in the territory, assessed; those that were sent twice once."""
    table = read_actions(given_) if isinstance(given_, str | Path) else given_
    made = perimeters.placed(assessment.assess(table, p, themes=themes, decisions=entries))  # type: ignore
    made = made[made.standing != TWICE]
    kept, _ = within(made, p.attrs["territory"])
    if away := len(made) - len(kept):
        many = french.plural(away, f"action de {year}", f"actions de {year}")
        notes.append(f"{many} d'un autre territoire ou de toute la région, hors du suivi.")
    twice = kept.action_id[kept.action_id.duplicated(keep=False)].unique()
    if len(twice):
        notes.append(f"Numéros donnés à plusieurs actions de {year} : {', '.join(twice)}. En donner un à chacune.")
    return kept.reset_index(drop=True)


# ------------------------------------------------------------------ actions


def compared(
    old: pd.DataFrame, new: pd.DataFrame, same: Mapping[str, str] | None = None
) -> tuple[matching.Matching, pd.DataFrame, pd.DataFrame]:
    """Which assessed actions are the same, what became of each, what changed in the sheets."""
    found = matching.match(old, new, number="action_id", identity=IDENTITY, same=same)
    return found, _outcomes(old, new, found), _changes(old, new, found)


def _outcomes(old: pd.DataFrame, new: pd.DataFrame, found: matching.Matching) -> pd.DataFrame:
    """One row for each action of either year: what became of it, and why it is said so."""
    rows, (was, now) = [], (list(one[TOLD].itertuples()) for one in (old, new))
    for i, j, how in found.pairs:
        rows.append(_row(was[i], now[j], *_outcome(was[i], now[j]), how))
    for i in found.left:
        closed = was[i].progress in (DONE, DROPPED)
        why = "" if closed else "Absente du fichier : dire si elle est faite, abandonnée ou renommée."
        rows.append(_row(was[i], None, CLOSED if closed else GONE, why))
    rows += [_row(None, now[j], NEW) for j in found.came]
    for some, others, why in found.doubtful:
        said = f"{french.capital(why)}. Donner son numéro à chacune, ou dire lesquelles sont la même."
        rows += [_row(was[i], None, OPEN, said) for i in some]
        rows += [_row(None, now[j], OPEN, said) for j in others]
    return pd.DataFrame(rows, columns=ROW)


NAMED = ["action_id", "title", "territory", "lever", "theme", "invented"]
TOLD = [*NAMED, "expected", "progress", "standing_kept"]
ROW = [
    *("action_id", "before", "after", "title", "territory", "lever", "theme", "outcome", "why", "expected", "how"),
    *("standing_before", "standing_after", "invented"),
]


def _row(old, new, outcome: str, why: str = "", how: str = "") -> dict[str, str]:
    last = new if new is not None else old
    return {
        **{name: getattr(last, name) for name in NAMED},
        "before": "" if old is None else old.action_id,
        "after": "" if new is None else new.action_id,
        "outcome": outcome,
        "why": why,
        "expected": "" if old is None else old.expected,
        "how": how,
        "standing_before": "" if old is None else old.standing_kept,
        "standing_after": "" if new is None else new.standing_kept,
    }


def _outcome(old, new) -> tuple[str, str]:
    """What an action became: what its sheet says; late when it has not started and something was expected."""
    if old.progress in (DONE, DROPPED) and new.progress in (old.progress, ""):
        return CLOSED, ""
    if new.progress == UNSTARTED and old.expected:
        return LATE, "Pas commencée, alors qu'un résultat était attendu dans l'année."
    if new.progress:
        said = f"Dite {OUTCOMES[old.progress]} l'année d'avant." if old.progress in (DONE, DROPPED) else ""
        return new.progress, said
    return UNSAID, "La fiche ne dit pas où elle en est."


def _changes(old: pd.DataFrame, new: pd.DataFrame, found: matching.Matching) -> pd.DataFrame:
    """Every field of a sheet that says something else: action_id, title, field, label, before, after."""
    rows, (was, now) = [], ({name: one[name].tolist() for name in COMPARED} for one in (old, new))
    for i, j, _ in found.pairs:
        for name in COMPARED:
            one, other = _said(was[name][i]), _said(now[name][j])
            if one != other:
                rows.append((new.action_id.iloc[j], now["title"][j], name, FIELDS[name].label, one, other))
    return pd.DataFrame(rows, columns=["action_id", "title", "field", "label", "before", "after"], dtype="str")


def _said(value: object) -> str:
    """A cell as text; a number that is not known is empty."""
    if isinstance(value, str):
        return " ".join(value.split())
    return "" if pd.isna(value) else french.exact(float(value))  # type: ignore


# ------------------------------------------------------------------ projects


def _projects(given_: tuple[pd.DataFrame, pd.DataFrame], code: str, year: int, entries: tuple) -> pd.DataFrame:
    """One row for each dossier of either year: the category that is kept each year, and what moved."""
    made = []
    for one, of, known in zip(given_, (year - 1, year), entries, strict=True):
        sorted_ = sort.triage(vivier.taken(one), year=of, decisions=known)
        here, _, _ = selection.inside(vivier.counted(sorted_), code)
        made.append(vivier.named(here).reset_index(drop=True))
    old, new = made
    words = "intitulé, porteur et lieu"
    identity = ("title", "holder", "commune", "epci", "departement")
    found = matching.match(old, new, number="project_id", identity=identity, how=words)
    was, now = (list(one[SORTED].itertuples()) for one in (old, new))
    rows = [_dossier(was[i], now[j], "") for i, j, _ in found.pairs]
    rows += [_dossier(was[i], None, LEFT) for i in found.left]
    rows += [_dossier(None, now[j], CAME) for j in found.came]
    for some, others, why in found.doubtful:
        rows += [_dossier(was[i], None, OPEN, why) for i in some]
        rows += [_dossier(None, now[j], OPEN, why) for j in others]
    return pd.DataFrame(rows, columns=DOSSIER)


SORTED = [
    *("project_id", "title", "departement", "lever", "invented", "crte", "category", "category_kept", "reason"),
    *("decision", "decision_date"),
]
DOSSIER = [
    *("project_id", "title", "departement", "lever", "before", "after", "move", "why", "rule", "crte", "invented"),
]


def _dossier(old, new, move: str, why: str = "") -> dict[str, object]:
    last = new if new is not None else old
    before, after = ("" if one is None else one.category_kept for one in (old, new))
    if new is not None and new.decision:
        why = why or f"Décision du {french.long_date(date.fromisoformat(new.decision_date))}."
    return {
        **{name: getattr(last, name) for name in ("project_id", "title", "departement", "lever", "invented")},
        "before": before,
        "after": after,
        "move": move or (MOVED if before != after else STAYED),
        "why": why or ("" if new is None else new.reason),
        "rule": "" if new is None else new.category,
        "crte": bool(old is not None and new is not None and old.crte != YES and new.crte == YES),
    }


def moves(projects: pd.DataFrame) -> pd.DataFrame:
    """Dossiers of each category of the year before, a row each, in those of the year, a column each."""
    order = [*vivier.CATEGORIES, ""]
    kept = projects[projects.move != OPEN]
    return pd.crosstab(kept.before, kept.after).reindex(index=order, columns=order, fill_value=0)


# ------------------------------------------------------------------ levers


def _levers(code: str, versions, notes: list[str]) -> tuple[pd.DataFrame | None, tuple[str, str]]:
    """The targets of two versions of the panorama, lever by lever; nothing when there is only one, which is said."""
    if versions is None:
        known = published.versions()
        if len(known) < 2:
            notes.append(f"Une seule version du panorama est connue ({known[-1]}) : aucun objectif n'a changé.")
            return None, (known[-1], known[-1])
        versions = (known[-2], known[-1])
    pair = [one if isinstance(one, xr.Dataset) else panorama.panorama(code, version=one) for one in versions]
    if len(pair) != 2:
        raise LeverError(
            f"Deux versions du panorama attendues, et non {len(pair)}. Écrire la première, puis la seconde."
        )
    named = tuple(one if isinstance(one, str) else str(one.attrs.get("version", "")) for one in versions)
    plans = [_plan(one, name) for one, name in zip(pair, named, strict=True)]
    table = comparison.compare(code, *plans, by="lever").table
    table = table[["lever", "label", "kt_a", "kt_b", "difference_kt"]]
    return table.rename(columns={"kt_a": "before", "kt_b": "after", "difference_kt": "difference"}), named  # type: ignore


def _plan(p: xr.Dataset, version: str) -> pd.DataFrame:
    """The targets of a version, as a plan that can be compared."""
    kept = p.drop_sel(lever=FOREST) if FOREST in p.lever.values else p
    table = pd.DataFrame({"lever": kept.lever.values, "target_ktco2e": kept.target.values.astype(float)})
    table.attrs["plan"] = f"la version {version}"
    return table


def _coverage(old: pd.DataFrame, new: pd.DataFrame, p: xr.Dataset) -> pd.DataFrame:
    """The levers of either year: retained actions, ktCO2e/an that they identify, and whether one covers it."""
    columns = ["projects", "kt_identified"]
    named = pd.concat([new, old]).drop_duplicates("lever").set_index("lever")
    table = named[["label", "target", "shown", "part_of"]]
    for side, one in (("before", old), ("after", new)):
        found = one.set_index("lever")[columns].reindex(table.index)
        table = table.assign(
            **{f"actions_{side}": found.projects.fillna(0).astype("int64"), f"kt_{side}": found.kt_identified}
        )
    table = table[table.index != balance.TOTAL].reset_index()
    had, has = table.actions_before > 0, table.actions_after > 0
    table["state"] = np.select([had & has, has, had], [COVERED, GAINED, LOST], NONE)
    table["share_after"] = (100 * table.kt_after / table.target).where(table.target > 0)
    return table


def _indicators(code: str, coverage: pd.DataFrame) -> pd.DataFrame:
    """Each lever of the panorama with its indicator: last value, pace, whether it is on track; what is to be built."""
    found = dynamics.in_kt(dynamics.dynamics(code))
    judged = found.status.isin(dynamics.JUDGED)
    track = np.select(
        [found.status.isin(dynamics.AT_PACE), judged, found["last"].notna()], [ON_TRACK, BEHIND, UNJUDGED], TO_BUILD
    )
    actions = found.lever.map(coverage.set_index("lever").actions_after).fillna(0).astype("int64")
    columns = ["lever", "label", "indicator", "indicator_label", "unit", "last_year", "last", "pace", "needed", "ratio"]
    return found[[*columns, "status", "source"]].assign(track=track, actions=actions)


def worksites(found: Followup) -> pd.DataFrame:
    """Les chantiers à suivre, avec ce que les données du suivi en disent.

    Parameters
    ----------
    found : ce que ``diff`` a rendu.

    Raises
    ------
    ProjectError
        Si ce n'est pas un suivi.

    Returns
    -------
    DataFrame : id, label, follow et needs (ce qui est à suivre, les données à réunir), levers (nombre, ou rien quand le
        kit n'en a pas), actions (retenues), done, late, on_track et judged (leviers dont le rythme se juge).

    References
    ----------
    Chantiers de 2025 : ``feuille_de_route_hauts_de_france_2025``, dans parameters/suivi.yml.
    """
    if not isinstance(found, Followup):
        asked = typed('f = ck.roadmap.followup("reg-32")', "copkit diff --view worksites")
        raise ProjectError(f"Suivi attendu, et non {given(found)}. Écrire d'abord {asked}.")
    rows = []
    kept = found.after[found.after.standing_kept == RETAINED]
    outcomes = found.actions[found.actions.after != ""].drop_duplicates("after").set_index("after").outcome
    judged = found.indicators[found.indicators.track.isin([ON_TRACK, BEHIND])]
    carrier = {one.lever: one.part_of or one.lever for one in found.coverage.itertuples()}
    for site in sites.rules().worksites.items:
        every = site.levers == "tous"
        levers = set(carrier) if every else set(site.levers)
        mine = [one.action_id for one in kept.itertuples() if every or levers & set(ids(one.levers))]
        became = outcomes.reindex(mine)
        here = judged[judged.lever.isin({carrier.get(one, one) for one in levers})]
        many = "tous les leviers" if every else french.plural(len(levers), "levier") if levers else ""
        row = (site.id, site.label, many)
        row += (len(mine), int((became == DONE).sum()), int((became == LATE).sum()))
        row += (int((here.track == ON_TRACK).sum()), len(here), " ; ".join(site.follow), " ; ".join(site.needs))
        rows.append(row)
    columns = ["id", "label", "levers", "actions", "done", "late", "on_track", "judged", "follow", "needs"]
    return pd.DataFrame(rows, columns=columns)


# ------------------------------------------------------------------ what carries over


def _carried(old, new, found, actions, coverage, left, kept, year: int, local: bool) -> pd.DataFrame:
    """What is left to the next year, each once, since when: enjeux, themes, actions listed apart or lost, levers.

    ``local``: of a département, whose région has actions for its themes and its levers too: neither is left.
    """
    rows = []
    if left is not None:
        open_ = carried.CARRIED.taken(left, 'ck.roadmap.read_carried("enjeux.csv")')
        free = open_[(open_.kind.isin(["", carried.ISSUE])) & (open_.taken == "")]
        rows += [
            (carried.ISSUE, one.about, one.title, one.reason, one.since, one.invented) for one in free.itertuples()
        ]
    if kept is not None and not local:
        had, has = (set(one.theme_id[one.standing_kept == RETAINED]) for one in (old, new))
        for one in kept[~kept.theme_id.isin(has)].to_dict("records"):
            since = year if one["theme_id"] in had else year - 1
            why = "Aucune action retenue ne s'y rattache."
            rows.append((carried.THEME, one["theme_id"], one["title"], why, since, one.get("invented", "")))
    first = {j: year - 1 for i, j, _ in found.pairs if old.standing_kept.iloc[i] == APART}
    for j, one in enumerate(new.itertuples()):
        if one.standing_kept == APART and one.progress not in (DONE, DROPPED):
            rows.append((carried.ACTION, one.action_id, one.title, one.why, first.get(j, year), one.invented))
    gone = actions[actions.outcome == GONE]
    rows += [
        (carried.ACTION, one.before, one.title, "Disparue sans être dite faite ni abandonnée.", year, one.invented)
        for one in gone.itertuples()
    ]
    bare = coverage[
        (not local) & coverage.state.isin([NONE, LOST]) & coverage.target.notna() & (coverage.part_of == "")
    ]
    rows += [
        (carried.LEVER, one.lever, one.label, "Aucune action retenue.", year if one.state == LOST else year - 1, "")
        for one in bare.itertuples()
    ]
    table = pd.DataFrame(rows, columns=["kind", "about", "title", "reason", "since", "invented"])
    table["since"] = table.since.astype("float64").fillna(year)
    return carried.CARRIED.complete(_since(table, left).assign(taken=""))


def _since(table: pd.DataFrame, left: pd.DataFrame | None) -> pd.DataFrame:
    """The same, since the year that a former list already says."""
    if left is None or left.empty:
        return table
    former = left.assign(title=left.title.map(french.plain)).dropna(subset="since")
    known = former.groupby(["kind", "title"]).since.min().to_dict()
    earlier = [known.get((k, french.plain(t)), s) for k, t, s in zip(table.kind, table.title, table.since, strict=True)]
    return table.assign(since=np.minimum(table.since, earlier))


# ------------------------------------------------------------------ files


def followup(
    territory: str = "reg-32",
    *,
    before: str | Path = "",
    after: str | Path = "",
    projects_before: str | Path = "",
    projects_after: str | Path = "",
    issues: str | Path = "",
    themes: str | Path = "",
    decisions: str | Path = "",
    contracts: str | Path = "",
    year: int | None = None,
    same: Mapping[str, str] | str | None = None,
    public: bool = False,
) -> Followup:
    """Lit les fichiers de deux années d'une feuille de route et les compare, pour un document.

    Parameters
    ----------
    territory : code d'une région, d'un département ou « fr ».
    before, after : fiches action des deux années ; vides : l'exemple inventé du kit, et avec lui ceux des autres
        fichiers laissés vides. Un chemin relatif est cherché dans le dossier courant, dans celui d'où « copkit » a été
        lancé, puis dans celui du kit.
    projects_before, projects_after : viviers des deux années ; vides : aucun.
    issues : ce que l'année d'avant a laissé ; themes : les thèmes retenus ; decisions : le journal ; contracts : les
        contrats de ville. Vides : aucun.
    year : année du suivi ; à défaut celle de parameters/suivi.yml.
    same : actions rapprochées par une personne : numéro d'avant → numéro d'après, ou « A1=B7 ; A2=A9 ».
    public : version publique : sans auteur ni raison d'une décision, sans texte libre d'un sujet reporté.

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible, ou si celui d'une seule des deux années est donné.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    Examples
    --------
    >>> followup("dep-59")
    Suivi 2026 de Nord : 7 actions de 2025
    """
    territory, example = territories.resolve(territory), not before and not after
    asked = {"before": before, "after": after, "projects_before": projects_before, "projects_after": projects_after}
    asked |= {"issues": issues, "themes": themes, "decisions": decisions}
    if example:
        asked = or_examples(asked, EXAMPLES)
    asked |= {"contracts": contracts}
    for what, first, second in (
        ("de fiches action", asked["before"], asked["after"]),
        ("de projets", asked["projects_before"], asked["projects_after"]),
    ):
        if bool(first) != bool(second):
            said = "l'année d'avant" if first else "l'année du suivi"
            raise ProjectError(f"Un seul fichier {what} est donné, celui de {said}. Donner aussi l'autre.")
    kinds = {"issues": carried.CARRIED, "themes": kept_themes.KEPT, "projects_before": vivier.PROJECTS}
    kinds |= {"projects_after": vivier.PROJECTS, "contracts": CONTRACTS}
    files = {name: located(one, kinds.get(name, ACTIONS)) for name, one in asked.items() if one}
    pair = [
        shown(read_projects(files[one]), vivier.PROJECTS, public)
        for one in ("projects_before", "projects_after")
        if one in files
    ]
    found = diff(
        shown(read_actions(files["before"]), ACTIONS, public),
        shown(read_actions(files["after"]), ACTIONS, public),
        territory,
        year=year,
        projects=(pair[0], pair[1]) if pair else None,
        issues=files.get("issues"),
        themes=shown(kept_themes.read_retained(files["themes"]), kept_themes.KEPT, public)
        if "themes" in files
        else None,
        decisions=files.get("decisions"),
        contracts=shown(read_contracts(files["contracts"]), CONTRACTS, public) if "contracts" in files else None,
        same=pairs(same.split(";")) if isinstance(same, str) else same,
    )
    names = () if public or example else tuple(one.name for one in files.values())
    found = replace(found, example=example, public=public, files=names, invented=found.invented or example)
    return _public(found) if public else found


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """« A1=B7 » → {"A1": "B7"}: actions that a person says are the same.

    Raises
    ------
    ProjectError
        If one is not written so, or if a number before is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        old, equal, new = (part.strip() for part in text.partition("="))
        if not text.strip():
            continue
        if not (old and equal and new):
            raise ProjectError(f"Rapprochement illisible : « {text.strip()} ». Écrire AVANT=APRÈS, par exemple A1=B7.")
        if old in found:
            raise ProjectError(f"Action rapprochée deux fois : « {old} ». En garder un rapprochement.")
        found[old] = new
    return found


def _public(found: Followup) -> Followup:
    """The same without what a public version does not show."""
    entries, left = found.decisions, found.carried
    if entries is not None:
        entries = entries.assign(author="", reason="")
    typed_ = left.kind == carried.ISSUE
    left = shown(left.assign(reason=left.reason.mask(typed_, "")), carried.CARRIED, True)
    return replace(found, decisions=entries, carried=left)
