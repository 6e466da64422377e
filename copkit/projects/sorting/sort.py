"""The triage: the category of each project, the rule that gives it, why in French, and what is missing.

Each project is reduced to a few facts (``facts.py``), the first rule that applies decides (``rules.py``), it is said
why (``reasons.py``), and the decision of a person stands beside it, never in its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from copkit.errors import ProjectError
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, Field
from copkit.projects.sorting import criteria, facts, opinions, reasons
from copkit.projects.sorting import decisions as decided
from copkit.projects.sorting import rules as ruled
from copkit.projects.sorting.schema import Rules

if TYPE_CHECKING:
    from copkit.intake.workbook.merge import Merged

COLUMNS: dict[str, Field] = {
    "category": Field("Catégorie selon les règles", "choice", choices={one: one for one in CATEGORIES}),
    "rule": Field("Règle"),
    "reason": Field("Raison"),
    "missing": Field("Ce qui manque"),
    **criteria.COLUMNS,
    "disagreement": Field("Désaccord entre les avis"),
    "contradiction": Field("Contradiction avec les cibles"),
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
    projects : les projets lus par ``ck.projects.read``, une ligne par dossier.
    year : année de la COP [année] ; à défaut le dernier millésime des dossiers, sinon celui du fichier de règles.
    decisions : décisions des analystes, gardées à côté de la réponse de la règle : un fichier CSV ou une table
        (dossier, catégorie, auteur, date, raison), un journal (``ck.journal``), qui survit à d'autres règles, ou un
        atelier relu par ``read_workshop``, dont les avis s'ajoutent. À défaut, celles que des projets déjà triés
        portent sont gardées.
    rules : un autre fichier de règles que parameters/triage.yml.

    Returns
    -------
    pd.DataFrame
        Les colonnes des projets, puis : category et rule (la règle), reason, missing ; criterion_coherence,
        criterion_potential, criterion_progress et included (oui, non, ou vide quand on ne peut pas le dire), chacun
        avec sa raison ; disagreement, contradiction, given_difference ; decision, decision_author, decision_date,
        decision_reason ; category_kept, la décision s'il y en a une, sinon la catégorie de la règle.
        ``attrs["triage"]`` dit l'année, les règles et les nombres de dossiers, hors doublons ; après un atelier, aussi
        les nombres de désaccords et de problèmes ; et les dossiers qu'un journal décide sans qu'ils soient lus.

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
    found, projects = ruled.rules(rules), fields.taken(projects)
    others = [name for name in projects if name not in (*fields.FIELDS, *COLUMNS)]  # it may have been sorted already
    table = projects[[*fields.FIELDS, *others]]
    workshop = decisions if hasattr(decisions, "opinions") else None
    if workshop is not None:
        table, decisions = opinions.applied(table, workshop.opinions), workshop.decisions
    year = _year(year, table, found)
    raw = facts.columns(table, found, year)
    judged = _judged(raw, found)
    made = {**judged, "reason": reasons.why(table, raw, judged, found, year)}
    made["missing"] = reasons.missing(table, raw, judged, found)
    made |= criteria.judge(table, found.criteria)
    made["disagreement"] = opinions.disagreements(table)
    made["contradiction"] = reasons.contradictions(table, raw)
    made["given_difference"] = reasons.differences(table, judged["category"], found.labels(year))
    said = decided.read(decided.standing(projects) if decisions is None else decisions, table, found.labels(year))
    made |= decided.columns(table, said)
    made["category_kept"] = [own or rule for own, rule in zip(made["decision"], made["category"], strict=True)]
    beside = pd.DataFrame({name: made[name] for name in COLUMNS}, table.index, dtype="str")
    sorted_ = pd.concat([table, beside], axis=1)
    sorted_.attrs = {**projects.attrs, "triage": _summary(sorted_, found, year, rules)}
    sorted_.attrs["triage"] |= {"absent": said.attrs["absent"]} if said.attrs.get("absent") else {}
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
        given = fields.counted(table[["year", "duplicate_of"]]).year.dropna()
        given = given[(given >= 1990) & (given <= 2100)]
        return int(given.max()) if len(given) else found.year
    if isinstance(year, bool) or not isinstance(year, (int, np.integer)) or not 1990 <= year <= 2100:
        raise ProjectError(f"Année de la COP : « {year} » n'est pas une année de 1990 à 2100. Écrire par exemple 2024.")
    return int(year)


def _judged(raw: reasons.Columns, found: Rules) -> dict[str, list[str]]:
    """Category and rule of each project, decided once per different set of facts."""
    groups, different = reasons.different(raw)
    rules = [found.first(facts.facts(one, found)) for one in different]
    return {"category": [rules[at].category for at in groups], "rule": [rules[at].id for at in groups]}


def _summary(sorted_: pd.DataFrame, found: Rules, year: int, path: str | Path | None) -> dict[str, object]:
    counted = fields.counted(sorted_[["category_kept", "decision", "duplicate_of"]])
    return {
        "year": year,
        "version": found.version,
        "rules": ruled.fingerprint(path),
        "counts": {one: int((counted.category_kept == one).sum()) for one in found.labels(year)},
        "decisions": int((counted.decision != "").sum()),
    }
