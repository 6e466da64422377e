"""A scenario is shown as a scenario, beside its reference; what a document says of its data follows from the data."""

import json

import numpy as np
import openpyxl
import pytest
import xarray as xr

import copkit as ck
from copkit import french
from copkit.errors import LeverError
from copkit.models import interactions, panorama, plans, proposals, provenance
from copkit.models.gaps import gap_sentence
from copkit.models.levers import FOREST
from copkit.presentation.text import Note
from copkit.simulator.page import page

CARS, SHARING = "vehicules_electriques", "covoiturage"
SHOWN = {
    "synthese": "L'effort du scénario des Hauts-de-France dans les deux conventions",
    "panorama": "Panorama des leviers — Hauts-de-France, scénario, 2030 par rapport à 2019",
    "secteurs": "Effort par secteur, hors forêt — Hauts-de-France, scénario",
    "quantites": "Ce que chaque levier demande en quantités — Hauts-de-France, scénario",
    "interactions": "Leviers qui agissent sur la même quantité (hypothèse du kit) — Hauts-de-France, scénario",
}
WITHOUT_TARGET = ["leviers", "cles", "coherence", "parties", "sources"]
ON_REFERENCE = ["place", "dynamiques"]


@pytest.fixture(scope="module")
def p():
    return ck.panorama("reg-32")


@pytest.fixture(scope="module")
def s(p):
    """Fewer electric cars, more car sharing."""
    return ck.simulate(p, {CARS: 600, SHARING: 300}, done={SHARING: 20})


def cells(table, column, key):
    """A column of a table by the first text column."""
    data = table.data.set_index(key)
    return data[column]


# ------------------------------------------------------------------ figures


def test_totals_and_shares_are_what_is_proposed_and_the_reference_stays_beside(p, s):
    totals = ck.totals(s)
    assert totals.total["sans forêt"] == pytest.approx(float(s.proposed.drop_sel(lever=FOREST).sum()))
    assert totals.total["avec forêt"] == pytest.approx(float(s.proposed.sum()))
    assert totals.reference_total.to_list() == ck.totals(p).total.to_list()
    assert panorama.total(s, forest=False) == totals.total["sans forêt"]
    shares, before = ck.shares(s), ck.shares(p)
    transport = s.sector.values == "transport"
    assert shares.target["transport"] == pytest.approx(float(s.proposed.values[transport].sum()))
    assert shares.share.sum() == pytest.approx(100)
    assert shares.reference_share.to_dict() == before.share.to_dict()


def test_a_panorama_has_no_column_of_reference(p):
    assert list(ck.totals(p)) == ["total", "missing"] and list(ck.shares(p)) == ["target", "share"]
    assert proposals.asked(p) is p and proposals.reference(p) is p
    assert "reference_joint" not in interactions.interactions(p)


def test_what_a_scenario_asks_reads_as_a_panorama(p, s):
    own = proposals.asked(s)
    np.testing.assert_array_equal(own.target, s.proposed)
    np.testing.assert_array_equal(own.quantity, s.proposed_quantity)
    assert own.status.to_series().eq("hypothese").pipe(lambda moved: set(moved.index[moved])) == {CARS, SHARING}
    xr.testing.assert_identical(proposals.reference(s), p)


def test_overlaps_of_a_scenario_and_of_its_reference_are_both_said(says, p, s):
    found, before = interactions.interactions(s), interactions.interactions(p)
    assert found.reference_overlap.to_list() == before.overlap.to_list()
    assert found.overlap[0] < before.overlap[0]
    said = ck.report.interactions(s)
    says(said, f"la somme des leviers du scénario compte environ {french.rough(found.overlap.sum())} ktCO2e/an")
    says(said, f"({french.rough(before.overlap.sum())} dans la référence)")


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize("what", SHOWN)
def test_table_of_a_scenario_says_so_and_has_both_figures(p, s, what):
    found, before = ck.table(s, what), ck.table(p, what)
    assert found.caption == SHOWN[what] and "scénario" not in before.caption
    added = [column for column in found.data if column not in before.data]
    assert added and all("éférence" in column for column in added)


def test_tables_of_a_scenario_give_the_proposal_and_the_reference_of_each_lever(p, s):
    table = ck.table(s, "panorama")
    own, reference = (cells(table, c, "Levier") for c in ("Émissions évitées (ktCO2e/an)", "Référence (ktCO2e/an)"))
    assert (own["Véhicules électriques"], reference["Véhicules électriques"]) == (600, pytest.approx(940.7603))
    assert (own["Covoiturage"], reference["Covoiturage"]) == (300, pytest.approx(266.7958))
    assert cells(table, "Statut", "Levier")[["Covoiturage", "Gestion des haies"]].to_list() == ["hypothèse", "publié"]
    quantities = ck.table(s, "quantites")
    cars = quantities.data.set_index("Levier").loc["Véhicules électriques"]
    assert cars["En 2030"] == pytest.approx(float(s.proposed_quantity.sel(lever=CARS)))
    assert cars["En 2030, référence"] == pytest.approx(446.69959231)
    sector = ck.table(s, "secteurs").data.set_index("Secteur").loc["Transport"]
    assert sector["Référence (ktCO2e/an)"] - sector["Émissions évitées (ktCO2e/an)"] == pytest.approx(307.556, abs=1e-3)


@pytest.mark.parametrize("what", WITHOUT_TARGET)
def test_table_without_a_target_is_the_same_for_a_scenario(p, s, what):
    assert ck.table(s, what)._repr_html_() == ck.table(p, what)._repr_html_()


@pytest.mark.parametrize("what", ON_REFERENCE)
def test_table_read_on_references_refuses_a_scenario(s, says, what):
    with pytest.raises(LeverError) as refused:
        ck.table(s, what)
    says(refused.value, f"« {what} » se lit sur la référence, non sur un scénario : donner le panorama,")
    says(refused.value, 'ck.panorama("reg-32").')


@pytest.mark.parametrize("rank", [ck.place, panorama.grade_shares])
def test_figure_read_on_references_refuses_a_scenario(s, says, rank):
    with pytest.raises(LeverError) as refused:
        rank(s)
    says(refused.value, "se lit sur la référence, non sur un scénario")


def test_comparison_of_a_scenario_is_with_the_other_plan_or_else_with_its_reference(s, says):
    says(ck.report.comparison(s), "le SRADDET demande 2\u202f363 ktCO2e/an de moins", "que le scénario")
    assert list(ck.table(s, "comparaison").data)[1] == "Scénario (ktCO2e/an)"
    alone = ck.simulate(ck.panorama("dep-59"), {"haies": 0.1})
    says(ck.report.comparison(alone), "le scénario demande", "de moins", "que la proposition du SGPE")
    assert isinstance(ck.table(ck.panorama("dep-59"), "comparaison"), Note)


# ------------------------------------------------------------------ charts, sentences, workbook


@pytest.mark.parametrize("name", ["panorama", "sectors", "reductions"])
def test_chart_of_a_scenario_says_so_and_draws_what_is_proposed(p, s, name):
    found, before = getattr(ck.charts, name)(s), getattr(ck.charts, name)(p)
    said = " ".join([found.title.text, *found.title.subtitle])
    assert "scénario" in said and "référence" in said
    assert "scénario" not in " ".join([before.title.text, *before.title.subtitle])
    assert drawn(found) != drawn(before)


def drawn(chart):
    """The rows that a chart draws."""
    spec = chart.to_dict()
    return [layer.get("data") for layer in spec["layer"]], spec.get("datasets")


def test_tiles_of_a_scenario_have_its_surface_and_its_reference_in_words(s):
    spec = json.dumps(ck.charts.panorama(s).to_dict(), ensure_ascii=False)
    assert "600 (réf. 941)" in spec and "300 (réf. 267)" in spec
    assert "(réf. 113)" not in spec  # a lever at its reference


@pytest.mark.parametrize("name", ["place", "grades", "paces"])
def test_chart_read_on_references_refuses_a_scenario(s, says, name):
    with pytest.raises(LeverError) as refused:
        getattr(ck.charts, name)(s)
    says(refused.value, f"« {name} » se lit sur la référence, non sur un scénario : donner le panorama,")


def test_sentences_of_a_scenario_say_both(p, s, says):
    says(ck.report.heading(s), "Statut : scénario (hypothèse), à côté de sa référence, proposition indicative du SGPE")
    says(ck.report.ambition(s), "Ce que le scénario évite en 2030", "pour une référence de 21\u202f632 hors forêt.")
    says(ck.report.ambition(s), gap_sentence(s))
    says(ck.report.keys(s), "Les objectifs du scénario qui s'écartent de la référence sont des hypothèses.")
    says(ck.report.uncertainty(s), "que propose le scénario", "pour un objectif de référence de 21\u202f632")
    for name in ("heading", "ambition", "keys", "uncertainty", "interactions", "comparison"):
        assert "scénario" not in getattr(ck.report, name)(p)


def test_workbook_of_a_scenario_says_what_is_read_on_its_reference(s, tmp_path):
    ck.write_workbook(s, tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    captions = {sheet.title: str(sheet["A1"].value) for sheet in book}
    assert captions["Place"].endswith(", à la référence") and captions["Dynamiques"].endswith(", à la référence")
    assert captions["Panorama"] == french.typeset(SHOWN["panorama"])
    cover = {row[0].value: row[1].value for row in book["Lisez-moi"].iter_rows()}
    assert cover["Contenu"].startswith("Scénario") and cover["Statut"].startswith("scénario (hypothèse)")


# ------------------------------------------------------------------ what is said of the data


def held(code):
    return ck.table(ck.panorama(code), "parties").data.iloc[0, 2]


NO_OTHER = "panorama des leviers du SGPE ; SRADDET, PCAET et plans régionaux non chargés"


def test_plans_said_to_be_loaded_are_those_of_the_territory():
    assert held("reg-32") == (
        "panorama des leviers du SGPE et SRADDET par secteur ; PCAET et autres plans régionaux non chargés"
    )
    assert held("reg-53") == held("dep-59") == NO_OTHER


def test_plan_that_is_added_is_said_to_be_loaded(damaged):
    row = next(line for line in damaged.read("data/clean/plans.csv").splitlines() if line.startswith("sraddet,reg-32"))
    row = row.replace("sraddet,reg-32", "pcaet,reg-53").replace(",share,37.44,%,", ",target,100,ktCO2e/an,")
    damaged.append("data/clean/plans.csv", row)
    assert held("reg-53") == (
        "panorama des leviers du SGPE et PCAET par secteur ; SRADDET et autres plans régionaux non chargés"
    )
    assert held("dep-59") == NO_OTHER


def sources(code):
    table = ck.table(ck.panorama(code), "sources").data
    return dict(zip(table["Clé"], table["Jeu de données"], strict=True))


def test_roadmap_of_a_region_is_cited_for_what_comes_from_it():
    roadmap, title = "feuille_de_route_hauts_de_france_2025", "Feuille de route de la COP Hauts-de-France"
    assert sources("reg-32")[roadmap] == f"{title} (enjeux des 43 leviers et SRADDET)"
    assert sources("reg-53")[roadmap] == sources("dep-59")[roadmap] == f"{title} (enjeux des 43 leviers)"
    assert plans.sources("reg-53") == {} and plans.sources("reg-32") == {roadmap: ["SRADDET"]}
    own = ck.panorama("reg-04")
    own = own.sel(lever=[lever for lever in own.lever.values if lever.endswith("_om")])
    assert roadmap not in provenance.sources(own)  # no lever of the 43: its enjeux come from elsewhere


def test_coarse_coefficient_is_said_where_it_is():
    said = "Le coefficient des L/100 km est publié avec un seul chiffre significatif"
    assert said in ck.report.limits(ck.panorama("reg-32")) and said in ck.report.limits(ck.panorama("fr"))
    for code in ("reg-94", "dep-2A", "reg-04"):  # two digits in Corse, none overseas
        assert said not in ck.report.limits(ck.panorama(code)) and not panorama.coarse(ck.panorama(code))


def test_keys_are_said_in_the_simulator_where_they_are_used():
    assert "clés de répartition" in page("dep-59")["texts"]["departement"]
    for code in ("dep-971", "dep-976", "reg-32"):  # a département that is its région has its published values
        assert page(code)["texts"]["departement"] == ""
