"""The triage: the category of each project, the rule that gives it, why in French, and what is missing.

Each project is reduced to a few facts (``facts.py``), the first rule that applies decides (``rules.py``), and the
decision of a person stands beside it, never in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.models import nomenclatures
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, NO, Field
from copkit.projects.triage import criteria, facts, opinions, rows
from copkit.projects.triage import decisions as decided
from copkit.projects.triage import rules as ruled
from copkit.projects.triage.facts import UNKNOWN

if TYPE_CHECKING:
    from copkit.intake.workbook.merge import Merged
    from copkit.projects.triage.rules import Rules

COLUMNS: dict[str, Field] = {
    "category": Field("Catégorie selon les règles", "choice", choices={one: one for one in CATEGORIES}),
    "rule": Field("Règle"),
    "reason": Field("Raison"),
    "missing": Field("Ce qui manque"),
    **criteria.COLUMNS,
    "disagreement": Field("Désaccord entre les avis", public=False),
    "contradiction": Field("Contradiction avec les cibles", public=False),
    "given_difference": Field("Écart avec la catégorie reçue"),
    **decided.COLUMNS,
    "category_kept": Field("Catégorie retenue", "choice", choices={one: one for one in CATEGORIES}),
}


def triage(
    projects: pd.DataFrame,
    *,
    year: int | None = None,
    decisions: pd.DataFrame | Merged | str | Path | None = None,
    rules: str | Path | None = None,
) -> pd.DataFrame:
    """Trie les projets d'une COP : une catégorie chacun, la règle qui la donne, pourquoi, et ce qui manque.

    Parameters
    ----------
    projects : les projets lus par ``read_projects``, une ligne par dossier.
    year : année de la COP [année] ; à défaut le dernier millésime des dossiers, sinon celui du fichier de règles.
    decisions : décisions des analystes, gardées à côté de la réponse de la règle : un fichier CSV ou une table
        (dossier, catégorie, auteur, date, raison), ou un atelier relu par ``read_workshop``, dont les avis
        s'ajoutent. À défaut, celles que des projets déjà triés portent sont gardées.
    rules : un autre fichier de règles que parameters/triage.yml.

    Returns
    -------
    pd.DataFrame
        Les colonnes des projets, puis : category et rule (la règle), reason, missing ; criterion_coherence,
        criterion_potential, criterion_progress et included (oui, non, ou vide quand on ne peut pas le dire), chacun
        avec sa raison ; disagreement, contradiction, given_difference ; decision, decision_author, decision_date,
        decision_reason ; category_kept, la décision s'il y en a une, sinon la catégorie de la règle.
        ``attrs["triage"]`` dit l'année, les règles et les nombres de dossiers, hors doublons ; après un atelier, aussi
        les nombres de désaccords et de problèmes.

    Raises
    ------
    ProjectError
        Si ``year`` n'est pas une année, ou si des décisions sont refusées : toutes à la fois, avec leur ligne.
    ParameterError
        Si le fichier de règles est endommagé.

    References
    ----------
    Définitions des quatre catégories : ``feuille_de_route_hauts_de_france_2025`` ; critères d'inclusion :
    ``sgpe_point_de_sortie`` dans parameters/sources.yml.

    Examples
    --------
    >>> import pandas as pd
    >>> one = {"project_id": ["1"], "lever": ["covoiturage"], "dimension": ["innove"], "maturity": ["pret"]}
    >>> sorted_ = triage(pd.DataFrame(one), year=2024)
    >>> sorted_.category[0], sorted_.rule[0]
    ('remonter', 'pret')
    """
    found = ruled.rules(rules)
    kept = [name for name in projects if name not in COLUMNS]  # a table that was already sorted is sorted again
    table = fields.complete(projects[kept])
    workshop = decisions if hasattr(decisions, "opinions") else None
    if workshop is not None:
        table, decisions = opinions.applied(table, workshop.opinions), workshop.decisions
    year = _year(year, table, found)
    raw = facts.columns(table, found, year)
    judged = _judged(raw, found)
    made = {"category": judged.category, "rule": judged.rule, "reason": _reasons(table, raw, judged, found, year)}
    made["missing"] = _missing(table, raw, judged, found)
    made |= criteria.judge(table, found.criteria)
    made["disagreement"] = opinions.disagreements(table)
    made["contradiction"] = _contradictions(table)
    made["given_difference"] = _differences(table, judged.category, found.labels(year))
    decisions = decided.standing(projects) if decisions is None else decisions
    made |= decided.columns(table, decisions, found.labels(year))
    made["category_kept"] = made["decision"].where(made["decision"] != "", judged.category)
    sorted_ = pd.concat([table, pd.DataFrame({name: made[name] for name in COLUMNS}, index=table.index)], axis=1)
    sorted_.attrs = {**projects.attrs, "triage": _summary(sorted_, found, year, rules)}
    if workshop is not None:
        sorted_.attrs["triage"] |= {"conflicts": workshop.disagreements(), "problems": len(workshop.problems)}
    return sorted_


def category_labels(year: int | None = None, rules: str | Path | None = None) -> dict[str, str]:
    """Catégorie → son libellé pour une COP, dans l'ordre où on les lit.

    >>> list(category_labels(2024).values())[:2]
    ['À remonter dans la COP 2024', 'À travailler pour la COP 2025']
    """
    found = ruled.rules(rules)
    return found.labels(found.year if year is None else year)


def _year(year: int | None, table: pd.DataFrame, found: Rules) -> int:
    if year is None:
        given = fields.counted(table).year.dropna()
        given = given[(given >= 1990) & (given <= 2100)]
        return int(given.max()) if len(given) else found.year
    if isinstance(year, bool) or not isinstance(year, (int, np.integer)) or not 1990 <= year <= 2100:
        raise ProjectError(f"Année de la COP : « {year} » n'est pas une année de 1990 à 2100. Écrire par exemple 2024.")
    return int(year)


def _judged(raw: pd.DataFrame, found: Rules) -> pd.DataFrame:
    """Category and rule of each project, decided once per different set of facts."""
    groups, different = rows.different(raw)
    rules = [found.first(facts.facts(one, found)) for one in different]
    made = pd.DataFrame({"category": [r.category for r in rules], "rule": [r.id for r in rules]}, dtype="str")
    return made.iloc[groups].set_axis(raw.index)


# ------------------------------------------------------------------ why


def _reasons(table: pd.DataFrame, raw: pd.DataFrame, judged: pd.DataFrame, found: Rules, year: int) -> pd.Series:
    by_id, names = {rule.id: rule for rule in found.rules}, nomenclatures.lever_labels()
    cited = raw.assign(rule=judged.rule, lever_id=table.lever.astype("str"), start_day=table.start.astype("str"))
    cited["start_day"] = cited.start_day.where(raw.start != UNKNOWN, "")
    cited["lever_id"] = cited.lever_id.where(raw.lever == "reconnu", "")
    return rows.said(cited, lambda one: by_id[one["rule"]].reason.format(**_words(one, found, names, year)))


def _words(one: Mapping[str, str], found: Rules, names: Mapping[str, str], year: int) -> dict[str, object]:
    """What each placeholder stands for, for one project."""
    known, phrases, lever = facts.facts(one, found), found.phrases, names.get(one["lever_id"], "")
    start = facts.day(one["start_day"])
    words = {
        **ruled.years(year),
        "lever": lever or "non renseigné",
        "par_levier": f" par le levier « {lever} »" if lever else "",
        "start": french.short_date(start) if start else french.UNKNOWN,
        "readiness": known["readiness"],
    }
    words["maturity"] = phrases.maturity[known["maturity"]].format(**words, maturity="")
    if known["readiness"] == "insuffisante" and one["start"] in (facts.LATE, facts.PAST):
        dated = phrases.late_start if one["start"] == facts.LATE else phrases.past_start
        words["maturity"] = dated.format(**words)
    for name in ("contribution", "dimension", "other_issue"):
        words[name] = getattr(phrases, name)[known[name]].format(**words)
    return words


# ------------------------------------------------------------------ what is missing


def _missing(table: pd.DataFrame, raw: pd.DataFrame, judged: pd.DataFrame, found: Rules) -> pd.Series:
    names, memory = nomenclatures.lever_labels(), {}
    named = (raw.contributes == NO) & (raw.lever == "reconnu")  # only then is the lever cited
    cited = raw.assign(category=judged.category, lever_id=table.lever.astype("str").where(named, ""))

    def category(known: Mapping[str, str]) -> str:
        key = tuple(known.values())
        if key not in memory:
            memory[key] = found.first(facts.facts(known, found)).category
        return memory[key]

    def say(one: dict[str, str]) -> str:
        lever, own = names.get(one.pop("lever_id"), ""), one.pop("category")
        return " ; ".join(_lacks(one, own, lever, found, category))

    return rows.said(cited, say)


def _lacks(raw: dict[str, str], own: str, lever: str, found: Rules, category) -> Iterator[str]:
    """What could change the category of a project if it were known."""
    words = found.missing
    if facts.facts(raw, found)["contribution"] == "presumee" and category({**raw, "contributes": NO}) != own:
        yield words.presumee
    for name in _decisive(raw, own, category):
        label = fields.FIELDS[name].label
        yield getattr(words, name) if hasattr(words, name) else f"la réponse à « {label} »"
    yes = {**raw, "contributes": fields.YES}
    if lever and category(yes) != own:
        yield words.contradiction.format(lever=lever)


def _decisive(raw: dict[str, str], own: str, category) -> Iterator[str]:
    """The unknown answers that matter: alone, or on the way to the best category once the others are known."""
    open_ = {name: [v for v in _known(name) if v != UNKNOWN] for name in raw if raw[name] == UNKNOWN}
    for name in ("lever", "contrary"):  # a lever only tells of the contribution; what is not said contrary is not
        open_.pop(name, None)
    if raw["start"] == facts.PAST:
        open_["start"] = [facts.NEAR, facts.LATE]
    if raw["maturity"] == UNKNOWN:
        open_.pop("start", None)  # the date is asked for once the maturity is known
    if raw["lever"] == "reconnu":
        open_.pop("contributes", None)  # presumed
    best = [known for known in _filled(raw, open_) if category(known) == CATEGORIES[0]]
    for name, values in open_.items():
        alone = any(category({**raw, name: value}) != own for value in values)
        if alone or any(category({**known, name: value}) != CATEGORIES[0] for known in best for value in values):
            yield name


def _filled(raw: dict[str, str], open_: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    for values in product(*open_.values()):
        yield {**raw, **dict(zip(open_, values, strict=True))}


def _known(name: str) -> tuple[str, ...]:
    return facts.RAW.get(name) or facts.choices(name)


# ------------------------------------------------------------------ beside the rule


def _contradictions(table: pd.DataFrame) -> pd.Series:
    """M4: what is said contrary to the targets, with the reason that was given."""
    pairs = pd.DataFrame({"contrary": table.contrary, "why": table.contrary_reason.where(table.contrary == fields.YES)})

    def say(one: dict[str, object]) -> str:
        if one["contrary"] != fields.YES:
            return ""
        why = one["why"].strip() if isinstance(one["why"], str) else ""
        return f"Contraire aux cibles des leviers{f' : {why}' if why else ', sans raison donnée.'}"

    return rows.said(pairs, say)


def _differences(table: pd.DataFrame, category: pd.Series, labels: Mapping[str, str]) -> pd.Series:
    pairs = pd.DataFrame({"given": facts.known_only(table.category_given, CATEGORIES), "rule": category})

    def say(one: dict[str, str]) -> str:
        if one["given"] in (UNKNOWN, one["rule"]):
            return ""
        return f"Le dossier reçu dit « {labels[one['given']]} », la règle « {labels[one['rule']]} »."

    return rows.said(pairs, say)


def _summary(sorted_: pd.DataFrame, found: Rules, year: int, path: str | Path | None) -> dict[str, object]:
    counted = fields.counted(sorted_)
    return {
        "year": year,
        "version": found.version,
        "rules": ruled.fingerprint(path),
        "counts": {one: int((counted.category_kept == one).sum()) for one in found.labels(year)},
        "decisions": int((counted.decision != "").sum()),
    }
