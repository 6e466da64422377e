"""Personal data: what is found in a free text and what is left, the register, and what a public version shows of it."""

import importlib.util
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import doctor
from copkit.adaptation.priorities import PRIORITIES
from copkit.errors import ParameterError
from copkit.intake import columns, personal
from copkit.projects import fields as projects
from copkit.projects.selection import FIELDS as SORTED
from copkit.roadmap.actions import ACTIONS
from copkit.roadmap.carried import CARRIED
from copkit.roadmap.contracts import CONTRACTS
from copkit.roadmap.jobs import JOBS
from copkit.roadmap.themes import KEPT
from copkit.strengths import STRENGTHS
from copkit.survey.fields import ANSWERS

MAKER = Path(__file__).parents[1] / "docs" / "make_personal.py"
KINDS = (projects.PROJECTS, ANSWERS, STRENGTHS, ACTIONS, PRIORITIES, JOBS, KEPT, CARRIED, CONTRACTS)
CASES = yaml.load(
    (Path(__file__).parent / "cases" / "donnees_personnelles.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)

# ------------------------------------------------------------------ a free text


@pytest.mark.cases("donnees_personnelles", "masques")
def test_what_names_or_reaches_a_person_is_hidden_and_the_rest_kept(case):
    assert personal.mask(case["texte"]) == case["attendu"]
    assert personal.mask(case["attendu"]) == case["attendu"]


@pytest.mark.cases("donnees_personnelles", "gardes")
def test_what_only_looks_like_it_is_kept(case):
    assert personal.mask(case["texte"]) == case["texte"]


@pytest.mark.cases("donnees_personnelles", "identifiants")
def test_only_addresses_are_taken_out_of_a_number(case):
    made, count = personal.taken(pd.Series([case["texte"], "autre"], dtype="str"), "projets", "project_id")
    assert made.to_list() == [case["attendu"], "autre"] and count == (case["texte"] != case["attendu"])


@pytest.mark.parametrize("rows", [1, columns.SHORT + 1])  # each of a column's two engines
def test_a_column_is_searched_as_its_cells_are(rows):
    texts = [case["texte"] for case in (*CASES["masques"], *CASES["gardes"])]
    texts += ["nom\u00a0at\u00a0exemple.fr"]
    column = pd.Series([*texts, *["haies"] * max(rows - len(texts), 0)], dtype="str")
    made, count = personal.masked(column)
    assert made.to_list()[: len(texts)] == [*map(personal.mask, texts)] and count == len(CASES["masques"]) + 1
    assert set(made[len(texts) :]) <= {"haies"}


WORDS = st.sampled_from(["", "voir ", "projet de haies, ", "12 000 € ; ", "(", "Lille : ", "le 01/02/2024, "])
BEHIND = st.sampled_from(["", ".", " avant midi", ", Lille", ")", " ; 12 000 €", "\nsuite"])
NAME = st.from_regex(r"[a-zé]{1,8}([.+-][a-z]{1,8})?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-zé]{1,8}([.-][a-z]{1,8})?", fullmatch=True)
AT = st.sampled_from(["@", "＠", " @ ", "\u200b@", " (at) ", "[arobase]", "{at}", " at ", " AROBASE "])
DIGITS = st.from_regex(r"[1-9][0-9]{8}", fullmatch=True)
GAPS = st.sampled_from(["", " ", "  ", ".", "-", " - ", "\u00a0", "\u202f", "–", "/", ". "])


@given(WORDS, NAME, AT, DOMAIN, st.sampled_from(["fr", "com", "asso.fr"]), BEHIND)
def test_an_address_never_survives(before, name, at, domain, end, behind):
    made = personal.mask(f"{before}{name}{at}{domain}.{end}{behind}")
    assert made == f"{before}{personal.MASK}{behind}"


@given(WORDS, st.sampled_from(["0", "+33", "0033", "+33 (0)", "(+33) ", "33 "]), DIGITS, GAPS, BEHIND)
def test_a_telephone_number_never_survives(before, start, digits, gap, behind):
    written = start + gap.join([digits[0], *re.findall("..", digits[1:])]) if start != "0" else gap.join(
        re.findall("..", "0" + digits)
    )  # fmt: skip
    made = personal.mask(f"{before}{written}{behind}")
    assert digits not in re.sub("[^0-9]", "", made.replace("01/02/2024", "").replace("12 000", ""))
    assert made.startswith(before.rstrip("(")) and made.endswith(behind)


@given(
    st.integers(1, 10**12),
    st.sampled_from([" ", "\u00a0", "\u202f", "."]),
    st.sampled_from([" €", " M€", " EUR", " euros", " %"]),
    st.sampled_from(["", "+", "coût : ", "de 2024 : "]),
)
def test_an_amount_is_never_taken_for_a_telephone_number(amount, mark, unit, before):
    text = f"{before}{amount:,}{unit}".replace(",", mark)
    assert personal.mask(text) == text


DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@given(DAYS, DAYS, st.sampled_from(["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%y"]))
def test_a_date_is_never_taken_for_a_telephone_number(one, other, form):
    for text in (f"du {one:{form}} au {other:{form}}", f"{one:{form}} - {other:{form}}", f"{one:{form}} 08:30"):
        assert personal.mask(text) == text


@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True), st.from_regex(r"[0-9]{5}", fullmatch=True))
def test_a_siren_or_a_siret_is_never_taken_for_a_telephone_number(siren, nic):
    spaced = " ".join(re.findall("...", siren))
    for text in (siren, siren + nic, f"SIREN {spaced}", f"SIRET {spaced} {nic}"):
        assert personal.mask(text) == text


def test_no_name_of_a_territory_is_taken_for_that_of_a_person():
    named = [*ck.territories("epci").name, *ck.territories("departement").name, *ck.territories("region").name]
    for name in named:
        assert personal.mask(f"contact : {name}") == f"contact : {name}", name


@pytest.mark.parametrize(
    "text",
    ["a" * 60_000 + "@", "a@" * 30_000, "a.b-" * 15_000 + "@", "a at " * 12_000, "x at " + "a." * 30_000,
     "01 " * 20_000, "06 1" * 15_000, "+1" * 30_000, "M. " * 20_000, "contact : " + "Aa " * 20_000,
     "MM. " + "Aa, " * 15_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_long_text_is_searched_in_one_pass(text):
    assert personal.mask(text)  # what goes back on its steps does not end


# ------------------------------------------------------------------ the register


def test_the_register_says_something_of_every_field_where_anything_may_be_written():
    for kind in KINDS:
        known = SORTED if kind is projects.PROJECTS else kind.fields
        silent = [
            name for name, one in known.items()
            if one.kind in personal.TEXTS and personal.rule(kind.name, name, one) is personal.UNWRITTEN
        ]  # fmt: skip
        assert silent == [], kind.name


def test_a_field_that_the_register_lacks_is_masked_and_not_shown():
    found = personal.rule("projets", "surnom", projects.Field("Surnom"))
    assert (found.lecture, found.public) == ("masque", "vide")
    assert personal.rule("projets", "cout", projects.Field("Coût", "money")).public == "montre"


def test_the_public_version_follows_the_register():
    table = pd.DataFrame({
        "project_id": ["1"], "title": ["Haies, voir M. Plante"], "holder": ["Plante"], "holder_siren": ["200093201"],
        "description": ["texte"], "cost": [12.0], "surnom": ["Zoé"],
    })  # fmt: skip
    shown = personal.published(table, "projets", SORTED)
    assert shown.to_dict("records") == [{
        "project_id": "1", "title": "Haies, voir M. [retiré]", "holder": "Métropole Européenne de Lille",
        "holder_siren": "200093201", "description": "", "cost": 12.0,
    }]  # fmt: skip


def test_the_page_shows_the_register_of_today():
    spec = importlib.util.spec_from_file_location("make_personal", MAKER)
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    text = maker.PAGE.read_text(encoding="utf-8")
    assert maker.page(text) == text, "make personal"


@pytest.mark.cases("donnees_personnelles", "registre")
def test_damaged_register_says_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        doctor.parameters()
    says(refused.value, *case["message"])
