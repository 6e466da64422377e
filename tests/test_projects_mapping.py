"""Mappings: each file of the kit fits its layout, a damaged one says its line, a proposal reads its own file."""

import csv

import openpyxl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import doctor
from copkit.errors import ParameterError, ProjectError
from copkit.intake import headers, labels, mapping, proposal
from copkit.projects import fields
from copkit.projects.fields import PROJECTS

FONDS_VERT_2023 = (
    "nom_region,code_departement,nom_departement,code_commune,nom_commune,axe,numero_demarche_ds,nom_demarche_ds,"
    "numero_dossier_ds,nom_du_projet,nom_beneficiaire_principal,siren,montant_engage"
)
FORM = [
    *("ID", "Email", "FranceConnect ?", "Établissement SIRET", "Entreprise raison sociale", "À archiver"),
    *("État du dossier", "Dernière mise à jour le", "Dernière mise à jour du dossier le", "Déposé le", "Instructeurs"),
    *("Intitulé du projet", "Description du projet", "Commune d'implantation", "Commune d'implantation (Code INSEE)"),
    *("Commune d'implantation (Département)", "EPCI concerné", "EPCI concerné (Code)", "EPCI concerné (Département)"),
    *("Département du projet", "Département du projet (Code)", "Thématique", "Levier de la planification écologique"),
    *("Levier principal", "Le projet contribue-t-il aux objectifs de la planification écologique ?"),
    *("Dimension nouvelle", "Niveau de maturité", "Le projet répond-il à un autre enjeu ?", "Coût total estimé (€)"),
    *("Financement demandé (€)", "Besoins d'ingénierie", "Freins potentiels", "Calendrier prévisionnel"),
    *("Date de démarrage prévue", "Type de porteur", "Le projet est-il inscrit au CRTE ?"),
    *("Quantité physique attendue", "Unité de la quantité", "Personne à contacter", "Téléphone du contact"),
]


@pytest.fixture
def table(tmp_path):
    """Write a CSV from its headers and rows and give its path."""

    def write(head, *rows, name="projets.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return path

    return write


def saved(tmp_path, text, name="essai.yml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------ the files of the kit


@pytest.mark.parametrize("name", mapping.names(PROJECTS))
def test_every_mapping_of_the_kit_loads_and_says_what_it_is(name):
    one = mapping.load(name, PROJECTS)
    assert one.label and set(one.fields) <= set(fields.FIELDS)


def test_every_column_of_the_form_is_read_or_dropped_or_known():
    one = mapping.load("cop_hauts_de_france", PROJECTS)
    said = {
        headers.head(h) for where in one.fields.values() for h in (*where.headers, *where.codes, *where.departements)
    }
    for header in FORM:
        known = headers.head(header) in said or header in one.ignored or headers.is_personal(header, one)
        assert known, header


def test_the_most_recent_label_of_the_lever_comes_first():
    one = mapping.load("cop_hauts_de_france", PROJECTS)
    assert one.fields["lever"].headers == ("Levier principal", "Levier de la planification écologique")


def test_lever_tables_of_fonds_vert_say_the_same_with_their_status():
    old, new = (mapping.load(f"fonds_vert_{year}", PROJECTS).levers for year in (2023, 2024))
    assert old.status == new.status == "proposition du kit, à valider"
    assert [(r.label, r.lever, r.levers) for r in old.rows] == [(r.label, r.lever, r.levers) for r in new.rows]
    assert len({r.number for r in old.rows}) == 14
    assert all(r.note for r in old.rows if r.lever == "autres")


def test_table_of_the_kit_names_every_field_that_can_be_given():
    assert set(mapping.load("copkit", PROJECTS).fields) == set(PROJECTS.given)


def test_doctor_reads_every_mapping_and_the_synonyms(damaged, says):
    damaged.replace(
        "parameters/mappings/projets/fonds_vert_2023.yml", "amount: montant_engage", "montant: montant_engage"
    )
    with pytest.raises(ParameterError) as refused:
        doctor.parameters()
    says(
        refused.value,
        "parameters/mappings/projets/fonds_vert_2023.yml",
        "champ inconnu « montant ». Vouliez-vous dire « amount » ?",
    )


# ------------------------------------------------------------------ faults


@pytest.mark.cases("lecture_correspondances", "abimees")
def test_damaged_mapping_says_its_line_and_the_remedy(case, tmp_path, says):
    with pytest.raises(ParameterError) as refused:
        mapping.load(saved(tmp_path, case["contenu"]), PROJECTS)
    says(refused.value, "essai.yml", *case["message"])


def test_unknown_mapping_names_those_of_the_kit(says):
    with pytest.raises(ProjectError) as refused:
        mapping.load("fond_vert_2023", PROJECTS)
    says(
        refused.value,
        "Correspondance inconnue : « fond_vert_2023 ». Vouliez-vous dire « fonds_vert_2023 » ?",
        "cop_hauts_de_france, copkit, demarches_simplifiees",
        "« copkit template mapping FICHIER » propose.",
    )


def test_absent_mapping_file_is_named(tmp_path, says):
    with pytest.raises(ProjectError) as refused:
        mapping.load(tmp_path / "absent.yml", PROJECTS)
    says(refused.value, "absent.yml : fichier de correspondance absent. Vérifier le chemin.")


def test_mapping_that_fits_no_column_names_the_headers_it_wants(table, tmp_path, says):
    path = saved(tmp_path, "label: f\nfields: {title: [Intitulé du projet, Titre]}\n")
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(table(["Nom", "Coût"], ["Haies", "3"]), mapping=path)
    says(
        refused.value,
        "projets.csv : aucune colonne « Intitulé » ou « Dossier ».",
        "En-têtes attendus : Intitulé du projet, Titre. Les rétablir",
    )


def test_a_sheet_that_the_mapping_names_needs_a_key_column_as_any_other(tmp_path, says):
    path = saved(tmp_path, "label: f\nsheet: Dossiers\nfields: {title: [Intitulé du projet]}\n")
    book = openpyxl.Workbook()
    book.active.title = "Dossiers"
    for row in (["Recensement des projets"], [], ["Intitulé du projet", "Coût"], ["Haies", 3]):
        book.active.append(row)
    book.save(tmp_path / "dossiers.xlsx")
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(tmp_path / "dossiers.xlsx", mapping=path)
    says(refused.value, "dossiers.xlsx : aucune colonne « Intitulé » ou « Dossier ».", "attendus : Intitulé du projet.")


# ------------------------------------------------------------------ which mapping


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (FONDS_VERT_2023.split(","), "Fonds vert 2023, fichier ouvert"),
        (
            ["nom_du_projet", "montant_engage", "demarche", "siret_beneficiaire", "raison_sociale_beneficiaire"],
            "Fonds vert 2024",
        ),
        (FORM, "Vivier de projets"),
        (["DOSSIER", "Intitule"], "Table de projets"),
    ],
)
def test_mapping_is_recognised_by_the_headers(table, head, expected):
    row = ["1" if "dossier" in headers.head(h) or h == "ID" else "" for h in head]
    row[next((n for n, h in enumerate(head) if "projet" in headers.head(h)), 0)] = "x"
    told = ck.projects.read(table(head, row)).attrs["reading"]
    assert next(iter(told.mappings.values())).startswith(expected)


def test_scdl_is_told_from_the_regulatory_file(table):
    head = ["nomAttribuant", "idAttribuant", "dateConvention", "referenceDecision"]
    head += ["nomBeneficiaire", "idBeneficiaire", "objet", "montant"]
    for more, expected in ((["nature"], "14 colonnes"), (["idSubvention", "exerciceBudgetaire"], "SCDL")):
        told = ck.projects.read(table([*head, *more], ["x"] * (8 + len(more)))).attrs["reading"]
        assert expected in told.mappings["projets.csv"]


def test_two_mappings_that_fit_are_both_named(damaged, table, says):
    text = damaged.read("parameters/mappings/projets/copkit.yml")
    damaged.write("parameters/mappings/projets/copie.yml", text)
    with pytest.raises(ProjectError) as refused:
        ck.projects.read(table(["Dossier", "Intitulé"], ["1", "Haies"]))
    says(
        refused.value,
        'projets.csv : plusieurs correspondances conviennent : copie, copkit. \nEn donner une : mapping="copie".',
    )


def test_header_below_other_lines_is_found_where_the_mapping_says(tmp_path):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    for row in (["Recensement 2025"], [None, "Projet"], ["N°", "Titre"], ["1", "Haies"]):
        book.active.append(row)
    book.save(path)
    one = saved(tmp_path, "label: f\nheader_row: 3\nfields: {project_id: N°, title: Titre}\n")
    projects = ck.projects.read(path, mapping=one)
    assert list(projects.title) == ["Haies"] and list(projects.row) == [4]


def test_columns_are_found_by_name_in_any_order_and_writing(table):
    one = ck.projects.read(table(["Dossier", "Intitulé", "Coût [EUR]"], ["1", "Haies", "3"]))
    other = ck.projects.read(table(["COUT  (EUR)", "intitule", "dossier "], ["3", "Haies", "1"], name="b.csv"))
    for name in ("project_id", "title", "cost"):
        assert list(one[name]) == list(other[name])


def test_values_are_translated_and_constants_filled(table, tmp_path):
    path = saved(
        tmp_path,
        "label: f\nprogramme: DSIL\nyear: 2024\nmissing: [sans objet]\nconstants: {region: reg-32, crte: non}\n"
        "fields:\n  title: Projet\n  maturity: {headers: [Stade], values: {Phase 1: idee, PHASE 2: À initier}}\n"
        "  crte: Inscrit\n",
    )
    rows = [["A", "phase 1", "oui"], ["B", "Phase 2", ""], ["C", "sans objet", ""]]
    projects = ck.projects.read(table(["Projet", "Stade", "Inscrit"], *rows), mapping=path)
    assert list(projects.maturity) == ["idee", "a_initier", ""]
    assert list(projects.crte) == ["oui", "non", "non"]
    assert (
        (projects.region == "reg-32").all() and (projects.programme == "DSIL").all() and (projects.year == 2024).all()
    )


def test_base_is_under_the_mapping(tmp_path):
    one = mapping.load(
        saved(tmp_path, "label: f\nbase: demarches_simplifiees\nfields: {title: Nom, state: Avancée}\n"), PROJECTS
    )
    assert one.fields["state"].headers == ("Avancée",) and one.fields["project_id"].headers == ("ID",)
    assert one.sheet == "Dossiers"


# ------------------------------------------------------------------ personal columns


@pytest.mark.cases("lecture_correspondances", "personnels")
def test_header_that_names_or_reaches_a_person_is_personal(case):
    assert headers.is_personal(case, mapping.load("demarches_simplifiees", PROJECTS))


@pytest.mark.cases("lecture_correspondances", "non_personnels")
def test_header_that_only_looks_like_one_is_not(case):
    assert not headers.is_personal(case, mapping.load("demarches_simplifiees", PROJECTS))


def test_column_that_the_mapping_names_is_read_and_one_it_excuses_is_not_dropped(table, tmp_path):
    path = saved(
        tmp_path,
        "label: f\nfields: {title: Projet, partners: Contact des partenaires}\nnot_personal: [Point de contact FAIRE]\n"
        "personal: [Surnom]\n",
    )
    head = ["Projet", "Contact des partenaires", "Point de contact FAIRE", "Surnom", "Courriel"]
    projects = ck.projects.read(table(head, ["A", "Agence inventée", "x", "y", "z"]), mapping=path)
    told = projects.attrs["reading"]
    assert projects.partners[0] == "Agence inventée"
    assert told.dropped == ["Surnom", "Courriel"] and told.ignored == ["Point de contact FAIRE"]


# ------------------------------------------------------------------ proposals


def test_proposal_for_an_export_of_demarches_simplifiees_reads_it_like_the_mapping_of_the_kit(table, tmp_path):
    row = dict.fromkeys(FORM, "")
    row |= {"ID": "1", "Intitulé du projet": "Haies", "Niveau de maturité": "Idée", "Levier principal": "Vélo"}
    row |= {"Commune d'implantation (Code INSEE)": "59350", "Coût total estimé (€)": "12", "Email": "a@b.fr"}
    path = table(FORM, list(row.values()))
    text = proposal.propose(path, PROJECTS)
    assert "base: demarches_simplifiees" in text and "ignored:" not in text
    proposed = ck.projects.read(path, mapping=saved(tmp_path, text))
    ours = ck.projects.read(path)
    for name in ("project_id", "title", "maturity", "lever", "commune", "departement", "cost", "holder_type", "crte"):
        assert list(proposed[name]) == list(ours[name]), name


def test_proposal_says_why_and_what_is_left(table, tmp_path):
    head = ["N° dossier", "Nom du projet", "Coût global du projet", "Courriel du porteur", "Couleur", "Code INSEE"]
    path = table(head, ["1", "Haies", "3", "a@b.fr", "vert", "59350"])
    text = proposal.propose(path, PROJECTS)
    for expected in (
        'project_id: ["N° dossier"]  # Dossier : en-tête connu (parameters/synonyms.csv)',
        'title: ["Nom du projet"]',
        'cost: ["Coût global du projet"]',
        'commune: {codes: ["Code INSEE"]}',
        'personal:  # semblent nommer ou joindre une personne : jamais lues\n  - "Courriel du porteur"',
        'ignored:  # à déplacer dans fields: si la colonne est utile\n  - "Couleur"  # ',
    ):
        assert expected in text, text
    projects = ck.projects.read(path, mapping=saved(tmp_path, text))
    assert (projects.project_id[0], projects.title[0], projects.cost[0], projects.commune[0]) == (
        "1",
        "Haies",
        3,
        "com-59350",
    )


def test_proposal_without_a_known_title_says_what_to_mend(table, tmp_path):
    path = table(["Couleur", "Coût"], ["vert", "3"])
    text = proposal.propose(path, PROJECTS)
    assert "À CORRIGER : aucun intitulé reconnu, première colonne prise" in text
    assert list(ck.projects.read(path, mapping=saved(tmp_path, text)).title) == ["vert"]


def test_proposal_for_a_workbook_names_its_sheet(tmp_path):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    book.active.title = "Liste - 2025 #1"
    for row in (["Titre", "Budget"], ["Haies", 3]):
        book.active.append(row)
    book.create_sheet("Notes").append(["à lire"])
    book.save(path)
    text = proposal.propose(path, PROJECTS)
    assert 'sheet: "Liste - 2025 #1"' in text and "deduplicate: []" in text
    assert list(ck.projects.read(path, mapping=saved(tmp_path, text)).cost) == [3]


def test_proposal_finds_the_sheet_and_the_row_of_the_headers(tmp_path):
    path, book = tmp_path / "projets.xlsx", openpyxl.Workbook()
    book.active.title = "Listes"
    for row in (["Choix"], ["Oui"], ["Non"], ["Peut-être"]):
        book.active.append(row)
    sheet = book.create_sheet("Projets")
    for row in (["Identité", None, "Moyens"], ["N° dossier", "Intitulé du projet", "Coût total"], ["1", "Haies", 3]):
        sheet.append(row)
    book.save(path)
    text = proposal.propose(path, PROJECTS)
    assert 'sheet: "Projets"' in text and "header_row: 2" in text
    projects = ck.projects.read(path, mapping=saved(tmp_path, text))
    assert (list(projects.title), list(projects.cost), list(projects.row)) == (["Haies"], [3], [3])


_HEADER = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), min_size=1, max_size=20
)
_KNOWN = st.sampled_from(
    ["Intitulé", "Coût", "Téléphone", "Commune", "Commune (Code INSEE)", "Levier", "a: b", "#", "- x", '"']
)


@given(st.lists(_HEADER | _KNOWN, min_size=2, max_size=8))
def test_every_proposal_is_a_mapping_that_names_each_header_once(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("proposition")
    path = folder / "projets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, ["x"] * len(names)])
    clean = list(dict.fromkeys(" ".join(name.split()) for name in names if name.split()))
    if not clean:
        return
    text = proposal.propose(path, PROJECTS)
    one = mapping.load(saved(folder, text), PROJECTS)
    placed = [h for where in one.fields.values() for h in (*where.headers, *where.codes, *where.departements)]
    assert sorted({*placed, *one.personal, *one.ignored}) == sorted(clean)
    assert not set(placed) & {*one.personal, *one.ignored}
    assert yaml.safe_load(text)["label"]
    projects = ck.projects.read(path, mapping=folder / "essai.yml")
    assert projects.attrs["reading"].rows == 1


def test_header_synonyms_are_fields():
    assert set(labels.synonyms("header").values()) <= set(fields.FIELDS)
