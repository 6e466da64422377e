"""The workbook of the questionnaire: written, filled in, sent back, gathered with others."""

import csv

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from copkit.commands.cli import app
from copkit.errors import CopkitError, ProjectError
from copkit.survey import analysis, gather, questionnaire, workbook

LABELS = [*questionnaire.rules().scale.options.values(), ""]
IDS = [*questionnaire.rules().scale.options, ""]


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("questionnaire") / "questionnaire.xlsx"
    workbook.write_template(path, "reg-32", "epci")
    return path


@pytest.fixture(scope="module")
def filled(blank):
    """The blank workbook as a person fills it in: answers in turn, who answers at the head."""
    book = openpyxl.load_workbook(blank)
    front, sheet = book["Lire d'abord"], book["Réponses"]
    heads = {row[0].value: row[1] for row in front.iter_rows(max_row=7)}
    heads["Collectivité (à remplir)"].value = "Métropole Européenne de Lille"
    heads["Date de la réponse (à remplir)"].value = "2026-11-02"
    heads["Contact (à remplir)"].value = "Camille Essai, camille@exemple.fr"
    for n, row in enumerate(sheet.iter_rows(min_row=2)):
        for question, place in enumerate((4, 5, 6)):
            row[place].value = LABELS[(n + question) % len(LABELS)] or None
        row[7].value = "à voir avec 06 12 34 56 78" if n == 0 else None
    path = blank.with_name("rempli.xlsx")
    book.save(path)
    return path


def test_blank_workbook_reads_back_without_a_mapping_and_holds_no_answer(blank):
    table = gather.read(blank)
    asked = questionnaire.actions()
    asked = asked[asked.acteurs.str.split("|").map(lambda cell: "epci" in cell)]
    assert sorted(table.action) == sorted(asked.action)
    assert (table[list(questionnaire.QUESTIONS)] == "").all(axis=None) and set(table.type) == {"epci"}
    told = table.attrs["reading"]
    assert told.left_out == 0 and not told.ignored and list(told.unknown_labels.label) == []
    assert set(told.problems.message) == {
        "collectivité absente. Écrire son nom officiel ou son SIREN. Ses réponses ne sont pas comptées."
    }


def test_what_the_first_sheet_says_holds_for_every_row_and_the_contact_goes_nowhere(filled):
    table = gather.read(filled)
    assert set(table.respondent) == {"epci-200093201"} and set(table.date) == {"2026-11-02"}
    for question, name in enumerate(questionnaire.QUESTIONS):
        assert list(table[name]) == [IDS[(n + question) % len(IDS)] for n in range(len(table))]
    assert table.attrs["reading"].dropped == ["Contact (à remplir)"]
    everything = " ".join(map(str, table.to_numpy().ravel()))
    assert "Camille" not in everything and "06 12" not in everything and "à voir avec [retiré]" in everything


def test_libreoffice_gives_the_same_answers_back(filled, office, tmp_path):
    (tmp_path / "ods").mkdir()
    ods = office(filled, "ods", tmp_path / "ods")
    again = gather.read(office(ods, "xlsx", tmp_path))
    columns = ["respondent", "type", "date", "action", *questionnaire.QUESTIONS, "comment"]
    assert again[columns].equals(gather.read(filled)[columns])
    assert gather.read(ods)[columns].equals(again[columns])


def test_drop_down_lists_offer_the_answers_and_headers_stay(blank):
    sheet = openpyxl.load_workbook(blank)["Réponses"]
    lists = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert lists == {"E2": "reponse", "F2": "reponse", "G2": "reponse"}
    assert sheet.freeze_panes == "C2" and sheet.print_title_rows == "$1:$1"
    known = sheet["D2"].value
    assert "Objectif 2030" in known and "milliers de véhicules" in known and "courbe en S" in known


def test_each_collectivite_has_its_workbook_which_is_never_written_over(tmp_path, says):
    seen = []
    written = workbook.write_templates(tmp_path / "a", "reg-06", progress=lambda *done: seen.append(done))
    table = gather.read(tmp_path / "a")
    found = dict(table.groupby("source_file").respondent.first())
    assert found == {path.name: path.stem.removeprefix("questionnaire_") for path in written} and len(written) > 2
    assert seen[-1] == (len(written), len(written))
    with pytest.raises(ProjectError) as refused:
        workbook.write_templates(tmp_path / "a", "reg-06")
    says(refused.value, "qui peuvent porter des réponses. Donner un autre dossier, ou les déplacer.")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda to: workbook.write_template(to / "q.xlsx", "reg-32", "epcii"),
            "Type de collectivité inconnu : « epcii »",
        ),
        (lambda to: workbook.write_template(to / "q.xlsx", "reg-32", "agence"), "Aucune action n'est proposée au type"),
        (lambda to: workbook.write_templates(to, "reg-32", ["pnr"]), "Pas de liste officielle du type « pnr »"),
    ],
)
def test_a_type_that_cannot_be_asked_is_refused(call, said, says, tmp_path):
    with pytest.raises(ProjectError) as refused:
        call(tmp_path)
    says(refused.value, said)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ many files

HEADER = ["Collectivité", "Action", *(gather.ANSWERS.fields[name].label for name in questionnaire.QUESTIONS)]
CELLS = st.sampled_from(["Oui", "Non", "Sans objet", "", "peut-être", "#REF!", "-"])
ACTIONS = st.sampled_from(["zfe", "recycleries", "rien de tel", "", "Total"])
ROWS = st.lists(st.tuples(st.sampled_from(["Nord", "Aisne", ""]), ACTIONS, CELLS, CELLS, CELLS), min_size=1, max_size=4)
STRAY = ["une seule cellule"]


@settings(max_examples=6)
@given(st.lists(st.tuples(ROWS, st.booleans()), min_size=2, max_size=4))
def test_files_read_together_say_what_each_says_alone(tmp_path_factory, tables):
    folder, paths = tmp_path_factory.mktemp("fichiers"), []
    for n, (rows, stray) in enumerate(tables):
        paths.append(folder / f"{n}.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter=";").writerows([HEADER, *rows, *([STRAY] if stray else [])])
    together = gather.reading.read(gather.ANSWERS, paths)
    alone = [gather.reading.read(gather.ANSWERS, [path]) for path in paths]
    told, each = together.attrs["reading"], [one.attrs["reading"] for one in alone]
    assert together.to_numpy().tolist() == [row for one in alone for row in one.to_numpy().tolist()]
    assert (told.rows, told.kept) == (sum(one.rows for one in each), sum(one.kept for one in each))
    for name in ("sheets", "problems", "set_aside"):
        lines = [row for one in each for row in getattr(one, name).to_numpy().tolist()]
        assert sorted(map(repr, getattr(told, name).to_numpy().tolist())) == sorted(map(repr, lines)), name


def test_two_files_of_a_same_name_stay_two_files(tmp_path):
    for folder, action in (("a", "zfe"), ("b", "recycleries")):
        (tmp_path / folder).mkdir()
        text = "\n".join([";".join(HEADER), f"Nord;{action};Oui;Oui;Oui", "x"])
        (tmp_path / folder / "reponses.csv").write_text(text, encoding="utf-8")
    told = gather.read(tmp_path).attrs["reading"]
    assert told.sheets[["filled", "gathered", "set_aside"]].to_numpy().tolist() == [[3, 1, 1]] * 2


def test_a_wrong_cell_of_the_first_sheet_is_said_once_with_its_line(filled, tmp_path):
    book = openpyxl.load_workbook(filled)
    book["Lire d'abord"]["B3"] = "12 34"
    book.save(tmp_path / "faux.xlsx")
    (problem,) = gather.read(tmp_path / "faux.xlsx").attrs["reading"].problems.itertuples()
    assert (problem.sheet, problem.row, problem.column, problem.value) == (
        "Lire d'abord",
        3,
        "SIREN (à remplir)",
        "12 34",
    )


# ------------------------------------------------------------------ wide tables

WIDE = {
    "identifiants": [["Collectivité", "zfe__pertinence", "zfe__collectivite", "recycleries__pertinence"]],
    "intitulés": [
        [
            "Collectivité",
            "{zfe} : Pertinente pour mon territoire",
            "{zfe} : Action de la collectivité à la hauteur",
            "Pertinente pour mon territoire — {recycleries}",
        ]
    ],
    "deux lignes": [
        ["", "{zfe}", "", "{recycleries}"],
        ["Collectivité", "Pertinente pour mon territoire", "Action de la collectivité à la hauteur", "pertinence"],
    ],
    "deux lignes, collectivité au-dessus": [
        ["Collectivité", "zfe", "", "recycleries", ""],
        ["", "pertinence", "collectivite", "pertinence", "parties_prenantes"],
    ],
}


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
@pytest.mark.parametrize("form", WIDE)
def test_wide_tables_read_as_the_long_one(form, suffix, tmp_path):
    labels = gather.ANSWERS.fields["action"].options
    heads = [[cell.format_map(labels) for cell in row] for row in WIDE[form]]
    rows = [*heads, ["Nord", "Oui", "Non", "Sans objet"], ["Aisne", "", "peut-être", "Plutôt oui"]]
    path = tmp_path / f"large.{suffix}"
    if suffix == "csv":
        width = max(map(len, rows))
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter=";").writerows([row + [""] * (width - len(row)) for row in rows])
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([cell or None for cell in row])
        book.save(path)
    table, first = gather.read(path), len(heads) + 1
    found = table[["respondent", "action", "pertinence", "collectivite", "row"]].to_numpy().tolist()
    assert found == [
        ["dep-59", "zfe", "oui", "non", first],
        ["dep-59", "recycleries", "sans_objet", "", first],
        ["dep-02", "zfe", "", "", first + 1],
        ["dep-02", "recycleries", "plutot_oui", "", first + 1],
    ]
    told = table.attrs["reading"]
    (problem,) = told.problems.itertuples()
    assert (problem.row, problem.value) == (first + 1, "peut-être")
    assert f"large.{suffix} : table large, 2 lignes × 2 actions, lue comme 4 réponses." in told.notes


def test_columns_of_an_action_that_nobody_knows_are_said(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("Collectivité;zfe__pertinence;licornes__pertinence\nNord;Oui;Oui\n", encoding="utf-8")
    (problem,) = gather.read(path).attrs["reading"].problems.itertuples()
    assert (problem.column, problem.value, problem.row) == ("Action", "licornes", 2)


def test_an_export_of_a_form_is_read_by_its_siren_and_its_date(tmp_path):
    action = gather.ANSWERS.fields["action"].options["zfe"]
    path = tmp_path / "dossiers.csv"
    path.write_text(
        "ID;Email;Entreprise SIREN;Entreprise raison sociale;Déposé le;"
        f"{action} - Pertinente pour mon territoire;{action} - Commentaire\n"
        "12;a@exemple.fr;200093201;METROPOLE EUROPEENNE DE LILLE;2026-11-02 10:11;Plutôt non;voir b@exemple.fr\n",
        encoding="utf-8",
    )
    table = gather.read(path)
    (row,) = table.itertuples()
    assert (row.respondent, row.date, row.pertinence) == ("epci-200093201", "2026-11-02", "plutot_non")
    assert row.comment == "voir [retiré]" and table.attrs["reading"].dropped == ["Email"]


# ------------------------------------------------------------------ counts


@settings(max_examples=4)
@given(st.lists(ROWS, min_size=1, max_size=3), st.booleans())
def test_every_answer_that_was_read_is_accounted_for(tmp_path_factory, tables, weighted):
    folder = tmp_path_factory.mktemp("comptes")
    for n, rows in enumerate(tables):
        with (folder / f"{n}.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter=";").writerows([HEADER, *rows])
    table = gather.read(folder)
    account = gather.account(table).set_index("question")
    assert (account.drop(columns="read").sum(axis=1) == len(table)).all() and set(account["read"]) == {len(table)}
    without, within = (analysis.levers(table, weighted=weighted, not_applicable=kept) for kept in (False, True))
    assert list(within.pertinence_n) == list(without.pertinence_n + without.pertinence_sans_objet)
    ranked = analysis.by_action(table, types=(), weighted=weighted)
    for name in questionnaire.QUESTIONS:
        counted = [int(ranked[f"{name}_{kind}"].sum()) for kind in ("n", "sans_objet", "blank")]
        assert counted == account.loc[name, ["answered", "sans_objet", "blank"]].to_list()


# ------------------------------------------------------------------ commands


def test_commands_write_the_questionnaires_and_say_how_answers_count(tmp_path, filled):
    def run(*given, code=0):
        done = CliRunner().invoke(app, list(map(str, given)))
        assert done.exit_code == code, done.output
        return " ".join(done.output.split())

    out = tmp_path / "q.xlsx"
    said = run("template", "survey", "--territoire", "reg-32", "--type", "commune", "--out", out)
    assert out.exists() and f"copkit survey {out}" in said
    said = run("template", "survey", "--territory", "reg-06", "--each", "--type", "epci", "--out", tmp_path / "tous")
    assert f"{len(list((tmp_path / 'tous').glob('*.xlsx')))} classeurs" in said
    assert isinstance(
        CliRunner().invoke(app, ["template", "survey", "--type", "epci", "--type", "commune"]).exception, CopkitError
    )
    said = run("survey", filled, "--view", "levers", "--weighted", "--not-applicable")
    assert "pondéré par les habitants, « sans objet » compté non" in said
    assert "Réponses lues, trois par ligne : 336, dont 225 de l’échelle, 56 « sans objet » et 55 vides" in said
    assert "sans pondération, « sans objet » non compté" in run("survey", filled, "--view", "levers")
