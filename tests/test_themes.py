"""Priority themes: candidates by working group, their score, what a workbook keeps of them, what reverses."""

import math

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import copkit as ck
from copkit.commands.cli import app
from copkit.errors import CopkitWarning, ParameterError, ProjectError
from copkit.models import nomenclatures
from copkit.presentation.roadmap import themes as tables
from copkit.presentation.territory.themes import evidence as figures
from copkit.projects.fields import complete
from copkit.roadmap import themes as model
from copkit.roadmap.actions import ACTIONS, FIELDS
from copkit.survey.questionnaire import QUESTIONS
from copkit.survey.questionnaire import rules as questionnaire

INTO = "Réuni dans (numéro du thème)"
NOTHING = dict.fromkeys(model.COMPONENTS, math.nan)


@pytest.fixture(scope="module")
def bare():
    return ck.roadmap.candidates("reg-32")


@pytest.fixture(scope="module")
def vivier():
    """Three projects of hedges, one said repeatable, one not, and thirty of cycling."""
    hedges = [
        {"project_id": f"h{n}", "lever": "haies", "levers": "haies", "replicable": one}
        for n, one in enumerate(("oui", "non", ""))
    ]
    bikes = [{"project_id": f"v{n}", "lever": "velo", "levers": "report_modal", "replicable": "oui"} for n in range(30)]
    place = {"title": "essai", "departement": "dep-59", "region": "reg-32"}
    return complete(pd.DataFrame([one | place for one in hedges + bikes], dtype="object"))


@pytest.fixture(scope="module")
def answers():
    """Thirty EPCI that all find hedges relevant and buses not."""
    rows, actions = [], ck.survey.actions()
    for lever, worth in (("haies", 3), ("bus_cars_decarbones", 0)):
        action = actions.action[[lever in cell.split("|") for cell in actions.levers]].iloc[0]
        one = {"action": action, "type": "epci", "duplicate_of": ""} | dict.fromkeys(QUESTIONS, worth)
        rows += [one | {"respondent": f"epci-{n}"} for n in range(30)]
    table, scale = pd.DataFrame(rows), {one.value: one.id for one in questionnaire().scale.choices}
    return table.assign(**{name: table[name].map(scale) for name in QUESTIONS})


def test_each_lever_is_a_candidate_of_one_group_and_scores_lie_between_0_and_1(bare, vivier):
    for found in (bare, ck.roadmap.candidates("dep-59", projects=vivier)):
        assert sorted(found.lever) == sorted(nomenclatures.cop_labels())
        parts = found[[*model.COMPONENTS, "score", "known"]]
        assert ((parts >= 0) & (parts <= 1) | parts.isna()).all(axis=None)
        for _, group in found.groupby("group"):
            assert group.score.dropna().is_monotonic_decreasing
        assert (found.evidence != "").all() and found.concrete.isin(["oui", "non"]).all()


def test_score_is_the_weighted_mean_of_what_is_known(bare):
    weights = {name: one.weight for name, one in model.rules().components.items()}
    row = bare.set_index("lever").loc["vehicules_electriques"]
    assert row.gap == pytest.approx(940.7603 / 7394.6, rel=1e-3) and row.pace == 0.5 and math.isnan(row.relevance)
    assert row.score == pytest.approx(
        (weights["gap"] * row.gap + weights["pace"] * row.pace) / (weights["gap"] + weights["pace"])
    )
    assert row.known == pytest.approx((weights["gap"] + weights["pace"]) / sum(weights.values()))
    assert "941 ktCO2e/an en 2030" in row.evidence and "courbe en S" in row.evidence
    alone = bare.set_index("lever").loc["egalim"]
    assert (
        math.isnan(alone.score)
        and alone.known == 0
        and alone.key == ""
        and "sans réponses au questionnaire ; sans vivier" in alone.evidence
    )


def test_projects_and_answers_count_when_they_are_given(vivier, answers):
    found = ck.roadmap.candidates("reg-32", answers, vivier).set_index("lever")
    assert found.projects["haies"] == pytest.approx(1 - 3 / 20) and found.replicable["haies"] == 0.5
    assert (
        found.projects["report_modal"] == 0
        and found.projects["biogaz"] == 1
        and "aucun projet" in found.evidence["biogaz"]
    )
    assert found.relevance["haies"] == 1 and found.relevance["bus_cars_decarbones"] == 0
    assert math.isnan(found.relevance["biogaz"]) and found.kind["haies"] == "blocage"
    assert "réplicables, sur 2" in found.evidence["haies"] and "30 collectivités" in found.evidence["haies"]


@pytest.mark.cases("themes", "sortes")
def test_a_candidate_is_blocked_or_a_chance(case):
    limits = model.rules().thresholds
    assert model._blocked(NOTHING | case["valeurs"], limits) is (case["sorte"] == "blocage")


@pytest.mark.cases("themes", "tiers")
def test_a_value_is_in_the_first_or_the_last_third(case):
    values = pd.Series([*range(9, 0, -1), math.nan])
    assert model._thirds(values, 3)[case["rang"] - 1] == case["dit"] and model._thirds(values, 3)[-1] == ""


def test_equal_values_are_in_a_third_together():
    assert model._thirds(pd.Series([9, 8, 7, *[0] * 6]), 3) == [*["first"] * 3, *["last"] * 6]
    assert model._thirds(pd.Series([*[3] * 6, 2, 1, 0]), 3) == [*["first"] * 6, *["last"] * 3]
    assert model._thirds(pd.Series([5, 0, 0, 0, 0, 0]), 3) == ["first", *[""] * 5]  # in the first third and in the last
    assert model._thirds(pd.Series([1, 1, 1]), 3) == ["", "", ""]


@pytest.mark.cases("themes", "endommages")
def test_damaged_rules_say_what_is_wrong(damaged, says, case):
    damaged.replace("parameters/themes.yml", case["remplacer"], case["par"])
    with pytest.raises(ParameterError) as refused:
        model.rules()
    says(refused.value, case["message"])


def test_evidence_is_figures_and_the_sentence_comes_from_them(vivier, answers):
    found = ck.roadmap.evidence("reg-32", answers, vivier)
    said = found[found.said != ""].groupby("lever").said.agg(" ; ".join)
    table = ck.roadmap.candidates("reg-32", answers, vivier).set_index("lever")
    assert said.to_dict() == table.evidence.to_dict()
    known = found[found.value.notna()]
    assert (known[["unit", "source", "status"]] != "").all(axis=None) and known.status.isin(["publie", "derive"]).all()
    cars = known[known.lever == "vehicules_electriques"].set_index("figure")
    row = cars.loc["objectif"]
    assert (row.unit, row.year, row.source, row.status) == ("ktCO2e/an", 2030, "sgpe_simulateur_2024", "publie")
    assert row.value == pytest.approx(940.7603)
    assert cars.loc["rythme nécessaire", "unit"] == "millier_vehicules par an"
    hedges = known[known.lever == "haies"].set_index("component")
    assert hedges.value["relevance"] == 100 and hedges.value["projects"] == 3 and hedges.value["replicable"] == 50
    shown = figures(found).texts()
    assert "941" in shown["Valeur"] and "milliers de véhicules par an" in shown["Unité"] and "publié" in shown["Statut"]


def test_levels_are_checked_for_a_region_and_for_a_departement(bare):
    whole = bare.assign(levers=bare.lever, level="region", why="", key="oui", concrete="oui")
    whole.attrs = dict(bare.attrs)

    def said(territory, level):
        made = whole.assign(level=level)
        made.attrs["territory"] = territory
        return [one for one in model.checks(made) if "niveau" in one]

    assert said("reg-32", "region") == said("reg-32", "departement") == said("dep-59", "departement") == []
    assert len(said("reg-32", "")) == len(whole) and "dire son niveau (région ou département)" in said("reg-32", "")[0]
    assert len(said("dep-59", "region")) == len(whole)
    assert said("dep-59", "region")[0].endswith(
        "niveau région, dans les thèmes d'un département. Écrire département, ou le garder dans ceux de la région."
    )


@pytest.fixture(scope="module")
def two_groups():
    """Two working groups that hold the 43 levers, one by its ids and one by its labels."""
    ids, labels = list(nomenclatures.cop_labels()), list(nomenclatures.cop_labels().values())
    return {"Mobilité": ids[:20], "Le reste": labels[20:]}


def test_working_groups_are_given_as_a_table_or_as_a_mapping(two_groups, tmp_path):
    path = tmp_path / "groupes.csv"
    rows = [{"Groupe": group, "Levier": lever} for group, levers in two_groups.items() for lever in levers]
    pd.DataFrame(rows).to_csv(path, index=False)
    for one in (two_groups, path, str(path)):
        found = ck.roadmap.candidates("reg-32", groups=one)
        assert found.attrs["groups"] == {"mobilite": "Mobilité", "le_reste": "Le reste"}
        assert found.group.value_counts().to_dict() == {"le_reste": 23, "mobilite": 20}
    back = ck.roadmap.read_themes(found, returned(found, tmp_path, {"": {"Groupe de travail": "Le reste", **ADDED}}))
    kept = ck.roadmap.retained(found, back)
    assert list(kept.group) == ["le_reste"] and "Mobilité : aucun thème retenu." in " ".join(kept.attrs["problems"])
    read = ck.roadmap.read_retained(tmp_path / "themes.xlsx", groups=path)
    assert list(read.group) == ["le_reste"] and read.attrs["groups"] == found.attrs["groups"]
    done = CliRunner().invoke(app, ["themes", "--territory", "reg-32", "--groups", str(path), "--format", "csv"])
    assert done.stdout.count("Le reste") == 23


def test_a_hidden_row_of_the_working_groups_is_read_and_said(two_groups, tmp_path):
    path, book = tmp_path / "groupes.xlsx", openpyxl.Workbook()
    for row in (["Groupe", "Levier"], *([group, lever] for group, levers in two_groups.items() for lever in levers)):
        book.active.append(row)
    book.active.row_dimensions[2].hidden = True
    book.save(path)
    with pytest.warns(CopkitWarning, match="1 ligne masquée ou filtrée, lue comme les autres"):
        assert len(ck.roadmap.candidates("reg-32", groups=path)) == 43


ADDED = {"Retenu": "oui", "Intitulé": "Écoles", "Leviers": "Haies"}


def test_working_groups_that_are_not_complete_say_all_that_is_wrong(two_groups, tmp_path, says):
    wrong = {"Mobilité": [*two_groups["Mobilité"][1:], "haies", "Licornes"], "Le reste": two_groups["Le reste"]}
    wrong["Vide"] = []
    with pytest.raises(ProjectError) as refused:
        ck.roadmap.working_groups(wrong)
    says(refused.value, "groupes de travail, 4 problèmes", "« Mobilité », levier « Licornes » : libellé non reconnu")
    says(refused.value, "groupe « Vide » sans levier", "levier « haies » dans 2 groupes. N'en garder qu'un.")
    says(refused.value, f"levier « {two_groups['Mobilité'][0]} » dans aucun groupe. L'ajouter à un groupe.")
    with pytest.raises(ProjectError, match="groupe « mobilité » écrit deux fois"):
        ck.roadmap.working_groups({"Mobilité": two_groups["Mobilité"], "mobilité": two_groups["Le reste"]})
    path = tmp_path / "groupes.csv"
    path.write_text("Groupe;Nom\nMobilité;haies\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"colonne absente : levier\. Colonnes : groupe, levier\."):
        ck.roadmap.working_groups(path)


def test_themes_without_action_are_listed(bare, tmp_path, says):
    whole = bare.assign(levers=bare.lever, level="region", why="").head(3)
    titles = list(whole.title)
    actions = ACTIONS.complete(pd.DataFrame({"theme": [titles[0].upper(), whole.theme_id[1], titles[2], "Autre"]}))
    actions.loc[2, "duplicate_of"] = "ailleurs"
    assert list(ck.roadmap.without_action(whole, actions).title) == [titles[2]]
    assert list(ck.roadmap.without_action(whole, actions.head(0)).title) == titles
    with pytest.raises(ProjectError, match="Thèmes retenus attendus"):
        ck.roadmap.without_action("themes.xlsx", actions)
    path = returned(bare, tmp_path, {"covoiturage": {"Retenu": "oui"}, "haies": {"Retenu": "oui"}})
    sheet = tmp_path / "actions.csv"
    labels = {"action_id": "A1", "title": "Aires de covoiturage", "lever": "Covoiturage", "theme": "covoiturage"}
    row = {FIELDS[name].label: one for name, one in labels.items()}
    pd.DataFrame([{**dict.fromkeys((one.label for one in ACTIONS.given.values()), ""), **row}]).to_csv(sheet)
    asked = ["themes", "--territory", "reg-32", "--actions", str(sheet)]
    done = CliRunner().invoke(app, [*asked, "-r", str(path)])
    assert done.exit_code == 1, done.exception
    without = done.stdout.partition("Thèmes prioritaires sans action")[2]
    assert "Gestion des haies" in without and "covoiturage" not in without
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code != 0
    says(str(refused.exception), "donner aussi -r")
    assert tables.without_action(whole.head(0)).text == "Chaque thème retenu a une action au moins."


def test_the_diagnostic_says_that_no_theme_is_kept(bare, tmp_path):
    absent = ck.report.themes(ck.panorama("reg-32"), str(returned(bare, tmp_path, {})))
    assert absent.title == "Les thèmes prioritaires" and "écrire oui dans la colonne" in absent.parts[0].text


def test_the_crossing_has_the_euros_of_the_projects_that_say_them(vivier):
    costs = vivier.assign(cost=[2e6, 1e6, math.nan, *[math.nan] * 30])
    found = ck.roadmap.crossing("reg-32", projects=costs).set_index("lever")
    assert found.cost["haies"] == 3e6 and found.cost_missing["haies"] == 1
    assert math.isnan(found.cost["report_modal"]) and found.cost_missing["report_modal"] == 30
    assert math.isnan(found.cost["biogaz"]) and math.isnan(found.cost_missing["biogaz"])
    shown = tables.crossing(ck.roadmap.crossing("reg-32", projects=costs))
    assert "3" in shown.texts()["Coûts connus (M€)"]
    assert "Coûts connus (M€)" not in tables.crossing(ck.roadmap.crossing("reg-32", projects=vivier)).data


def test_four_examples_of_the_source_are_there_with_their_levers():
    cited = ["egalim", "reseaux_chaleur_decarbones", "covoiturage", "prevention_dechets"]
    assert [one.levers for one in model.rules().examples] == [[one] for one in cited]


def test_reversals_go_from_one_end_to_the_other(vivier):
    found = ck.roadmap.crossing("reg-32", projects=vivier)
    assert (found.reversal == "").all() and found.relevance.isna().all()  # without answers, nothing reverses
    assert found.set_index("lever").rank_projects["report_modal"] == 1


@settings(max_examples=3)
@given(st.permutations(range(33)))
def test_order_of_the_projects_changes_nothing(vivier, order):
    one, other = (ck.roadmap.candidates("dep-59", projects=table) for table in (vivier, vivier.iloc[list(order)]))
    pd.testing.assert_frame_equal(one, other)


def test_workbook_keeps_merges_renames_and_adds(bare, tmp_path, says):
    schools = "Sobriété et isolation des bâtiments (tertiaire) ; Licornes"
    changes = {
        "covoiturage": {"Retenu": "oui", "Intitulé": "Partager les trajets"},
        "report_modal": {"Retenu": "oui", INTO: "covoiturage"},
        "": {"Groupe de travail": "Bâtiment", "Retenu": "oui", "Intitulé": "Écoles", "Leviers": schools},
    }
    path = returned(bare, tmp_path, changes)
    found = ck.roadmap.retained(bare, ck.roadmap.read_themes(bare, path))
    assert list(found.title) == ["Partager les trajets", "Écoles"]
    assert list(found.levers) == ["covoiturage|report_modal", "sobriete_isolation_tertiaire"]
    said = "\n".join(found.attrs["problems"])
    says(said, "« Écoles », leviers : libellé non reconnu", "Licornes")
    says(said, "Mobilité : 1 thème retenu. En garder de 5 à 10.", "Forêt et bois : aucun thème retenu.")
    says(said, "« Écoles » : dire sa sorte (blocage ou opportunité), son niveau (région ou département), s'il est clé")
    done = CliRunner().invoke(app, ["themes", "--territory", "reg-32", "-r", str(path)])
    assert done.exit_code == 1 and "Partager les trajets" in done.stdout and "En garder de 5 à 10" in done.stderr


def test_checks_want_five_to_ten_themes_a_lever_a_kind_and_two_answers(bare):
    whole = bare.assign(levers=bare.lever, level="region", why="", key="oui", concrete="oui")
    found = whole.groupby("group").head(10)[model.THEMES]
    assert model.checks(found) == ["Forêt et bois : 3 thèmes retenus. En garder de 5 à 10."]
    wrong = found.assign(key=["non", *[""] * (len(found) - 1)], levers="", kind="")
    said = model.checks(wrong)
    assert sum("un levier" in one for one in said) == len(found)
    assert sum("ce n'est pas un thème prioritaire" in one for one in said) == 1
    twice = pd.concat([whole, whole.assign(theme_id=whole.theme_id + "_bis")])[model.THEMES]
    assert any("16 thèmes retenus" in one for one in model.checks(twice))


def test_merging_into_a_theme_that_is_not_kept_is_said(bare, tmp_path):
    merged = ck.roadmap.read_themes(bare, returned(bare, tmp_path, {"haies": {INTO: "prairies"}}))
    found = ck.roadmap.retained(bare, merged)
    assert any("n'est pas un thème retenu" in one for one in found.attrs["problems"]) and len(found) == 0


def test_chains_of_merges_end_in_the_last_theme_and_rings_are_said(bare, tmp_path, says):
    yes = {"Retenu": "oui"}
    changes = {
        "haies": yes | {INTO: "prairies"},
        "prairies": yes | {INTO: "egalim"},
        "egalim": yes,
        "biogaz": yes | {INTO: "produits_bois"},
        "produits_bois": yes | {INTO: "biogaz"},
        "covoiturage": yes | {INTO: "covoiturage"},
    }
    found = ck.roadmap.retained(bare, ck.roadmap.read_themes(bare, returned(bare, tmp_path, changes)))
    assert list(found.theme_id) == ["egalim"] and set(found.levers[0].split("|")) == {"egalim", "prairies", "haies"}
    assert sum("réuni à lui-même, ou en rond" in one for one in found.attrs["problems"]) == 3


def returned(table, folder, changes):
    """The workbook of the candidates, filled in: theme → column → what is written; « » adds a row."""
    path = folder / "themes.xlsx"
    ck.roadmap.write_themes(table, path)
    book = openpyxl.load_workbook(path)
    sheet = book["Thèmes"]
    header = next(n for n in range(1, 20) if str(sheet.cell(n, 1).value).startswith("Thème"))
    at = {str(sheet.cell(header, n).value).removesuffix(" (à remplir)"): n for n in range(1, sheet.max_column + 1)}
    rows = {sheet.cell(n, 1).value: n for n in range(header + 1, header + 1 + len(table))}
    for lever, cells in changes.items():
        for label, value in cells.items():
            sheet.cell(rows.get(lever, header + 1 + len(table)), at[label], value)
    book.save(path)
    return path


def test_terminal_shows_candidates_and_the_crossing(tmp_path):
    def run(*words):
        return CliRunner().invoke(app, ["themes", "--territory", "dep-59", *words])

    assert (
        "theme_id" in run("--format", "csv", "--out", str(tmp_path / "t.xlsx")).stdout
        and (tmp_path / "t.xlsx").exists()
    )
    assert "rank_relevance" in run("--view", "crossing", "--format", "csv").stdout
    assert "Thèmes prioritaires possibles" in run().stdout and "Renversement" in run("--view", "crossing").stdout


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b, f: ck.roadmap.write_themes("themes.xlsx", f / "t.xlsx"), "Candidats attendus"),
        (lambda b, f: ck.roadmap.read_themes(None, f / "t.xlsx"), "Candidats attendus"),
        (lambda b, f: ck.roadmap.retained(b, b), "Classeurs relus attendus"),
    ],
)
def test_what_is_not_candidates_is_refused(says, bare, tmp_path, call, message):
    with pytest.raises(ProjectError) as refused:
        call(bare, tmp_path)
    says(refused.value, message)
