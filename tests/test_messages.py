"""The page of a territory: both sides of each threshold, nothing said of what is unknown, six pages read over."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import french, paths
from copkit.errors import LeverError, ParameterError
from copkit.models import facts, messages, panorama
from copkit.models.facts import TEXT, Fact
from copkit.presentation import labels
from copkit.presentation.territory import ambition, page, summary
from copkit.reference import territories
from copkit.simulator import ground

RULES = {rule.id: rule for rule in messages.rules().rules}
CODES = ["fr", *territories.codes()]
SOME = ["fr", "reg-32", "reg-11", "reg-94", "reg-04", "reg-06", "dep-59", "dep-48", "dep-75", "dep-2A", "dep-974"]
LONGEST = {"title": 80, "text": 210, "detail": 70, "list": 270, "answers": 200}  # characters that an A4 sheet holds
WHOLE = 3400  # characters of a page
AVAILABLE = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def allowed(rule):
    """Figures with which a rule speaks: its conditions just met, and all that it names."""
    scope, known = facts.SCOPES[rule.about], {}
    for name in rule.named:
        known[name] = "x" if scope[name] == TEXT else 1
    for one in (one for one in rule.when if not one.unknown):
        if one.among:
            known[one.figure] = one.among[0]
        else:
            known[one.figure] = one.at_least if one.at_least is not None else one.below - 1
    return known


def says(rule, known):
    return rule.says({name: Fact(value, f"<{name}>") for name, value in known.items()})


# ------------------------------------------------------------------ the rules


@pytest.mark.cases("messages", "seuils")
def test_rule_speaks_on_one_side_of_its_threshold_only(case):
    rule = RULES[case["regle"]]
    assert says(rule, allowed(rule) | {case["chiffre"]: case["dit"]}) is not None
    assert says(rule, allowed(rule) | {case["chiffre"]: case["tu"]}) is None


def test_each_threshold_of_each_rule_has_a_case_on_both_sides(cases):
    rows = cases("messages")["seuils"]
    for rule in RULES.values():
        for one in rule.when:
            mine = [row for row in rows if (row["regle"], row["chiffre"]) == (rule.id, one.figure)]
            for end, silent in ((one.at_least, lambda v, end: v < end), (one.below, lambda v, end: v >= end)):
                if end is not None:
                    assert any(silent(row["tu"], end) and not silent(row["dit"], end) for row in mine), rule.id


@AVAILABLE
def test_rule_says_nothing_of_a_figure_that_is_unknown(rule):
    known = allowed(rule)
    assert says(rule, known) is not None
    for name in known:
        assert says(rule, {n: value for n, value in known.items() if n != name}) is None
    for one in (one for one in rule.when if one.unknown):
        assert says(rule, known | {one.figure: 1}) is None


@AVAILABLE
def test_number_shared_out_by_a_stand_in_key_is_neither_a_title_nor_a_quantity(rule):
    if rule.about == "levier" and rule.place in ("message", "levier") and not rule.id.startswith("levier_en_tonnes"):
        grades = next(one.among for one in rule.when if one.figure == "note")
        assert "C" not in grades or rule.named == ["evolution"]


@pytest.mark.cases("messages", "endommages")
def test_damaged_rules_say_where_and_what_to_write(tmp_path, case):
    source = paths.parameters("messages.yml").read_text(encoding="utf-8")
    assert case["remplacer"] in source
    damaged = tmp_path / "messages.yml"
    damaged.write_text(source.replace(case["remplacer"], case["par"], 1), encoding="utf-8")
    with pytest.raises(ParameterError) as refused:
        messages.rules(damaged)
    assert re.search(r"ligne \d+ : ", str(refused.value))
    for part in case["message"]:
        assert part in str(refused.value)


def test_all_the_problems_of_the_rules_are_said_at_once(tmp_path):
    source = paths.parameters("messages.yml").read_text(encoding="utf-8")
    damaged = tmp_path / "messages.yml"
    damaged.write_text(source.replace("{part_c} du total", "{a}").replace("id: sur_pays", "id: sur_cles"), "utf-8")
    with pytest.raises(ParameterError, match="2 problèmes"):
        messages.rules(damaged)


# ------------------------------------------------------------------ the figures


def test_effort_of_a_departement_has_no_digit_under_the_width_of_its_range():
    written = {code: facts.territory(panorama.shared(code))["effort"].written for code in SOME}
    assert [written[code] for code in ("dep-59", "dep-48", "dep-75", "dep-2A")] == [
        "10 Mt",
        "350 kt",
        "2,4 Mt",
        "600 kt",
    ]
    assert [written[code] for code in ("reg-32", "reg-06", "fr")] == ["21,6 Mt", "566 kt", "193 Mt"]


@pytest.mark.parametrize("code", [*SOME, "epci-247600588", "epci-200093201", "epci-200069722"])
def test_one_figure_has_the_same_digits_on_the_page_in_the_document_the_workbook_and_the_simulator(code):
    p = panorama.shared(code)
    known, effort, said = facts.territory(p), panorama.total(p, forest=False), str(ambition.ambition(p))
    here = ground.ground(code, p.attrs["version"])
    written = here.sum(effort, effort)
    assert f"{written} ktCO2e/an" in said and f"{written} ktCO2e/an" in summary.summary(p).title
    assert french.number(summary.summary(p).parts[0].table.data.Valeur[0], 0) == written
    number, unit = known["effort"].written.split(" ")
    decimals = len(number.partition(",")[2]) if unit == "Mt" else 0
    shown = float(re.sub(r"\s", "", written)) if panorama.allocated(p) else effort
    assert number == french.number(shown / (1000 if unit == "Mt" else 1), decimals)
    if "fourchette" in known:
        ends = re.search("entre ([\\d\u202f]+) et ([\\d\u202f]+)", said).groups()
        low, high = (
            [french.number(float(re.sub(r"\s", "", end)) / size, n) for end in ends]
            for size, n in ((1, 0), (1000, decimals))
        )
        assert known["fourchette"].written.startswith((f"{low[0]} ", f"{high[0]} "))
    write = labels.of_lever(p)
    for one in facts.by_lever(p):
        lever, kt = one["levier_id"].value, one["kt"].value
        if kt >= 10:  # below, the simulator keeps a decimal, so that a move is seen
            assert write(lever, kt) == here.kt(lever, kt, 0)


def test_figures_are_those_of_the_models():
    p = ck.panorama("reg-32")
    known = facts.territory(p)
    assert known["effort"].value == panorama.total(p, forest=False)
    assert known["part_nation"].value == pytest.approx(
        100
        * panorama.total(p, forest=False)
        / sum(panorama.total(panorama.shared(code), forest=False) for code in territories.codes("region"))
    )
    cars = next(one for one in facts.by_lever(p) if one["levier_id"].value == "vehicules_electriques")
    assert cars["quantite"].value == 1000 * float(p.quantity.sel(lever="vehicules_electriques"))
    assert "emissions" not in known  # no sourced total of a région is in the kit


SAID = dict.fromkeys(("epci_repondants", "epci_liste", "leviers_juges", "leviers_pertinents"), 43.0) | {
    **dict.fromkeys(("leviers_attendus", "leviers_investis"), 20.0),
    **{"taux_epci": 76.0, "part_attendus": 50.0, "origine_reponses": "réponses reçues"},
}
LONG = "Efficacité et carburants décarbonés des véhicules privés"


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, "reponses_en_attente"),
        ({"part_attendus": 49.0}, "reponses_investies"),
        ({"part_attendus": float("nan"), "leviers_pertinents": 0.0}, "reponses_peu_pertinentes"),
        ({"leviers_juges": 4.0}, "reponses_sur_peu_de_leviers"),
        ({"taux_epci": 49.0, "leviers_juges": 4.0}, "reponses_peu_nombreuses"),
    ],
)
def test_answers_are_one_of_the_three_messages_and_nothing_without_them(changed, rule):
    p = panorama.shared("reg-32")
    longest = dict.fromkeys(("attendu_premier", "investi_premier", "pertinent_premier"), LONG)
    told = messages.said(p, answers=facts.answered(SAID | changed, longest))
    (one,) = [one for one in told if one.rule.about == "reponses"]
    assert one.rule.id == rule and len(one.title) <= LONGEST["title"] and len(one.text) <= LONGEST["answers"]
    without = messages.said(p)
    assert without == messages.said(p, answers={}) and "reponses" not in {other.rule.about for other in without}
    first = [one.rule.id for one in without if one.rule.place == "message"][:2]
    assert [one.rule.id for one in told if one.rule.place == "message"] == [rule, *first]


def test_kilometres_that_disagree_with_their_tonnes_are_not_said():
    """In Île-de-France the source's kilometres, tonnes and fleet give 0.7 kg of CO2 per kilometre."""
    for code, spoken in (("reg-11", False), ("reg-53", True)):
        assert ("kilometres_velo" in [one.rule.id for one in messages.said(panorama.shared(code))]) is spoken


# ------------------------------------------------------------------ the pages


def sentences(one):
    return [part for part in (one.title, one.text, one.detail) if part]


def check(code):
    """What holds of any page: true to its figures, in French, short enough for its sheet."""
    told = messages.said(panorama.shared(code))
    for one in told:
        for name, template in one.rule.templates.items():
            text = getattr(one, name)
            most = LONGEST["list" if one.rule.place in ("bouge", "stagne") and text else name]
            assert len(text) <= most, (code, one.rule.id, len(text))
            assert not re.search(r"n\.d\.|\bnan\b|None|\binf\b|  | ,|\{|\}|\b(the|of|and|lever|late)\b", text), text
            left = text
            for written in sorted(one.cited.values(), key=len, reverse=True):
                left = left.replace(written, "")
            typed = re.findall(r"\d+", re.sub(r"\{\w+\}", "", template))
            assert [n for n in re.findall(r"\d+", left) if n not in typed] == [], (code, one.rule.id, text)
    made = page.page(panorama.shared(code))
    assert len(made.messages) == 3 and len(made.questions) == 3, code
    assert len(made.levers) == 5 or (5 < len(made.levers) <= 9 and not (made.moves and made.still)), code
    assert made.title and made.effort[0] and made.sure and made.source
    assert len(plain(made)) <= WHOLE, (code, len(plain(made)))


@pytest.mark.parametrize("code", SOME)
def test_page_is_true_to_its_figures_in_french_and_short(code):
    check(code)


@given(st.sampled_from(CODES))
def test_any_page_is_true_to_its_figures_in_french_and_short(code):
    check(code)


def plain(made):
    """A page as it is read over: one line each, plain spaces."""
    lines = [made.title, made.subtitle, "", " ".join(made.effort), *made.context, ""]
    lines += [f"{n}. {title} {text}" for n, (title, text) in enumerate(made.messages, start=1)] + [""]
    lines += [f"- {quantity} ({name} : {detail})" for name, quantity, detail in made.levers] + [""]
    lines += [f"↗ {line}" for line in made.moves] + [f"↘ {line}" for line in made.still] + [""]
    lines += [made.sure, "", *(f"? {question}" for question in made.questions), "", made.source]
    return re.sub("[\u202f\u00a0]", " ", "\n".join(lines)) + "\n"


@pytest.mark.cases("pages", "pages")
def test_page_is_the_one_that_was_read_over(case):
    assert plain(page.page(ck.panorama(case["nom"]))) == case["page"]


PAGES = [("reg-06", 9), ("reg-03", 8), ("reg-02", 8), ("reg-01", 5), ("reg-32", 5)]


@pytest.mark.parametrize(("code", "levers"), PAGES)
def test_levers_take_the_room_of_what_moves_where_nothing_is_said_of_it(code, levers):
    made = page.page(panorama.shared(code))
    assert len(made.levers) == levers and (levers == 5) == bool(made.moves and made.still)
    assert not [detail for *_, detail in made.levers if "0,0" in detail]


def test_page_is_that_of_a_reference():
    scenario = ck.simulate(ck.panorama("reg-32"), {"covoiturage": 100})
    with pytest.raises(LeverError, match="se lit sur la référence"):
        ck.report.page(scenario)
    with pytest.raises(LeverError, match="La page d'un territoire se lit sur la référence"):
        messages.said(scenario)


def test_table_of_the_rules_gives_each_its_threshold_its_value_and_its_sentence():
    found = ck.table("dep-2A", "messages").data.set_index("Règle")
    assert set(found.index) == set(RULES)
    row = found.loc["ordre_de_grandeur"]
    assert (row["Condition"], row["Valeur ici"], row["Dite"]) == (f"part_c ≥ 50{french.NARROW}%", "63\u202f%", "oui")
    assert row["Phrase"].startswith("Un ordre de grandeur, pas une cible.")
    row = found.loc["trois_leviers"]
    assert (row["Dite"], row["Phrase"], row["Pourquoi non"]) == ("non", "—", "condition : etabli : oui")
    assert "effort_reparti" in found.index and found.loc["effort_reparti_sans_foret", "Pourquoi non"]
