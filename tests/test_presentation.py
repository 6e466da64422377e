"""Charts, tables and sentences: a finding in each title, the unit and the source under it, no stray English."""

import altair as alt
import openpyxl
import pandas as pd
import pytest
from altair.utils import schemapi

import copkit as ck
from copkit import french
from copkit.errors import LeverError
from copkit.models import panorama as model
from copkit.presentation import labels, marimekko, theme
from copkit.presentation.document import CHART, TABLE
from copkit.presentation.territory.ambition import tiles
from copkit.presentation.territory.document import DOCUMENT
from copkit.presentation.text import Note, lower

TERRITORIES = ["fr", "reg-32", "reg-11", "reg-94", "dep-59", "dep-75", "dep-974"]
CHARTS = list(DOCUMENT.parts(CHART))
TABLES = [part.name for part in DOCUMENT.held(ck.panorama("reg-32")) if part.kind == TABLE]
charts = ck.charts


@pytest.fixture(params=TERRITORIES)
def p(request):
    return ck.panorama(request.param)


def test_one_value_that_may_be_incomplete_says_so(says):
    said = str(ck.report.dynamics(ck.panorama("dep-48")))
    says(said, "gestion des haies (16,6 ha en 2018, valeur peut-être incomplète)")


def test_a_phone_reads_beside_each_bar_what_a_mark_says_on_the_drawing():
    name, written, _ = charts.sectors(ck.panorama("reg-32")).to_dict()["usermeta"]["phone"][0]
    assert (name, written) == ("Industrie (France\u00a0: 23\u202f%)", "35\u202f%")


@pytest.mark.parametrize("name", CHARTS)
def test_chart_says_a_finding_a_unit_a_version_and_a_source(p, name):
    chart = getattr(charts, name)(p)
    if isinstance(chart, Note):
        assert len(chart.text) > 40
        return
    title, subtitle = chart.title.text, " ".join(chart.title.subtitle)
    assert any(c.isdigit() for c in title) and len(title) < 100
    assert "%" in subtitle or "ktCO2e" in subtitle or "rapport" in subtitle
    assert p.attrs["version"] in subtitle
    assert "source" in subtitle
    assert "2030 par rapport à 2019" in subtitle
    assert chart.description.endswith(".")


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_shown_with_a_valid_specification(p, name, monkeypatch):
    monkeypatch.setenv("COPKIT_CHARTS", "spec")
    chart = getattr(charts, name)(p)
    if not isinstance(chart, Note):
        assert chart._repr_mimebundle_()[theme.MIME] == chart.to_dict(validate=True)


def test_chart_without_data_says_why():
    assert "ktCO2e seulement" in charts.reductions(ck.panorama("reg-02")).text
    assert "aucune clé" in charts.grades(ck.panorama("reg-32")).text
    assert "18 régions" in charts.place(ck.panorama("fr")).text
    assert Note("L'essai")._repr_markdown_() == "*L’essai*"


def test_chart_of_a_departement_says_that_its_figures_are_derived():
    assert any("dérivé" in line for line in charts.panorama(ck.panorama("dep-59")).title.subtitle)
    assert not any("dérivé" in line for line in charts.panorama(ck.panorama("reg-32")).title.subtitle)


def test_titles_give_the_figures_of_the_model():
    p = ck.panorama("reg-32")
    assert charts.sectors(
        p
    ).title.text == f"Industrie : 35{french.NARROW}% de l’effort, contre 23{french.NARROW}% en France".replace(
        " :", "\u00a0:"
    )
    assert charts.place(p).title.text.startswith("2e effort sur 18 régions")


def test_marimekko_surfaces_are_the_avoided_emissions(p):
    drawn = tiles(p)
    rects = pd.DataFrame(marimekko.layout(drawn)["rects"]).iloc[: len(drawn)]
    surface = (rects.x2 - rects.x) * (rects.y2 - rects.y)
    share = surface.to_numpy() / surface.sum()
    whole = sum(tile.target_ktco2e for tile in drawn)
    wanted = sorted((tile.target_ktco2e / whole for tile in drawn), reverse=True)
    # gaps between sectors take a little of each column
    assert sorted(share, reverse=True) == pytest.approx(wanted, abs=0.02)
    assert (rects.x2 <= marimekko.WIDTH + 1e-6).all() and (rects.y2 <= marimekko.HEIGHT + 1e-6).all()


def test_marimekko_words_stay_inside_their_column(p):
    layout = marimekko.layout(tiles(p))
    texts, rects = pd.DataFrame(layout["texts"]), pd.DataFrame(layout["rects"])
    for word in texts[texts.y >= 0].itertuples():
        rect = rects[(rects.x <= word.x) & (rects.x2 > word.x) & (rects.y2 > 0)]
        assert word.x + marimekko.text_width(word.text, word.weight) <= rect.x2.max(), word.text


def test_marimekko_names_every_column_somewhere(p):
    chart = charts.panorama(p)
    said = " ".join(chart.title.subtitle) + " ".join(t["text"] for t in marimekko.layout(tiles(p))["texts"])
    for chantier in model.shares(p, by="chantier").index:
        first = labels.thematiques()[chantier].split(" ")[-1]
        assert first in said


def test_every_lever_is_in_the_table_that_explains_the_small_tiles(p):
    table = ck.table(p, "panorama")
    assert table.data["N°"].to_list() == list(range(1, p.sizes["lever"] + 1))
    assert set(table.data["Levier"]) == set(p.label.values)


def test_forest_is_not_shown_in_words_and_both_totals_are_printed():
    p = ck.panorama("reg-32")
    html = ck.table(p, "panorama")._repr_html_()
    assert ">non affiché</td>" in html
    assert "1\u202f132,6" not in html
    both = ck.table(p, "synthese")._repr_html_()
    assert "22\u202f764" in both and "21\u202f632" in both
    assert "22\u202f764 avec le levier forêt" in ck.report.ambition(p) and "hors forêt" in ck.report.ambition(p)
    assert ck.report.limits(p).count("se lit par différence") == 1
    assert "forêt" not in ck.report.limits(ck.panorama("reg-04"))  # no objective of the forest there


@pytest.mark.parametrize("what", TABLES)
def test_table_has_a_caption_headings_and_no_trace_of_english_or_python(p, what):
    table = ck.table(p, what)
    if isinstance(table, Note):
        assert what in ("cles", "interactions", "comparaison", "coherence", "quantites") and len(table.text) > 30
        return
    html = table._repr_html_()
    assert table.caption and html.count('<th scope="row"') == len(table.data)
    for stray in ("nan", "None", "True", "False", "NaN", "_ktco2e", "inf<"):
        assert f">{stray}<" not in html
    assert "CO2" not in "".join(html.split("aria-label")[0:1])


def test_unknown_table_is_refused_with_the_known_ones():
    with pytest.raises(
        LeverError, match=r"Table inconnue : « panoramas »\. Vouliez-vous dire « panorama » \?"
    ) as error:
        ck.table(ck.panorama("fr"), "panoramas")
    assert "sources" in str(error.value)


def test_quantities_are_flagged_when_their_coefficient_is_coarse_or_absent():
    table = ck.table(ck.panorama("reg-32"), "quantites").data.set_index("Levier")
    assert "un seul chiffre" in table.Remarque["Efficacité et carburants décarbonés des véhicules privés"]
    assert "pas de coefficient" in table.Remarque["Bâtiments & machines agricoles"]
    assert "non régionalisé" in table.Remarque["Gestion des puits forestiers"]
    written = ck.table(ck.panorama("reg-32"), "quantites").written().set_index("Levier")
    assert written.Évolution["Changement de chaudière à fioul (résidentiel)"] == f"−76{french.NARROW}%"


def test_group_and_part_of_the_43_show_the_rationale_of_their_members():
    table = ck.table(ck.panorama("reg-32"), "quantites").data.set_index("Levier")
    assert "40 %" in table["Repère national"]["Production industrielle"]
    assert (
        "Usage du vélo" in table["Repère national"]["Vélo et transport en commun"]
        or "vélo" in (table["Repère national"]["Vélo et transport en commun"])
    )


def test_document_of_a_departement_says_the_grade_of_each_key():
    table = ck.table(ck.panorama("dep-59"), "cles").data
    assert set(table.Note) == {"A", "B", "C"} and (table.Pourquoi != "").all()
    assert "**A**" in ck.report.keys(ck.panorama("dep-59"))


def test_heading_says_the_status_the_version_and_the_level():
    text = ck.report.heading(ck.panorama("dep-59"))
    assert text.startswith("# Nord\n\nDiagnostic territorial (département, région Hauts-de-France), COP régionale.")
    assert "proposition indicative du SGPE" in text and "sgpe-2024-10" in text and "non prescriptive" in text
    assert "en attente" in ck.report.heading(ck.panorama("reg-03"))
    assert "n'a pas de date connue (SGPE, 2024)" in ck.report.heading(ck.panorama("reg-06"))
    assert "COP régionale annoncée pour le 10 avril 2024" in ck.report.heading(ck.panorama("reg-53"))


def test_the_four_parts_of_the_diagnostic_say_what_they_have():
    table = ck.table(ck.panorama("reg-32"), "parties").data
    assert table["État"].to_list() == ["données présentes", "données partielles", "pas de donnée", "à renseigner"]


def test_the_document_says_what_it_has_of_each_part_of_the_diagnostic():
    p = ck.panorama("reg-32")
    lines = [line for line in ck.report.parties(p).plain.splitlines() if line.startswith("- ")]
    table = ck.table(p, "parties").data
    assert len(lines) == len(table) == 4
    assert all(state in line for line, state in zip(lines, table["État"], strict=True))


def test_every_territory_has_its_preposition():
    said = {code: labels.of(code) for code in ck.territories().code}
    assert said["dep-2A"] == "de la Corse-du-Sud"
    assert said["dep-33"] == "de la Gironde"
    assert said["dep-35"] == "de l’Ille-et-Vilaine"
    assert said["dep-87"] == "de la Haute-Vienne"
    assert said["dep-34"] == "de l’Hérault"
    assert said["dep-69"] == "du Rhône"
    assert said["dep-75"] == "de Paris"
    assert said["dep-974"] == said["reg-04"] == "de La Réunion"
    assert said["dep-90"] == "du Territoire de Belfort"
    assert said["reg-28"] == "de la Normandie"


def test_renderer_gives_a_notebook_a_spec_an_image_and_a_sentence(monkeypatch):
    chart = charts.sectors(ck.panorama("reg-32"))
    monkeypatch.delenv("COPKIT_CHARTS", raising=False)
    data, _ = alt.renderers.get()(chart.to_dict()), None
    assert set(data) == {theme.MIME, "text/plain", "text/html"}
    assert "<figcaption><strong>" in data["text/html"] and 'src="data:image/svg+xml;base64,' in data["text/html"]
    assert data["text/plain"].startswith("Part des secteurs")
    monkeypatch.setenv("COPKIT_CHARTS", "spec")
    assert "text/html" not in alt.renderers.get()(chart.to_dict())


def test_hidden_levers_come_last_and_small_ones_keep_their_rank():
    rows = model.ordered(ck.panorama("reg-94"))
    assert [row.lever for row in rows[-2:]] == ["puits_forestiers", "produits_bois"]


def scenario():
    why = {"vehicules_electriques": {"texte": "recharge en retard", "source": "étude"}}
    return ck.simulate(ck.panorama("reg-32"), {"vehicules_electriques": 600, "covoiturage": 300}, justifications=why)


def test_a_scenario_says_what_lacks_and_what_exceeds_without_netting_them():
    made = ck.table(scenario(), "manque")
    table = made.data.set_index("Secteur")
    assert table.loc["Transport"].to_list()[:2] == [pytest.approx(340.7603), pytest.approx(33.2042)]
    assert made.written().set_index("Secteur").loc["Total"].iloc[2] == "−307,6"
    with pytest.raises(LeverError, match=r"ck\.simulate"):
        ck.table(ck.panorama("reg-32"), "manque")


def test_a_target_without_justification_is_listed_in_every_export(tmp_path):
    s = scenario()
    table = ck.table(s, "ecarts").data.set_index("Levier")
    assert table.loc["Covoiturage", "Justification"] == "sans justification"
    assert table.loc["Véhicules électriques", "Source"] == "étude"
    with pytest.raises(LeverError, match=r"ck\.simulate"):
        ck.table(ck.panorama("reg-32"), "ecarts")
    ck.write_workbook(s, tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    cover = {row[0].value: row[1].value for row in book["Lisez-moi"].iter_rows()}
    assert cover["Objectifs sans justification ou sans source"] == "Covoiturage"
    assert "sans justification" in [cell.value for row in book["Scénario"].iter_rows() for cell in row]


def test_a_compensation_and_a_conversion_are_said_in_the_levers_own_unit():
    found = ck.compensate(scenario(), using=["chaudieres_fioul_residentiel"])
    assert "milliers de résidences principales" in ck.table(found).data["Quantité en 2030"].iloc[0]
    assert "sans justification ou sans source" in ck.report.compensation(found)
    rows = ck.table(ck.convert("reg-32", "vehicules_electriques", kt=500)).data
    assert rows["Valeur"].iloc[1] == "240,556 milliers de véhicules" and rows["Valeur"].iloc[0] == "500"


def test_the_uncertainty_sentence_gives_a_range_a_probability_and_its_status():
    text = ck.report.uncertainty(ck.panorama("reg-32"))
    assert "neuf fois sur dix" in text and "hypothèse" in text and "graine 0" in text


def test_another_plan_is_compared_where_one_is_known():
    assert "2\u202f977 ktCO2e/an de plus" in ck.report.comparison(ck.panorama("reg-32"))
    assert len(ck.table(ck.panorama("reg-32"), "comparaison").data) == 7
    assert "Aucun autre plan" in ck.table(ck.panorama("reg-53"), "comparaison").text


def test_a_lever_without_series_is_named_and_not_shown_as_a_row():
    p = ck.panorama("dep-59")
    shown, said = set(ck.table(p, "dynamiques").data["Levier"]), ck.report.dynamics(p).plain
    assert said.startswith("Pas de donnée départementale : ")
    missing = [label for label in p.label.values if label not in shown]
    assert missing and all(lower(label) in said for label in missing)
    assert shown | set(missing) == set(p.label.values)
    assert "Observé une seule année : gestion des haies (6\u202f121 ha en 2018, valeur peut-être incomplète)." in said


def test_dynamics_open_with_how_many_move_at_the_pace_needed_and_which_do_not():
    said = ck.report.standing(ck.panorama("reg-32")).plain
    assert said.startswith("Sur 11 leviers dont le rythme se juge, 6 avancent au rythme qu'il faut ou plus vite (")
    assert "2 avancent moins vite (bus et cars décarbonés ; sobriété foncière)" in said
    assert "3 vont dans le mauvais sens (efficacité et sobriété logistique ; " in said
    assert "elle ne dit rien du territoire (prévention des déchets)" in said
    assert "aucun n'avance au rythme qu'il faut ; 3 vont dans" in ck.report.standing(ck.panorama("reg-04")).plain
    assert ck.report.standing(ck.panorama("dep-48")).plain.startswith("Aucun rythme ne se rapporte ici à une cible.")


def test_dynamics_are_numbers_in_their_table():
    data = ck.table(ck.panorama("reg-32"), "dynamiques").data
    numbers = {"Première année", "Valeur", "Dernière année", "Dernière valeur", "Rythme par an", "Rythme nécessaire"}
    assert numbers <= set(data.select_dtypes("number"))


def test_very_long_words_can_break_and_others_cannot():
    html = ck.table(ck.panorama("dep-59"), "sources")._repr_html_()
    assert "dataByEpci/<wbr>" in html or "MTES-MCT/<wbr>planification-territoires" in html
    assert "<wbr>" not in ck.table(ck.panorama("dep-59"), "panorama")._repr_html_()


def test_charts_of_what_the_kit_computes_say_that_it_is_derived():
    p = ck.panorama("reg-32")
    for chart in (charts.reductions(p), charts.paces(p)):
        assert any("dérivé" in line for line in chart.title.subtitle)
    assert model.grade_shares(p).empty
    assert model.grade_shares(ck.panorama("dep-59")).sum() == pytest.approx(100)


def test_a_typed_text_is_never_a_formula_in_the_workbook(tmp_path):
    said = {"vehicules_electriques": {"texte": '=HYPERLINK("http://exemple.invalid")', "source": "=1+1"}}
    s = ck.simulate(ck.panorama("reg-32"), {"vehicules_electriques": 600}, justifications=said)
    ck.write_workbook(s, tmp_path / "s.xlsx")
    cells = [c for sheet in openpyxl.load_workbook(tmp_path / "s.xlsx") for row in sheet.iter_rows() for c in row]
    assert [c.value for c in cells if c.data_type == "f"] == []
    assert any(str(c.value).startswith("=HYPERLINK") for c in cells)


@pytest.mark.long
def test_no_chart_of_a_document_makes_altair_guess_a_channel(monkeypatch):
    """A channel written as a text, or as « alt.value », makes it look through all its classes: 3 ms each."""

    def guessed(*_, **__):
        raise AssertionError("a channel is guessed: write alt.X2(…), alt.ColorValue(…)")

    monkeypatch.setattr(schemapi._FromDict, "__init__", guessed)
    for code in ("reg-32", "dep-59", "fr"):
        for name in DOCUMENT.sections:
            DOCUMENT.show(name, ck.panorama(code))
