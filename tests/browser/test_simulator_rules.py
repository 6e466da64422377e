"""The rules of a scenario in the page's JavaScript, run by a real Chromium, equal those of Python to the last bit."""

import json
import math
import random

import pytest

from copkit import french
from copkit.models.compensation import POLICIES, compensate
from copkit.models.panorama import LATEST
from copkit.models.scenario import settle
from copkit.simulator import bundle, gauge, links, official_links
from copkit.simulator.ground import ground
from copkit.simulator.page import page as page_of
from copkit.simulator.state import LARGEST, Entry, Filter, Kept, State, accepted, scenario_of
from copkit.simulator.view import _lever, overlaps

from ..conftest import LONG

# a région with another plan, one whose forest asks nothing, one overseas, Corse, two départements (one without a part)
CODES = ["reg-32", "reg-11", "reg-04", "reg-94", "dep-59", "dep-48"]
FORMATS = {
    "nombres": ("formatNumber", lambda row: french.number(row["valeur"], row["decimales"])),
    "quantites": ("formatQuantity", lambda row: french.quantity(row["valeur"])),
    "ecarts": ("formatSigned", lambda row: french.signed(row["valeur"], row["decimales"])),
    "tels_que_tapes": ("formatExact", lambda row: french.exact(row["valeur"])),
}


@pytest.fixture(scope="module")
def js(chromium):
    """Calls a function of the shared modules with plain arguments."""
    page = chromium.new_page()
    page.add_script_tag(content="\n".join((bundle.ASSETS / name).read_text(encoding="utf-8") for name in bundle.RULES))
    yield lambda calls: json.loads(page.evaluate(CALL, json.dumps(calls, allow_nan=False)))
    page.close()


# As text: Playwright takes ten times as long as the rules to hand over objects. JSON has no NaN; that of Python does.
CALL = """text => JSON.stringify(
    JSON.parse(text).map(([name, ...given]) => eval(name)(...given)),
    (_, value) => Number.isNaN(value) ? '\\0NaN' : value,
).replaceAll('"\\\\u0000NaN"', 'NaN')"""


def test_every_page_runs_the_same_rules():
    for name in bundle.RULES:
        text = (bundle.ASSETS / name).read_text(encoding="utf-8")
        assert text in bundle.script() and text in bundle.plain_script()


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize("kind", FORMATS)
def test_numbers_are_written_as_the_cases_say_on_both_sides(js, cases, kind):
    name, python = FORMATS[kind]
    rows = cases("nombres")[kind]
    expected = [row["ecrit"].replace(" ", french.NARROW) for row in rows]
    assert [python(row) for row in rows] == expected
    given = [[name, row["valeur"], *([row["decimales"]] if "decimales" in row else [])] for row in rows]
    assert js(given) == expected


def test_any_number_is_written_the_same_on_both_sides(js):
    """Ties of every size, decimals that are not what they seem, huge and tiny values, both signs."""
    chance = random.Random(0)
    values = [k / 8 for k in range(-90, 90)] + [k + tenth for k in range(40) for tenth in (0.05, 0.15, 0.35, 0.45)]
    values += [sign * chance.random() * 10.0**power for power in range(-9, 24) for sign in (1, -1)]
    values += [math.ldexp(2 * k + 1, -e) for k in range(12) for e in range(1, 9)] + [999.95, 9999.995, 0.0, 1e16, 2e16]
    calls, expected = [], []
    for value in values:
        for decimals in range(7):
            calls += [["formatNumber", value, decimals], ["formatSigned", value, decimals]]
            expected += [french.number(value, decimals), french.signed(value, decimals)]
        calls += [["formatQuantity", value], ["formatExact", value]]
        expected += [french.quantity(value), french.exact(value)]
        for figures, decimals in ((1, 1), (2, 1), (2, 3), (0, 1)):
            step = french.step(value, figures, decimals)
            calls += [["stepOf", value, figures, decimals], ["formatStep", value / 3, step, decimals]]
            expected += [step, french.to_step(value / 3, step, decimals)]
    assert js(calls) == expected


def test_what_is_typed_is_read_as_a_french_number(js):
    texts = ["1\u202f250,5", "−3", "12.5", "", "12,", ",5", "1e3", "beaucoup", "10000000", "10000001", "1,2,3"]
    found = js([["parseNumber", text] for text in texts])
    assert found[:6] == [1250.5, -3, 12.5, None, 12, 0.5]
    assert [value != value for value in found[6:]] == [True, True, False, True, True]


# ------------------------------------------------------------------ levers, totals, gauge


def values_of(limit):
    """What may be typed for a lever, in both units, on both sides of each bound."""
    target = limit.target if limit.target > 0 else 1.0
    most = limit.kt_max if math.isfinite(limit.kt_max) else 1e5
    kt = [0.0, 0.4 * target, target, math.nextafter(target, 0), 1.7 * target, most, math.nextafter(most, math.inf)]
    kt += [1.001 * most, -72.25, -1e-5, 0.1 * target]
    quantities = [limit.quantity_of(value) for value in kt] + [
        limit.start,
        limit.quantity_min,
        limit.quantity_max,
        -1.0,
    ]
    known = [value for value in quantities if abs(value) <= LARGEST] or [3.0]  # NaN too is left out
    return [("ktco2e", value) for value in kt] + [("quantity", value) for value in known] + [("ktco2e", None)]


def dones_of(limit):
    target = limit.target if limit.target > 0 else 0.0
    return [0.0, 0.3 * target, target, 0.0, target * 1.0001, limit.kt_max if math.isfinite(limit.kt_max) else 7.5, -1.0]


def states(code, limits):
    """States that give every lever its next value at once, then what is done with it; some justified."""
    plans = ["sgpe", *ground(code, LATEST).plans]
    for n in range(0, 28, 1 if LONG or code == CODES[0] else 5):  # elsewhere, each fifth value
        levers = {}
        for i, (lever, limit) in enumerate(limits.items()):
            values, dones = values_of(limit), dones_of(limit)
            unit, value = values[n % len(values)]
            why = {"why": "texte", "source": "étude"} if (n + i) % 5 == 0 else {"why": " ", "source": "étude"}
            levers[lever] = Entry(
                value=value, unit=unit, done=dones[(n // 2 + i) % len(dones)] if n % 3 else 0.0, **why
            )
        kept = dict(list(levers.items())[:: 1 + n % 3])
        yield State(territory=code, levers=kept, forest=n % 2 == 1, reference=plans[n % len(plans)])


def followed(here, state, before):
    """What ``follow`` gives, by Python."""
    settled = settle(here.limits, state.levers, before)
    kept = accepted(state, settled)
    return {
        "levers": {lever: _lever(one, kept.levers.get(lever)) for lever, one in settled.items()},
        "totals": gauge.totals(settled),
        "gauge": gauge.gauge(here, settled, state),
        "overlaps": overlaps(here, settled),
        "accepted": kept.model_dump()["levers"],
    }


@pytest.mark.parametrize("code", CODES)
def test_every_lever_total_and_gauge_is_the_same_on_both_sides(js, code):
    here, fixed, before = ground(code, LATEST), page_of(code), {}
    refused, statuses = set(), set()
    for state in states(code, here.limits):
        expected = followed(here, state, before)
        (found,) = js([["follow", fixed, state.model_dump(), {k: one.model_dump() for k, one in before.items()}]])
        assert figures(found) == figures(expected)
        before = {lever: Entry.model_construct(**one) for lever, one in expected["accepted"].items()}
        refused |= {word for one in expected["levers"].values() for word in reasons(one)}
        statuses.add(expected["gauge"]["status"])
    wanted = {"augmenteraient", "déjà fait (", "borne (", "traduction", "levier fermé"}
    if code == "reg-04":  # nothing is closed, translated nor bounded there
        wanted -= {"borne (", "levier fermé"}
    assert wanted <= refused and {"missing"} < statuses


def reasons(one):
    said = f"{one['error']} {one['done_error']}".lower()
    return [word for word in ("augmenteraient", "déjà fait (", "borne (", "traduction", "levier fermé") if word in said]


def test_a_page_opens_at_its_reference_on_both_sides(js):
    for code in CODES:
        here, state = ground(code, LATEST), State(territory=code)
        (found,) = js([["follow", page_of(code), state.model_dump(), {}]])
        assert figures(found) == figures(followed(here, state, {}))
        assert found["gauge"]["sentence"].startswith("Rien ne manque")


def figures(view):
    """The same, where sums of products may differ by their last digit: what is counted twice."""
    near = lambda value: value if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)  # noqa: E731
    view["gauge"] |= {name: near(view["gauge"][name]) for name in ("twice", "lack")}
    return view | {
        "overlaps": [one | {name: near(one[name]) for name in ("joint", "overlap")} for one in view["overlaps"]]
    }


@pytest.mark.parametrize("code", CODES)
def test_a_compensation_is_the_same_on_both_sides(js, code):
    """Each policy, net of overlaps: within the room, beyond it, with a bound reached, with nothing to make up for."""
    here, fixed = ground(code, LATEST), page_of(code)
    known = [lever for lever, one in here.limits.items() if not one.closed and one.target > 0]
    lacking, using = known[0], [lever for lever in known[1:] if lever != known[0]][::2]
    for share, policy, chosen in (
        (0.9, "effort_egal", using),
        (0.5, "prorata", using),
        (0.7, "moindre_cout", using[:4]),
        (0.0, "effort_egal", using[-2:]),
        (1.0, "prorata", using[:2]),
    ):
        value = here.limits[lacking].target * share
        state = State(territory=code, levers={lacking: Entry(value=value)})
        costs = {lever: float(n // 2) for n, lever in enumerate(chosen)} if policy == "moindre_cout" else {}
        there = compensate(scenario_of(state), chosen, policy, costs or None, net=True)
        asked = {"using": chosen, "policy": policy, "costs": costs}
        (found,) = js([["compensate", fixed, state.model_dump(), asked]])
        assert found["feasible"] == there.feasible
        assert found["sentence"] == french.typeset(there.sentence)
        assert found["doubtful"] == [french.typeset(one) for one in there.doubtful]
        assert [found[name] for name in ("gap", "twice", "missing")] == pytest.approx(
            [there.gap, there.twice, there.missing], rel=1e-7, abs=1e-6
        )
        for row, one in zip(found["asks"], there.asks.to_dict("records"), strict=True):
            assert row["lever"] == one["lever"] and row["binding"] == one["binding"]
            for name in ("kt_more", "kt_after", "share", "quantity_after"):
                expected = None if math.isnan(one[name]) else pytest.approx(one[name], rel=1e-7, abs=1e-6)
                assert row[name] == expected
    assert set(POLICIES) == {"effort_egal", "prorata", "moindre_cout"}


def test_a_page_opens_on_the_same_entries_on_both_sides(js):
    for code in CODES:
        (found,) = js([["openingOf", page_of(code)]])
        assert State.model_validate(found) == links.opening(code)


def test_a_link_is_the_same_text_and_reads_as_the_same_state_on_both_sides(js):
    levers = {
        "vehicules_electriques": Entry(
            value=300.1, unit="quantity", done=60.0, why="Été : 3 ~ 4, (oui) !", source="a&b"
        ),
        "covoiturage": Entry(done=50.5),
        "haies": Entry(value=0.0),
    }
    kept = [Kept(name="A ~ B", levers={"prairies": Entry(value=1e-5)})]
    state = State(levers=levers, name="Été", kept=kept, vision="secteurs", forest=True, step=3, focus="haies")
    state = state.having(reference="sraddet", filter=Filter(enjeu="climat"))
    fixed = page_of("reg-32")
    written, left = links.to_query(state)
    (found, read, official) = js(
        [["toLink", fixed, state.model_dump()], ["fromLink", fixed, written], ["toOfficial", fixed, state.model_dump()]]
    )
    assert found == {"link": written.replace("1e-05", "0.00001"), "left": left}
    back, notes = links.from_query(written)
    assert State.model_validate(read["state"]) == back and read["notes"] == notes == []
    assert official == official_links.official_link(state)
    (again,) = js([["fromLink", fixed, official]])
    there, notes = links.from_query(official)
    assert again["state"]["levers"] == there.model_dump()["levers"] and again["notes"] == notes


def test_what_a_link_gets_wrong_is_left_and_said(js):
    fixed = page_of("reg-32")
    link = "?territoire=reg-32&v=sgpe-1999&l=haies:k:50&l=haie:k:3&l=covoiturage:x:3&l=biogaz:k:3&l=prairies:k:-4"
    link += f"&etape=²&vue={'9' * 5000}"
    (found,) = js([["fromLink", fixed, link]])
    assert list(found["state"]["levers"]) == ["haies", "biogaz", "prairies"]
    assert found["state"]["levers"]["biogaz"]["value"] is None is found["state"]["levers"]["prairies"]["value"]
    said = " ".join(found["notes"]).replace("\u00a0", " ")
    for words in (
        "« haie »",
        "« covoiturage:x:3 »",
        "levier fermé",
        "augmenteraient",
        "« sgpe-1999 »",
        "« etape=² »",
        "« vue=99",
    ):
        assert words in said, words
    (other,) = js([["fromLink", fixed, "?territoire=reg-53&l=haies:k:50"]])
    assert "haies" not in other["state"]["levers"] and "reg-53" in other["notes"][0]


def test_the_shared_cases_are_refused_and_summed_in_the_same_words(js, cases):
    """The cases that hold Python, read by the page: refusals with their bound, sentences of what lacks."""
    refused = cases("simulateur")["refus"]
    calls = []
    for case in refused:
        entry = {"value": None, "unit": "ktco2e", "done": 0, "why": "", "source": ""}
        levers, before = {case["levier"]: entry | case["saisie"]}, {}
        if "avant" in case:
            before = {case["levier"]: entry | case["avant"]}
        state = State(territory=case["territoire"]).model_dump() | {"levers": levers}
        calls.append(["follow", page_of(case["territoire"]), state, before])
    for case, found in zip(refused, js(calls), strict=True):
        one = found["levers"][case["levier"]]
        said = plain(one["error"] + one["done_error"])
        assert all(plain(words) in said for words in case["message"]), case["nom"]
    lacks = cases("simulation")["manques"]
    states = [
        State(levers={lever: Entry(value=float(value)) for lever, value in case["objectifs"].items()}) for case in lacks
    ]
    found = js([["follow", page_of("reg-32"), state.model_dump(), {}] for state in states])
    for case, one in zip(lacks, found, strict=True):
        total = one["gauge"]["total"]
        wanted = [case[name] for name in ("manque", "surplus", "net")]
        assert [total[name] for name in ("deficit", "surplus", "net")] == pytest.approx(wanted, abs=1e-9), case["nom"]
        assert plain(one["gauge"]["sentence"]) == plain(case["phrase"]), case["nom"]


def plain(text):
    return french.plain(text.replace("\u00a0", " ").replace("\u202f", " ").replace("₂", "2").replace("’", "'"))
