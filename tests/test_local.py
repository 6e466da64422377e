"""Local figures: what is refused, the shares that they give, what they change, their workbook there and back."""

import math

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit import local
from copkit.commands.cli import app
from copkit.errors import LeverError, ProjectError, SimulationError, TerritoryError
from copkit.models import local as model
from copkit.models import messages, panorama, reliability
from copkit.reference import territories

COLUMNS = ["lever", "territory", "value", "unit", "year", "source", "site"]
INDUSTRY = {"dep-02": 5.0, "dep-59": 60.0, "dep-60": 10.0, "dep-62": 20.0, "dep-80": 5.0}  # invented


def table(rows):
    return pd.DataFrame([[*row, *[""] * (len(COLUMNS) - len(row))] for row in rows], columns=COLUMNS)


def of(values, lever="production_industrielle"):
    rows = pd.DataFrame({"territory": values.keys(), "value": values.values()})
    return model.figures(rows.assign(unit="tCO2e", year=2022, source="registre inventé"), lever)


@pytest.fixture(scope="module")
def industry():
    return of(INDUSTRY)


# ------------------------------------------------------------------ shares, and what is refused


@pytest.mark.cases("cles_locales", "parts")
def test_shares_are_those_worked_by_hand(case):
    (found,) = model.figures(table(case["lignes"])).figures
    shares = model.Local((found,)).allocation("reg-94", found.lever).shares
    assert shares == pytest.approx(case["parts"], rel=1e-12)


@pytest.mark.cases("cles_locales", "refus")
def test_what_does_not_add_up_is_refused_all_at_once(case, says):
    with pytest.raises(ProjectError) as refused:
        model.figures(table(case["lignes"]))
    says(str(refused.value), *case["messages"])
    assert not [word for word in case.get("sans", []) if word in str(refused.value)]


def test_communes_and_epci_add_up_to_their_departement():
    known = territories.territories("commune", within="dep-2A")
    around = known[known.epci != ""].drop_duplicates("epci").epci
    alone = known[known.epci == ""].code
    values = {code: float(n) for n, code in enumerate([*around, *alone], start=1)} | {"dep-2B": 100.0}
    by_commune = dict.fromkeys(known.code, 0.5) | {"dep-2B": 100.0}
    for given_ in (values, by_commune):
        (found,) = of(given_, "haies").figures
        assert dict(found.values) == {"dep-2A": math.fsum(given_.values()) - 100, "dep-2B": 100.0}


# ------------------------------------------------------------------ what they change


@given(st.lists(st.floats(0, 1e9), min_size=5, max_size=5).filter(lambda one: sum(one) > 1e-3))
def test_departements_still_add_up_to_the_region(values):
    found = of(dict(zip(INDUSTRY, values, strict=True)))
    shares = found.allocation("reg-32", "production_industrielle").shares
    assert math.fsum(shares.values()) == pytest.approx(1, rel=1e-12)
    assert shares == pytest.approx({c: v / math.fsum(values) for c, v in zip(INDUSTRY, values, strict=True)})


def test_a_local_figure_takes_the_place_of_the_key_and_of_nothing_else(industry):
    whole = ck.panorama("reg-32", local=industry)
    found = {code: ck.panorama(code, local=industry) for code in INDUSTRY}
    before = ck.panorama("dep-59")
    lever = {"lever": "production_industrielle"}
    for code, value in INDUSTRY.items():
        one = found[code].sel(lever)
        assert float(one.target) == pytest.approx(float(whole.target.sel(lever)) * value / 100, rel=1e-12)
        assert (str(one.grade.values), str(one.allocation.values)) == ("L", "local")
        assert "registre inventé" in str(one.key.values) and "aucune fourchette" in str(one.reason.values)
        assert math.isnan(one.low) and math.isnan(one.high)
    pd.testing.assert_frame_equal(panorama.table(whole), panorama.table(ck.panorama("reg-32")))
    same = [name for name in before.lever.values if name != "production_industrielle"]
    kept = [panorama.table(p.sel(lever=same)) for p in (before, found["dep-59"])]
    pd.testing.assert_frame_equal(*kept)
    assert ck.panorama("dep-59").identical(before)  # what is kept of the kit is as it was


def test_what_follows_a_panorama_follows_its_local_figures(industry):
    p, kit = ck.panorama("dep-59", local=industry), ck.panorama("dep-59")
    own, whole = panorama.total(p, forest=False), panorama.total(ck.panorama("reg-32"), forest=False)
    assert ck.place(p).target["dep-59"] == own != panorama.total(kit, forest=False)
    assert ck.place(p).target.sum() == pytest.approx(whole, rel=1e-12)
    assert ck.place(kit).target["dep-59"] == panorama.total(kit, forest=False)
    assert float(panorama.panorama(p).attrs["local"] is industry)
    assert panorama.local_share(p) == pytest.approx(100 * float(p.target.sel(lever="production_industrielle")) / own)
    low, high = reliability.span(p)
    assert low < own < high and high - low < reliability.span(kit)[1] - reliability.span(kit)[0]
    s = ck.simulate(p, {"haies": 1.0})
    assert float(s.target.sel(lever="production_industrielle")) == float(p.target.sel(lever="production_industrielle"))
    with pytest.raises(SimulationError, match="repose sur 1 chiffre local"):
        ck.to_json(s)


def test_before_and_after(industry):
    found = panorama.local_effect(ck.panorama("reg-32", local=industry)).set_index("territory")
    assert found.after_share.to_dict() == pytest.approx(INDUSTRY)
    assert found.after_target.sum() == pytest.approx(found.before_target.sum(), rel=1e-12)
    assert set(found.after_grade) == {"L"} and set(found.before_grade) == {"B"}
    kit = ck.panorama("dep-59").sel(lever="production_industrielle")
    one = panorama.local_effect(ck.panorama("dep-59", local=industry)).iloc[0]
    assert (one.before_target, one.before_key) == (float(kit.target), str(kit.key.values))
    for elsewhere in (ck.panorama("dep-13", local=industry), ck.panorama("fr", local=industry), ck.panorama("dep-59")):
        assert panorama.local_effect(elsewhere).empty


def test_the_document_says_it(industry, says):
    p = ck.panorama("dep-59", local=industry)
    says(
        str(ck.report.ambition(p)),
        "suit 1 clé locale (note L)",
        "Le total n'a donc pas de fourchette",
        "les autres clés placent",
    )
    says(str(ck.report.keys(p)), "Pour les leviers notés **L**, le territoire a donné son propre chiffre")
    says(str(ck.report.references(p)), "Production industrielle : clé locale : chiffre du territoire (tCO2e, 2022)")
    assert "L" in set(ck.table(p, "panorama").data["Note de la clé"])
    assert "1 clé locale" in str(ck.charts.panorama(p).to_dict()) and "L · chiffre local" in str(
        ck.charts.grades(p).to_dict()
    )
    assert "Clé donnée" in ck.table(p, "cles_locales").data
    said = " ".join(one.text for one in messages.said(p))
    says(said, "suivent des chiffres donnés pour le territoire, sans fourchette")
    assert "quatre fois sur cinq" not in said
    kit = ck.panorama("dep-59")
    assert "locale (note L)" not in str(ck.report.ambition(kit)) and len(ck.report.keys(kit)) < len(ck.report.keys(p))


def test_anything_else_than_local_figures_is_refused():
    with pytest.raises(LeverError, match=r"Chiffres locaux attendus, et non .*ck\.local\.read"):
        ck.panorama("dep-59", local="cles.xlsx")
    with pytest.raises(ProjectError, match=r"colonnes absentes : territory, unit"):
        model.figures(pd.DataFrame({"lever": [], "value": [], "year": [], "source": []}))


# ------------------------------------------------------------------ the workbook


@pytest.fixture
def filled(tmp_path):
    """A template filled in as a préfecture does: rows that the kit wrote, cells by their headers."""

    def fill(values, name="cles.xlsx", year=2022, source="registre inventé", more=()):
        path = tmp_path / name
        local.write_template(path, "dep-2A", "haies")
        book = openpyxl.load_workbook(path)
        sheet = book["Clés locales"]
        places = {str(cell.value).removesuffix(" (à remplir)"): cell.column for cell in sheet[1]}
        for n, value in enumerate(values, start=2):
            for label, said in {"Valeur": value, "Unité": "km", "Année": year, "Source": source}.items():
                sheet.cell(n, places[label]).value = said
        for n, row in enumerate(more, start=2 + len(values)):
            for label, said in row.items():
                sheet.cell(n, places[label]).value = said
        book.save(path)
        return path

    return fill


def test_the_template_has_a_row_for_each_departement_of_the_region_and_what_the_kit_says(filled):
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(filled([1, 3]))["Clés locales"]]
    p = ck.panorama("dep-2B").sel(lever="haies")
    assert [row[1:3] for row in rows[1:3]] == [["Gestion des haies", one] for one in ("Corse-du-Sud", "Haute-Corse")]
    assert rows[2][9:12] == [str(p.key.values), str(p.grade.values), round(100 * float(p.share), 1)]


def test_a_workbook_filled_in_libreoffice_gives_its_shares_back(filled, office, tmp_path):
    office(filled([1, 3]), "xlsx", tmp_path / "retour")
    (found,) = local.read(tmp_path / "retour/cles.xlsx").figures
    assert (found.lever, found.values) == ("haies", (("dep-2A", 1.0), ("dep-2B", 3.0)))
    assert (found.unit, found.year, found.source) == ("km", 2022, "registre inventé")


def test_all_that_is_wrong_in_a_workbook_is_said_at_once_with_its_row(filled, says):
    more = [{"Levier": "Gestion des haies", "Territoire": "Atlantide", "Valeur": 1}]
    with pytest.raises(ProjectError) as refused:
        local.read(filled([-1, "beaucoup"], year="l'an dernier", source="", more=more))
    says(
        str(refused.value),
        "cles.xlsx : ",
        "feuille « Clés locales », cellule E3 : ",
        "feuille « Clés locales », cellule G2 : ",
        "cellule C4 : territoire inconnu.",
        "feuille « Clés locales », ligne 2 : sans source.",
        "ligne 2 : valeur négative : « -1 »",
        "ligne 4 : sans unité, année et source. Compléter la ligne, ou la vider.",
    )
    assert "il manque H" not in str(refused.value)  # what is not understood is not said again
    with pytest.raises(ProjectError, match=r"cles\.xlsx : 1 problème\n  • aucune valeur"):
        local.read(filled([], year="", source=""))
    with pytest.raises(ProjectError, match=r"Fichier de chiffres locaux introuvable : « absent\.xlsx »"):
        local.read("absent.xlsx")
    assert local.read("") is None


def test_an_official_file_gives_the_official_key(tmp_path, says):
    known = territories.territories("commune", within="reg-94")
    values = known.departement.map({"dep-2A": "4;1", "dep-2B": "1;3"})
    head = "CODGEO;P22_RP;P22_RP_CGAZV;P22_RP_CFIOUL\n"
    lines = [f"{code[4:]};9;{one}\n" for code, one in zip(known.code, values, strict=True)]
    path = tmp_path / "base-cc-logement-2022.csv"
    path.write_text(head + "".join(lines), encoding="utf-8")
    found = local.read(path)
    south, north = (known.departement == "dep-2A").sum(), (known.departement == "dep-2B").sum()
    p = ck.panorama("dep-2A", local=found).sel(lever=["chaudieres_fioul_residentiel", "chaudieres_gaz_residentiel"])
    assert p.share.values == pytest.approx([south / (south + 3 * north), 4 * south / (4 * south + north)], rel=1e-12)
    assert p.grade.values.tolist() == ["A", "A"] and "Insee" in p.key.values[0]
    says(str(ck.report.ambition(ck.panorama("dep-2A", local=found))), "suit 2 clés officielles données (note A)")
    path.write_text(head + "".join(lines[::2]), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"Corse-du-Sud : 62 communes sur 124\. Prendre le fichier entier\."):
        local.read(path)
    path.write_text("COMMUNE_CODE;PARC_2024\n2A004;1\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="n'est la clé officielle d'aucun levier"):
        local.read(path)


def test_no_template_where_nothing_is_shared_out(tmp_path):
    for code, said in (("dep-974", "n'a qu'un département"), ("fr", "ne se répartit pas entre départements")):
        with pytest.raises(TerritoryError, match=said):
            local.write_template(tmp_path / "cles.xlsx", code)
    with pytest.raises(LeverError, match=r"sans clé : « haie »\. Vouliez-vous dire « haies »"):
        local.write_template(tmp_path / "cles.xlsx", "reg-94", "haie")
    assert not list(tmp_path.iterdir())


def test_the_commands_write_the_template_and_show_before_and_after(filled, tmp_path):
    run = CliRunner().invoke
    out = tmp_path / "vide.xlsx"
    done = run(app, ["template", "keys", "dep-2A", "--lever", "haies", "--out", str(out)])
    assert done.exit_code == 0 and out.exists() and f"copkit panorama dep-2A --local {out}" in done.output
    done = run(app, ["panorama", "dep-2A", "--local", str(filled([1, 3]))], env={"COLUMNS": "200"})
    assert "Ce que changent les chiffres locaux" in done.output and "registre inventé" in done.output
    done = run(app, ["panorama", "dep-59", "--local", str(filled([1, 3]))])
    assert done.exit_code == 0 and "ne concernent pas ce territoire" in done.output
    done = run(app, ["run", "dep-2A", "--local", str(out), "--out", str(tmp_path / "documents")])
    assert "aucune valeur" in str(done.exception) and not (tmp_path / "documents").exists()  # before anything is made
