"""The decisions of people: read from a CSV, a table or a journal, checked all at once, beside the answer of the rule.

Those of a journal that are in force outlive their dossiers: what it says of dossiers that were not read is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from copkit import escaping, files, french, journal
from copkit.errors import Problems, ProjectError, unknown
from copkit.intake import cells, delimited
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, Field

COLUMNS: dict[str, Field] = {
    "decision": Field("Décision", "choice", choices={one: one for one in CATEGORIES}),
    "decision_author": Field("Auteur de la décision"),
    "decision_date": Field("Date de la décision", "date"),
    "decision_reason": Field("Raison de la décision"),
}
PARTS = ("category", "author", "date", "reason")
HEADERS = {"project_id": "dossier", "category": "catégorie", "author": "auteur", "date": "date", "reason": "raison"}


def columns(projects: pd.DataFrame, decisions: pd.DataFrame) -> dict[str, list[str]]:
    """The four columns of the decisions that ``read`` gave, empty where nobody decided."""
    found, ids = {one.pop("project_id"): one for one in decisions.to_dict("records")}, fields.named(projects).project_id
    rows = [found.get(id_, {}) for id_ in ids.tolist()]
    return {name: [row.get(part, "") for row in rows] for name, part in zip(COLUMNS, PARTS, strict=True)}


def standing(projects: pd.DataFrame) -> pd.DataFrame | None:
    """The decisions that a sorted table already carries, as ``read`` gives them."""
    if not set(COLUMNS) <= set(projects):
        return None
    decided = fields.named(projects)
    decided = decided[decided.decision != ""].drop_duplicates("project_id")  # a second submission is the same one
    return decided[["project_id", *COLUMNS]].set_axis(list(HEADERS), axis=1).reset_index(drop=True)


def read(
    decisions: pd.DataFrame | str | Path | None, projects: pd.DataFrame, labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Les décisions des analystes, vérifiées : project_id, category, author, date (AAAA-MM-JJ), reason.

    Parameters
    ----------
    decisions : un fichier CSV ou une table ; colonnes « dossier », « catégorie »,
        « auteur », « date », « raison », ou leurs noms anglais ; ou un journal (``ck.journal``), dont celles qui sont
        en vigueur sont prises. Rien : aucune décision.
    projects : les projets dont on décide.
    labels : libellés des catégories, admis à la place des identifiants.

    Returns
    -------
    DataFrame : ``attrs["absent"]`` liste les dossiers d'un journal qui ne sont pas parmi les projets.

    Raises
    ------
    ProjectError
        Si le fichier est illisible, si une colonne manque, ou si une décision a un dossier ou une catégorie inconnus,
        n'a pas d'auteur, de date ou de raison, ou porte sur un dossier déjà décidé : tout à la fois, avec la ligne.
    """
    if decisions is None:
        return pd.DataFrame(columns=list(HEADERS), dtype="str")
    from_file = isinstance(decisions, (str, Path))
    name = Path(decisions).name if from_file else "décisions"
    problems, kept, absent = Problems(), [], []
    known, seen = set(fields.named(projects).project_id) - {""}, {}
    if from_file:
        path, decisions = decisions, delimited.whole(Path(decisions), name, problems).map(escaping.unguarded)
        decisions = journal.read(path) if journal.is_one(decisions) else decisions
    numbered = from_file or "revoked_by" in decisions
    if journal.is_one(decisions):
        decisions, absent = _of_journal(decisions, known)
    table = journal.named(decisions, name, HEADERS)
    rows = table.index if numbered else range(1, len(table) + 1)
    for row, one in zip(rows, table.to_dict("records"), strict=True):
        wrong = list(_refused(one, known, seen, row, labels or {}))
        for message in wrong:
            problems.add(name, f"ligne {row} : {message}")
        seen.setdefault(one["project_id"], row)
        if not wrong:
            parts = {"category": category_of(one["category"], labels or {}), "date": cells.day(one["date"])[0]}
            kept.append({**one, **parts})
    problems.raise_if_any(ProjectError)
    made = pd.DataFrame(kept, columns=list(HEADERS), dtype="str")
    made.attrs["absent"] = absent
    return made


def _of_journal(entries: pd.DataFrame, known: set[str]) -> tuple[pd.DataFrame, list[str]]:
    """What a journal decides of dossiers, and those of them that nobody read."""
    found = journal.in_force(entries, "dossier").rename(columns={"about": "project_id", "decision": "category"})
    several = {one.partition(" (")[0] for one in known}  # a number of several dossiers is refused, and says which
    at = found.project_id.isin(known | several)
    return found[at], [f"n° {one.number} : dossier « {one.project_id} »" for one in found[~at].itertuples()]


def write(decisions: pd.DataFrame, path: str | Path, *, excel: bool = False) -> None:
    """Écrit des décisions en CSV (UTF-8), que ``read`` relit ; aucun texte n'y est une formule de tableur.

    Parameters
    ----------
    decisions : une table de décisions, par exemple ``read_workshop(…).decisions``.
    path : fichier .csv à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    excel : point-virgule, virgule décimale et marque d'encodage, pour un double-clic dans un Excel en français.
    """
    text = escaping.as_csv(decisions[list(HEADERS)].rename(columns=HEADERS), excel=excel)
    files.write_whole(path, text, error=ProjectError)


def _refused(
    one: Mapping[str, str], known: set[str], seen: Mapping[str, int], row: int, labels: Mapping[str, str]
) -> Iterator[str]:
    id_ = one["project_id"]
    if not id_:
        yield "dossier absent. Écrire son numéro."
    elif id_ not in known:
        if several := sorted(one for one in known if one.startswith(f"{id_} (")):
            listed = " ou ".join(f"« {one} »" for one in several)
            yield f"numéro de plusieurs dossiers « {id_} ». Écrire {listed}."
            return
        looked = sorted(known) if len(known) <= 20_000 else ()
        yield unknown(f"dossier inconnu « {id_} »", id_, looked) + " Écrire le numéro d'un dossier lu."
    elif id_ in seen:
        yield f"dossier « {id_} » déjà décidé ligne {seen[id_]}. Ne garder qu'une décision."
    if not one["category"]:
        yield "catégorie absente. Écrire la catégorie décidée."
    elif not category_of(one["category"], labels):
        words = [*labels.values()] or list(CATEGORIES)
        wrong = unknown(f"catégorie inconnue « {one['category']} »", one["category"], words)
        yield f"{wrong} Catégories : {' ; '.join(words)}."
    yield from journal.lacks(one)


def category_of(text: str, labels: Mapping[str, str]) -> str:
    """The category that a text names: its id, or its label for any year; nothing when it names none.

    >>> category_of("à remonter dans la cop 2031", {"remonter": "À remonter dans la COP 2024"})
    'remonter'
    """
    names = {_no_year(word): one for one in CATEGORIES for word in (one, labels.get(one, one))}
    return names.get(_no_year(text), "")


def _no_year(text: str) -> str:
    return " ".join(word for word in french.plain(text).split() if not (word.isdigit() and len(word) == 4))
