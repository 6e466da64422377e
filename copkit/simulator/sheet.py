"""A scenario on paper: one A4 that lies, with its total, its gauges, its panorama and what changed; the levers behind.

The same blocks as any document of the kit; figures have the digits that the page gives them.
"""

from __future__ import annotations

from collections.abc import Mapping

from copkit import __version__, clock, french
from copkit.models.levers import FOREST
from copkit.models.scenario import Standing
from copkit.presentation import blocks, labels, marimekko
from copkit.presentation.text import Text
from copkit.reference import units
from copkit.simulator import gauge, specs, tiles
from copkit.simulator.ground import Ground
from copkit.simulator.state import Entry, Filter, State, label_of

FIRST, SHORT, ONE_LINE = 5, 140, 80  # changes on the first page; letters of what justifies each, and of a line of it
HIGHEST, LOWEST, LINE, ABOVE = (
    650,
    220,
    24,
    5,
)  # height of the tiles; what a line of changes takes, how many stand above
WORDS = ("Levier", "Secteur", "Proposé, dans les deux unités", "Pourquoi, d'après quoi", "Unité", "Statut")
TO_JUSTIFY = "à justifier"


def document(here: Ground, settled: dict[str, Standing], state: State, waiting: list[str]) -> blocks.Description:
    """The paper of a scenario. ``waiting``: the levers that lack a justification: it is then a draft, and says so."""
    place, version, today = here.p.attrs["name"], here.p.attrs["version"], clock.today()
    scenario = f"Scénario « {state.name} »" if state.name else "Scénario"
    title = french.typeset(f"{'Brouillon : ' if waiting else ''}{scenario}, {place}")
    moved = {lever: one for lever, one in settled.items() if one.changed}
    first = sorted(moved, key=lambda lever: -abs(moved[lever].kt - moved[lever].target))[:FIRST]
    whys = {lever: _why(state.levers.get(lever, Entry()), lever in waiting) for lever in moved}
    cut = {lever: text if len(text) <= SHORT else f"{text[: SHORT - 1].rstrip()}…" for lever, text in whys.items()}
    rest = len(moved) > FIRST or cut != whys
    caption = "Ce qui a changé"
    if rest:
        caption += f" : {french.plural(len(first), 'objectif')} sur {len(moved)}, la suite derrière"
    measured = gauge.gauge(here, settled, state)
    lines = sum(1 + (len(cut[lever]) > ONE_LINE) for lever in first)
    height = max(LOWEST, min(marimekko.HEIGHT, HIGHEST - LINE * (lines + ABOVE * bool(lines))))
    shown = [
        *_summary(here, settled, measured, waiting),
        blocks.Chart(_picture(here, settled, state, measured, height)),
    ]
    shown += [_changes(here, {lever: moved[lever] for lever in first}, state, cut, caption)] if moved else []
    shown += [blocks.Heading(2, french.typeset("Tous les leviers"))]
    shown += [_changes(here, moved, state, whys, "Ce qui a changé, en entier")] if rest else []
    shown += [_said(Text("{}", labels.source_line(here.p))), _levers(here, settled)]
    shown += [_said(Text("{}", why))] if (why := labels.hidden(here.p)) else []
    return blocks.Description(
        title=title,
        kind=french.typeset(scenario),
        place=place,
        status=french.typeset(f"{french.capital(labels.REFERENCES['sgpe'])} : base de discussion, non prescriptive"),
        made=today,
        versions=french.typeset(f"Données : version {version}, copkit {__version__}"),
        footer=french.typeset(f"copkit {__version__}, données {version}, {french.short_date(today)}"),
        blocks=tuple(shown),
        lying=True,
    )


def gauges(here: Ground, measured: dict) -> list[dict]:
    """The sectors of a gauge: label, parts done and proposed, where the reference stands [of the whole bar], words."""
    found = []
    for row in measured["by_sector"]:
        reference, proposed, done = (row[name] or 0.0 for name in ("reference", "proposed", "done"))
        most = max(reference, proposed, 1e-9)
        net = row["net"] or 0.0
        words = f"{here.sum(row['proposed'], row['sgpe'])} sur {here.sum(row['reference'], row['sgpe'])}"
        words += f", manque {here.sum(net, row['sgpe'])}" if row["below"] and net > 0 else ""
        parts = {"done": min(done, proposed) / most, "proposed": proposed / most, "mark": reference / most}
        found.append({"label": row["label"], "words": words} | {name: max(0.0, one) for name, one in parts.items()})
    return found


def _picture(here: Ground, settled: dict[str, Standing], state: State, measured: dict, height: float) -> dict:
    """The panorama beside the gauges, as a Vega-Lite specification. ``height``: of the tiles. [px]"""
    found = tiles.rows(here, settled, state.having(remaining=False, filter=Filter()), height)
    drawn = specs.panorama(height)
    whole = {key: drawn.pop(key) for key in ("$schema", "config")}
    lines = [
        "Tuiles : objectif proposé, en ktCO2e/an, partie déjà faite hachurée ; le numéro est celui de la liste. "
        "Jauges : proposé en clair, déjà fait en foncé, référence au trait.",
        *([found["narrow"]] if found["narrow"] else []),
    ]
    said = "; ".join(f"{row['label']} : {row['words']}" for row in gauges(here, measured))
    return whole | {
        "hconcat": [drawn, specs.gauges(gauges(here, measured), height)],
        "datasets": {name: found[name] for name in ("rects", "hatch", "texts")},
        "spacing": 24,
        "title": {"text": "Le panorama, et les secteurs", "subtitle": [french.typeset(line) for line in lines]},
        "description": french.typeset(f"Panorama des leviers, et jauge de chaque secteur : {said}."),
    }


def _summary(here: Ground, settled: dict[str, Standing], measured: dict, waiting: list[str]) -> list[blocks.Prose]:
    """What the bar of the page says, the two conventions, and that it is a draft."""
    conventions, totals = {"without_forest": "hors forêt", "with_forest": "avec forêt"}, gauge.totals(settled)
    lines = []
    for name, convention in list(conventions.items())[: 2 if FOREST in here.limits else 1]:
        one = totals[name]
        whole, net = one["reference"], one["net"] or 0.0
        proposed, of, done = (here.sum(value, whole) for value in (one["proposed"], whole, one["done"]))
        said = [Text("**{} ktCO2e/an proposés sur {}**, {}", proposed, of, convention)]
        if name == "without_forest" and one["done"]:
            said.append(Text(", dont {} déjà faits", done))
        if name == "without_forest" and one["below"] and net > 0:
            said.append(Text(" ; **manque {}**", here.sum(net, whole, finest=2)))
        lines.append(Text.joined([*said, Text(".")], ""))
    found = [_said(Text.joined(lines, " "))]
    found += [_said(Text("{}", measured["overlap"]))] if measured["overlap"] else []
    return [
        *found,
        *([_said(Text("**Brouillon, à justifier :** {}.", french.join(map(label_of, waiting))))] if waiting else []),
    ]


def _said(text: Text) -> blocks.Prose:
    return blocks.Prose(text._repr_markdown_())


def _table(caption: str, columns: Mapping[str, list[str]]) -> blocks.Table:
    """Cells that are written already."""
    names = [*columns]
    numbers = [name not in WORDS for name in names]
    rows = [[french.typeset(cell) for cell in row] for row in zip(*columns.values(), strict=True)]
    return blocks.Table(french.typeset(caption), [french.typeset(name) for name in names], numbers, rows)


def _why(entry: Entry, waiting: bool) -> str:
    said = " – ".join(text.strip() for text in (entry.why, entry.source) if text.strip())
    return " – ".join(part for part in (said, french.capital(TO_JUSTIFY) if waiting else "") if part)


def _changes(here: Ground, moved: Mapping[str, Standing], state: State, whys: dict, caption: str) -> blocks.Table:
    columns = {
        "Levier": [here.tiles[lever].label for lever in moved],
        "Référence (kt)": [here.kt(lever, one.target) for lever, one in moved.items()],
        "Proposé, dans les deux unités": [
            _both(here, lever, one, state.levers.get(lever, Entry())) for lever, one in moved.items()
        ],
        "Écart (kt)": [_away(here, lever, one) for lever, one in moved.items()],
        "Pourquoi, d'après quoi": [whys[lever] for lever in moved],
    }
    return _table(caption, columns)


def _both(here: Ground, lever: str, one: Standing, entry: Entry) -> str:
    """A target in both units; what was typed, as it was."""
    limit = here.limits[lever]
    typed = entry.unit if entry.value is not None else ""
    kt = french.number(one.kt) if typed == "ktco2e" else here.kt(lever, one.kt)
    if not limit.translated:
        return f"{kt} kt"
    quantity = french.quantity(one.quantity) if typed == "quantity" else here.quantity(lever, one.quantity)
    return f"{kt} kt, soit {quantity} {units.label(limit.unit)}"


def _away(here: Ground, lever: str, one: Standing) -> str:
    text = here.kt(lever, one.kt - one.target)
    return f"+{text}" if one.kt > one.target and not text.startswith("<") else text


def _levers(here: Ground, settled: Mapping[str, Standing]) -> blocks.Table:
    """Every lever, as the list of the page."""

    def secret(lever: str, value: float, instead: str = "—") -> str:
        return here.kt(lever, value) if here.tiles[lever].shown else instead

    def quantity(lever: str, value: float) -> str:
        return here.quantity(lever, value) if here.limits[lever].translated else ""

    every = [(lever, one, here.limits[lever]) for lever, one in settled.items()]
    status = dict(zip(here.p.lever.values.tolist(), here.p.status.values.tolist(), strict=True))
    columns = {
        "Levier": [f"{here.tiles[lever].rank}. {here.tiles[lever].label}" for lever, _, _ in every],
        "Secteur": [here.tiles[lever].sector_label for lever, _, _ in every],
        "Référence": [secret(lever, one.target, labels.HIDDEN) for lever, one, _ in every],
        "Déjà fait": [here.kt(lever, one.done) for lever, one, _ in every],
        "Proposé": [secret(lever, one.kt) for lever, one, _ in every],
        "Reste": [secret(lever, one.remaining) for lever, one, _ in every],
        "Écart": [_away(here, lever, one) if one.changed else "" for lever, one, _ in every],
        "2019": [quantity(lever, limit.start) for lever, _, limit in every],
        "Référence 2030": [quantity(lever, limit.quantity) for lever, _, limit in every],
        "Proposé 2030": [quantity(lever, one.quantity) for lever, one, _ in every],
        "Unité": [units.label(limit.unit) if limit.translated else "" for _, _, limit in every],
        "Statut": ["hypothèse" if one.changed else labels.STATUSES[status[lever]] for lever, one, _ in every],
    }
    return _table("Leviers, en ktCO2e/an et dans leur unité", columns)
