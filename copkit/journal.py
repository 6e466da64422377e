"""The journal of decisions: who decided what, when and why; a decision is revoked by another one, never erased.

A file of one line per decision, numbered from 1, to which lines are only added. It knows nothing of rules nor of their
thresholds: what it says stands beside the answer of a rule, whatever that one becomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from copkit import escaping, files, french
from copkit.errors import Problems, ProjectError, given, option, typed, unknown
from copkit.intake import cells, delimited, personal

__all__ = ["decide", "in_force", "read", "revoke"]

KINDS = {
    "dossier": "dossier",
    "action": "action",
    "levier": "levier",
    "theme": "thème",
    "territoire": "territoire",
    "autre": "autre",
}
HEADERS = {
    "number": "numéro",
    "kind": "objet",
    "about": "identifiant",
    "decision": "décision",
    "author": "auteur",
    "date": "date",
    "reason": "raison",
    "revokes": "révoque",
}
LACKS = {"author": "auteur absent. Écrire qui décide", "reason": "raison absente. Écrire pourquoi"}
WRITE_DATE = "Écrire AAAA-MM-JJ ou JJ/MM/AAAA."
ROLE = "Nommer un rôle ou un organisme, par exemple « DREAL » ou « comité de pilotage »."
MARK = b"\xef\xbb\xbf"  # of a file that Excel opens with a double click


def read(path: str | Path) -> pd.DataFrame:
    """Lit un journal de décisions : une ligne par décision, dans l'ordre où elles ont été prises.

    Parameters
    ----------
    path : fichier CSV : numéro, objet (dossier, action, levier, thème, territoire, autre), identifiant, décision,
        auteur (un rôle ou un organisme), date, raison, révoque (le numéro de la décision que celle-ci remplace).

    Returns
    -------
    DataFrame : number, kind, about, decision, author, date, reason, revokes et revoked_by (un numéro, 0 s'il n'y en a
        pas). ``in_force`` en donne les décisions en vigueur.

    Raises
    ------
    ProjectError
        Si le fichier est illisible, si une colonne manque, si un numéro manque ou n'est pas à sa place, si une
        décision est incomplète, révoque une décision inconnue, déjà révoquée, postérieure ou d'un autre objet, en
        contredit une autre restée en vigueur, ou contient un courriel, un téléphone ou un nom de personne : tout à la
        fois, avec la ligne.
    """
    path, problems = files.path_of(path, ProjectError), Problems()
    table = delimited.whole(path, path.name, problems).map(escaping.unguarded)
    found = _checked(named(table, path.name, HEADERS), path.name, problems)
    problems.raise_if_any(ProjectError)
    return found


def is_one(table: pd.DataFrame) -> bool:
    """Whether a table is a journal, by its columns."""
    return {"numero", "revoque"} <= {french.plain(str(c)) for c in table} or {"number", "revoked_by"} <= set(table)


def in_force(journal: pd.DataFrame, kind: str = "") -> pd.DataFrame:
    """Les décisions en vigueur, une par objet : ni révoquées, ni de simples révocations.

    Parameters
    ----------
    journal : ce que ``read`` a lu.
    kind : « dossier », « action », « levier », « theme », « territoire » ou « autre » ; vide : toutes.

    Raises
    ------
    ProjectError
        Si ce n'est pas un journal.
    """
    if not isinstance(journal, pd.DataFrame) or "revoked_by" not in journal:
        asked = typed('ck.journal.read("journal.csv")', "copkit journal read journal.csv")
        raise ProjectError(f"Journal attendu, et non {given(journal)}. Écrire d'abord {asked}.")
    kept = journal[(journal.revoked_by == 0) & (journal.decision != "")]
    kept = kept[kept.kind == kind] if kind else kept
    last = kept.sort_values("date", kind="stable").drop_duplicates(["kind", "about"], keep="last")
    return last.sort_index()


def until(journal: pd.DataFrame, day: str) -> pd.DataFrame:
    """The journal as it stood at the end of a day (AAAA-MM-JJ): what was decided later had revoked nothing yet."""
    kept = journal[journal.date <= day]
    return kept.assign(revoked_by=kept.revoked_by.where(kept.revoked_by.isin(kept.number), 0))


def decide(
    path: str | Path,
    *,
    kind: str,
    about: str,
    decision: str,
    author: str,
    reason: str,
    day: str | date = "",
    revokes: int = 0,
) -> pd.DataFrame:
    """Ajoute une décision à un journal ; rien de ce qui y est n'est changé.

    Parameters
    ----------
    path : fichier CSV du journal ; créé s'il n'existe pas, laissé intact si la décision est refusée.
    kind : « dossier », « action », « levier », « theme », « territoire » ou « autre ».
    about : numéro du dossier ou de l'action, nom du levier, du thème…
    decision : ce qui est décidé ; vide quand la décision ne fait qu'en révoquer une autre.
    author : qui décide : un rôle ou un organisme, jamais une personne.
    reason : pourquoi.
    day : date de la décision ; à défaut aujourd'hui.
    revokes : numéro de la décision que celle-ci remplace ; 0 : aucune.

    Returns
    -------
    DataFrame : le journal, comme ``read`` le donne.

    Raises
    ------
    ProjectError
        Comme ``read``.
    """
    path = files.path_of(path, ProjectError)
    before = path.read_bytes() if path.is_file() else b""
    journal = read(path) if before else pd.DataFrame(columns=list(HEADERS), dtype="str")
    one = {"kind": kind, "about": about, "decision": decision, "author": author, "reason": reason}
    one |= {"number": len(journal) + 1, "date": day or f"{date.today():%Y-%m-%d}", "revokes": revokes or ""}
    rows = [*_cells(journal).to_dict("records"), one]
    table = pd.DataFrame([{name: text(row[name]) for name in HEADERS} for row in rows], dtype="str")
    problems = Problems()
    found = _checked(table.set_axis(range(2, len(table) + 2)), path.name, problems)
    problems.raise_if_any(ProjectError)
    if (path.read_bytes() if path.is_file() else b"") != before:
        raise ProjectError(f"{path} : le journal vient d'être modifié ailleurs. Recommencer : rien n'a été écrit.")
    write(found, path, excel=before.startswith(MARK))
    return found


def revoke(
    path: str | Path, number: int, *, author: str, reason: str, day: str | date = "", decision: str = ""
) -> pd.DataFrame:
    """Révoque une décision d'un journal par une autre, qui s'y ajoute ; la première y reste, révoquée.

    Parameters
    ----------
    path : fichier CSV du journal.
    number : numéro de la décision à révoquer.
    author, reason, day : comme ``decide``.
    decision : ce qui est décidé à la place ; vide : la réponse de la règle reprend.

    Raises
    ------
    ProjectError
        Comme ``read`` ; ou si le journal n'a pas de décision de ce numéro.
    """
    journal = read(path)
    found = journal[journal.number == number]
    if found.empty:
        raise ProjectError(f"{files.path_of(path).name} : {_no_number(str(number), len(journal))}")
    asked = {name: found.iloc[0][name] for name in ("kind", "about")}
    return decide(path, **asked, decision=decision, author=author, reason=reason, day=day, revokes=number)


def write(journal: pd.DataFrame, path: str | Path, *, excel: bool = False) -> None:
    """The whole journal as CSV, that ``read`` reads; ``excel``: as a French Excel opens it."""
    table = _cells(journal)
    table["kind"] = table.kind.map(KINDS)
    files.write_whole(path, escaping.as_csv(table.rename(columns=HEADERS), excel=excel), error=ProjectError)


def _cells(journal: pd.DataFrame) -> pd.DataFrame:
    """The journal as its file writes it."""
    return journal[list(HEADERS)].astype("str").replace({"revokes": {"0": ""}})


# ------------------------------------------------------------------ what any file of decisions is checked for


def named(table: pd.DataFrame, name: str, headers: Mapping[str, str]) -> pd.DataFrame:
    """The columns of a table of decisions under their own names, as text; in French or in English."""
    known = {french.plain(word): key for key, label in headers.items() for word in (key, label)}
    found: dict[str, int] = {}
    for n, header in enumerate(map(str, table)):
        if (key := known.get(french.plain(header))) and found.setdefault(key, n) != n:
            raise ProjectError(f"{name} : colonne « {header} » en double. N'en garder qu'une.")
    if lost := [headers[key] for key in headers if key not in found]:
        columns, verb = ("colonne", "absente") if len(lost) == 1 else ("colonnes", "absentes")
        listed = french.join(f"« {one} »" for one in lost)
        raise ProjectError(f"{name} : {columns} {verb} : {listed}. Colonnes attendues : {', '.join(headers.values())}.")
    return pd.DataFrame(
        {key: [text(v) for v in table.iloc[:, found[key]]] for key in headers}, table.index, dtype="str"
    )


def text(value: object) -> str:
    """A cell as text; a date as AAAA-MM-JJ."""
    if isinstance(value, datetime | date):
        return "" if pd.isna(value) else f"{value:%Y-%m-%d}"
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value).strip()


def lacks(one: Mapping[str, str]) -> Iterator[str]:
    """What a decision lacks to be one: who, why, when."""
    for part, message in LACKS.items():
        if not one[part]:
            yield f"{message}."
    if not one["date"]:
        yield f"date absente. {WRITE_DATE}"
    elif cells.day(one["date"])[1]:
        yield f"date illisible « {personal.mask(one['date'])} ». {WRITE_DATE}"


# ------------------------------------------------------------------ what a journal is checked for


def _checked(table: pd.DataFrame, name: str, problems: Problems) -> pd.DataFrame:
    """The journal, with what is wrong of each line."""
    kinds = {french.plain(word): kind for kind, label in KINDS.items() for word in (kind, label)}
    rows = table.to_dict("records")
    for n, (row, one) in enumerate(zip(table.index, rows, strict=True), start=1):
        wrong = [*_wrong_number(one["number"], n), *_wrong_object(one, kinds), *lacks(one), *_persons(one)]
        one["kind"] = kinds.get(french.plain(one["kind"]), one["kind"])
        one["date"] = cells.day(one["date"])[0] or one["date"]
        wrong += _wrong_revocation(one, n, rows)
        for message in wrong:
            problems.add(name, f"ligne {row} : {message}")
    revoked = {number: n for n, one in enumerate(rows, start=1) if (number := _number(one["revokes"]))}
    for n, message in _contradictions(rows, revoked):
        problems.add(name, f"ligne {table.index[n - 1]} : {message}")
    made = pd.DataFrame(rows, columns=list(HEADERS), dtype="str").set_axis(table.index)
    made["number"] = range(1, len(made) + 1)
    made["revokes"] = [_number(one) for one in made.revokes]
    made["revoked_by"] = [revoked.get(n, 0) for n in made.number]
    return made.astype({"number": "int64", "revokes": "int64", "revoked_by": "int64"})


def _persons(one: Mapping[str, str]) -> Iterator[str]:
    """The persons that it names where a role is enough; a number is not looked at, it may look like a telephone's."""
    for part in ("about", "decision", "author", "reason"):
        if not one[part].isdecimal() and personal.mask(one[part]) != one[part]:
            yield f"colonne {HEADERS[part]} : courriel, téléphone ou nom de personne. {ROLE}"


def _number(text: str) -> int:
    """The number of a decision; 0 where it is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _wrong_number(number: str, expected: int) -> Iterator[str]:
    if number != str(expected):
        said = f"numéro « {personal.mask(number)} » au lieu de {expected}" if number else "numéro absent"
        yield f"{said}. Une décision ne s'efface ni ne se déplace : rétablir la ligne, ou numéroter de 1 en 1."


def _wrong_object(one: Mapping[str, str], kinds: Mapping[str, str]) -> Iterator[str]:
    if not one["kind"]:
        yield f"objet absent. Écrire un de ces mots : {', '.join(KINDS.values())}."
    elif french.plain(one["kind"]) not in kinds:
        said = personal.mask(one["kind"])
        yield unknown(f"objet inconnu « {said} »", said, KINDS.values(), "Objets")
    if not one["about"]:
        yield "identifiant absent. Écrire le numéro ou le nom de ce dont on décide."
    if not one["decision"] and not one["revokes"]:
        yield "décision absente. Écrire ce qui est décidé, ou le numéro de la décision révoquée."


def _wrong_revocation(one: Mapping[str, str], n: int, rows: list[dict[str, str]]) -> Iterator[str]:
    """What is wrong with what a line revokes: unknown, later, already revoked, of another object."""
    if not one["revokes"]:
        return
    number = _number(one["revokes"])
    if not 1 <= number <= len(rows):
        yield _no_number(personal.mask(one["revokes"]), len(rows))
        return
    if number >= n:
        yield f"n° {n} révoque n° {number}, qui ne la précède pas. Écrire le numéro d'une décision antérieure."
        return
    other = rows[number - 1]
    again = next((k for k, row in enumerate(rows[: n - 1], start=1) if row["revokes"] == one["revokes"]), 0)
    if again:
        yield f"n° {number} est déjà révoquée par n° {again}. Révoquer n° {again}, ou vider la cellule « révoque »."
    if _object(other) != _object(one):
        ask = "Écrire le même objet, ou un autre numéro."
        yield f"n° {number} porte sur {_said(other)}, et non sur {_said(one)}. {ask}"
    elif one["date"] < other["date"]:
        day, before = one["date"], other["date"]
        yield f"n° {n} est datée du {day}, avant n° {number} ({before}) qu'elle révoque. Vérifier les dates."


def _contradictions(rows: list[dict[str, str]], revoked: Mapping[int, int]) -> Iterator[tuple[int, str]]:
    """The lines whose object another decision that still stands decides otherwise."""
    standing: dict[tuple[str, str], list[int]] = {}
    for n, one in enumerate(rows, start=1):
        if n in revoked or not one["decision"] or not one["about"]:
            continue
        same = standing.setdefault(_object(one), [])
        for k in same:
            if french.plain(rows[k - 1]["decision"]) != french.plain(one["decision"]):
                day = rows[k - 1]["date"]
                how = (
                    f"se contredisent le {day}" if day == one["date"] else "se contredisent : les deux sont en vigueur"
                )
                ask = f"Écrire {k} dans « révoque » si n° {n} la remplace ({option('revokes', k)})"
                yield n, f"n° {k} et n° {n}, sur {_said(one)}, {how}. {ask}."
        same.append(n)


def _object(one: Mapping[str, str]) -> tuple[str, str]:
    return one["kind"], french.plain(one["about"])


def _said(one: Mapping[str, str]) -> str:
    return f"{KINDS.get(one['kind'], 'objet')} « {personal.mask(one['about'])} »"


def _no_number(number: str, count: int) -> str:
    known = f"de 1 à {count}" if count else "aucun, le journal est vide"
    return f"aucune décision n° « {number} » à révoquer. Numéros du journal : {known}."


def __dir__() -> list[str]:
    return __all__
