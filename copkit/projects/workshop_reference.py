"""The sheet that a workshop consults: categories, opinions, services, rules, levers. Locked; it holds the lists."""

from __future__ import annotations

from copkit import french
from copkit.projects import rules as ruled
from copkit.projects.fields import BODIES, OPINIONS
from copkit.projects.rules import Rules
from copkit.projects.workshop_columns import REFERENCE
from copkit.projects.workshop_look import HEAD, LOOK, RULE, height
from copkit.reference import framework, parameters

WIDTHS = (40, 90, 34)
STATUSES = {"publie": "source", "derive": "déduit de la source", "hypothese": "choix du kit"}
Block = list[tuple[str, ...]]  # the header, then the rows


def write(book, sheet, found: Rules, year: int) -> None:
    """The blocks, one under the other; the lists that cells offer are named."""
    head, plain = book.add_format({**LOOK, **HEAD}), book.add_format({**LOOK, **RULE})
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    row = 0
    for name, block in _blocks(found, year).items():
        if name in ("categories", "avis"):
            book.define_name(name, f"='{REFERENCE}'!$A${row + 2}:$A${row + len(block)}")
        for n, texts in enumerate(block):
            sheet.set_row(row, height(zip(texts, WIDTHS, strict=False)))
            for place, text in enumerate(texts):
                sheet.write_string(row, place, french.typeset(text), plain if n else head)
            row += 1
        row += 1
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.protect()


def _blocks(found: Rules, year: int) -> dict[str, Block]:
    labels, meant, sources = found.labels(year), found.definitions(year), parameters.sources()
    themes, levers = framework.labels("thematiques"), parameters.levers().values()
    return {
        "categories": [
            ("Catégorie", "Définition", "Source"),
            *((labels[one.id], meant[one.id], sources[one.source].title) for one in found.categories),
        ],
        "avis": [("Avis",), *((label,) for label in OPINIONS.values())],
        "services": [("Service", "Qui"), *((BODIES[one.id], one.members) for one in found.bodies)],
        "regles": [
            ("Règle, dans l'ordre : la première qui convient décide", "Ce qu'elle dit", "D'où elle vient"),
            *(_rule(n, rule, labels, year) for n, rule in enumerate(found.rules, start=1)),
        ],
        "leviers": [
            ("Levier", "Thématique"),
            *((one.label, themes[one.thematique]) for one in levers if one.nomenclatures.cop),
        ],
    }


def _rule(n: int, rule: ruled.Rule, labels: dict[str, str], year: int) -> tuple[str, str, str]:
    """A rule: its sentence with dots for what comes from the dossier, and why it is so."""
    says = rule.reason.format_map(_Dots(ruled.years(year)))
    return f"{n}. {labels[rule.category]} ({rule.id})", f"{says} {rule.note}".strip(), STATUSES[rule.status]


class _Dots(dict):
    def __missing__(self, word: str) -> str:
        return "…"
