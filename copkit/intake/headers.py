"""Which column is which: headers found by name, never by position, and those that name or reach a person.

Case, accents, spaces and punctuation do not count. The most recent label of a field comes first in its mapping:
where a revision of a form left two columns that mean the same, the cells of the first one win.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from copkit import french
from copkit.intake import personal
from copkit.intake.fields import PLACES
from copkit.intake.sheet import Sheet

if TYPE_CHECKING:
    from copkit.intake.mapping import Mapping

_REMEMBERED = 256  # sets of headers


@dataclass
class Matched:
    """The columns of a table: (field, role) → positions, the first one wins; the others, and why."""

    columns: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    personal: list[int] = field(default_factory=list)
    ignored: list[int] = field(default_factory=list)


@lru_cache(maxsize=4096)
def head(label: str) -> str:
    """What is compared in a header; what a workbook of the kit says of a column to fill in does not count.

    >>> head("  Coût  TOTAL estimé (€)"), head("nom_du_projet"), head("Levier (à remplir)")
    ('cout total estime', 'nom du projet', 'levier')
    """
    return french.plain(label).removesuffix(" a remplir")


def match(mapping: Mapping, sheet: Sheet) -> Matched:
    """The column of each field: by ``champDescriptorId`` first, then by header."""
    key = (tuple(sheet.headers), tuple(sheet.champs))
    if key not in mapping._matched:
        if len(mapping._matched) > _REMEMBERED:
            mapping._matched.clear()
        mapping._matched[key] = _match(mapping, sheet)
    return mapping._matched[key]


def _match(mapping: Mapping, sheet: Sheet) -> Matched:
    out, used = Matched(), set()
    by_head: dict[str, list[int]] = {}
    for position, header in enumerate(sheet.headers):
        by_head.setdefault(head(header), []).append(position)
    for name, where in mapping.fields.items():
        by_champ = [i for champ in where.champs for i, c in enumerate(sheet.champs) if c == champ]
        for role, headers in (("", where.headers), ("code", where.codes), ("departement", where.departements)):
            found = [i for header in headers for i in by_head.get(head(header), [])]
            if by_champ:
                found = [i for i in by_champ if _role(sheet.headers[i], name) == role] + found
            if found:
                out.columns[name, role] = list(dict.fromkeys(found))
                used.update(found)
    for key, headers in (
        (("number", mapping.levers.numbers), ("label", mapping.levers.labels)) if mapping.levers else ()
    ):
        found = [i for header in headers for i in by_head.get(head(header), [])]
        if found:
            out.columns["lever_by", key] = found
            used.update(found)
    for position, header in enumerate(sheet.headers):
        if position not in used:
            (out.personal if is_personal(header, mapping) else out.ignored).append(position)
    return out


def _role(header: str, name: str) -> str:
    """What a column that a place's champ gives says: its label, its code, its département."""
    if name not in PLACES:
        return ""
    return (
        "code"
        if re.search(r"\(Code( INSEE)?\)$", header)
        else "departement"
        if header.endswith("(Département)")
        else ""
    )


def is_personal(header: str, mapping: Mapping | None = None) -> bool:
    """True when a column names or reaches a person, by the mapping or by its header.

    >>> is_personal("Téléphone du contact"), is_personal("Nom du projet"), is_personal("Mobilité")
    (True, False, False)
    """
    bare = head(header)
    if mapping and bare in map(head, mapping.not_personal):
        return False
    return personal.names_a_person(bare) or bool(mapping and bare in map(head, mapping.personal))
