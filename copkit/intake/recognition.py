"""What a file is: the mapping whose headers it has, and which of its sheets are to be read."""

from __future__ import annotations

from copkit import french
from copkit.errors import ProjectError, option, unknown
from copkit.intake import mapping as mappings
from copkit.intake import personal
from copkit.intake.fields import Collected
from copkit.intake.headers import head, match
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet


def recognise(book: dict[str, Sheet], shown: str, kind: Collected) -> str:
    """The name of the mapping whose headers a file has.

    Raises
    ------
    ProjectError
        If no mapping or several fit.
    """
    scores = {}
    for name in mappings.names(kind):
        one = mappings.load(name, kind)
        wanted = set(map(head, one.recognise))
        if wanted and any(wanted <= set(map(head, sheet.headers)) for sheet in book.values()):
            scores[name] = len(wanted)
    best = [name for name, score in scores.items() if score == max(scores.values())]
    if len(best) == 1:
        return best[0]
    if best:
        raise ProjectError(
            f"{shown} : plusieurs correspondances conviennent : {', '.join(best)}.\n"
            f"En donner une : {option('mapping', best[0])}."
        )
    headers = next(iter(book.values())).headers
    listed = french.join([f"« {personal.mask(h)} »" for h in headers[:8]]) if headers else "aucun"
    raise ProjectError(
        f"{shown} : en-têtes non reconnus ({listed}{'…' if len(headers) > 8 else ''}).\n"
        f"Donner une correspondance avec {option('mapping', ...)} ({', '.join(mappings.names(kind))}), "
        "ou en faire une : « copkit template mapping FICHIER » en propose une d'après les en-têtes."
    )


def tables(mapping: Mapping, book: dict[str, Sheet], shown: str, kind: Collected) -> list[Sheet]:
    """The sheets to read: the one that the mapping names, or that has the most of its headers, and those like it.

    Raises
    ------
    ProjectError
        If the named sheet is absent, or if no column is one of the mapping's.
    """
    best = max(book.values(), key=lambda sheet: len(match(mapping, sheet).columns))
    near = {head(name): sheet for name, sheet in book.items()}
    named = near.get(head(mapping.sheet)) if mapping.sheet else None
    absent = bool(mapping.sheet) and "" not in book and named is None
    if absent and (mapping.only_sheet or not _has_key(mapping, best, kind)):
        raise ProjectError(
            unknown(f"{shown} : feuille « {mapping.sheet} » absente", mapping.sheet, book, "Feuilles du fichier")
            + " Rétablir son nom, ou le changer dans la correspondance."
        )
    best = named or best
    if not _has_key(mapping, best, kind):
        wanted = [h for name in reversed(kind.key) if name in mapping.fields for h in mapping.fields[name].headers]
        asked = " ou ".join(f"« {kind.fields[name].label} »" for name in reversed(kind.key))
        raise ProjectError(
            f"{shown} : aucune colonne {asked}. En-têtes attendus : {', '.join(wanted)}. "
            "Les rétablir, ou les ajouter à la correspondance."
        )
    found = [sheet for sheet in book.values() if sheet is best or not left_out(mapping, sheet, best, kind)]
    if absent:
        names = french.join([f"« {sheet.name} »" for sheet in found])
        said = "lue à sa place car elle a" if len(found) == 1 else "lues à sa place car elles ont"
        best.notes.append(f"feuille « {mapping.sheet} » absente, {names} {said} ses en-têtes")
    return found


def left_out(mapping: Mapping, sheet: Sheet, main: Sheet, kind: Collected) -> str:
    """Why a sheet is not read as ``main`` is; empty when it is.

    It is read when it has a key column, and more than half of the columns that are read in ``main``.
    """
    wanted, here = (list(dict.fromkeys(name for name, _ in match(mapping, one).columns)) for one in (main, sheet))
    missing = [name for name in wanted if name not in here]
    if not set(here) & set(kind.key):
        said = " ni ".join(f"« {kind.fields[name].label} »" for name in kind.key)
        return f"autre chose que des {kind.noun[1]} : ni colonne {said}"
    if 2 * len(missing) >= len(wanted):
        headers = [f"« {_header(mapping, main, name)} »" for name in missing]
        headers = french.join(headers if len(headers) < 6 else [*headers[:4], f"{len(headers) - 4} autres"])
        return f"trop peu d'en-têtes pour des {kind.noun[1]}. Si c'en est, y ajouter {headers}"
    return f"mêmes en-têtes, mais la correspondance ne lit que « {main.name} »" if mapping.only_sheet else ""


def _header(mapping: Mapping, sheet: Sheet, name: str) -> str:
    columns = match(mapping, sheet).columns
    return next(sheet.headers[positions[0]] for (field, _), positions in columns.items() if field == name)


def _has_key(mapping: Mapping, sheet: Sheet, kind: Collected) -> bool:
    found = match(mapping, sheet).columns
    return any((name, "") in found for name in kind.key)
