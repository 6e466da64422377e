"""French labels of the ids, and what documents say of a territory: its name, its plan, its COP, its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial

import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import downscaling, local, panorama, proposals, worth
from copkit.models.levers import FOREST
from copkit.presentation import formats
from copkit.presentation.formats import Rounded
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.reference import calendar as calendars
from copkit.reference import framework, parameters, territories

STATUSES = {"publie": "publié", "derive": "dérivé", "hypothese": "hypothèse"}
OBTAINED = "Le classeur dit où chaque donnée a été lue et sous quelle licence (feuille « Sources »)."
REFERENCES = {"sgpe": "proposition indicative du SGPE"}


NOMENCLATURES = {
    "projets": "Dossiers",
    "rationale": "Sous-jacents physiques (47)",
    "simulateur": "Simulateur (30)",
    "simulateur_outre_mer": "Simulateur, outre-mer (13)",
    "schema_projet": "Schéma de l'État (50)",
    "adaptation": "Adaptation (22)",
}
RELATIONS = {
    "egal": "égal",
    "groupe": "groupe de leviers",
    "partie": "partie du levier",
    "voisin": "voisin",
    "absent": "absent",
    "sans_equivalent": "sans équivalent",
}


def crosswalk(found: pd.DataFrame) -> Table:
    """The nomenclatures side by side, or the terms of one and the levers that each leads to."""
    if "cop_rank" in found:
        own = {label: found[name] for name, label in NOMENCLATURES.items()}
        return Table.of(
            "Nomenclatures de leviers, côte à côte ; sans numéro, les termes qui ne sont pas dans les 43",
            {
                "N°": ["" if pd.isna(one) else str(one) for one in found.cop_rank],
                "Levier": found.label,
                **own,
                "Pourquoi sans équivalent": found.note,
            },
        )
    known = parameters.levers()
    return Table.of(
        f"Table de passage — {', '.join(NOMENCLATURES[one] for one in dict.fromkeys(found.nomenclature))}",
        {
            "Terme": found.label,
            "Relation": found.relation.map(RELATIONS),
            "Levier des 43": [known[one].label if one else "" for one in found.lever],
            "À savoir": found.note,
        },
    )


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
    if territories.is_fine(territory):
        return _of_place(territory, name)
    if name in _WITHOUT_ARTICLE or name.startswith("La "):
        return f"de {name}"
    if name in _MASCULINE:
        return f"du {name}"
    if name in _PLURAL:
        return f"des {name}"
    return f"de l’{name}" if french.plain(name)[0] in "aeiouh" and name not in _ASPIRATED else f"de la {name}"


def _of_place(territory: str, name: str) -> str:
    """« de la CC des Villes Soeurs », « d’Auch », « du Havre », « du périmètre « CRTE »: below the départements."""
    if territory.startswith("per-"):
        return f"du périmètre « {name} »"
    first = name.split(" ")[0]
    if first in _KINDS:
        return f"de la {name}"
    if first == "Eurométropole":
        return f"de l’{name}"
    if first in ("Le", "Les"):
        return f"{'du' if first == 'Le' else 'des'} {name[len(first) + 1 :]}"
    vowel = french.plain(name)[0] in "aeiouy" and not name.startswith("Y")
    return f"d’{name}" if vowel else f"de {name}"


_KINDS = {"CC", "CA", "CU", "Métropole"}  # of the EPCI
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
    return f" ({scope(code)})" if code != "fr" else ""


def scope(code: str) -> str:
    """The level of a territory, and what it lies in.

    >>> scope("epci-247600588")
    'EPCI, départements Seine-Maritime et Somme, régions Normandie et Hauts-de-France'
    """
    level = territories.level_label(code)
    if territories.is_fine(code):
        around = [("département", list(territories.by_departement(code))), ("région", territories.regions_of(code))]
        said = [f"{n}{'s' * (len(c) > 1)} {french.join(map(territories.name, c))}" for n, c in around]
        count = f" de {french.plural(len(territories.communes_of(code)), 'commune')}" if code.startswith("per-") else ""
        return ", ".join([f"{level}{count}", *said])
    return f"{level}, région {territories.name(territories.region_of(code))}" if code.startswith("dep") else level


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


def kt(p: xr.Dataset, value: float) -> str:
    """A total, or a sum of levers, with no more digits than the total is worth. [ktCO2e/an]"""
    return worth.write(value, worth.total(p))


def about(p: xr.Dataset, value: float) -> str:
    """The same in a sentence: « environ 9 200 » where keys share it out."""
    return f"environ {kt(p, value)}" if panorama.allocated(p) else kt(p, value)


def kts(p: xr.Dataset) -> Rounded:
    """How a column of sums is written."""
    return Rounded(partial(worth.write, figures=worth.total(p)), 1)


def of_lever(p: xr.Dataset) -> Callable[[str, float], str]:
    """How the effort of a lever is written: with no more digits than it is worth, everywhere. [ktCO2e/an]"""
    known = worth.levers(p)
    return lambda lever, value: worth.write(value, known[lever])


def by_lever(p: xr.Dataset, levers: Iterable[str]) -> Rounded:
    """How a column of efforts of levers is written."""
    return Rounded(of_lever(p), 1, tuple(levers))


def ends(p: xr.Dataset, levers: Iterable[str]) -> Rounded:
    """How a column of the ends of their ranges is written: to the place of the effort itself."""
    steps = dict(zip(p.lever.values.tolist(), p.target.values.tolist(), strict=True))
    steps = {lever: french.step(steps[lever], figures, 0) for lever, figures in worth.levers(p).items()}
    return Rounded(lambda lever, value: french.to_step(value, steps[lever], 0), 1, tuple(levers))


def quantities(p: xr.Dataset) -> Rounded:
    """How a column of quantities is written: no more digits than each is worth; what is counted one by one is whole."""
    levers, units = (p[name].values.tolist() for name in ("lever", "unit"))
    whole = {lever for lever, unit in zip(levers, units, strict=True) if unit in WHOLE}
    known = worth.quantities(p)

    def write(lever: str, value: float) -> str:
        return french.rough(value, known[lever], 0 if lever in whole else 3)

    return Rounded(write, french.quantity, tuple(levers))


def hidden(p: xr.Dataset) -> str:
    """Why some targets are not written, in a sentence; nothing where all are."""
    columns = (p[name].values.tolist() for name in ("lever", "label", "shown", "target"))
    names = {lever: label for lever, label, shown, kt in zip(*columns, strict=True) if not shown and kt != 0}
    if not names:
        return ""
    which = french.join(f"« {name} »" for name in names.values())
    forest = (
        "Celui de la forêt n'est pas régionalisé, faute de données comparables : le total hors forêt et les parts ne "
        "le comptent pas."
    )
    said = f"{french.capital(HIDDEN)} : le SGPE ne donne pas ici l'objectif de {which}."
    return f"{said} {forest}" if FOREST in names else said


def headline(p: xr.Dataset, text: str, **of: str) -> str:
    """The title of a chart, said to be an order of magnitude when what it states stands on stand-in keys.

    ``of``: the sector or the chantier that it is about; none: the whole effort.
    """
    return f"En ordre de grandeur, {lower(text)}" if panorama.rough_share(p, **of) > panorama.ROUGH else text


HIDDEN = "non affiché"  # in the place of a target that the SGPE does not show
WHOLE = {"bus_ou_car"}
SHARES = Rounded(french.short, 1)  # how a column of shares is written


def source_line(p: xr.Dataset, computed: bool = False) -> str:
    """What stands under every chart: year, reference plan, version, source, status.

    ``computed``: the chart shows what the kit computes from the targets, not the targets themselves.
    """
    if computed:
        origin = "calculé par le kit (dérivé)"
    elif p.attrs["level"] == "france":
        origin = "somme des régions (dérivé)"
    else:
        origin = "réparti par le kit depuis la région (dérivé)" if panorama.allocated(p) else "publié"
        origin += f", {keys_given(p)}" if panorama.local_share(p) else ""
    plan = f"{standing(p)}, version {p.attrs['version']}"
    return f"2030 par rapport à 2019 · {plan} · {origin}\u00a0; source : simulateur territorial du SGPE"


def keys_given(p: xr.Dataset) -> str:
    """How many levers follow figures that were given, by their grades: « 2 clés locales (note L) »."""
    given = p.grade.values[p.allocation.values == local.KEY].tolist()
    own, known = given.count(local.GRADE), len(given) - given.count(local.GRADE)
    said = [f"{french.plural(own, 'clé locale', 'clés locales')} (note {local.GRADE})"] if own else []
    named = french.plural(known, "clé officielle donnée", "clés officielles données")
    return french.join([*said, *([f"{named} (note A)"] if known else [])])


def purpose(code: str, objective: int, step: int) -> Text:
    """What a document is for: one of the objectives of a COP, at one of its steps; where that COP stands."""
    return Text(
        "Ce document sert un des quatre objectifs d'une COP, {}, à l'étape « {} ». {}",
        lower(framework.items("objectifs")[objective].label),
        lower([*framework.items("etapes"), *framework.items("suites")][step].label),
        calendar(code),
    )


def sources(caption: str, used: Iterable[str], *, named: bool = False) -> Table:
    """The sources of a document as a table, and how each was obtained; ``named``: with their keys in ``sources.yml``.

    ``used``: keys, or a mapping that says what a source is used for when its title does not.
    """
    known = _known(used)
    columns = {"Clé": [*used]} if named else {}
    columns |= {
        "Producteur": [one.publisher for one, _ in known],
        "Jeu de données": [title for _, title in known],
        "Année": ([int(one.year) if one.year.isdigit() else one.year for one, _ in known], formats.PLAIN),
        "Adresse officielle": [one.url or "—" for one, _ in known],
        "Licence": [one.licence for one, _ in known],
        "Où le lire": [one.locator for one, _ in known],
    }
    return Table.of(caption, columns)


def cited(used: Iterable[str]) -> Text:
    """The sources of a document as a list: producer, data set, year, official address."""
    lines: dict[str, list[Text]] = {}
    for one, title in _known(used):
        link = Text(" ({})", Text.link(one.url.removeprefix("https://"), one.url)) if one.url else ""
        year = "" if one.year in title else f", {one.year}"
        lines.setdefault(one.publisher, []).append(Text("{}{}{}", title, year, link))
    return Text.bullets(Text("**{}** : {}.", name, Text.joined(found, " ; ")) for name, found in lines.items())


def _known(used: Iterable[str]) -> list[tuple[parameters.Source, str]]:
    """Each source with its title, and what it is used for when that is told."""
    known = parameters.sources()
    uses = used if isinstance(used, Mapping) else dict.fromkeys(used, "")
    return [(known[key], f"{known[key].title} ({use})" if use else known[key].title) for key, use in uses.items()]


def calendar(territory: str) -> str:
    """Where the COP of the territory's région stood in 2024, in a sentence."""
    if territory == "fr":
        return "Les calendriers des 18 COP régionales diffèrent."
    if len(regions := territories.regions_of(territory)) > 1:
        said = (f"{territories.name(one)} : {calendar(one).removesuffix('.')}" for one in regions)
        return f"{' ; '.join(said)}."
    row = calendars.by_region()[regions[0]]
    if row.date:
        return f"{_state(row)} (SGPE, 2024)."
    waiting = "est en attente" if row.state == calendars.WAITING else "n'a pas de date connue"
    return f"Le lancement de la COP régionale {waiting} (SGPE, 2024)."


def _state(row) -> str:
    """« COP régionale lancée le 6 décembre 2023 »."""
    noun, verb = row.state.split(" ")
    day = french.long_date(date.fromisoformat(row.date))
    return f"{noun} régionale {verb} {'pour ' if row.state == calendars.ANNOUNCED else ''}le {day}"


def cops(found: pd.DataFrame) -> Table:
    """The calendar of the COP as a table; where the source gives no date, none is written."""
    return Table.of(
        "Calendrier des COP régionales, selon le SGPE au début de 2024",
        {
            "Région": found.name,
            "État": found.state.map(french.capital),
            "Date": [french.long_date(date.fromisoformat(one)) if one else "—" for one in found.date],
        },
    )


def local_keys(found: pd.DataFrame, name: str) -> Table:
    """What local figures change, before and after; the région keeps its total. ``name``: of the territory."""
    several, rough = found.territory.nunique() > 1, Rounded(french.rough, 1)
    return Table.of(
        f"Ce que changent les chiffres locaux — {name}, la valeur de la région restant la sienne",
        {
            **({"Département": found["name"]} if several else {}),
            "Levier": found.label,
            "Avant (ktCO2e/an)": (found.before_target, rough),
            "Après (ktCO2e/an)": (found.after_target, rough),
            "Part de la région avant (%)": (found.before_share, SHARES),
            "Part après (%)": (found.after_share, SHARES),
            "Note avant": found.before_grade,
            "Note après": found.after_grade,
            "Clé donnée": found.after_key,
            "Clé d'avant": found.before_key,
        },
    )


def auditions(found: pd.DataFrame, lever: str | None = None) -> Table:
    """What the allocation keys are worth, lever by lever, or those that were tried for one."""
    words = [downscaling.label(key) for key in found.key]
    measured = {"Erreur (%)": (found.error, 1), "Hors échantillon (%)": (found.held_out, 1), "Note": found.grade}
    if lever:
        kept = ["retenue" if one else "" for one in found.chosen]
        columns = {"Clé essayée": words, **measured, "Choix": kept, "Régions": (found.regions, 0)}
        return Table.of(f"Clés essayées pour « {parameters.levers()[lever].label} »", columns)
    columns = {
        "Levier": found.label,
        "Clé retenue": words,
        **measured,
        "Clé d'avant": [downscaling.label(key) for key in found.before],
        "Erreur d'avant (%)": (found.before_error, 1),
        "Effort (ktCO2e/an)": (found.effort, 0),
        "Régions": (found.regions, 0),
    }
    return Table.of("Effort placé dans la mauvaise région par la clé de chaque levier", columns)


def by_sector(found: pd.DataFrame) -> Table:
    """The effort of each sector shared out as in the région, beside that of the kit."""
    beside = [kt if one else "voir le secteur" for kt, one in zip(found.kit, found.lever, strict=True)]
    return Table.of(
        "Deux façons de répartir : l'effort de chaque secteur par les parts de la région, et le panorama du kit",
        {
            "Secteur": found.sector_label,
            "Levier": found.label,
            "Part dans le secteur (%)": (found.share, 0),
            "Par les parts du secteur (ktCO2e/an)": (found.kt, Rounded(french.rough, 1)),
            "Selon le kit (ktCO2e/an)": (beside, Rounded(french.rough, 1)),
            "Secteur, selon le kit (ktCO2e/an)": (found.sector_kit, Rounded(french.rough, 1)),
        },
    )
