"""What is measured: the last value, the target and its level, what is left; the series; what is to be built."""

from __future__ import annotations

import lazy_loader
import xarray as xr

from copkit import french
from copkit.models import biodiversity as model
from copkit.models.biodiversity import Measure
from copkit.presentation import formats, labels
from copkit.presentation.biodiversity import series, words
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import territories

alt = lazy_loader.load("altair")
MEASURES, BUILT = Section("mesures", 20), Section("a_construire", 40)


@MEASURES.sentence()
def counts(p: xr.Dataset) -> Text:
    """Combien de leviers et de mesures, combien se comparent à une cible, et lesquelles n'en ont pas."""
    found = model.of(p)
    lead = Text(
        "Sur les 43 leviers de la COP, {} servent la biodiversité ou les ressources, dont {} sans servir le climat. "
        "{} de leurs {} mesures ont une valeur observée.",
        len({one.lever for one in found}),
        len({one.lever for one in found if "climat" not in one.enjeux}),
        sum(bool(one.points) for one in found),
        len(found),
    )
    return Text.joined([lead, standing(found), missing(found, named=False)])


def standing(found: list[Measure]) -> Text:
    """How many measures stand beside a target, and which have reached it; whose values they are."""
    borrowed = sum(one.borrowed for one in found)
    whose = Text("Faute de série départementale, {} valeurs sont celles de la région.", borrowed) if borrowed else ""
    return Text.joined([_compared(found), whose], " ")


def _compared(found: list[Measure]) -> Text:
    compared = [one for one in found if one.state in (model.REACHED, model.AHEAD)]
    reached = [one for one in compared if one.state == model.REACHED]
    if not compared:
        return Text("Aucune ne se compare ici à une cible chiffrée.")
    many = len(compared) > 1
    lead = f"{len(compared)} mesures se comparent" if many else "Une mesure se compare"
    if not reached:
        return Text("{} à une cible chiffrée ; aucune ne l'atteint.", lead)
    verb = f"{len(reached)} l'atteignent" if len(reached) > 1 else "une l'atteint"
    return Text("{} à une cible chiffrée ; {} ({}).", lead, verb, words.names(reached))


def missing(found: list[Measure], *, named: bool = True) -> Text:
    """Which levers have no target, or one to come; which have no series, or how many."""
    said = []
    for level in (model.NONE, model.TO_BE_DEFINED):
        if some := [one for one in found if one.target.level == level]:
            said.append(Text("**{}** : {}.", words.UNTYPED[level], words.names(some)))
    if some := [one for one in found if one.state == model.UNSURE]:
        said.append(Text("**{}** : {}.", french.capital(model.UNSURE), words.names(some)))
    followed = {one.lever for one in found if one.points}
    if some := [one for one in found if one.lever not in followed]:
        which = words.names(some) if named else french.plural(len({one.lever for one in some}), "levier")
        said.append(Text("**{}** : {}.", french.capital(model.TO_BUILD), which))
    return Text.joined(said, " ")


@MEASURES.table("panorama", sheet="Biodiversité et ressources", rank=10)
def panorama_table(p: xr.Dataset, *, fold: bool = False) -> Table:
    """Every measure, one row each; a document lists those without a series apart."""
    found = model.of(p)
    absent = [n for n, one in enumerate(found) if not one.points]
    return table(p, found, fold=fold).without(absent, (), "")


def table(p: xr.Dataset, found: list[Measure], *, fold: bool = False) -> Table:
    """Measures as a table; those to be built have their row too, typed."""
    columns = {
        "Levier": [one.label for one in found],
        "Mesure": [french.capital(one.measure) for one in found],
        "Dernière valeur": [words.value(one) for one in found],
        "Source": [words.source(one.source) for one in found],
        "Cible": [words.target(one) for one in found],
        "Niveau": [words.LEVELS[one.target.level] for one in found],
        "Distance": [words.distance(one) for one in found],
    }
    return Table.of(f"Biodiversité et ressources — {p.attrs['name']}", columns, fold=fold)


@MEASURES.table("a_savoir")
def cautions(p: xr.Dataset) -> Table:
    """What is to be known of each series and of its target."""
    said = dict.fromkeys((one.label, one.note) for one in model.of(p) if one.note)
    columns = {"Levier": [label for label, _ in said], "À savoir": [note for _, note in said]}
    return Table.of("Ce qu'il faut savoir des séries et des cibles", columns, fold=True)


@MEASURES.chart()
def panorama(p: xr.Dataset) -> alt.LayerChart | Note:
    """Les séries des leviers qui servent la biodiversité, chacune à son échelle, et leur cible quand elle s'y lit."""
    return series.chart(p, [one for one in model.of(p) if model.rank(one.enjeux) < 2], "la biodiversité")


@MEASURES.chart()
def ressources(p: xr.Dataset) -> alt.LayerChart | Note:
    """Les séries des leviers qui servent les ressources et le climat, chacune à son échelle."""
    return series.chart(p, [one for one in model.of(p) if model.rank(one.enjeux) == 2], "les ressources")


@MEASURES.table("donnees", sheet="Données", rank=20, page=False)
def _figures(p: xr.Dataset) -> Table:
    """The figures of each measure, as numbers, for a spreadsheet."""
    found = model.of(p)
    return Table.of(
        f"Valeurs, cibles et distances — {p.attrs['name']}",
        {
            "Levier": [one.label for one in found],
            "Mesure": [one.measure for one in found],
            "Unité": [words.unit(one) or "—" for one in found],
            "Valeur": ([words.scaled(one, one.value) for one in found], formats.dashed(formats.OBSERVED)),
            "Année": ([one.year for one in found], formats.dashed(formats.PLAIN)),
            "Cible": (
                [
                    one.target.value if one.compared == model.CHANGE else words.scaled(one, one.target.value)
                    for one in found
                ],
                formats.dashed(formats.OBSERVED),
            ),
            "Cible comptée en": [_counted(one) for one in found],
            "Valeur de": [territories.name(one.place) if one.points else "—" for one in found],
            "Échéance": ([one.target.year for one in found], formats.dashed(formats.PLAIN)),
            "Niveau de la cible": [words.LEVELS[one.target.level] for one in found],
            "Distance": (
                [one.distance if one.compared == model.CHANGE else words.scaled(one, one.distance) for one in found],
                formats.dashed(formats.CHANGE),
            ),
            "État": [one.state for one in found],
            "Texte de la cible": [one.target.text or words.UNTYPED.get(one.target.level, "—") for one in found],
            "À savoir": [one.note or "—" for one in found],
        },
    )


def _counted(one: Measure) -> str:
    if one.compared == model.CHANGE:
        return f"évolution depuis {int(one.target.base_year)} (%)"
    return words.unit(one) or "—" if one.compared else "—"


@MEASURES.table("series", sheet="Séries", rank=30, page=False)
def _series(p: xr.Dataset) -> Table | Note:
    """The observed values, one row each."""
    rows = [(one, year, value) for one in model.of(p) for year, value in one.points]
    if not rows:
        return Note("Aucune série observée.")
    return Table.of(
        f"Séries observées — {p.attrs['name']}",
        {
            "Levier": [one.label for one, *_ in rows],
            "Mesure": [one.measure for one, *_ in rows],
            "Année": ([year for _, year, _ in rows], formats.PLAIN),
            "Valeur": ([words.scaled(one, value) for one, _, value in rows], formats.OBSERVED),
            "Unité": [words.unit(one) or "—" for one, *_ in rows],
            "Source": [words.source(one.source) for one, *_ in rows],
        },
    )


@BUILT.table("a_construire", sheet="À construire", rank=40)
def _built(p: xr.Dataset) -> Table | Note:
    """What has no series here: what exists, and who holds it."""
    found = [one for one in model.of(p) if not one.points]
    if not found:
        return Note("Chaque mesure a ici une valeur observée.")
    return Table.of(
        f"Données à construire — {p.attrs['name']}",
        {
            "Levier": [one.label for one in found],
            "Donnée": [french.capital(one.measure) for one in found],
            "Ce qui existe": [french.capital(one.exists) for one in found],
            "Qui la détient": [french.capital(one.holder) for one in found],
            "Cible": [words.target(one) for one in found],
        },
    )


SOURCES = Section("sources", 90)


@SOURCES.sentence()
def limits(p: xr.Dataset) -> Text:
    """Ce que le document ne dit pas, et d'où viennent ses chiffres."""
    return Text.joined(
        [
            Text.bullets(
                [
                    "Le panorama du SGPE pour la biodiversité et les ressources est publié en images, dont les "
                    "chiffres ne se lisent pas : les valeurs viennent des séries observées, les cibles des textes "
                    "cités.",
                    "Une cible nationale n'est pas celle du territoire : la distance dit où il se tient par rapport à "
                    "elle, pas ce qui lui est demandé.",
                    "Ces mesures ont chacune leur unité : elles ne s'additionnent pas.",
                ]
            ),
            Text("### Sources"),
            labels.cited(used(p)),
        ]
    )


def used(p: xr.Dataset) -> dict[str, str]:
    """The sources that the document rests on."""
    cells = [source for one in model.of(p) for source in (*one.source.split(", "), one.target.source)]
    return dict.fromkeys([*filter(None, cells), "sgpe_barometre_2026"], "") | {
        "feuille_de_route_hauts_de_france_2025": "enjeux des 43 leviers"
    }


@SOURCES.table("sources", sheet="Sources", rank=90, page=False)
def _sources(p: xr.Dataset) -> Table:
    return labels.sources("Sources des chiffres de ce document", used(p), named=True)
