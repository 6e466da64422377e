"""Who is covered by projects: each side of every rule, the official lists, EPCI that straddle, perimeters of CRTE."""

import pandas as pd
import pytest

import copkit as ck
from copkit.errors import CopkitError, ProjectError, TerritoryError
from copkit.intake import perimeters
from copkit.projects import fields
from copkit.projects.counting.balance import balance
from copkit.projects.counting.coverage import LEVELS, RULES, STRADDLING, coverage, without_project
from copkit.reference import tables

FIELDS = {"porteur": "holder_type", "siren": "holder_siren"}


def table_of(projects):
    rows = [{FIELDS.get(name, name): value for name, value in project.items()} for project in projects]
    return fields.complete(pd.DataFrame(rows).fillna(""))


@pytest.mark.cases("couverture", "regles")
def test_collectivite_is_covered_as_the_rule_says(case):
    projects = table_of(case["projets"])
    table = coverage(projects, rule=case["regle"])
    here = table[table.territory == "reg-32"].set_index("level").covered
    for level, expected in case["attendu"].items():
        assert here[level] == len(expected), level
        missing = set(without_project(projects, level, rule=case["regle"]).code)
        assert missing.isdisjoint(expected) and len(missing) + len(expected) == table_total(table, level)


def table_total(table, level):
    return table.total[(table.territory == "reg-32") & (table.level == level)].iloc[0]


@pytest.mark.cases("couverture", "a_cheval")
def test_epci_that_straddles_counts_by_the_stated_rule(case, says):
    table = coverage(table_of([{"commune": "com-59350"}]), straddling=case["regle"])
    found = table[table.level == "epci"].set_index("territory").total.to_dict()
    assert found == case["epci"]
    says(" ".join(table.attrs["rules"]), STRADDLING[case["regle"]], "Liste officielle de 2026")


def test_epci_that_straddles_is_covered_in_both_departements_and_once_in_the_region():
    table = coverage(table_of([{"epci": "epci-200070985", "departement": "dep-80"}]))  # one commune in dep-02
    found = table[table.level == "epci"].set_index("territory").covered
    assert found[["reg-32", "dep-02", "dep-80", "dep-59"]].to_list() == [1, 1, 1, 0]


@pytest.mark.parametrize("straddling", STRADDLING)
@pytest.mark.parametrize("within", ["fr", "reg-32", "dep-62"])
def test_denominators_are_those_of_the_official_lists(within, straddling):
    table = coverage(table_of([{"commune": "com-59350"}]), within, straddling=straddling)
    here = table[table.territory == within].set_index("level").total
    communes = tables.read("communes.parquet")
    inside = (
        communes if within == "fr" else communes[communes["region" if within == "reg-32" else "departement"] == within]
    )
    assert here["commune"] == len(inside)
    if within == "fr":
        assert here[["region", "departement", "epci"]].to_list() == [18, 101, 1255]
    lower = table[(table.level == "commune") & (table.territory != within)]
    assert lower.total.sum() in (0, len(inside))


def test_held_and_located_are_counted_apart():
    projects = table_of(
        [
            {"commune": "com-59350", "porteur": "commune"},
            {"commune": "com-59378", "porteur": "epci"},
            {"epci": "epci-200069672", "departement": "dep-62", "porteur": "pnr", "holder": "a"},
            {"epci": "epci-200069672", "departement": "dep-62", "porteur": "pnr", "holder": "A"},
            {"epci": "epci-200069672", "departement": "dep-62", "porteur": "pnr", "holder": "b"},
        ]
    )
    rows = coverage(projects).query("territory == 'reg-32'").set_index("level")
    assert rows.loc["commune", ["held", "located"]].to_list() == [1, 2]
    assert rows.loc["epci", ["held", "located"]].to_list() == [1, 2]
    assert rows.loc["region", ["held", "located", "covered"]].to_list() == [0, 1, 0]
    assert rows.loc["pnr", "held"] == 2 and pd.isna(rows.loc["pnr", "total"]) and pd.isna(rows.loc["pnr", "share"])


def test_list_of_those_without_project_has_their_population():
    found = without_project(table_of([{"commune": "com-59350"}]), "epci", "dep-59")
    assert len(found) == 16 and "epci-200093201" not in set(found.code)
    assert found.population.gt(0).all() and found.departements.str.contains("dep-59").all()


def test_categories_and_second_submissions_restrict_the_count():
    projects = table_of([{"commune": "com-59350"}, {"commune": "com-02408", "duplicate_of": "1"}])
    projects = projects.assign(category_kept=["crte", "remonter"])
    assert coverage(projects).query("territory == 'reg-32' and level == 'epci'").covered.iloc[0] == 1
    restricted = coverage(projects, categories=["remonter"])
    assert restricted.query("territory == 'reg-32' and level == 'epci'").covered.iloc[0] == 0


def test_projects_elsewhere_or_without_place_are_said(says):
    projects = table_of([{"commune": "com-59350"}, {"commune": "com-13055"}, {"holder": "x"}])
    table = coverage(projects)
    says(
        " ".join(table.attrs["rules"]), "1 dossier d'un autre territoire", "1 dossier sans lieu de la liste officielle"
    )
    assert table.attrs["n"] == 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda p: coverage(p, rule="lieu"), ProjectError, ("Couverture : règle « lieu » inconnue.", *RULES)),
        (
            lambda p: coverage(p, straddling="siege"),
            ProjectError,
            ("EPCI à cheval : règle « siege » inconnue.", *STRADDLING),
        ),
        (lambda p: without_project(p, "epcis"), ProjectError, ("Niveau « epcis » inconnu.", "« epci »", *LEVELS)),
        (lambda p: coverage(p, "32"), TerritoryError, ("Territoire ambigu", "« reg-32 » ou « dep-32 »")),
        (lambda p: coverage(p, categories=["crte"]), ProjectError, ("n'ont pas de catégorie",)),
    ],
)
def test_unknown_rule_level_or_territory_says_what_to_write(call, error, words, says):
    with pytest.raises(error) as caught:
        call(table_of([{"commune": "com-59350"}]))
    says(caught.value, *words)
    assert isinstance(caught.value, CopkitError)


def test_public_name_of_the_coverage_is_there():
    assert ck.projects.coverage is coverage


# ------------------------------------------------------------------ perimeters of CRTE


def test_project_is_in_each_perimeter_that_holds_it(cases):
    case = cases("couverture")["perimetres"]
    read = perimeters.read_perimeters(case["noms"])
    found = read.of(table_of([one["projet"] for one in case["cas"]])).groupby("project").key.agg(sorted)
    assert found.to_list() == [sorted(one["attendu"]) for one in case["cas"]]


def test_balance_by_perimeter_counts_a_shared_project_in_both_and_says_so(cases, says):
    case = cases("couverture")["perimetres"]
    table = balance(table_of([one["projet"] for one in case["cas"]]), "crte", perimeters=case["noms"])
    rows = table.set_index("perimeter").projects
    assert rows[["Deux EPCI", "Une ville", "Les deux"]].to_list() == [2, 1, 1]
    assert rows[["hors_perimetre", "indetermine", "non_renseigne", "total"]].to_list() == [2, 1, 1, 7]
    says(
        " ".join(table.attrs["rules"]),
        "Un projet rattaché à plusieurs périmètres compte un dans chacun,",
        "2 commune(s) dans plusieurs périmètres (com-02408, com-59350)",
        "Hors périmètre",
        "Périmètre indéterminé",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", "perimetre,territoire\nNord,59350\nNord,epci-200069672\n"),
        ("p.csv", "\ufeffCRTE;Code INSEE\nNord;59350\n\nNord;200069672\n"),
        ("p.yml", 'Nord: [com-59350, "200069672"]\n'),
    ],
)
def test_perimeters_are_read_from_csv_or_yaml(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    read = perimeters.read_perimeters(file)
    assert read.names == ("Nord",) and len(read.communes) == 104 and not read.shared()
    assert perimeters.read_perimeters(read) is read


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "p.csv",
            "perimetre,territoire\nA,com-59999\n,59350\nA,epci-1\nA,200000001\nB,59350\nB,com-59350\nC,\nD\n",
            (
                "7 problèmes",
                "ligne 9 : 1 cellule au lieu de 2. Vérifier les séparateurs",
                "ligne 2 : « com-59999 » : commune absente de la liste officielle du kit. Vérifier le code.",
                "ligne 3 : nom de périmètre vide. Le remplir.",
                "ligne 4 : « epci-1 » n'est pas un code. Écrire « com-59350 » ou « epci-200093201 ».",
                "ligne 5 : « epci-200000001 » : EPCI absent de la liste officielle du kit.",
                "ligne 7 : « com-59350 » est déjà dans « B ». N'en garder qu'une ligne.",
                "ligne 8 : territoire vide. Écrire un code de commune ou d'EPCI.",
            ),
        ),
        ("p.csv", "perimetre,territoire\nC,\n", ("ligne 2 : territoire vide.",)),
        ("p.csv", "ville,territoire\nA,59350\n", ("ligne 1 : colonne « perimetre » absente.",)),
        ("p.csv", "", ("aucune ligne d'en-tête",)),
        ("p.csv", "a,b\n1,2\n", ("colonne « perimetre » absente", "colonne « territoire » absente")),
        ("p.csv", "perimetre,territoire\n", ("aucun périmètre. Écrire au moins une ligne.",)),
        ("p.yml", "A: com-59350\n", ("une liste de codes par nom est attendue",)),
        ("p.yml", "A: [com-59999]\nB: [\n", ("n'est pas du YAML lisible",)),
        ("p.yml", "A:\n  - com-59350\n  - com-99999\n", ("ligne 3 : « com-99999 » : commune absente",)),
    ],
)
def test_wrong_perimeters_are_all_said_with_their_lines(tmp_path, name, text, words, says):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        perimeters.read_perimeters(file)
    says(caught.value, name, *words)


def test_absent_perimeters_are_refused(tmp_path, says):
    with pytest.raises(ProjectError) as caught:
        perimeters.read_perimeters(tmp_path / "rien.csv")
    says(caught.value, "rien.csv : fichier absent. Vérifier le chemin des périmètres.")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "utf-16"])
def test_perimeters_are_read_whatever_the_encoding_and_the_separator(tmp_path, encoding, mark):
    lines = (("périmètre", "territoire"), ("Vallée de l'Été", "59350"), (f'"Deux{mark} noms"', "com-59350"))
    (tmp_path / "crte.csv").write_bytes("\r\n".join(map(mark.join, lines)).encode(encoding))
    assert perimeters.read_perimeters(tmp_path / "crte.csv").names == ("Vallée de l'Été", f"Deux{mark} noms")
