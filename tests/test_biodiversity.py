"""The panorama of biodiversity and resources, levers by enjeu, national totals, conventions of emission series."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import french
from copkit.commands.cli import app
from copkit.errors import LeverError, ParameterError, UnitError
from copkit.models import biodiversity, dynamics, indicators
from copkit.models import enjeux as by_enjeu
from copkit.presentation import blocks
from copkit.presentation.biodiversity import series, words
from copkit.presentation.table import Table
from copkit.reference import territories
from copkit.reference import units as reference_units
from copkit.refresh import controls
from copkit.refresh.settings import settings

from .conftest import read_cases

CASES = read_cases("biodiversite")
SAMPLES = Path(__file__).parents[1].parent / "shared/samples/irpe"
REGIONS = [f"reg-{n}" for n in ("32", "53", "84", "94", "01")]
MEASURES = [(one["territoire"], one["levier"], one["mesure"]) for one in CASES["mesures"]]


@pytest.fixture(scope="module")
def p():
    return ck.panorama("reg-32", plan="biodiversite")


@pytest.mark.parametrize("case", CASES["mesures"], ids=["-".join(map(str, one)) for one in MEASURES])
def test_a_measure_has_its_value_its_typed_target_and_its_distance(case):
    found = ck.panorama(case["territoire"], plan="biodiversite")
    one = found.sel(lever=case["levier"], measure=case["mesure"])

    def same(name, wanted):
        given = float(one[name])
        if wanted is None:
            assert math.isnan(given), (name, given)
        else:
            assert given == pytest.approx(wanted, abs=0.5 * 10.0 ** -case.get("arrondi", 5))

    for name, key in (("value", "valeur"), ("value_year", "annee"), ("target", "cible"), ("distance", "distance")):
        same(name, case[key])
    assert (str(one.target_level.values), str(one.state.values)) == (case["niveau"], case["etat"])
    assert str(one.place.values) == ("" if case["valeur"] is None else case.get("place", case["territoire"]))


@pytest.mark.parametrize("code", [*REGIONS, "dep-59", "dep-974", "fr"])
def test_nothing_is_blank_and_no_target_is_zero(code):
    found = biodiversity.measures(code, ck.DATA_VERSION)
    assert {one.lever for one in found} == set(biodiversity.in_panorama())
    for one in found:
        assert one.target.level in biodiversity.LEVELS and one.state and one.measure
        assert words.target(one) and words.value(one) and words.distance(one)
        assert math.isnan(one.target.value) or one.target.value != 0
        assert bool(one.points) != bool(one.exists and one.holder), one.measure  # a series, or who has what instead
        assert one.source if one.points else math.isnan(one.value)
        typed = one.target.level in (biodiversity.NONE, biodiversity.TO_BE_DEFINED, biodiversity.ELSEWHERE)
        assert not typed or (math.isnan(one.target.value) and words.target(one) == words.UNTYPED[one.target.level])


def test_each_of_the_43_levers_is_in_one_panorama_or_in_both(p):
    levers = ck.levers()
    places = {lever: biodiversity.panoramas(lever) for lever in levers.lever}
    assert len(places) == 43 and Counter(places.values()) == CASES["panoramas"]
    assert set(p.lever.values) == {lever for lever, place in places.items() if place != "climat"}
    assert set(p.panorama.values) == {"biodiversite", "les deux"}
    climate = set(levers.lever[levers.enjeux.map(lambda cell: "climat" in cell)])
    assert {lever for lever, place in places.items() if place != "biodiversite"} == climate


def test_the_dataset_holds_the_series_and_refuses_what_adds_up(p, says):
    assert p.value.dims == ("lever", "measure") and p.observed.dims == ("lever", "measure", "year")
    water = p.observed.sel(lever="sobriete_eau", measure=1).dropna("year")
    assert water.year.values.tolist() == list(range(2012, 2023)) and float(water[-1]) == pytest.approx(1454.215962)
    for make in (ck.totals, ck.shares, ck.place, ck.interactions, lambda q: ck.simulate(q, {})):
        with pytest.raises(LeverError) as refused:
            make(p)
        says(refused.value, "elles ne font ni total ni scénario", 'ck.panorama("reg-32")')
    with pytest.raises(LeverError) as refused:
        ck.panorama("reg-32", plan="biodiversitee")
    says(refused.value, "Plan inconnu : « biodiversitee ». Vouliez-vous dire « biodiversite » ?")


def test_a_target_above_the_nation_is_typed(damaged):
    old, new = (
        "protection forte,part_protection_forte_terrestre,national",
        "protection forte,part_protection_forte_terrestre,",
    )
    damaged.replace("parameters/biodiversite.csv", old, f"{new}supra_regional")
    one = biodiversity.measures("reg-32", ck.DATA_VERSION)[2]
    assert (one.target.level, words.LEVELS[one.target.level]) == ("supra_regional", "supra-régional")


@pytest.mark.parametrize(("what", "read"), [("endommages", biodiversity.rows), ("controles_endommages", settings)])
def test_every_fault_of_a_file_is_said_at_once(what, read, damaged, says):
    for case in CASES[what]:
        damaged.apply(case)
    with pytest.raises(ParameterError) as refused:
        read()
    says(refused.value, *(case["dit"] for case in CASES[what]))


# ------------------------------------------------------------------ documents


@pytest.mark.parametrize("code", ["reg-32", "reg-01"])
def test_the_document_has_every_section_and_no_lever_is_lost(code):
    p = ck.panorama(code, plan="biodiversite")
    for name in ("entete", "mesures", "a_construire", "enjeux", "sources"):
        assert ck.section(p, name).parts
    shown, built = ck.table(p).read(), ck.table(p, "a_construire")
    assert ck.table(p, "a_savoir").fold and len(ck.table(p, "a_savoir").data) > 10
    levers = {*shown.texts()["Levier"], *built.texts()["Levier"]}
    assert levers == {french.typeset(one.label) for one in biodiversity.of(p)}
    assert not [cell for cells in ck.table(p).texts().values() for cell in cells if not cell.strip() or cell == "n.d."]
    assert "pas de cible" in {cell.lower() for cell in built.texts()["Cible"]}


def test_the_charts_draw_each_series_once_with_its_target(p):
    drawn = [ck.charts.panorama(p).to_dict(), ck.charts.ressources(p).to_dict()]
    told = [row[0] for spec in drawn for row in spec["usermeta"]["phone"]]
    wanted = [one for one in biodiversity.of(p) if len(one.points) >= series.LEAST]
    assert sorted(told) == sorted(french.typeset(french.capital(one.measure)) for one in wanted)
    assert "dans le sens du levier depuis 2019" in drawn[0]["title"]["text"]
    texts = json.dumps(drawn, ensure_ascii=False)
    assert french.typeset("cible : 21 % en 2030") in texts and french.typeset("cible : −10 % de 2022 à 2030") in texts
    assert "…" not in texts, "a name is cut"
    assert french.typeset("0,483 % en 2009") in texts, "a series says where it starts"


def test_a_share_whose_volume_is_unknown_is_read_and_never_judged():
    bases = {one.indicator: one.base for rows in indicators.by_lever().values() for one in rows if one.base}
    told = {}
    for code in territories.codes():
        for one in biodiversity.measures(code, ck.DATA_VERSION):
            around = {one.place, territories.region_of(code)}
            base = bases.get(one.indicator) if one.points else None
            if base and not any(indicators.series(place, base)[0] for place in around):
                told[code, one.indicator] = one.state
                assert one.state not in (biodiversity.REACHED, biodiversity.AHEAD) and not one.moved > 0
    assert told["reg-04", "reseaux_chaleur_part_enrr_production"] == biodiversity.UNSURE
    assert ("reg-06", "taux_valorisation_dma") in told and ("reg-32", "taux_valorisation_dma") not in told
    page = ck.report.page(ck.panorama("reg-04", plan="biodiversite"))
    assert "90,5" not in repr(page) and "réseaux de chaleur décarbonés" in page.sure


def test_one_series_has_one_unit_in_the_diagnostic_and_in_the_panorama_of_biodiversity():
    both = 0
    for code in territories.codes("region"):
        units = {one.indicator: words.unit(one) for one in biodiversity.measures(code, ck.DATA_VERSION)}
        for row in dynamics.followed(code).itertuples():
            if units.get(row.indicator):
                read = dynamics.UNIT_LABELS.get(row.unit, reference_units.read_in(row.unit)[1])
                both += read == units[row.indicator]
                assert read == units[row.indicator], row.indicator
    assert both > 50
    table = ck.table(ck.panorama("reg-32"), "dynamiques").data.set_index("Indicateur observé")
    assert table["Unité"]["déchets ménagers et assimilés produits par habitant"] == "kg/hab"


def test_the_page_says_where_the_territory_stands_and_keeps_its_own_titles(p):
    page = ck.report.page(p)
    assert page.effort[0] == "1 sur 14" and len(page.messages) == 3 and len(page.questions) == 3
    assert page.messages[2][1].endswith(french.typeset("Reste à faire : −10 % de la valeur de 2022."))
    assert page.titles["still"] == "Ce qui va à rebours depuis 2019"
    assert page.titles["messages"] == blocks.Page.TITLES["messages"] and "restauration des habitats" in page.sure
    read = blocks.read(
        [_cell(page)], title="", footer="", book="", kind="", place="", status="", made=None, versions=""
    )
    assert read.page.titles == page.titles
    assert ck.report.page(ck.panorama("reg-32")).titles == blocks.Page.TITLES


def _cell(page):
    """What a notebook keeps of a page."""
    import nbformat

    output = nbformat.v4.new_output("display_data", data=page._repr_mimebundle_())
    return nbformat.v4.new_code_cell("", outputs=[output])


def test_the_diagnostic_has_the_second_panorama_folded():
    shown = ck.section("reg-32", "biodiversite").parts
    table = next(part for part in shown if isinstance(part, Table))
    assert table.fold and "Pas de cible" in shown[0] and len(table.data) == 30
    own = ck.section("dep-59", "biodiversite").parts
    assert "Faute de série départementale, 28 valeurs sont celles de la région." in own[0]


def test_a_value_of_the_region_is_not_given_for_that_of_a_departement():
    p = ck.panorama("dep-59", plan="biodiversite")
    values = dict(zip(ck.table(p).data["Mesure"], ck.table(p).data["Dernière valeur"], strict=True))
    assert values["Part du territoire terrestre en aire protégée"].endswith("en 2024 (région)")
    assert values["Part de la surface agricole en agriculture biologique"].endswith("en 2021")
    page = ck.report.page(p)
    assert "dont 28 à la région" in page.context[1] and page.messages[0][0].endswith("(région).")
    alone, region = (biodiversity.measures(code, ck.DATA_VERSION) for code in ("dep-974", "reg-04"))
    assert [words.value(one) for one in alone] == [words.value(one) for one in region]  # it is its région


def test_the_command_gives_the_table_and_the_rows():
    done = CliRunner().invoke(app, ["panorama", "reg-53", "--plan", "biodiversite", "--format", "json"])
    rows = {(row["lever"], row["measure"]): row for row in json.loads(done.stdout)}
    assert rows["restauration_habitats", "habitats naturels restaurés"]["target_level"] == "pas_de_cible"
    assert len(rows) == len(biodiversity.measures("reg-53", ck.DATA_VERSION))
    table = CliRunner().invoke(app, ["panorama", "reg-53", "--plan", "biodiversite"]).stdout
    assert "Pas de cible" in table and "Définition à venir" in table


def test_the_water_of_the_table_is_that_of_the_hub():
    if not SAMPLES.is_dir():
        pytest.skip("dossier shared/samples absent : le fichier du hub n'est pas livré avec le dépôt")
    found = json.loads((SAMPLES / "638.json").read_text(encoding="utf-8"))
    cube, own = found["cubeName"], {}
    for row in found["data"]:
        key = f"reg-{row[f'{cube}.geocode_region']}", int(row[f"{cube}.date_mesure.year"][:4])
        own[key] = float(row[found["measureName"]]) / 1e6
    for code in ("reg-32", "reg-04", "reg-84"):
        for year, value in ck.observed(code, "prelevements_eau").to_series().items():
            assert value == pytest.approx(own[code, year], abs=1e-6) and value > 0


# ------------------------------------------------------------------ enjeux


def test_the_matrix_counts_its_enjeux_and_eleven_levers_serve_adaptation():
    assert ck.enjeux().counts.served.to_list() == [34, 21, 27, 11, 20] == ck.enjeux().counts.of_43.to_list()
    assert ck.enjeux(enjeu="adaptation").table.lever.to_list() == ck.levers(enjeu="adaptation").lever.to_list()
    assert len(ck.enjeux(enjeu="adaptation").table) == 11


def test_a_set_of_levers_says_what_it_serves_and_only_the_overlaps_of_the_file(says):
    one = ck.enjeux(["haies", "Covoiturage"])
    assert one.tensions.empty and one.table.biodiversite.to_list() == [True, False]
    says(one.sentence, "2 leviers, qui servent : climat (2)")
    says(ck.enjeux("covoiturage").sentence, "Aucun ne sert : biodiversité, ressources et adaptation.")
    cars = ck.enjeux(["report_modal", "vehicules_electriques", "haies"])  # report modal: a part of « vélo et TC »
    assert cars.tensions.label.to_list() == ["Voitures particulières"]
    assert cars.tensions.levers[0] == ["Report modal", "Véhicules électriques"]
    assert set(cars.tensions.status) == {"hypothese"}


def test_a_panorama_is_read_by_enjeu_with_its_effort():
    counts = ck.enjeux("reg-32").counts.set_index("enjeu")
    assert counts.target["climat"] == pytest.approx(22764.3875) and counts.served["adaptation"] == 6
    assert ck.enjeux(["haies"]).counts.target.isna().all()
    s = ck.simulate(ck.panorama("reg-32"), {"haies": 0})
    assert "haies" not in set(ck.enjeux(s).table.lever) and "covoiturage" in set(ck.enjeux(s).table.lever)


def test_unknown_levers_and_enjeux_are_all_named(says):
    with pytest.raises(LeverError) as refused:
        ck.enjeux(["haie verte", "train"])
    says(refused.value, "Levier inconnu : « haie verte »", "Levier inconnu : « train »")
    with pytest.raises(LeverError) as refused:
        ck.enjeux(enjeu="sol")
    says(refused.value, "Enjeu inconnu : « sol »", "climat, biodiversite, ressources, adaptation, sante")


def test_the_command_of_enjeux_says_overlaps():
    done = CliRunner().invoke(app, ["enjeux", "vehicules_electriques", "covoiturage"])
    assert done.exit_code == 0 and "agissent sur la même quantité (hypothèse du kit)" in done.stdout
    rows = CliRunner().invoke(app, ["enjeux", "--enjeu", "adaptation", "--format", "json"])
    assert len(json.loads(rows.stdout)) == 11
    assert by_enjeu.COLUMNS == ["lever", "label", "theme"]


# ------------------------------------------------------------------ totals and conventions


@pytest.mark.long
@pytest.mark.parametrize("case", CASES["controles"], ids=lambda one: f"{one['controle'][:24]}-{one['annee']}")
def test_a_national_total_agrees_or_its_gap_is_printed(case):
    found = ck.controls().set_index(["label", "year"]).loc[(case["controle"], case["annee"])]
    assert (found.places, found.verdict) == (case["lieux"], case["verdict"])
    assert 100 * found.gap == pytest.approx(case["ecart"], abs=0.005)
    assert found.places == found.expected or found.verdict == controls.SHORT


def test_the_command_prints_the_gaps():
    done = CliRunner().invoke(app, ["controls", "--format", "json"])
    found = {row["verdict"] for row in json.loads(done.stdout)}
    assert found == {controls.AGREES, controls.APART, controls.SHORT}
    assert "désaccord" in CliRunner().invoke(app, ["controls"]).stdout


def test_an_emission_series_carries_its_convention():
    assert ck.panorama("reg-32").target.attrs["convention"] == "scope_1_2"
    sites = ck.observed("reg-32", "emissions_ges_50_sites_tres_emetteurs_hors_raffinage")
    assert (sites.attrs["convention"], sites.attrs["units"]) == ("non_precisee", "tCO2e")
    assert ck.observed("fr", "emissions_ges_batiments").attrs["convention"] == "non_precisee"
    assert "convention" not in ck.observed("reg-32", "prelevements_eau").attrs


def test_two_conventions_are_not_subtracted_unless_asked(says):
    a = ck.panorama("reg-32").target
    b = (a * 0.5).assign_attrs(a.attrs)
    same = ck.difference(a, b)
    assert float(same.sum()) == pytest.approx(float(b.sum())) and same.attrs["caution"] == ""
    other = b.assign_attrs(convention="pcaet")
    with pytest.raises(UnitError) as refused:
        ck.difference(a, other)
    says(refused.value, "Conventions de comptage différentes", "allow_mixed_conventions=True")
    mixed = ck.difference(a, other, allow_mixed_conventions=True)
    assert mixed.attrs["convention"] == "non_precisee" and "comparées à la demande" in mixed.attrs["caution"]
    unsaid = ck.difference(a, b.assign_attrs(convention="non_precisee"))
    says(unsaid.attrs["caution"], "ne dit pas sa convention de comptage")
    with pytest.raises(UnitError) as refused:
        ck.difference(a, b.assign_attrs(units="tCO2e"))
    says(refused.value, "Unités différentes : « ktCO2e/an » et « tCO2e »")


def test_an_unknown_series_is_named(says):
    with pytest.raises(UnitError) as refused:
        ck.observed("reg-32", "prelevement_eau")
    says(refused.value, "Série inconnue : « prelevement_eau ». Vouliez-vous dire « prelevements_eau » ?")


def test_the_command_compares_two_conventions_only_when_told(damaged, says):
    path = "data/clean/plans.csv"
    damaged.write(path, damaged.read(path).replace("non_precisee", "pcaet"))
    done = CliRunner().invoke(app, ["compare", "reg-32", "sgpe", "sraddet"])
    says(done.exception, "Conventions de comptage différentes")
    told = CliRunner().invoke(app, ["compare", "reg-32", "sgpe", "sraddet", "--allow-mixed-conventions"])
    assert told.exit_code == 0 and "comparées à la demande" in told.output
