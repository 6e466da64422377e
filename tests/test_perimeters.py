"""Below the départements: EPCI, communes and perimeters have a panorama, and their parts make the whole."""

import io
import math
import os

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copkit as ck
from copkit import paths
from copkit.batch import plan
from copkit.errors import CopkitError, CopkitWarning, LeverError, ParameterError, ProjectError, RunError, TerritoryError
from copkit.intake import perimeters
from copkit.models import audition, communal, downscaling, panorama
from copkit.models.communes import communes
from copkit.models.downscaling import components
from copkit.presentation import workbook
from copkit.presentation.document import Absent
from copkit.presentation.territory import document
from copkit.reference import territories

STRADDLING = ("epci-247600588", "epci-200067668", "epci-200068765")


def targets(codes, name="Essai"):
    return panorama.panorama(ck.perimeter(list(codes), name)).target.to_series()


# ------------------------------------------------------------------ worked by hand


@pytest.mark.cases("perimetres", "leviers")
def test_lever_of_an_epci_is_what_the_hand_finds(case, cases):
    p = ck.panorama(cases("perimetres")["epci"]).sel(lever=case["levier"])
    assert float(p.target) == pytest.approx(case["attendu"], rel=1e-9)
    assert (p.grade.item(), p.key.item(), p.status.item()) == (case["note"], case["cle"], "derive")


@pytest.mark.cases("perimetres", "cles")
def test_share_of_an_epci_in_its_departement_by_a_key(case, cases):
    inside = territories.all_communes_of(case["departement"])
    shares, proxy = communal.of_key(case["cle"], case["departement"])
    own = set(territories.communes_of(cases("perimetres")["epci"]))
    found = math.fsum(share for code, share in zip(inside, shares, strict=True) if code in own)
    assert found == pytest.approx(case["valeur"] / case["total"], rel=1e-9)
    assert ("oui" if proxy.stands_in else "non") == case["tient_lieu"]


def test_epci_over_two_regions_is_the_sum_of_what_it_has_of_each(cases):
    case = cases("perimetres")["deux_regions"]
    assert territories.regions_of(case["epci"]) == case["regions"]
    assert {d: len(codes) for d, codes in territories.by_departement(case["epci"]).items()} == case["departements"]
    found = ck.panorama(case["epci"]).sel(lever=case["levier"])
    assert float(found.target) == pytest.approx(case["attendu"], rel=1e-9)


def test_key_unknown_below_the_departement_is_worse_and_says_by_what():
    p = ck.panorama("epci-200066926").sel(lever="sobriete_isolation_residentiel")
    assert p.grade.item() == "C" and p.key.item().endswith("puis population municipale (2023)")
    assert "la population la remplace à l'intérieur du département" in p.reason.item()


def test_land_known_by_epci_is_worth_less_for_a_part_of_one():
    whole, part = ck.panorama("epci-200066926"), ck.panorama("com-32013")
    assert whole.grade.sel(lever="produits_bois").item() == "B"
    assert part.grade.sel(lever="produits_bois").item() == "C"


# ------------------------------------------------------------------ parts and whole


@settings(max_examples=12, deadline=None)
@given(
    departement=st.sampled_from(["dep-2A", "dep-90", "dep-974", "dep-75", "dep-73"]),
    parts=st.integers(1, 6),
    random=st.randoms(use_true_random=False),
)
def test_any_partition_of_a_departement_sums_to_it(departement, parts, random):
    codes = territories.all_communes_of(departement)
    groups: dict[int, list[str]] = {}
    for code in codes:
        groups.setdefault(random.randrange(parts), []).append(code)
    added = sum(targets(group, f"Part {n}") for n, group in groups.items())
    expected = panorama.shared(departement).target.to_series()
    np.testing.assert_allclose(added[expected.index], expected, rtol=1e-9)


@settings(max_examples=8, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_order_of_the_communes_changes_nothing(random):
    codes = list(territories.communes_of("epci-200066926"))
    usual = ck.panorama(ck.perimeter(codes, "Ordre"))
    random.shuffle(codes)
    assert ck.panorama(ck.perimeter(codes, "Ordre")).identical(usual)


@pytest.mark.parametrize("code", [*STRADDLING, "epci-200066926", "epci-200054781"])
def test_communes_sum_to_their_epci(code):
    whole = ck.panorama(code).target.to_series()
    inside = territories.communes_of(code)
    added = sum(ck.panorama(one).target.to_series().reindex(whole.index).fillna(0) for one in inside)
    np.testing.assert_allclose(added, whole, rtol=1e-9)
    assert ck.panorama(ck.perimeter(inside, "Les mêmes")).target.to_series().equals(whole)


@pytest.mark.parametrize("code", STRADDLING)
def test_epci_and_what_lies_outside_are_the_departements(code):
    around = territories.by_departement(code)
    outside = [one for d in around for one in territories.all_communes_of(d) if one not in around[d]]
    added = ck.panorama(code).target.to_series() + targets(outside, "Le reste")
    expected = sum(panorama.shared(d).target.to_series() for d in around)
    np.testing.assert_allclose(added[expected.index], expected, rtol=1e-9)


def test_table_of_communes_is_the_panorama_of_each():
    found = communes("dep-90").target
    for code in found.territory.values[::20]:
        own = panorama.shared(str(code)).target
        np.testing.assert_allclose(found.sel(territory=code, lever=own.lever.values), own, rtol=1e-12)


def test_all_the_communes_of_a_departement_are_it():
    whole = panorama.shared("dep-90")
    same = ck.panorama(ck.perimeter(territories.all_communes_of("dep-90"), "Tout le territoire"))
    np.testing.assert_allclose(same.target, whole.target, rtol=1e-15)
    assert (same.grade == whole.grade).all() and (same.reason == whole.reason).all()


def test_weights_of_the_communes_are_those_of_their_departement():
    for lever in ("production_industrielle", "electricite_renouvelable"):
        parts, shares = components("reg-94", lever), downscaling.shares("reg-94", lever).shares
        weights = {d: math.fsum(c * audition.values()[key][d] for key, c in parts.items()) for d in shares}
        for departement, share in shares.items():
            assert share == pytest.approx(weights[departement] / math.fsum(weights.values()))
            assert math.fsum(communal.inside(departement, lever).shares) == pytest.approx(1)


# ------------------------------------------------------------------ codes and files


def test_perimeter_of_a_file_is_the_list_of_the_same_communes(tmp_path):
    (tmp_path / "crte.csv").write_text("CRTE;Code\nPays;200066926\nVille;59350\n", encoding="utf-8")
    one = ck.perimeter(tmp_path / "crte.csv", "Pays")
    assert (one.code, len(one.communes)) == ("per-pays", 34)
    assert ck.panorama("per-pays").target.equals(ck.panorama("epci-200066926").target)
    assert ck.panorama(one).attrs["name"] == "Pays" and territories.level("per-pays") == "perimetre"
    assert float(ck.totals(one).total.iloc[0]) == float(ck.totals("epci-200066926").total.iloc[0])
    (tmp_path / "crte.csv").write_text("CRTE;Code\nPays;59350\n", encoding="utf-8")
    again = ck.perimeter(tmp_path / "crte.csv")
    assert ck.panorama(again).target.equals(ck.panorama("com-59350").target)  # what was read last


def test_workbook_and_list_without_names_are_one_perimeter(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Lisez-moi"])
    sheet = book.create_sheet("Communes")
    for row in (["Code INSEE", "Nom"], ["59350", "Lille"], ["59378", "Marcq-en-Barœul"]):
        sheet.append(row)
    book.save(tmp_path / "pays_lillois.xlsx")
    found = perimeters.read_perimeters(tmp_path / "pays_lillois.xlsx")
    assert found.names == ("pays lillois",) and list(found.communes.commune) == ["com-59350", "com-59378"]
    assert perimeters.read_perimeters(tmp_path / "pays_lillois.xlsx", "SCoT").names == ("SCoT",)
    book.create_sheet("Suite").append(["Code INSEE", "Nom"])
    book["Suite"].append(["59009", "Villeneuve-d'Ascq"])
    book.save(tmp_path / "pays_lillois.xlsx")
    book["Suite"].insert_rows(1)
    book["Suite"]["A1"] = "Autres communes"
    book.save(tmp_path / "suite.xlsx")
    with pytest.raises(ProjectError, match="feuille « Suite » : des codes, sans colonne qui les nomme"):
        perimeters.read_perimeters(tmp_path / "suite.xlsx")
    with pytest.raises(ProjectError, match="plusieurs feuilles ont une colonne de codes : « Communes » et « Suite »"):
        perimeters.read_perimeters(tmp_path / "pays_lillois.xlsx")


@pytest.mark.cases("perimetres", "refuses")
def test_wrong_perimeter_is_refused_with_its_line(case, tmp_path, says):
    (tmp_path / "p.csv").write_text(case["fichier"], encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        ck.perimeter(tmp_path / "p.csv")
    says(refused.value, "p.csv", *case["message"])


def test_hidden_rows_and_columns_of_a_perimeter_are_read_and_said_as_a_sentence(tmp_path, command, says):
    path, book = tmp_path / "crte.xlsx", openpyxl.Workbook()
    for row in (["Code INSEE", "Nom"], ["59350", "Lille"], ["59378", "Marcq-en-Barœul"]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = book.active.column_dimensions["B"].hidden = True
    book.save(path)
    with pytest.warns(CopkitWarning) as told:
        assert list(perimeters.read_perimeters(path).communes.commune) == ["com-59350", "com-59378"]
    said = " ".join(str(one.message) for one in told)
    row = "1 ligne masquée ou filtrée, lue comme les autres (ligne 3)."
    says(said, "crte.xlsx", row, "1 colonne masquée, lue comme les autres : « Nom » (B).")
    os.utime(path, (1, 1))  # read again
    done = command("panorama", "--perimeter", path)
    assert done.returncode == 0
    says(done.stderr, row)
    assert "Warning" not in done.stderr and "warn(" not in done.stderr


def test_one_of_several_perimeters_has_to_be_named(tmp_path, says):
    (tmp_path / "p.csv").write_text("scot;code\nA;32013\nB;59350\n", encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        ck.perimeter(tmp_path / "p.csv")
    says(refused.value, "Plusieurs périmètres dans ce fichier : en nommer un. Périmètres : A, B.")
    with pytest.raises(ProjectError) as refused:
        ck.perimeter(tmp_path / "p.csv", "C")
    says(refused.value, "Périmètre « C » inconnu")
    with pytest.raises(ProjectError) as refused:
        ck.perimeter(["com-59350"])
    says(refused.value, 'ck.perimeter(["com-59350", …], name="Nom")')


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "epci-200066927",
            ("EPCI inconnu : « epci-200066927 ».", "Vouliez-vous dire « epci-", 'ck.territories("epci")'),
        ),
        ("com-99999", ("Commune inconnue : « com-99999 ».", "les 5 caractères du code INSEE")),
        ("per-nulle-part", ("Périmètre inconnu : « per-nulle-part ».", "Donner son fichier", "ck.perimeter")),
    ],
)
def test_unknown_territory_below_the_departements_says_what_to_write(code, words, says):
    with pytest.raises(TerritoryError) as refused:
        ck.panorama(code)
    says(refused.value, *words)


def test_damaged_keys_of_communes_are_all_said(damaged, says):
    file = damaged.home / "parameters/keys_communes.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("*")] + ["prairies,superficie,,D,"]
    damaged.write("parameters/keys_communes.csv", "\n".join(lines) + "\n")
    with pytest.raises(ParameterError) as refused:
        ck.panorama("epci-200066926")
    says(
        refused.value,
        str(paths.shown(file)).rsplit("/", 1)[-1],
        "superficie",
        "grade",
        "colonne proxy_label : cellule vide",
        "colonne reason : cellule vide",
        "clé « prairies » en double",
        "ligne « * » absente",
    )


# ------------------------------------------------------------------ documents


@pytest.fixture(scope="module")
def crte(tmp_path_factory):
    """Two perimeters in a file, one of them over two régions."""
    file = tmp_path_factory.mktemp("perimetres") / "crte.csv"
    file.write_text("CRTE;Code\nLittoral;247600588\nAuch;200066926\n", encoding="utf-8")
    return file


def test_perimeters_of_a_file_are_planned_each_with_the_file_and_resumed_by_what_it_holds(crte):
    tasks = plan.plan("diagnostic", [], None, {}, perimeters=crte)
    assert [(t.territory, t.name, t.level, t.region) for t in tasks] == [
        ("per-littoral", "Littoral", "perimetre", "reg-28"),
        ("per-auch", "Auch", "perimetre", "reg-76"),
    ]
    assert {t.parameters["perimetre"] for t in tasks} == {str(crte.resolve())}
    [one] = plan.plan("diagnostic", ["Auch"], None, {}, perimeters=crte)
    assert one.fingerprint == tasks[1].fingerprint
    other = crte.with_name("crte2.csv")
    other.write_text(crte.read_text(encoding="utf-8") + "Auch;59350\n", encoding="utf-8")
    assert plan.plan("diagnostic", ["Auch"], None, {}, perimeters=other)[0].fingerprint != one.fingerprint


def test_every_epci_is_planned_once():
    tasks = plan.plan("diagnostic", [], "epci", {})
    assert len({t.territory for t in tasks}) == len(tasks) == 1255


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (("projets", ["com-32013"], None, {}), RunError, ["n'est pas fait pour les communes"]),
        (("diagnostic", ["epci-1", "com-0"], None, {}), TerritoryError, ["EPCI inconnu", "Commune inconnue"]),
    ],
)
def test_small_territory_that_cannot_run_is_refused(call, error, words, says):
    with pytest.raises(error) as refused:
        plan.plan(*call)
    says(refused.value, *words)


def test_perimeters_that_cannot_run_are_refused(crte, says):
    for notebook, names, level, file, error, words in (
        ("projets", [], None, crte, RunError, "n'a pas de paramètre « perimetre »"),
        ("diagnostic", [], "epci", crte, RunError, "Donner des codes ou un niveau"),
        ("diagnostic", ["Autre"], None, crte, ProjectError, "Périmètre « Autre » inconnu"),
        ("diagnostic", [], None, "absent.csv", ProjectError, "absent.csv : fichier absent."),
    ):
        with pytest.raises(error) as refused:
            plan.plan(notebook, names, level, {}, perimeters=file)
        says(refused.value, words)


def test_notebook_takes_a_perimeter_by_its_name_its_code_or_because_it_is_alone(crte, says):
    assert ck.notebook.territory("Auch", perimeters=str(crte)) == "per-auch"
    assert ck.notebook.territory("per-littoral", perimeters=str(crte)) == "per-littoral"
    with pytest.raises(ProjectError) as refused:
        ck.notebook.territory("reg-32", perimeters=str(crte))
    says(refused.value, "Périmètre « reg-32 » inconnu")
    alone = crte.with_name("un.csv")
    alone.write_text("Code INSEE\n59350\n", encoding="utf-8")
    assert ck.notebook.territory("reg-32", perimeters=str(alone)) == "per-un"


def test_document_says_first_what_its_figures_are_worth_and_leaves_out_what_has_nothing_to_say(crte):
    perimeter = ck.perimeter(crte, "Littoral")
    p = ck.panorama(perimeter)
    heading = ck.section(p, "entete").parts[0].plain
    assert "Ce que valent ces chiffres : un ordre de grandeur." in heading
    assert "départements Seine-Maritime et Somme, régions Normandie et Hauts-de-France" in heading
    page = ck.report.page(p)
    assert "un ordre de grandeur" in page.effort[2] and "suivent un autre chiffre que leur clé" in page.sure
    assert not any("région" in text for text in page.moves + page.still)  # there are two: none is « the région »
    assert all(isinstance(ck.section(p, name), Absent) for name in ("dynamiques", "biodiversite", "comparaison"))
    assert not ck.section(p, "interactions").parts
    place = ck.table(p, "place").data
    assert place["Communes"].to_list() == [15, 13]
    effort = "Émissions évitées, hors forêt (ktCO2e/an)"
    assert place[effort].sum() == pytest.approx(ck.totals(p).total["sans forêt"])


def test_workbook_of_an_epci_has_its_sheets_and_reasons_of_its_keys():
    out = io.BytesIO(workbook.content(document.book(ck.panorama("epci-200066926"))))
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["Synthèse", "Lisez-moi", "Panorama", "Secteurs", "Quantités", "Clés", "Place", "Sources"]
    said = " ".join(str(cell.value) for row in book["Clés"].iter_rows() for cell in row)
    assert "la population la remplace" in said


@pytest.mark.parametrize(
    "ask",
    [
        lambda p: ck.simulate(p, {"covoiturage": 2}),
        lambda p: ck.shortfall(ck.simulate(p, {"covoiturage": 1})),
        lambda p: ck.convert(p, "haies", kt=1),
        lambda p: ck.uncertainty(p, draws=20),
        lambda p: ck.interactions(p),
        lambda p: ck.shares(p),
        lambda p: ck.dynamics(p),
        lambda p: ck.identity(p, "haies"),
        lambda p: ck.pathways(p),
    ],
)
@pytest.mark.parametrize("code", ["epci-200066926", "epci-247600588"])
def test_what_takes_a_panorama_takes_that_of_an_epci(code, ask):
    try:
        assert ask(ck.panorama(code)) is not None
    except CopkitError as refused:
        assert "ceci existe pour la France" in str(refused)


def test_rank_is_read_between_peers_only(says):
    with pytest.raises(LeverError) as refused:
        ck.place("epci-200066926")
    says(refused.value, "Le rang se lit entre régions", 'ck.table(p, "place")')
