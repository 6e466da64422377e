"""The sheet that a workshop consults: categories, opinions, services, rules, levers."""

from __future__ import annotations

from copkit import french
from copkit.intake.workbook.form import Block
from copkit.projects.fields import BODIES, DIMENSIONS, FIELDS, MATURITIES, OPINIONS
from copkit.projects.sorting.schema import Rule, Rules
from copkit.reference import framework, parameters

STATUSES = {"publie": "source", "derive": "déduit de la source", "hypothese": "choix du kit"}
FACTS = {
    "contribution": "contribution aux objectifs",
    "contrary": "contraire aux cibles des leviers",
    "dimension": "dimension nouvelle",
    "maturity": "maturité",
    "readiness": "avancement",
    "other_issue": "réponse à un autre enjeu",
}
VALUES = {
    "presumee": "présumée d'après le levier",
    "a_preciser": "levier à préciser",
    "inconnu": "non renseigné",
    "realise": "réalisé",
    "pret": "suffisant",
    "debut_proche": "en conception, avec un début daté assez tôt",
    "insuffisante": "insuffisant",
}


def blocks(found: Rules, year: int) -> dict[str, Block]:
    """The blocks of the sheet, by name; cells offer those of the categories and of the opinions."""
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
            ("Règle, dans l'ordre : la première qui convient décide", "Quand, et pourquoi", "D'où elle vient"),
            *(_rule(n, rule, labels) for n, rule in enumerate(found.rules, start=1)),
        ],
        "leviers": [
            ("Levier", "Thématique"),
            *((one.label, themes[one.thematique]) for one in levers if one.nomenclatures.cop),
        ],
    }


def _rule(n: int, rule: Rule, labels: dict[str, str]) -> tuple[str, str, str]:
    """A rule: when it applies, and why it is so."""
    asked = [
        f"{_fact(name)} : {' ou '.join(_value(name, one) for one in values)}" for name, values in rule.when.items()
    ]
    when = f"{french.capital(' ; '.join(asked))}." if asked else "Dans tous les autres cas."
    return f"{n}. {labels[rule.category]} ({rule.id})", f"{when} {rule.note}".strip(), STATUSES[rule.status]


def _fact(name: str) -> str:
    return FACTS.get(name) or FIELDS[name].label.lower()


def _value(name: str, value: str) -> str:
    """A value as it reads: those of the fields have a label, those of the facts one here."""
    known = VALUES | (DIMENSIONS if name == "dimension" else MATURITIES if name == "maturity" else {})
    return known.get(value, value)
