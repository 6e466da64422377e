"""What a reader sees of a vivier: charts, tables, sentences, workbook; and what the public version never shows."""

import csv
import dataclasses
import os
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import copkit as ck
from copkit import french, paths
from copkit.errors import CopkitError, ProjectError
from copkit.intake import personal
from copkit.presentation import theme
from copkit.presentation.charts import Stack
from copkit.presentation.document import CHART, SENTENCE, TABLE, Absent
from copkit.presentation.projects import categories, epci, map
from copkit.presentation.projects.balance import SHADES
from copkit.presentation.projects.document import DOCUMENT
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.projects import fields, selection
from copkit.projects.sorting import sort

from .cells import not_printable, numbers_as_text
from .notebooks import documents

EXAMPLE = paths.home().joinpath(*selection.EXAMPLE)
SENTENCES, CHARTS, TABLES = (list(DOCUMENT.parts(kind)) for kind in (SENTENCE, CHART, TABLE))
PRIVATE = [name for name, part in DOCUMENT.parts(TABLE).items() if part.private]
charts, sentences = ck.charts, ck.report
PUBLISHED = {  # feuille_de_route_hauts_de_france_2025, 06/12/2024
    "Aisne": [136, 16, 7, 12, 171],
    "Nord": [104, 54, 20, 15, 193],
    "Oise": [216, 91, 16, 24, 347],
    "Pas-de-Calais": [132, 49, 8, 10, 199],
    "Somme": [200, 116, 34, 19, 369],
    "Total": [788, 326, 85, 80, 1279],
}


@pytest.fixture(scope="module")
def example():
    """The vivier of the kit, as a territory sees it."""
    return cache(lambda code: ck.projects.vivier(territory=code, year=2024))


@pytest.fixture(scope="module")
def whole(example):
    return example("reg-32")


@pytest.fixture(scope="module", params=["reg-32", "dep-59", "fr"])
def v(request, example):
    return example(request.param)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The first dossiers of the vivier."""
    path = tmp_path_factory.mktemp("peu") / "dossiers.csv"
    path.write_text("".join(EXAMPLE.read_text("utf-8").splitlines(keepends=True)[:40]), "utf-8")
    return path


def at(whole: selection.Vivier, code: str, table: pd.DataFrame) -> selection.Vivier:
    """The same vivier for other projects and another territory."""
    inside, peers, left = selection.inside(table, code)
    return dataclasses.replace(whole, projects=inside, peers=peers, territory=code, **left)


def test_document_says_how_a_dossier_of_several_levers_is_counted(tmp_path, says):
    path = tmp_path / "projets.csv"
    rows = "1,Haies,Haies / Vélo,Nord,remonter\n2,Piste,Vélo,Nord,remonter\n"
    path.write_text(f'Dossier,Intitulé,"Levier, libellé reçu",Département,Catégorie reçue\n{rows}', encoding="utf-8")
    v = ck.projects.vivier(path, "dep-59", year=2024)
    found = dataclasses.replace(v, projects=v.projects.assign(category_kept="remonter"))
    said = str(sentences.levers(found))
    says(said, "Un projet rattaché à plusieurs leviers compte un dans chacun", "1 projet dans ce cas")
    says(said, "La première liste dépasse le nombre de dossiers de 1")
    assert categories._projects(found).data["Levier"].to_list() == ["Gestion des haies et Vélo", "Vélo"]
    says(str(sentences.crossing(found)), "plusieurs leviers compte un dans chacun")


# ------------------------------------------------------------------ charts


@pytest.mark.parametrize("name", CHARTS)
def test_chart_says_a_finding_its_year_its_source_and_that_it_is_invented(v, name, monkeypatch):
    monkeypatch.setenv("COPKIT_CHARTS", "spec")
    chart = getattr(charts, name)(v)
    if isinstance(chart, Note):
        assert name == "epci" and v.territory == "fr" and "par région" in chart.text
        return
    title, subtitle = chart.title.text, " ".join(chart.title.subtitle)
    assert any(letter.isdigit() or letter == "A" for letter in title) and len(title) < 105
    assert "COP 2024" in subtitle and "source" in subtitle and "exemple inventé" in subtitle
    assert any(unit in subtitle for unit in ("%", "nombre de dossiers", "ktCO₂e/an"))
    assert chart.description.endswith("Exemple inventé.") and len(chart.description) > 60
    assert chart._repr_mimebundle_()[theme.MIME] == chart.to_dict(validate=True)


def test_titles_give_the_figures_of_the_balance(whole):
    assert charts.categories(whole).title.text == french.typeset(
        "Aisne : 80\u202f% des dossiers à remonter dans la COP 2024, contre 62\u202f% en région"
    )
    assert charts.coverage(whole).title.text.startswith("71 EPCI sur 92 ont au moins un projet (77")
    assert charts.levers(whole).title.text.endswith("21\u202f% des dossiers")
    assert charts.targets(whole).title.text.startswith("5 leviers chiffrés sur 29 sans aucun dossier")
    assert charts.inclusion(whole).title.text.startswith("128 dossiers sur 1\u202f279 remplissent")
    assert charts.departements(whole).title.text == french.typeset("Somme : 369 dossiers ; Aisne : 171")


def test_a_departement_is_told_among_its_region(example):
    nord = example("dep-59")
    assert charts.categories(nord).title.text.startswith("Nord\u00a0: 54\u202f% des dossiers à remonter")
    assert charts.departements(nord).title.text == french.typeset("Nord : 193 dossiers, 4e département sur 5")
    table = ck.table(nord, "bilan").data
    assert table.columns.to_list() == ["Catégorie", "→ Nord", "Hauts-de-France"]
    assert table["→ Nord"].to_list() == PUBLISHED["Nord"]


def test_a_stack_writes_a_percentage_only_where_it_fits():
    segments = Stack(["a"], ["x", "y", "z"], [[97.0, 2.0, 1.0]], SHADES[:3]).segments()
    assert [one["written"] for one in segments] == ["97\u202f%", "", ""]
    assert [one["end"] for one in segments] == [97.0, 99.0, 100.0]
    assert [one["dark"] for one in segments] == [True, False, False]
    assert len(Stack(["a"], ["x", "y"], [[100.0, 0.0]], SHADES[:2]).segments()) == 1


def test_projects_that_are_all_of_one_other_category_are_said_so(whole):
    table = whole.projects.assign(category_kept="travailler")
    assert charts.categories(at(whole, "reg-32", table)).title.text.startswith("100\u202f% des dossiers à travailler")


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 0.66, 1.0])
def test_the_ink_of_a_tile_reads_on_its_shade(share):
    fill, ink = theme.shade(share)
    low, high = sorted([luminance(fill), luminance(ink)])
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_shades_of_the_categories_read_with_their_percentages():
    for shade in SHADES:
        ink = "#ffffff" if shade == theme.HIGHLIGHT else theme.TEXT
        low, high = sorted([luminance(shade), luminance(ink)])
        assert (high + 0.05) / (low + 0.05) >= 4.5


# ------------------------------------------------------------------ maps


def test_every_epci_has_a_tile_and_those_without_project_a_mark(whole):
    table = epci.tiles(whole)
    assert set(table.code) == set(ck.territories("epci", within="reg-32").code)
    assert table[table.without].code.nunique() == 21
    assert (table[table.without].projects == 0).all()
    rects, texts, _ = epci._tiles(table)
    assert len(rects) == len(table) == 95  # three of the 92 lie in two départements
    assert sum(one["none"] for one in rects) == sum(text["text"] == "○ 0" for text in texts) == 21


def test_names_of_tiles_stay_inside(whole):
    from copkit.presentation import marimekko

    for name in ck.territories("epci").name:
        lines = epci._short(epci._KIND.sub("", name) or name)
        assert 1 <= len(lines) <= 2 and all(lines)
        assert all(marimekko.text_width(line) <= epci.TILE - 6 for line in lines), name


@pytest.mark.parametrize("code", ["reg-11", "reg-84", "reg-93", "reg-94", "dep-75", "reg-01", "fr"])
def test_words_of_a_map_stay_inside_their_shape(whole, code):
    communes = ck.territories("commune", within=None if code == "fr" else code).sample(60, replace=True, random_state=1)
    table = whole.projects.head(60).assign(commune=communes.code.to_list(), epci="", departement="", region="")
    chart = charts.departements(at(whole, code, table.assign(duplicate_of="")))
    if code == "reg-01":
        assert "Un seul département" in chart.text
        return
    spec = chart.to_dict(validate=True)
    shapes, *texts = (spec["datasets"][layer["data"]["name"]] for layer in spec["layer"])
    words = [word for text in texts for word in text]
    assert len(shapes) == {"fr": 18, "dep-75": 8}.get(code, len(ck.territories("departement", within=code)))
    assert len(words) >= len(shapes) - 2
    for word in words:
        rings = [ring[0] for shape in shapes for ring in shape["geometry"]["coordinates"]]
        assert any(map._holds(ring, word["x"], word["y"]) for ring in rings), word["text"]


# ------------------------------------------------------------------ tables and sentences


def test_the_balance_is_the_published_table(whole):
    table = ck.table(whole, "bilan").data.set_index("Catégorie")
    assert {name: table[name].to_list() for name in table} == PUBLISHED
    shares = ck.table(whole, "parts").written().set_index("Catégorie")
    assert shares["Total"].to_list() == ["61,6", "25,5", "6,6", "6,3", "100,0"]
    assert shares["Aisne"].to_list() == ["79,5", "9,4", "4,1", "7,0", "100,0"]


def test_levers_are_the_published_lists(whole):
    table = ck.table(whole, "leviers").written()
    row = table[table["Levier"] == "Autres leviers"].iloc[0]
    assert (row["Dossiers"], row["Part (%)"]) == ("323", "29,0")
    assert table[table["Liste"] == "Non investis"]["Levier"].to_list()[1] == "Produits bois"
    ranks = table[table["Liste"] == "Les plus investis"]["Rang dans la liste"].to_list()
    assert ranks[:4] == ["1er", "2e", "3e ex aequo", "3e ex aequo"]
    assert "5 des 43 leviers n'ont aucun dossier" in sentences.levers(whole)
    assert "ex aequo" in sentences.levers(whole)


def test_themes_by_departement_say_what_the_source_says(whole):
    table = ck.table(whole, "themes").written().set_index("Thème")
    assert table.loc["Eau", ["Somme (%)", "Oise (%)"]].to_list() == ["20,1", "19,9"]


@pytest.mark.parametrize("what", TABLES)
def test_every_table_has_its_caption_and_writes_no_stray_english(v, what):
    found = ck.table(v, what)
    if isinstance(found, Note):
        assert len(found.text) > 20 and found.text.endswith(".")
        return
    assert isinstance(found, Table) and len(found.data) > 0
    assert "(exemple inventé)" in found.caption and v.name in found.caption
    html = found._repr_html_()
    for stray in ("NaN", "None", "&lt;NA&gt;", ">nan<", "remonter<", "True", "False", "sobriete_", "dep-", "epci-"):
        assert stray not in html, (what, stray)
    for column, texts in found.texts().items():
        assert not any(text in ("", "<NA>") for text in texts), (what, column)


def test_unknown_table_is_refused_with_a_suggestion(whole):
    with pytest.raises(ProjectError) as refused:
        ck.table(whole, "bilans")
    assert str(refused.value).startswith("Table inconnue : « bilans ». Vouliez-vous dire « bilan » ? Tables : bilan")


def test_a_long_table_says_how_many_rows_it_has(whole):
    table = ck.table(whole, "dossiers")
    assert len(table.data) == 200 and table.caption.endswith(
        ": 200 premières lignes sur 1\u202f279, toutes dans le classeur"
    )
    assert len(ck.table(whole, "dossiers", whole=True).data) == 1279


def test_every_rule_is_explained_by_a_dossier(whole):
    table = ck.table(whole, "explications").data
    assert len(table) == 10 and table["Pourquoi"].str.len().min() > 40
    assert set(table["Catégorie"]) == set(whole.labels.values())
    assert whole.counted.drop_duplicates("rule").project_id.isin(table["Dossier"]).all()


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences_are_printed_in_french(v, name):
    text = getattr(sentences, name)(v)._repr_markdown_()
    assert len(text) > 60
    assert not {"nan", "None", "True", "<NA>"} & set(text.replace("*", " ").split()) and "{" not in text


def test_the_criteria_that_no_dossier_can_tell_are_named(whole, tmp_path):
    assert "Aucun dossier ne renseigne" not in sentences.inclusion(whole)
    table = pd.read_csv(EXAMPLE, dtype=str, keep_default_na=False).head(20)
    table.drop(columns=["Thème prioritaire", "Prochaines étapes"]).to_csv(tmp_path / "dossiers.csv", index=False)
    said = sentences.inclusion(selection.vivier(tmp_path / "dossiers.csv"))
    assert "Aucun dossier ne renseigne : thème prioritaire" in said and "jamais « non »" in said


def test_effects_that_are_not_declared_are_not_zero(whole):
    said = sentences.crossing(whole)
    assert "21\u202f631,8 ktCO2e/an hors forêt" in said and "n'est pas zéro" in said
    table = ck.table(whole, "objectifs")
    row = table.written().set_index("Levier").loc["Covoiturage"]
    assert row["Effet identifié (ktCO2e/an)"] == "n.d." and row["Dossiers"] == "34"
    row = table.written().set_index("Levier").loc["Produits bois"]
    assert row["Effet identifié (ktCO2e/an)"] == "—" and row["Dossiers"] == "0"
    silent = at(whole, "reg-32", whole.projects.assign(quantity=float("nan"), quantity_unit=""))
    assert "Aucun dossier ne déclare de quantité" in sentences.crossing(silent)
    assert "Aucun dossier" in ck.table(silent, "quantites").text


def test_opinions_that_differ_are_listed_body_by_body(whole):
    table = whole.projects.copy()
    table.loc[table.index[:2], "opinion_prefecture_ddt"] = "favorable"
    assert "2 dossiers avec un avis de service ; aucun désaccord" in ck.table(at(whole, "reg-32", table), "avis").text
    table.loc[table.index[0], "opinion_dreal_draaf"] = "defavorable"
    table.loc[table.index[0], "funding_dreal_draaf"] = "Fonds vert"
    found = ck.table(at(whole, "reg-32", table), "avis").data
    assert found["Avis"].to_list() == ["favorable", "défavorable"]
    assert found["Financement repéré"].to_list() == ["—", "Fonds vert"]


def test_decisions_of_analysts_are_said(whole, tmp_path):
    assert "**1\u202f279 dossiers distincts**, dont 788 «" in sentences.heading(whole)
    id_ = whole.counted[whole.counted.category == "crte"].project_id.iloc[0]
    path = tmp_path / "decisions.csv"
    path.write_text(f"dossier,catégorie,auteur,date,raison\n{id_},non_remonte,Service,2024-12-01,Doublon\n", "utf-8")
    found = ck.projects.vivier(year=2024, decisions=path)
    assert "1 décision d'analyste remplace la réponse" in sentences.balance(found)
    assert ck.table(found, "bilan").data["Total"].to_list() == [788, 326, 84, 81, 1279]


def test_decisions_of_a_workshop_are_read_back(few, tmp_path):
    path, sent = tmp_path / "atelier.xlsx", ck.projects.vivier(few, year=2024)
    ck.projects.write_workshop(sent.projects, path)
    assert ck.projects.vivier(few, year=2024, decisions=path).categories.equals(sent.categories)


# ------------------------------------------------------------------ which projects


def test_a_territory_without_project_says_so_and_shows_nothing_else():
    empty = ck.projects.vivier(territory="reg-06", year=2024)
    assert empty.empty and "Aucun dossier du fichier n'est situé" in sentences.heading(empty)
    assert "1\u202f279 dossiers d'un autre territoire" in sentences.heading(empty)
    for name in CHARTS:
        assert getattr(charts, name)(empty).text == "Aucun dossier du fichier n'est situé dans ce territoire (Mayotte)."
    assert ck.table(empty, "bilan") is None and ck.table(empty, "lecture") is not None
    assert sentences.balance(empty) is None


def test_dossiers_without_place_count_for_a_region_only_when_it_is_alone(whole):
    nowhere = whole.projects.head(3).assign(commune="", epci="", departement="", region="", duplicate_of="")
    table = pd.concat([whole.projects, nowhere])
    found = at(whole, "reg-32", table)
    assert (len(found.counted), found.nowhere, found.placeless) == (1282, 3, True)
    assert ck.table(found, "bilan").data["Lieu non précisé"].sum() == 6
    assert "3 dossiers sans lieu, comptés, car tous les autres sont de la région" in sentences.reading(found)
    elsewhere = whole.projects.head(1).assign(commune="", epci="", departement="dep-75", region="", duplicate_of="")
    found = at(whole, "reg-32", pd.concat([table, elsewhere]))
    assert (len(found.counted), found.nowhere, found.elsewhere, found.placeless) == (1279, 3, 1, False)
    assert "3 dossiers sans lieu, hors du compte" in sentences.reading(found)


def test_a_collectivite_outside_of_the_regions_keeps_its_name(whole):
    table = whole.projects.head(30).assign(commune="", epci="", departement="", region="", duplicate_of="")
    table = table.assign(region_label="Nouvelle-Calédonie")
    found = at(whole, "fr", pd.concat([whole.projects, table]))
    assert ck.table(found, "bilan").data["Nouvelle-Calédonie"].iloc[-1] == 30
    assert "Nouvelle-Calédonie (30)" in charts.categories(found).description
    table.loc[table.index[0], "region_label"] = "Chez Untel"
    assert set(personal.published(table, "projets", selection.FIELDS).region_label) == {"Nouvelle-Calédonie", ""}


def test_a_file_is_found_from_where_the_command_was_started(few, monkeypatch):
    monkeypatch.setenv("PWD", str(few.parent))
    assert len(ck.projects.vivier(few.name).counted) == 39
    assert len(ck.projects.vivier(str(Path(*selection.EXAMPLE))).counted) == 1279
    with pytest.raises(ProjectError) as refused:
        ck.projects.vivier("absent.csv")
    assert str(refused.value) == (
        "Fichier de projets introuvable : « absent.csv ».\n"
        "Vérifier son nom, ou donner son chemin complet. Vide : l'exemple inventé du kit."
    )


def test_two_files_are_one_vivier(tmp_path):
    lines = EXAMPLE.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(lines[:100]), "utf-8")
    (tmp_path / "b.csv").write_text("".join([lines[0], *lines[100:200]]), "utf-8")
    found = ck.projects.vivier([tmp_path / "a.csv", tmp_path / "b.csv"], year=2024)
    assert found.files == ("a.csv", "b.csv") and "Fichiers : a.csv et b.csv." in sentences.heading(found)


# ------------------------------------------------------------------ workbook and diagnostic


def test_the_workbook_has_the_tables_as_numbers(whole, tmp_path):
    path = tmp_path / "projets.xlsx"
    ck.write_workbook(whole, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:4] == ["Synthèse", "Lisez-moi", "Bilan", "Parts"] and book.sheetnames[-1] == "Sources"
    assert [cell.value for cell in book["Bilan"][4]] == ["À remonter dans la COP 2024", 136, 104, 216, 132, 200, 788]
    assert book["Dossiers"].max_row == 3 + 1279
    assert "inventé" in book["Lisez-moi"]["A1"].value and "non publique" in str(
        [cell.value for cell in book["Lisez-moi"]["B"]]
    )
    assert all("exemple inventé" in sheet["A1"].value for sheet in book if sheet.title != "Lisez-moi")
    assert numbers_as_text(book) == [] and not_printable(book, "Hauts-de-France (exemple inventé)") == []
    assert len(book["Synthèse"]._charts) == 3 and book["Synthèse"]["B7"].value == 788
    assert os.listdir(tmp_path) == ["projets.xlsx"]


def test_a_workbook_that_cannot_be_written_leaves_the_earlier_one(whole, tmp_path, monkeypatch):
    path = tmp_path / "projets.xlsx"
    path.write_text("plus ancien")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disque plein")))
    with pytest.raises(CopkitError, match=r"écriture impossible \(disque plein\)\. Choisir un autre fichier"):
        ck.write_workbook(at(whole, "reg-06", whole.projects.head(20)), path)  # of which it holds none
    assert path.read_text() == "plus ancien" and os.listdir(tmp_path) == ["projets.xlsx"]


def test_the_diagnostic_says_how_to_give_a_file():
    absent = ck.report.projects(ck.panorama("reg-32"))
    assert isinstance(absent, Absent), "a document leaves the chapter out"
    said = absent.parts[0].text
    assert said.startswith("Aucun fichier de projets n'est chargé.") and "paramètre « projets »" in said


def test_the_diagnostic_shows_the_public_version():
    parts = ck.report.projects(ck.panorama("dep-59"), str(EXAMPLE)).parts
    tables = [part for part in parts if isinstance(part, Table)]
    assert tables[0].data["→ Nord"].to_list() == PUBLISHED["Nord"] and len(tables) == 4
    assert len(ck.report.projects(ck.panorama("reg-06"), str(EXAMPLE)).parts) == 2


# ------------------------------------------------------------------ the public version

NAME, FIRST, MAIL, PHONE = "Plantenom", "Jeanneplantee", "plantee.jeanne@exemple-plante.fr", "06 12 34 56 78"
SECRET = f"Voir {FIRST} {NAME}, {MAIL} ou {PHONE}"
TRACES = [NAME, FIRST, "exemple-plante", "plantee.jeanne", PHONE, PHONE.replace(" ", ""), NAME.upper()]
# Closed answers and codes that the rules need: each is planted in one dossier only.
CLOSED = {
    "Commune d'implantation", "Commune d'implantation (Code INSEE)", "Commune d'implantation (Département)",
    "EPCI concerné", "EPCI concerné (Code)", "EPCI concerné (Département)", "Département du projet",
    "Département du projet (Code)", "Thématique", "Levier de la planification écologique", "Levier principal",
    "Le projet contribue-t-il aux objectifs de la planification écologique ?", "Dimension nouvelle",
    "Niveau de maturité", "Le projet répond-il à un autre enjeu ?", "Coût total estimé (€)",
    "Financement demandé (€)", "Date de démarrage prévue", "Type de porteur", "Le projet est-il inscrit au CRTE ?",
    "Quantité physique attendue", "Unité de la quantité", "État du dossier", "Dernière mise à jour le",
    "Dernière mise à jour du dossier le", "Déposé le", "Exemple inventé", "Établissement SIRET", "Entreprise SIREN",
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """An export of démarches-simplifiées with persons in every text column, as CSV and as a workbook with opinions."""
    folder = tmp_path_factory.mktemp("plante")
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    added = ["Commentaire", "Avis de la préfecture", "Avis DREAL", "Parties prenantes", "Prochaines étapes"]
    added += ["Justification", "Thème prioritaire", "Programme", "Nom", "Prénom", "Mandataire"]
    header, rows, closed = [*header, *added], [[*row, *[""] * len(added)] for row in rows[:60]], iter(range(60))
    for at_, name in enumerate(header):
        if name == "ID":
            continue
        one = next(closed) if name in CLOSED else None
        for rank, row in enumerate(rows):
            if name == "Intitulé du projet":
                row[at_] = f"{row[at_]} {MAIL} {PHONE}"
            elif name not in CLOSED or rank == one:
                row[at_] = SECRET
    with (folder / "dossiers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    book = openpyxl.Workbook()
    book.active.title = "Dossiers"
    for row in [header, *rows]:
        book.active.append(row)
    opinions = book.create_sheet("Avis")
    columns = ["Dossier ID", "Introduction", "Réponse", "Question", "Réponse oui/non", "Créé le", "Répondu le"]
    opinions.append([*columns, "Instructeur", "Expert"])
    opinions.append([rows[0][0], *[SECRET] * 8])
    firms = book.create_sheet("Etablissements")
    firms.append(["Dossier ID", "Champ", "Établissement SIRET", "Entreprise raison sociale", "Entreprise nom"])
    firms.append([rows[0][0], "Dossier", "00000021800001", f"{FIRST} {NAME}", NAME])
    book.save(folder / "dossiers.xlsx")
    return folder


def traces(path: Path) -> list[str]:
    """What of the planted persons can be read in a file, unzipped when it is a workbook."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    else:
        content = path.read_bytes()
    return [trace for trace in TRACES if trace.encode().lower() in content.lower()]


def test_no_planted_person_is_in_the_public_version(planted, tmp_path):
    file, code = "dossiers.xlsx", "reg-32"
    documents("projets", [code], tmp_path, projets=str(planted / file), publique=True)
    made = sorted((tmp_path / code).glob("projets.*"))
    assert [path.suffix for path in made] == [".html", ".ipynb", ".xlsx"]
    assert {path.name: traces(path) for path in made} == {path.name: [] for path in made}
    assert traces(tmp_path / "manifest.json") == traces(tmp_path / "index.html") == []


def test_the_working_version_shows_what_the_public_one_hides(planted, tmp_path):
    found = ck.projects.vivier(planted / "dossiers.csv", year=2024)
    ck.write_workbook(found, tmp_path / "travail.xlsx")
    assert NAME in traces(tmp_path / "travail.xlsx")  # the test above has something to find
    assert MAIL.split("@")[1].split(".")[0] not in traces(tmp_path / "travail.xlsx")  # masked at reading


def test_the_public_version_blanks_every_field_that_is_not_public(planted):
    found = ck.projects.vivier(planted / "dossiers.xlsx", year=2024, public=True)
    assert found.reading is None and found.files == () and "reading" not in found.projects.attrs
    known = fields.FIELDS | sort.COLUMNS
    for name in personal.hidden("projets", known):
        assert (found.projects[name] == known[name].empty).all(), name
    assert set(found.projects) <= set(fields.FIELDS | sort.COLUMNS)
    assert set(found.projects.holder) <= {"", *ck.territories("epci").name}
    for what in PRIVATE[1:]:
        assert ck.table(found, what) is None
    assert "ne donne que ces nombres" in ck.table(found, "problemes").text
    assert "version publique" in ck.table(found, "avis").text
    assert "**Version publique**" in sentences.heading(found)


def test_an_epci_is_named_from_the_official_list_in_the_public_version(whole):
    code = ck.territories("epci", within="dep-59").code.iloc[0]
    table = whole.projects.head(2).assign(holder_siren=[code.removeprefix("epci-"), "123456789"], holder="M. Untel")
    assert personal.published(table, "projets", selection.FIELDS).holder.to_list() == [
        ck.territories("epci").set_index("code").name[code], "",
    ]  # fmt: skip
