"""What a visitor takes away: workbook, CSV, JSON of the scenario, picture, paper; and the JSON back.

A target that differs from the reference waits for its justification and its source; without them, the file is a
draft: its name and its content say so, and list what is still to be justified.
"""

from __future__ import annotations

import base64
import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd
import xarray as xr

from copkit import clock, escaping, french
from copkit.errors import CopkitWarning, SimulationError, unknown
from copkit.models import gaps, scenario_file
from copkit.models.levers import FOREST
from copkit.models.scenario import Standing, settle
from copkit.presentation import drawing, formats, labels
from copkit.presentation.table import Table
from copkit.reference import framework, territories, units
from copkit.simulator import gauge, links, sheet, specs, tiles
from copkit.simulator.ground import Ground, ground
from copkit.simulator.state import Entry, Kept, State, from_scenario, label_of, scenario_of, version_of

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "csv_excel": "text/csv; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
}
LARGEST = 200_000  # bytes of a scenario that is sent to the page
DRAFT = "brouillon"
TYPED = ("Scénario", "Lien du scénario")  # lines of the cover that are kept as they were entered


def export(page: Mapping, state: State, kind: str) -> tuple[str, str, bytes]:
    """Le fichier d'un scénario : son nom, son type MIME et ses octets.

    Parameters
    ----------
    page : ``page(code)``.
    state : une saisie acceptée (``view(…)["state"]``).
    kind : « xlsx », « csv », « csv_excel » (point-virgule, virgule décimale), « json », « svg », « png » ou « pdf ».

    Raises
    ------
    SimulationError
        Si le format est inconnu, ou si une valeur de la saisie est refusée.
    """
    if kind not in FORMATS:
        raise SimulationError(unknown(f"Format inconnu : « {str(kind)[:20]} »", kind, FORMATS, "Formats"))
    said = _masked(state)
    if kind != "json":  # which opens the very same scenario
        state = said
    s = scenario_of(state)
    waiting = gaps.unjustified(s)
    makers = {
        "xlsx": _workbook,
        "csv": _csv,
        "csv_excel": partial(_csv, excel=True),
        "json": _json,
        "svg": _svg,
        "png": _png,
        "pdf": _pdf,
    }
    return filename(said, kind, bool(waiting)), FORMATS[kind], makers[kind](s, state, waiting)


def _masked(state: State) -> State:
    """The scenario as a document shows it: its texts without what names or reaches a person."""
    from copkit.intake import personal  # what it leans on is loaded where something is exported alone

    def hidden(levers: Mapping[str, Entry]) -> dict[str, Entry]:
        texts = ("why", "source")
        return {
            lever: one.model_copy(update={name: personal.mask(getattr(one, name)) for name in texts})
            for lever, one in levers.items()
        }

    kept = [Kept(name=personal.mask(one.name), levers=hidden(one.levers)) for one in state.kept]
    return state.having(levers=hidden(state.levers), name=personal.mask(state.name), kept=kept)


def filename(state: State, kind: str, draft: bool) -> str:
    """« copkit-hauts-de-france-mon-scenario-brouillon.xlsx ».

    >>> filename(State(name="Mon scénario !"), "json", False)
    'copkit-reg-32-hauts-de-france-mon-scenario.json'
    """
    suffix, _, form = kind.partition("_")
    words = [
        "copkit",
        state.territory,
        territories.name(state.territory),
        state.name[:40],
        DRAFT if draft else "",
        form,
    ]
    return "-".join(french.plain(word).replace(" ", "-") for word in words if french.plain(word)) + f".{suffix}"


def import_json(text: str | bytes) -> tuple[State, list[str]]:
    """La saisie d'un scénario en JSON (``ck.to_json``), et les remarques à montrer.

    Raises
    ------
    SimulationError
        Si le fichier dépasse 200 ko ou ne se lit pas : tous les problèmes d'un coup.
    """
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    if size > LARGEST:
        most = french.number(LARGEST / 1000, 0)
        raise SimulationError(
            f"Scénario de {french.number(size / 1000, 0)} ko, {most} ko au plus. Vérifier le fichier."
        )
    try:
        written = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise SimulationError("Scénario illisible : il n'est pas en UTF-8. Reprendre le fichier exporté.") from None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CopkitWarning)
        s = scenario_file.from_json(written)
    notes = [french.typeset(str(one.message)) for one in caught if issubclass(one.category, CopkitWarning)]
    return from_scenario(s), notes


def _settled(state: State) -> tuple[Ground, dict[str, Standing]]:
    here = ground(state.territory, version_of(state))
    return here, settle(here.limits, state.levers)


def rows(here: Ground, settled: dict[str, Standing], typed: dict[str, Entry]) -> pd.DataFrame:
    """Tous les leviers d'un scénario, une ligne chacun, en nombres entiers de précision. [unités dans les titres]"""
    return pd.DataFrame(
        {
            "Identifiant": lever,
            "Levier": tile.label,
            "Thématique": tile.chantier_label,
            "Secteur": tile.sector_label,
            "Référence (ktCO2e/an)": one.target,
            "Proposé (ktCO2e/an)": one.kt,
            "Écart (ktCO2e/an)": one.kt - one.target,
            "Déjà fait (ktCO2e/an)": one.done,
            "Reste à faire (ktCO2e/an)": one.remaining,
            "Quantité en 2019": here.limits[lever].start if here.limits[lever].translated else math.nan,
            "Quantité de référence en 2030": here.limits[lever].quantity,
            "Quantité proposée en 2030": one.quantity,
            "Unité": units.label(here.limits[lever].unit) if here.limits[lever].unit else "—",
            "Statut": "hypothèse" if one.changed else labels.STATUSES[str(here.p.status.sel(lever=lever).values)],
            "Justification": typed.get(lever, Entry()).why,
            "Source": typed.get(lever, Entry()).source,
        }
        for lever, tile in here.tiles.items()
        for one in (settled[lever],)
    )


def _workbook(s: xr.Dataset, state: State, waiting: list[str]) -> bytes:
    from copkit.presentation import workbook  # heavy: only the sessions that export load it
    from copkit.presentation.territory.document import book as book_of

    here, settled = _settled(state)
    book = book_of(s)
    table = rows(here, settled, state.levers)
    numbers = {c: 1 if "ktCO2e" in c else formats.QUANTITY for c in table if table[c].dtype.kind == "f"}
    caption = f"Scénario « {state.name or 'sans nom'} » : {s.attrs['name']}"
    own = Table(table, caption, numbers, _totals(settled))
    compared = _compared(here, settled, state)
    first = (("Simulateur", own), *([("Scénarios", compared)] if compared is not None else []))
    said = ((name, text if name in TYPED else french.typeset(text)) for name, text in _said(state, waiting))
    return workbook.content(replace(book, cover=(*book.cover, *said), sheets=(*first, *book.sheets)))


def _totals(settled: dict[str, Standing]) -> tuple[dict, ...]:
    """What all levers make together, with and without forest."""
    columns = {"reference": "Référence", "proposed": "Proposé", "done": "Déjà fait", "remaining": "Reste à faire"}
    found, totals = gauge.totals(settled), (("without_forest", "hors forêt"), ("with_forest", "avec forêt"))
    return tuple(
        {"Levier": f"Total {said}", **{f"{name} (ktCO2e/an)": found[which][key] for key, name in columns.items()}}
        for which, said in totals
    )


def _said(state: State, waiting: list[str]) -> list[tuple[str, str]]:
    """What the cover adds for a scenario."""
    lines = [("Scénario", state.name or "sans nom"), ("Exporté le", french.short_date(clock.today()))]
    if waiting:
        said = f"Brouillon, à justifier : {french.join(label_of(lever) for lever in waiting)}"
        lines.append(("Statut de l'export", said))
    link, left = links.to_query(state)
    return [*lines, ("Lien du scénario", link), *(("Remarque", note) for note in left)]


def _compared(here: Ground, settled: dict[str, Standing], state: State) -> Table | None:
    """The scenarios that are kept, beside the current one and the reference; None when there is none."""
    if not state.kept:
        return None
    names = ["Référence", state.name or "Scénario en cours", *(one.name for one in state.kept)]
    sets = [settle(here.limits, {}), settled, *(settle(here.limits, one.levers) for one in state.kept)]
    columns: dict[str, list] = {"Levier": [*(tile.label for tile in here.tiles.values())]}
    columns["Levier"] += ["Total hors forêt", "Total avec forêt", "Manque net hors forêt"]
    for name, one in zip(names, sets, strict=True):
        head = f"{name} (ktCO2e/an)"
        while head in columns:
            head = f"{head} bis"
        sums = gauge.totals(one)
        last = [sums["without_forest"]["proposed"], sums["with_forest"]["proposed"], sums["without_forest"]["net"]]
        columns[head] = [*(one[lever].kt for lever in here.tiles), *last]
    table = pd.DataFrame(columns)
    return Table(table, f"Scénarios comparés : {here.p.attrs['name']}", {c: 1 for c in list(table)[1:]})


def _csv(s: xr.Dataset, state: State, waiting: list[str], excel: bool = False) -> bytes:
    """The rows, under what they are about; ``excel``: as a French Excel opens them."""
    here, settled = _settled(state)
    table = rows(here, settled, state.levers)
    table.insert(0, "État", ["à justifier" if lever in waiting else "" for lever in table["Identifiant"]])
    table.insert(0, "Version des données", version_of(state))
    table.insert(0, "Territoire", state.territory)
    return escaping.as_csv(table, excel=excel).encode("utf-8")


def _json(s: xr.Dataset, state: State, waiting: list[str]) -> bytes:
    return scenario_file.to_json(s).encode("utf-8")


def picture(state: State, waiting: list[str]) -> dict:
    """The panorama of the scenario as a whole Vega-Lite specification, with its title and its data."""
    here, settled = _settled(state)
    found, measured = tiles.rows(here, settled, state), gauge.gauge(here, settled, state)
    drawn = {name: found[name] for name in ("rects", "hatch", "texts")}
    shown = "ce qui reste à faire" if state.remaining else "objectif proposé, partie déjà faite hachurée"
    forest = "avec forêt" if state.forest and FOREST in here.limits else "hors forêt"
    enjeux = {one.id: one.label for one in framework.items("enjeux")}
    wanted = enjeux.get(state.filter.enjeu), labels.thematiques().get(state.filter.thematique)
    filtered = [one for one in wanted if one]
    lines = [
        f"ktCO2e/an évitées en 2030 par rapport à 2019, {forest} ; surface d'une tuile : {shown}",
        measured["sentence"],
        labels.source_line(here.p),
        *([f"Leviers choisis : {french.join(filtered)}"] if filtered else []),
        *([found["narrow"]] if found["narrow"] else []),
    ]
    if waiting:
        lines.append(f"Brouillon : {french.plural(len(waiting), 'objectif')} à justifier")
    title = f"{state.name or 'Scénario'} : {here.p.attrs['name']}"
    words = {"text": french.typeset(title), "subtitle": [french.typeset(line) for line in lines]}
    return specs.panorama() | {"datasets": drawn, "title": words}


def _svg(s: xr.Dataset, state: State, waiting: list[str]) -> bytes:
    spec = picture(state, waiting)
    whole = {key: spec.pop(key) for key in ("$schema", "config", "datasets")}
    return drawing.svg(whole | {"hconcat": [spec]}).encode("utf-8")  # svg() leaves out the title of the whole


def _pdf(s: xr.Dataset, state: State, waiting: list[str]) -> bytes:
    from copkit.presentation.writers import typst  # its compiler is slow to start

    here, settled = _settled(state)
    return typst.write(sheet.document(here, settled, state, waiting))


def paper(s: xr.Dataset) -> bytes:
    """Le document PDF d'un scénario de la bibliothèque (``ck.simulate``)."""
    return _pdf(s, from_scenario(s), gaps.unjustified(s))


def _png(s: xr.Dataset, state: State, waiting: list[str]) -> bytes:
    return base64.b64decode(drawing.png(picture(state, waiting)))
