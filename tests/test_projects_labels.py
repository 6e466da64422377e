"""Labels, places and cells of project files: what is read, what is reported, and what is never guessed."""

import math
import re
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import files
from copkit.errors import ParameterError
from copkit.intake import cells, fields, gazetteer, labels, places, plausible, spreadsheets
from copkit.models import nomenclatures
from copkit.projects.fields import PROJECTS
from copkit.reference import tables

# ------------------------------------------------------------------ cells


KINDS = {"montant": "money", "quantite": "quantity", "mois": "months"}


@pytest.mark.cases("lecture_cellules", "nombres")
def test_number_is_read_as_it_is_typed_in_france_or_is_reported(case, says):
    kind = KINDS[case.get("sorte", "montant")]
    check_cell(case, lambda text: cells.number(text, kind, case.get("decimales", "")), says)


@pytest.mark.cases("lecture_cellules", "dates")
def test_date_is_read_in_its_usual_writings(case, says):
    check_cell(case, cells.day, says)


@pytest.mark.cases("lecture_cellules", "colonnes_de_dates")
def test_column_of_dates_that_has_the_month_first_is_never_guessed(case, says):
    texts = pd.Series(case["textes"], dtype="str")
    values, wrong = cells.read("start", "date", texts, day_first=not cells.month_first(texts))
    assert list(values) == case["valeurs"]
    assert [n for n, message in enumerate(wrong) if message] == list(case.get("problemes", {}))
    for n, expected in case.get("problemes", {}).items():
        says(wrong[n], expected)


@pytest.mark.cases("lecture_cellules", "oui_non")
def test_yes_or_no_is_read_in_its_usual_writings(case, says):
    check_cell(
        {**case, "valeur": {True: "oui", False: "non"}.get(case.get("valeur"), case.get("valeur"))},
        cells.yes_no,
        says,
    )


@pytest.mark.cases("lecture_cellules", "siren")
def test_siren_is_the_nine_first_digits(case, says):
    check_cell(case, cells.siren, says)


@pytest.mark.cases("lecture_cellules", "annees")
def test_year_is_read_alone_or_in_a_date(case, says):
    check_cell(case, lambda text: cells.number(text, "year"), says)


def check_cell(case, convert, says):
    value, message = convert(case["texte"])
    if "probleme" in case:
        says(message, case["probleme"])
        assert value == "" or math.isnan(value)
    else:
        assert message == ""
        assert value == case["valeur"]


def test_empty_cell_is_missing_and_no_problem():
    for convert in (cells.day, cells.yes_no, cells.siren):
        assert convert("") == ("", "")
    for kind in fields.NUMBERS:
        value, message = cells.number("", kind)
        assert math.isnan(value) and message == ""


def written(whole, decimals, space=" ", comma=","):
    """Every form that the grammar has of one number."""
    groups = f"{whole:,}"
    plain = f"{whole}{comma}{decimals}" if decimals else str(whole)
    grouped = groups.replace(",", space) + (comma + decimals if decimals else "")
    forms = [plain, grouped]
    if decimals and whole >= 1000:
        forms += [f"{groups}.{decimals}", groups.replace(",", ".") + f",{decimals}"]
    return forms


@given(
    st.integers(0, 9_999_999_999),
    st.text("0123456789", max_size=12),
    st.sampled_from(" \u00a0\u2009\u202f'’"),
    st.sampled_from(",."),
    st.sampled_from(["quantity", "money"]),
)
def test_number_in_any_form_of_the_grammar_reads_back_exactly(whole, decimals, space, comma, kind):
    exact = float(f"{whole}.{decimals or 0}")
    for text in written(whole, decimals, space, comma):
        behind = ["", " €", "€ HT"] if kind == "money" else [""]
        for end in behind:
            value, message = cells.number(text + end, kind)
            if message:  # two ways to read it, or a SIREN: said, and left empty
                assert math.isnan(value) and ("ambigu" in message or "SIREN" in message)
                doubt = len(decimals) == 3 or decimals.endswith("0") or f"{whole},{decimals}" == f"{whole:,}"
                assert doubt or len(str(whole)) == 9 or (1900 <= whole <= 2099 and len(decimals) == 4)
            else:
                assert value == exact


@given(st.floats(0, 1e9).map(lambda v: round(v, 2)), st.sampled_from([("k€", 3), ("M€", 6), (" milliers d'euros", 3)]))
def test_thousands_and_millions_of_euros_are_exact(value, scale):
    power = scale[1]
    text = f"{value / 10**power:.8f}".replace(".", ",")
    read, message = cells.number(text + scale[0], "money")
    assert message == "" or "ambigu" in message
    if not message:
        assert read == float(f"{text.replace(',', '.')}e{power}")


@given(st.floats(-1e12, 1e12))
def test_number_of_a_workbook_reads_back_exactly(value):
    text = spreadsheets._text(value)
    assert cells.number(text, "quantity", decimal=".") == (value, "")


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31)))
def test_date_is_the_same_in_french_and_in_iso_writing(day):
    spoken = f"{day.day} {cells._MONTHS[day.month - 1]} {day.year}"
    for text in (
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%d-%m-%Y} 08:00",
        spoken,
    ):
        assert cells.day(text) == (day.isoformat(), "")


NUMBERS = st.text("0123456789 ,.\u00a0'+-−€kKmMd%eEH/", max_size=18)


@given(st.one_of(st.text(max_size=40), NUMBERS), st.sampled_from(fields.NUMBERS), st.sampled_from(["", ",", "."]))
def test_any_text_is_a_number_or_is_reported_and_left_empty(text, kind, decimal):
    value, message = cells.number(text, kind, decimal)
    assert math.isnan(value) if message or not text else math.isfinite(value)
    if not message and text and kind != "year":  # the digits that were typed, and no other
        shown = f"{value:.12g}".replace(".", "").replace("-", "").strip("0").split("e")[0]
        typed = re.sub(r"[^0-9eE]", "", text).lower().split("e")[0].strip("0")
        assert typed.startswith(shown.rstrip("0")[:9]) or shown.startswith(typed[:9])


@given(st.text(max_size=40))
def test_no_text_stops_a_conversion(text):
    for convert in (cells.day, cells.yes_no, cells.siren):
        value, message = convert(text)
        assert message == "" or value == ""


@pytest.mark.cases("bornes_endommagees", "bornes")
def test_damaged_bounds_say_where_and_what_to_write(damaged, says, case):
    damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        plausible.check(PROJECTS)
    says(refused.value, *case["message"])


def test_edited_bounds_hold_from_the_next_cell_on(damaged, says):
    says(cells.number("601", "months")[1], "601 est hors du plausible, de 0 à 600 mois")
    damaged.replace("parameters/plausible.yml", "  max: 600", "  max: 1200")
    files.reload()
    assert cells.number("601", "months") == (601, "")


# ------------------------------------------------------------------ labels


@pytest.mark.cases("lecture_libelles", "leviers")
def test_lever_of_a_label(case):
    found = labels.lever(case["texte"])
    ids = found.ids or ((fields.UNKNOWN_LEVER,) if case["texte"] else ("",))
    assert fields.SEPARATOR.join(ids) == case["levier"]
    assert [one for id_ in found.ids for one in labels.levers_of(id_)] == case["leviers"]
    assert list(found.unknown) == case.get("inconnu", [])
    if "proches" in case:
        assert case["proches"] in found.close and not set(found.close) & labels.lever_ids()
    assert case.get("loin") not in found.close


@pytest.mark.cases("lecture_libelles", "thematiques")
def test_thematiques_of_a_label(case):
    found = labels.thematique_of(case["texte"])
    assert list(found.ids) == case["ids"]
    assert list(found.unknown) == case.get("inconnu", [])


@pytest.mark.cases("lecture_libelles", "choix")
def test_choice_of_a_label(case):
    found = labels.choice(case["champ"], PROJECTS.fields[case["champ"]], case["texte"])
    assert found.ids == (() if case.get("inconnu") else (case["id"],))
    assert bool(found.unknown) == bool(case.get("inconnu"))


def test_every_label_of_the_crosswalk_of_projects_is_known():
    table = nomenclatures.crosswalk("projets")
    for row in table.itertuples():
        (id_,) = labels.lever(row.label).ids
        expected = {"egal": row.lever}.get(row.relation, "" if row.id == "non_renseigne" else row.id)
        assert id_ == expected
        if row.lever:
            assert row.lever in labels.levers_of(id_)


def test_every_label_of_the_43_levers_is_its_lever():
    cop = nomenclatures.levers("cop")
    for lever, label in zip(cop.lever, cop.label, strict=True):
        assert labels.lever(label).ids == labels.lever(label.upper()).ids == labels.lever(lever).ids
        if label != "Surface en aire protégée":
            assert labels.lever(label).ids == (lever,)


def test_label_of_two_nomenclatures_means_the_same_lever_or_says_so():
    """« Gestion des forêts » of the simulator is the sink only; in projects it is ambiguous, and stays so."""
    by_key = {}
    table = nomenclatures.crosswalk()
    table = table[(table.relation == "egal") & table.nomenclature.isin(["projets", "rationale", "simulateur"])]
    for row in table.itertuples():
        by_key.setdefault(labels.key(row.label), set()).add(row.lever)
    differ = {key for key, levers in by_key.items() if len(levers) > 1}
    assert differ == {"sobriete isolation batiment", "changement chaudiere fioul", "changement chaudiere gaz"}
    assert labels.lever("Gestion des forêts").ids == ("gestion_des_forets",)


@given(
    st.lists(
        st.sampled_from(["Vélo", "Covoiturage", "Biogaz", "Loi Egalim / Climat & Résilience"]), unique=True, min_size=1
    )
)
def test_multiple_choice_gives_each_of_its_labels(chosen):
    for mark in (", ", ";", "\n", " | "):
        found = labels.lever(mark.join(chosen))
        assert list(found.ids) == [labels.lever(label).ids[0] for label in chosen] and not found.unknown


def test_known_label_that_holds_a_comma_is_never_cut():
    known = {labels.key("Idée"): "", labels.key("Initié, en conception"): ""}
    assert labels.split("Initié, en conception, Idée", known) == ["Initié, en conception", "Idée"]
    assert labels.split("Idée,Initié, en conception", known) == ["Idée", "Initié, en conception"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("levier,Vélo,velo,", "ligne {n} : sorte de libellé inconnue « levier ». Vouliez-vous dire « lever » ?"),
        ("lever,Trottinette,trottinette,", "ligne {n} : identifiant inconnu « trottinette »."),
        ("lever,Mobilites actives,report_modal,", "« Mobilites actives » est déjà « velo ». Garder une ligne."),
    ],
)
def test_damaged_synonym_names_its_line(damaged, says, line, expected):
    damaged.append("parameters/synonyms.csv", line)
    number = len(damaged.read("parameters/synonyms.csv").splitlines())
    with pytest.raises(ParameterError) as refused:
        labels.check_synonyms(PROJECTS)
    says(refused.value, "parameters/synonyms.csv", expected.format(n=number))


# ------------------------------------------------------------------ places


@pytest.mark.cases("lecture_territoires", "lieux")
def test_place_of_a_row(case, says):
    place = places.locate(case["dit"])
    for name, value in case["lu"].items():
        assert getattr(place, name) == value, name
    problems = case.get("probleme", {})
    assert set(place.wrong) == set(problems)
    for role, expected in problems.items():
        says(place.wrong[role], expected)
    for role, names in case.get("proches", {}).items():
        assert list(place.unknown[role]) == names


def test_every_commune_is_found_by_its_code_and_by_its_name_and_departement():
    communes = tables.read("communes.parquet").sample(400, random_state=1)
    for row in communes.itertuples():
        assert gazetteer.commune(row.code[4:], "", "") == (row.code, "")
        found, wrong = gazetteer.commune("", row[2].upper(), row.departement)
        assert found == row.code or "plusieurs" in wrong


def test_every_epci_is_found_by_its_siren_and_by_its_name():
    for row in tables.read("epci.csv").itertuples():
        assert gazetteer.epci(row.code[5:], "", "")[0] == row.code
        found, wrong, _ = gazetteer.epci("", row[2], row.departements.split()[0])
        assert found == row.code or "plusieurs" in wrong


def test_every_departement_and_region_is_found_by_its_code_and_its_name():
    from copkit.reference import territories

    for level, find in (("departement", gazetteer.departement), ("region", gazetteer.region)):
        for row in territories.territories(level).itertuples():
            for said in (row.code[4:], row.code, row.name, row.name.upper(), f"{row.code[4:]} – {row.name}"):
                assert find(said)[0] == row.code, said
