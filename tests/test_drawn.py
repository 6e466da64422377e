"""Each bar, tile and mark of each chart of the documents is the figure of its table; a falsified one fails."""

from collections import defaultdict
from functools import cache

import pytest

import copkit as ck
from copkit import french
from copkit.models import dynamics
from copkit.models.levers import FOREST
from copkit.presentation import labels, marimekko, theme
from copkit.presentation.document import CHART
from copkit.presentation.projects import map
from copkit.presentation.projects.balance import SHADES
from copkit.presentation.projects.document import DOCUMENT as PROJECTS
from copkit.presentation.projects.document import HERE, NONE
from copkit.presentation.territory.document import DOCUMENT as TERRITORY
from copkit.presentation.text import Note
from copkit.projects.selection import Vivier

from . import drawn
from .conftest import LONG
from .drawn import Item

CARS, SHARING = "vehicules_electriques", "covoiturage"
SCENARIO = "scénario"
FALSIFIED = {"panorama": SCENARIO, "sectors": SCENARIO, "reductions": SCENARIO, "paces": "reg-32"}  # others: dep-59
ON_THE_WAY = dynamics.JUDGED
CODES = {"territory": ["fr", "reg-32", "reg-01", "dep-59", "dep-48", SCENARIO], "projects": ["reg-32", "dep-59"]}


@cache
def about(folder, code):
    if folder == "projects":
        return ck.projects.vivier(territory=code, year=2024)
    if code == SCENARIO:
        return ck.simulate(ck.panorama("reg-32"), {CARS: 600, SHARING: 300}, done={SHARING: 20})
    return ck.panorama(code)


def table(one, name):
    document = PROJECTS if isinstance(one, Vivier) else TERRITORY
    return document.table(name).make(one).data


def column(found, key, value):
    names = [french.typeset(str(name)) for name in found[key]]
    return dict(zip(names, found[value].astype(float), strict=True))


def same(found: dict, wanted: dict, digits: float = 1e-6) -> list[str]:
    """Where two columns of figures by name differ; a figure that is missing on one side is one."""
    out = [f"{name}: only on one side" for name in found.keys() ^ wanted.keys()]
    out += [
        f"{name}: {found[name]} drawn, {wanted[name]} in the table"
        for name in found.keys() & wanted.keys()
        if not abs(found[name] - wanted[name]) <= digits * max(1.0, abs(wanted[name]))
    ]
    return out


def written(chart, wanted: dict) -> list[str]:
    """Where the words at the end of a bar do not begin with the figure of the table."""
    found = {chart.name(item): item.text for item in chart.of("text")}
    return [f"{name}: « {found[name]} »" for name, said in wanted.items() if not found[name].startswith(said)]


# ------------------------------------------------------------------ territory


def _shares(p, chart, spec):
    found = table(p, "secteurs")
    beside = "Part dans la référence (%)" if "Part dans la référence (%)" in found else "Part en France (%)"
    marks = {} if p.attrs["territory"] == "fr" else column(found, "Secteur", beside)
    marks = {name: mark for name, mark in marks.items() if mark == mark}  # no mark for a sector of the overseas alone
    bars = column(found, "Secteur", "Part (%)")
    return [
        *same(chart.lengths(), bars),
        *same(chart.ticks(), marks),
        *written(chart, {name: french.share(v) for name, v in bars.items()}),
        *chart.crossed(lambda text: marimekko.text_width(text, "bold")),
    ]


def _place(p, chart, spec):
    found, here = table(p, "place"), p.attrs["name"]
    bars = column(found, "Territoire", "Émissions évitées, hors forêt (ktCO2e/an)")
    names = {name.removeprefix("▸ "): value for name, value in chart.lengths().items()}
    marked = {chart.name(item).removeprefix("▸ ") for item in chart.of("rect") if item.fill == theme.HIGHLIGHT}
    said = {("▸ " if name == here else "") + name: labels.kt(p, value) for name, value in bars.items()}
    return [*same(names, bars), *written(chart, said), *({str(marked)} if marked != {here} else ())]


def _reductions(p, chart, spec):
    rows = table(p, "quantites")
    rows = rows[rows["En 2019"].map(_known)]
    ends = {"bars": "En 2030", "marks": "En 2030, référence"}
    wanted = {
        what: {
            french.typeset(one.Levier): 100 * (one[end] / one["En 2019"] - 1)
            for _, one in rows.iterrows()
            if end in one
        }
        for what, end in ends.items()
    }
    bars = {name: value for name, value in wanted["bars"].items() if value < 0}
    marks = {name: value for name, value in wanted["marks"].items() if name in bars}
    said = {name: french.signed(value, 0) for name, value in bars.items()}
    return [*same(chart.lengths(), bars), *same(chart.ticks(), marks), *written(chart, said)]


def _known(value):
    return isinstance(value, float | int) and value > 0


def _paces(p, chart, spec):
    found = ck.dynamics(p.attrs["territory"])
    found = found[found.ratio.notna() & found.status.isin(ON_THE_WAY)]
    ratio = {french.typeset(one.label): one.ratio for one in found.itertuples()}
    rule = [chart.value(item.x) for item in chart.of("rule")]
    return [
        *same(chart.lengths(), {name: min(max(one, -1), 2) for name, one in ratio.items()}),
        *written(chart, {name: f"{french.number(one, 1)} (" for name, one in ratio.items()}),
        *same(chart.ticks(), {n: min(one, 2) for n, one in zip(ratio, found.s_ratio, strict=True) if one == one}),
        *([] if rule == [pytest.approx(1)] else [f"the rule is at {rule}"]),
    ]


def _grades(p, chart, spec):
    found = table(p, "panorama")
    found = found[found["Part hors forêt (%)"] != "—"]
    sums = found["Part hors forêt (%)"].astype(float).groupby(found["Note de la clé"]).sum()
    bars = {name[0]: value for name, value in chart.lengths().items()}
    return same(bars, sums.to_dict())


def _tiles(p, chart, spec):
    """The effort that each tile stands for, by the colour of its column, against the table by thématique."""
    rows, value = table(p, "panorama"), "Émissions évitées (ktCO2e/an)"
    hidden = dict(
        zip(p.label.values, p.target.values, strict=True)
    )  # « non affiché » in the table, and a tile all the same
    rows[value] = [
        hidden[one.Levier] if one[value] == labels.HIDDEN else float(one[value]) for _, one in rows.iterrows()
    ]
    rows = rows[~rows.Levier.isin(p.label.values[p.lever.values == FOREST])]
    whole = rows[value].clip(lower=0).sum()
    top = marimekko.HEIGHT
    heads = [item for item in chart.of("rect") if item.height == 6]
    tiles = [item for item in chart.of("rect") if item.height != 6]
    out, wide = [], sum(head.width for head in heads)
    colours = {colour: name for name, colour in theme.THEMATIQUES.items()}
    if round(wide + marimekko.GAP * (len(heads) - 1), 6) != marimekko.WIDTH:
        out.append("the columns do not fill the width")
    for head in heads:
        inside = [
            item for item in tiles if head.x - 1e-6 <= item.x and item.x + item.width <= head.x + head.width + 1e-6
        ]
        parts = defaultdict(list)
        for item in inside:
            parts[round(item.x, 6), round(item.width, 6)].append(item)
        across = sum(width for _, width in parts)
        found = []
        for (_, width), column_ in parts.items():
            high = sum(item.height for item in column_)
            if high > top + 1e-6 or max(i.y + i.height for i in column_) - min(i.y for i in column_) != pytest.approx(
                top
            ):
                out.append("a column is not of its height")
            found += [whole * head.width / wide * width / across * item.height / high for item in column_]
        label = labels.thematiques()[colours[head.fill]]
        kept = rows[(rows["Thématique"] == label) & (rows[value] > 0)]
        numbers = [f"{label} {n}" for n in range(len(kept))]
        ordered = sorted(kept[value], reverse=True)
        found = sorted(found, reverse=True)
        out += same(
            dict(zip(numbers, found, strict=False)) | ({} if len(found) == len(numbers) else {"count": len(found)}),
            dict(zip(numbers, ordered, strict=True)),
        )
        out += [f"fill {item.fill}" for item in inside if not _tint(item.fill, head.fill)]
    out += [
        f"tile « {words} »" for item in tiles if (words := chart.words(item)) and not any(_rank(word) for word in words)
    ]
    return [*out, *_hatched(rows[rows[value] > 0], chart, tiles)]


def _hatched(rows, chart, tiles):
    """Where the tiles under diagonal lines are not those of note C."""
    noted = "Note de la clé" in rows
    rough = {int(one["N°"]) for _, one in rows.iterrows() if noted and one["Note de la clé"] == "C"}
    found = [Item("", item.x + item.width / 2, item.y + item.height / 2) for item in chart.of("shape")]
    out = [] if len(found) == len(rough) else [f"{len(found)} hatched tiles, {len(rough)} of note C"]
    for tile in tiles:
        number = next((int(word.split(" ")[0]) for word in chart.words(tile) if _rank(word)), None)
        if number and any(tile.holds(one) for one in found) != (number in rough):
            out.append(f"tile {number}: hatched or not against its note")
    return out


def _tint(fill, colour):
    return fill in {theme.tint(colour, strength) for strength in (0.26, 0.38)}


def _rank(word):
    return word.split(" ")[0].isdigit()


TERRITORIES = {
    "panorama": _tiles,
    "sectors": _shares,
    "place": _place,
    "reductions": _reductions,
    "paces": _paces,
    "grades": _grades,
}

# ------------------------------------------------------------------ projects


def _categories(v, chart, spec):
    """The parts of each bar, end to end, in the order of the table."""
    shares, counts = table(v, "parts"), table(v, "bilan").iloc[-1]
    out, named = [], {_bare(name, v): bars for name, bars in chart.bars().items()}
    columns = [name for name in shares.columns[1:] if counts[name]]
    wanted = {f"{_bare(name, v)} ({french.number(counts[name], 0)})": shares[name][:-1] for name in columns}
    for name in named.keys() ^ wanted.keys():
        out.append(f"{name}: only on one side")
    for name in named.keys() & wanted.keys():
        out += _ends(name, named[name], [*wanted[name]], SHADES)
    return out


def _bare(name, v):
    name = {"Total": v.panorama.attrs["name"]}.get(name, name)
    return french.typeset(name.removeprefix(f"{HERE} "))


def _ends(name, bars, wanted, shades):
    """Where segments do not follow one another, each as long as its figure and of its shade."""
    ends = [sum(wanted[: rank + 1]) for rank in range(len(wanted))]
    kept = [rank for rank, value in enumerate(wanted) if value > 0]
    pairs = [(ends[rank] - wanted[rank], ends[rank], shades[rank]) for rank in kept]
    good = [
        bar[2] == pair[2] and bar[:2] == pytest.approx(pair[:2], abs=1e-6)
        for bar, pair in zip(bars, pairs, strict=False)
    ]
    return [] if all(good) and len(bars) == len(pairs) else [f"{name}: {bars} drawn, {pairs} in the table"]


def _criteria(v, chart, spec):
    rows = table(v, "criteres")
    order = {"rempli": 0, "non rempli": 1, "à préciser": 2}
    out = []
    for name, bars in chart.bars().items():
        mine = rows[rows["Critère"].map(french.typeset) == name]
        sums = mine.groupby("Réponse")["Dossiers"].sum()
        shares = [100 * sums.get(one, 0) / sums.sum() for one in order]
        out += _ends(name, bars, shares, (theme.HIGHLIGHT, theme.WHITE, "#d5dbed"))
    return out


def _counts(name, key, value="Dossiers", only=lambda rows: rows):
    def check(v, chart, spec):
        rows = only(table(v, name))
        bars = column(rows, key, value)
        return [*same(chart.lengths(), bars), *written(chart, {one: french.number(n, 0) for one, n in bars.items()})]

    return check


def _thematiques(v, chart, spec):
    colours = {french.typeset(label): theme.THEMATIQUES[one] for one, label in labels.thematiques().items()}
    found = {chart.name(item): item.fill for item in chart.of("rect")}
    wrong = [f"{name}: {fill}" for name, fill in found.items() if fill != colours.get(name, theme.MUTED)]
    kept = _counts("thematiques", "Thématique", only=lambda rows: rows[rows["Thématique"] != "Total"])
    return [*kept(v, chart, spec), *wrong]


def _coverage(v, chart, spec):
    rows = table(v, "couverture")
    wanted = [*rows["Part (%)"].astype(float)]
    found = [*chart.lengths().values()]
    here = rows.Territoire == v.name
    shown = [*wanted[: here.sum()], *rows[~here & (rows.Niveau == "EPCI")]["Part (%)"].astype(float)]
    return same(dict(enumerate(found)), dict(enumerate(shown)))


def _targets(v, chart, spec):
    rows = table(v, "objectifs").set_index("Levier")
    rows.index = rows.index.map(french.typeset)
    bars = chart.lengths()
    wanted = {name: float(rows["Objectif 2030 (ktCO2e/an)"][name]) for name in bars}
    known = sorted((float(t) for t in rows["Objectif 2030 (ktCO2e/an)"][:-1] if isinstance(t, float)), reverse=True)
    fills = {chart.name(item): item.fill for item in chart.of("rect")}
    out = [f"{name}: {fill}" for name, fill in fills.items() if (fill == theme.HIGHLIGHT) != (rows.Dossiers[name] > 0)]
    if sorted(bars.values(), reverse=True) != pytest.approx(known[: len(bars)]):
        out.append("not the largest targets")
    return [*same(bars, wanted), *written(chart, {n: french.number(t, 0) for n, t in wanted.items()}), *out]


def _epci(v, chart, spec):
    """Tiles in the order of the table: the shade and the number of each."""
    rows = table(v, "epci")
    counts = rows["Dossiers situés"].to_list()
    tiles = sorted(chart.of("rect"), key=lambda item: (item.y, item.x))
    out = [] if len(tiles) == len(rows) else [f"{len(tiles)} tiles, {len(rows)} rows"]
    for tile, count, said in zip(tiles, counts, rows.Projet, strict=False):
        number = f"{NONE} 0" if said.startswith(NONE) else french.number(count, 0)
        words = chart.words(tile)
        if tile.fill != theme.shade(count / max(counts))[0] or words[:1] != [number]:
            out.append(f"{words}: {tile.fill}, {count} in the table")
        if (tile.width, tile.height) != pytest.approx((110, 58)):
            out.append(f"{words}: {tile.width} by {tile.height}")
    return out


def _map(v, chart, spec):
    """The shade of each outline, and what is written in it."""
    rows = table(v, "bilan")
    counts = {name: int(rows[name].iloc[-1]) for name in rows.columns[1:]}
    shapes = [one for one in drawn.rows(spec, spec["layer"][0]) if one["geometry"]["coordinates"]]
    names = {_first(map._rings(code)): code for code in v.located.code}
    others = dict(zip(v.located.code, v.located.projects, strict=True))  # the table of a département has no other
    most, out = max(v.located.projects), []
    for shape in shapes:
        code = names[_first([ring for ring, *_ in shape["geometry"]["coordinates"]])]
        name = map.territories.name(code)
        count = counts.get(name, counts.get(f"{HERE} {name}", others[code]))
        if shape["properties"]["fill"] != theme.shade(count / most)[0]:
            out.append(f"{name}: {shape['properties']['fill']}, {count} in the table")
        if (shape["properties"]["edge"] > 1) != (code == v.territory):
            out.append(f"{name}: edge {shape['properties']['edge']}")
    texts = [item.text for item in chart.of("text")]
    shown = [french.number(counts[name], 0) for name in counts if name in texts]
    return [*out, *({f"{one} is not written" for one in shown if one not in texts})]


def _first(rings):
    return tuple(tuple(point) for ring in rings for point in ring[:3])


VIVIERS = {
    "categories": _categories,
    "thematiques": _thematiques,
    "departements": _map,
    "levers": _counts(
        "leviers",
        "Levier",
        only=lambda rows: rows[rows.Liste.eq("Les plus investis") & rows["Rang dans la liste"].ne("—")],
    ),
    "coverage": _coverage,
    "epci": _epci,
    "inclusion": _criteria,
    "targets": _targets,
}

# ------------------------------------------------------------------ the checks

CHECKS = {"territory": (TERRITORY, TERRITORIES), "projects": (PROJECTS, VIVIERS)}
CASES = [
    pytest.param(folder, name, code, id=f"{name}-{code}")
    for folder, (document, _) in CHECKS.items()
    for name, part in document.parts(CHART).items()
    for code in CODES[folder]
    if not (part.reference and code == SCENARIO)
]


@cache
def specification(folder, name, code):
    """The specification of a chart; None where a sentence stands in its place."""
    document, _ = CHECKS[folder]
    one = about(folder, code)
    made = document.make(document.parts(CHART)[name], one)
    return None if made is None or isinstance(made, Note) else drawn.specification(made)


def faults(folder, name, code, spec):
    """Where what a specification draws differs from the table."""
    try:
        return CHECKS[folder][1][name](about(folder, code), drawn.read(spec), spec)
    except (AssertionError, KeyError, ValueError, IndexError, StopIteration, ZeroDivisionError) as error:
        return [repr(error)]


def test_each_chart_of_each_document_has_its_check():
    for document, checks in CHECKS.values():
        assert checks.keys() == document.parts(CHART).keys()
    drawings = {name for folder, name, code in (case.values for case in CASES) if specification(folder, name, code)}
    assert drawings == set(TERRITORIES) | set(VIVIERS)


@pytest.mark.parametrize(("folder", "name", "code"), CASES)
def test_a_chart_draws_the_figures_of_its_table(folder, name, code):
    spec = specification(folder, name, code)
    if spec is not None:
        assert faults(folder, name, code, spec) == []


@pytest.mark.parametrize(
    ("folder", "name"), [(folder, name) for folder, (_, checks) in CHECKS.items() for name in checks]
)
def test_each_falsified_bar_tile_and_mark_is_seen(folder, name):
    """The test before says that nothing is seen in the same chart as it is. A tile of the Marimekko keeps its colour:
    its shade tells neighbours apart, and is no figure."""
    code = FALSIFIED.get(name, "dep-59")
    assert (folder, name, code) in [case.values for case in CASES]
    spec = specification(folder, name, code)
    channels = tuple(one for one in drawn.GEOMETRY if one != "fill" or name != "panorama")
    falsified = list(drawn.falsified(spec, 10_000 if LONG else 2, channels))
    assert falsified
    assert [what for what, other in falsified if not faults(folder, name, code, other)] == []


def test_no_symbol_has_a_path_of_its_own_which_vega_would_keep_as_long_as_it_lives():
    specs = filter(None, (specification(*case.values) for case in CASES))
    assert {layer["mark"]["type"] for spec in specs for layer in spec["layer"] if "shape" in layer["encoding"]} == set()
