"""French labels of the ids, and what documents say of a territory: its name, its plan, its COP, its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import xarray as xr

from copkit import __version__, french
from copkit.models import proposals
from copkit.presentation import formats
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.reference import framework, parameters, tables, territories

STATUSES = {"publie": "publié", "derive": "dérivé", "hypothese": "hypothèse"}
REFERENCES = {"sgpe": "proposition indicative du SGPE"}


def sectors() -> dict[str, str]:
    """Sector id → label."""
    return framework.labels("secteurs")


def thematiques() -> dict[str, str]:
    """Thématique id → label."""
    return framework.labels("thematiques")


def of(territory: str) -> str:
    """« des Hauts-de-France », « de la Bretagne », « du Nord »: the name after « de ».

    >>> of("reg-32"), of("dep-59"), of("dep-02"), of("dep-974"), of("fr")
    ('des Hauts-de-France', 'du Nord', 'de l’Aisne', 'de La Réunion', 'de la France')
    """
    name = territories.name(territory)
    if name in _WITHOUT_ARTICLE or name.startswith("La "):
        return f"de {name}"
    if name in _MASCULINE:
        return f"du {name}"
    if name in _PLURAL:
        return f"des {name}"
    return f"de l’{name}" if french.plain(name)[0] in "aeiouh" and name not in _ASPIRATED else f"de la {name}"


_ASPIRATED = {
    "Haute-Corse",
    "Haute-Garonne",
    "Haute-Loire",
    "Haute-Marne",
    "Haute-Saône",
    "Haute-Savoie",
    "Haute-Vienne",
}
_WITHOUT_ARTICLE = {"Paris", "Mayotte"}
_PLURAL = {
    "Hauts-de-France", "Pays de la Loire", "Alpes-de-Haute-Provence", "Hautes-Alpes", "Alpes-Maritimes", "Ardennes",
    "Bouches-du-Rhône", "Côtes-d'Armor", "Landes", "Hautes-Pyrénées", "Pyrénées-Atlantiques", "Pyrénées-Orientales",
    "Deux-Sèvres", "Vosges", "Yvelines", "Hauts-de-Seine",
}  # fmt: skip
_MASCULINE = {
    "Grand Est", "Centre-Val de Loire", "Calvados", "Cantal", "Cher", "Doubs", "Finistère", "Gard", "Gers", "Jura",
    "Loir-et-Cher", "Loiret", "Lot", "Lot-et-Garonne", "Maine-et-Loire", "Morbihan", "Nord", "Pas-de-Calais",
    "Puy-de-Dôme", "Bas-Rhin", "Haut-Rhin", "Rhône", "Tarn", "Tarn-et-Garonne", "Var", "Vaucluse",
    "Territoire de Belfort", "Val-de-Marne", "Val-d'Oise",
}  # fmt: skip


def place(code: str) -> str:
    """What stands after a name: the level, and the région of a département.

    >>> place("dep-59"), place("reg-32"), place("fr")
    (' (département, région Hauts-de-France)', ' (région)', '')
    """
    if code == "fr":
        return ""
    region = f", région {territories.name(territories.region_of(code))}" if code.startswith("dep") else ""
    return f" ({territories.level_label(code)}{region})"


def named(p: xr.Dataset) -> str:
    """The name of the territory, and that it is a scenario when it is one."""
    return p.attrs["name"] + (", scénario" if proposals.composed(p) else "")


def effort(p: xr.Dataset) -> str:
    """« l'effort des Hauts-de-France », « l'effort du scénario des Hauts-de-France »: what is asked or proposed."""
    return f"l'effort {'du scénario ' if proposals.composed(p) else ''}{of(p.attrs['territory'])}"


def standing(p: xr.Dataset) -> str:
    """What a document is: the proposal of its plan, or a scenario beside it."""
    plan = REFERENCES[p.attrs["reference"]]
    return f"scénario (hypothèse), à côté de sa référence, {plan}" if proposals.composed(p) else plan


def source_line(p: xr.Dataset, computed: bool = False) -> str:
    """What stands under every chart: year, reference plan, version, source, status.

    ``computed``: the chart shows what the kit computes from the targets, not the targets themselves.
    """
    if computed:
        origin = "calculé par le kit (dérivé)"
    elif p.attrs["level"] == "france":
        origin = "somme des régions (dérivé)"
    else:
        origin = "réparti par le kit depuis la région (dérivé)" if (p.grade.values != "").any() else "publié"
    plan = f"{standing(p)}, version {p.attrs['version']}"
    return f"2030 par rapport à 2019 · {plan} · {origin}\u00a0; source : simulateur territorial du SGPE"


def purpose(code: str, objective: int, step: int) -> Text:
    """What a document is for: one of the objectives of a COP, at one of its steps."""
    return Text(
        "COP régionale : {} selon le SGPE, 2024. Ce document sert un des quatre objectifs d'une COP, {}, à l'étape "
        "« {} » (copkit {}).",
        calendar(code),
        lower(framework.items("objectifs")[objective].label),
        lower(framework.items("etapes")[step].label),
        __version__,
    )


def sources(caption: str, used: Iterable[str], *, named: bool = False) -> Table:
    """The sources of a document as a table; ``named``: with their keys in ``sources.yml``.

    ``used``: keys, or a mapping that says what a source is used for when its title does not.
    """
    known = [parameters.sources()[key] for key in used]
    uses = used.values() if isinstance(used, Mapping) else [""] * len(known)
    titles = [f"{one.title} ({use})" if use else one.title for one, use in zip(known, uses, strict=True)]
    columns = {"Clé": [*used]} if named else {}
    columns |= {
        "Producteur": [one.publisher for one in known],
        "Jeu de données": titles,
        "Année": ([int(one.year) if one.year.isdigit() else one.year for one in known], formats.PLAIN),
        "Licence": [one.licence for one in known],
        "Où le lire": [one.locator for one in known],
    }
    return Table.of(caption, columns)


def calendar(territory: str) -> str:
    """Where the COP of the territory's région stands, as the source of 2024 says it."""
    if territory == "fr":
        return "18 régions, dont les calendriers diffèrent"
    region = territories.region_of(territory)
    row = next(row for row in tables.read("cop_calendar.csv").itertuples() if row.territory == region)
    if not row.date:
        return row.state
    return f"{row.state} ({french.long_date(date.fromisoformat(row.date))})"
