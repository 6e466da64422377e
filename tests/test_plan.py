"""The roadmap of a territory: what is retained, covered, identified, paid for; its four exit points, on both sides."""

import json
import runpy
from copy import copy

import openpyxl
import pytest

import copkit as ck
from copkit import paths
from copkit.errors import ParameterError, ProjectError
from copkit.intake.fields import ids
from copkit.models.scenario_file import to_json
from copkit.presentation.roadmap.document import DOCUMENT
from copkit.roadmap.exits import exits
from copkit.roadmap.exits import rules as exit_rules
from copkit.roadmap.plan import plan

FOLDER = paths.home() / "data" / "examples"
HEADER = (
    "Action", "Territoire", "Levier", "Intitulé", "Thème prioritaire", "Collectivité porteuse",
    "Maître d'ouvrage clair", "Parties prenantes", "Dimension nouvelle", "Maturité", "Quantité physique",
    "Unité de la quantité", "Effet significatif à l'échelle du levier", "Réplicable", "Contraire aux cibles", "Coût",
    "Financement accordé", "Besoins d'ingénierie", "Ingénierie accordée", "Plan de travail à un an",
    "Horizon des prochaines étapes [mois]", "Indicateurs de suivi", "Attendu dans un an", "Verrous à lever",
)  # fmt: skip
GOOD = {
    "Territoire": "dep-59", "Levier": "Gestion des haies", "Thème prioritaire": "Haies",
    "Collectivité porteuse": "EPCI",
    "Maître d'ouvrage clair": "oui", "Parties prenantes": "Chambre", "Dimension nouvelle": "innove",
    "Maturité": "à initier", "Effet significatif à l'échelle du levier": "oui", "Contraire aux cibles": "non",
    "Plan de travail à un an": "Étude", "Horizon des prochaines étapes [mois]": "6",
}  # fmt: skip


def written(folder, *rows):
    lines = [";".join(HEADER)]
    for n, row in enumerate(rows, 1):
        cells = GOOD | {"Action": f"A{n}", "Intitulé": f"Action {n}"} | row
        lines.append(";".join(cells.get(name, "") for name in HEADER))
    (folder / "actions.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "actions.csv"


def themes(folder, *titles):
    rows = [f"T{n};Agriculture et alimentation;oui;{one};Gestion des haies" for n, one in enumerate(titles, 1)]
    lines = ["Thème;Groupe de travail;Retenu;Intitulé;Leviers", *rows]
    (folder / "themes.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "themes.csv"


@pytest.fixture(scope="module")
def example():
    return plan("reg-32")


def test_the_example_gives_what_was_planted(example):
    r = example
    assert (len(r.actions), len(r.retained), len(r.apart)) == (40, 33, 7)
    assert r.apart.action_id.to_list() == ["A36", "A17", "A35", "A37", "A38", "A39", "A40"]
    assert "n’est pas retenu" in r.apart.set_index("action_id").why["A39"].replace("'", "’")
    assert len(r.themes) == 30 and set(r.without_action.theme_id) == {
        *("M5", "B5", "E4", "A5", "N5", "F2", "F3", "F4", "F5"),
    }
    assert int((r.served > 0).sum()) == len({one for cell in r.retained.levers for one in ids(cell)})
    assert r.verdict[0] == "compensated" and r.deviations.lever.tolist() != []
    assert r.invented


def test_what_is_counted_adds_up(example):
    r = example
    assert r.money.actions.sum() == len(r.retained) and r.money.cost.sum() == r.retained.cost.sum()
    assert r.by_theme.actions.sum() == len(r.retained) and r.by_theme.kt.sum() == pytest.approx(r.retained.kt.sum())
    low, high = r.identified
    twice = ck.roadmap.overlaps(r.retained)
    assert (
        high == pytest.approx(r.retained.kt.sum()) and high - low == pytest.approx(twice.kt.sum()) and len(twice) == 2
    )
    assert r.coverage[r.coverage.lever == "total"].projects.item() == len(r.retained)
    assert r.thematiques.levers.sum() == 43 and r.thematiques.served.sum() == (r.served > 0).sum()


def test_the_state_of_each_thematique_has_its_three_blocks_and_flags_what_is_empty(example, tmp_path):
    found = example.synthesis.set_index("label")
    paces = ck.dynamics("reg-32").status
    assert found[["late", "at_pace", "unknown"]].sum().sum() == len(paces)
    assert found.late.sum() == len(example.paces["late"]) and found.at_pace.sum() == len(example.paces["at_pace"])
    assert set(found.blocked.explode().dropna()) | set(found.chances.explode().dropna()) == set(example.themes.title)
    shown = ck.table(example, "synthese").data.set_index("Thématique")
    assert (
        shown["Défis"]["Mieux se loger"] == "à renseigner" and "dossiers" in shown["Ce qui est fait"]["Mieux se loger"]
    )
    empty = ck.table(plan("reg-32", actions=written(tmp_path, {})), "synthese").data.set_index("Thématique")
    assert (empty["Opportunités"] == "à renseigner").all()
    assert empty["Ce qui est fait"]["Mieux se loger"] == "à renseigner"
    assert empty["Ce qui est fait"]["Mieux préserver"] == "1 action retenue"


def test_a_decision_counts_beside_the_answer_of_the_rule(tmp_path):
    journal = tmp_path / "journal.csv"
    head = "numéro;objet;identifiant;décision;auteur;date;raison;révoque"
    lines = ("1;action;A1;a_part;Comité;2026-01-02;À revoir;", "2;action;A2;retenue;Comité;2026-01-02;Soutenue;")
    journal.write_text("\n".join([head, *lines]), encoding="utf-8")
    file = written(tmp_path, {}, {"Parties prenantes": ""}, {})
    r = plan("reg-32", actions=file, decisions=journal)
    assert (r.retained.action_id.to_list(), r.apart.action_id.to_list()) == (["A2", "A3"], ["A1"])
    assert r.coverage[r.coverage.lever == "total"].projects.item() == 2
    why = ck.table(r, "a_part").data["Pourquoi"].item()
    assert why.startswith("Listée à part par décision (Comité, 2026-01-02) : À revoir. Selon la règle, retenue.")
    assert "Action 2 : Retenue par décision" in ck.report.decided(r).plain
    assert plan("reg-32", actions=file).retained.action_id.to_list() == ["A1", "A3"]


def test_a_cost_that_nobody_says_is_unknown_and_not_zero(tmp_path):
    r = plan(
        "reg-32", actions=written(tmp_path, {"Financement accordé": "non"}, {"Financement accordé": "oui", "Coût": "9"})
    )
    shown = ck.table(r, "financement").written().set_index("Financement")["Coût (€)"]
    assert shown.to_list() == ["9", "n.d.", "0"] and "dont n.d. à trouver" in ck.report.opening(r).plain


def test_what_hampers_an_action_is_listed_with_its_lever(example, tmp_path):
    assert len(example.obstacles) == 8 == len(ck.table(example, "verrous").data)
    file = written(tmp_path, {"Verrous à lever": "Foncier"}, {})
    table = ck.table(plan("reg-32", actions=file), "verrous").data
    assert table.to_numpy().tolist() == [["Gestion des haies", "Action 1", "Foncier"]]


def test_the_four_exit_points_of_the_example(example):
    found = exits(example)
    assert [one.state for one in found] == ["en_partie", "atteint", "en_partie", "en_partie"]
    assert all(one.asks for one in found if one.state != "atteint")


SAID = {"Attendu dans un an": "Étude", "Indicateurs de suivi": "km"}
EXPECTED = {"Attendu dans un an": "Étude"}


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ({}, {0: "a_renseigner", 1: "a_renseigner", 2: "a_renseigner", 3: "non_atteint"}),
        ({"scenario": {}, "themes": ["Haies"], "rows": [SAID]}, {0: "atteint", 2: "en_partie", 3: "atteint"}),
        ({"scenario": {"haies": 100}, "rows": [EXPECTED]}, {0: "non_atteint", 3: "non_atteint"}),
        ({"scenario": {"haies": 200}, "rows": [SAID, {}]}, {0: "en_partie", 3: "en_partie"}),
        ({"scenario": {"haies": 200}, "why": True, "themes": ["Forêts"]}, {0: "atteint", 2: "non_atteint"}),
    ],
)
def test_each_exit_point_on_both_sides(change, states, tmp_path):
    file = written(tmp_path, *change.get("rows", [{}]))
    given = {"themes": themes(tmp_path, *change["themes"])} if "themes" in change else {}
    if "scenario" in change:
        why = {one: {"texte": "Plan", "source": "Plan"} for one in change["scenario"]} if change.get("why") else {}
        scenario = ck.simulate(ck.panorama("reg-32"), change["scenario"], justifications=why)
        (tmp_path / "s.json").write_text(to_json(scenario), encoding="utf-8")
        given["scenario"] = tmp_path / "s.json"
    r = plan("reg-32", actions=file, **given)
    found = exits(r)
    assert not r.invented and {point: found[point].state for point in states} == states, found


@pytest.mark.parametrize(("epci", "state"), [(46, "en_partie"), (47, "atteint")])
def test_a_majority_is_more_than_half(example, epci, state, monkeypatch):
    found = example.contributions.copy()
    at = found.type == "epci"
    found.loc[at, "share"] = epci / found.official[at]
    assert found.official[at].item() == 92
    other = copy(example)  # with what was already computed
    object.__setattr__(other, "contributions", found)
    assert exits(other)[1].state == state


def test_a_departement_and_a_perimeter_are_extracts(tmp_path):
    file = written(tmp_path, {}, {"Territoire": "dep-62"}, {"Territoire": "reg-32"}, {"Territoire": "reg-53"})
    r = plan("dep-59", actions=file)
    assert r.actions.action_id.to_list() == ["A1"] and r.regional.action_id.to_list() == ["A3"]
    file = written(tmp_path, {"Territoire": "com-59350"}, {"Territoire": "com-59606"})
    (tmp_path / "crte.csv").write_text("perimetre;territoire\nUn;com-59350\nDeux;com-59606\n", encoding="utf-8")
    r = plan("reg-32", actions=file, perimeter=tmp_path / "crte.csv", name="Deux")
    assert r.name == "Deux" and r.actions.action_id.to_list() == ["A2"]


def test_another_region_has_no_invented_theme_of_the_example():
    r = plan("reg-53")
    assert r.empty and r.themes.empty and not r.chosen and r.vivier is None
    assert "Aucune action ne vient de ce territoire" in str(ck.report.opening(r))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"perimeter": "two"}, "Plusieurs périmètres dans ce fichier : en nommer un. Périmètres : Un, Deux."),
        ({"perimeter": "two", "name": "Dexu"}, "Périmètre « Dexu » inconnu"),
        ({"scenario": "other"}, "scénario de Bretagne (reg-53), et non de Hauts-de-France"),
        ({"actions": "absent.csv"}, "absent.csv"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(given, said, tmp_path):
    two, other = tmp_path / "two.csv", tmp_path / "other.json"
    two.write_text("perimetre;territoire\nUn;com-59350\nDeux;com-59606\n", encoding="utf-8")
    other.write_text(to_json(ck.simulate(ck.panorama("reg-53"), {})), encoding="utf-8")
    files = {"two": two, "other": other}
    asked = {"actions": written(tmp_path, {})} | {name: files.get(one, one) for name, one in given.items()}
    with pytest.raises(ProjectError) as refused:
        plan("reg-32", **asked)
    assert said in str(refused.value)


def test_a_damaged_file_of_exit_points_is_refused_all_at_once(damaged):
    for old, new in (
        ("id: suite", "id: plan"),
        ("[region,", "[royaume, region,"),
        ("source: sgpe_point_de_sortie", "source: nulle_part"),
    ):
        damaged.replace("parameters/roadmap.yml", old, new)
    with pytest.raises(ParameterError) as refused:
        exit_rules()
    for said in ("un point de chaque, une fois", "type inconnu « royaume »", "source inconnue « nulle_part »"):
        assert said in str(refused.value)


# ------------------------------------------------------------------ the document


def test_the_drawn_values_are_those_of_the_tables(example):
    shares = ck.charts.identified(example).to_dict()
    found = example.coverage[example.coverage.kt_identified.notna() & (example.coverage.lever != "total")]
    drawn = next(iter(_values(shares)))
    assert sorted(row["share"] for row in drawn) == pytest.approx(sorted(found.target_share))
    money = next(iter(_values(ck.charts.funding(example).to_dict())))
    assert [1e6 * row["millions"] for row in money] == pytest.approx(example.money.cost.to_list())
    objectives = next(iter(_values(ck.charts.objectives(example).to_dict())))
    assert [row["kt"] for row in objectives] == pytest.approx(example.objectives.proposed.dropna().to_list())


def _values(spec):
    for layer in spec["layer"]:
        yield layer["data"]["values"] if "values" in layer.get("data", {}) else spec["datasets"][layer["data"]["name"]]


def test_the_public_document_and_workbook_cite_no_file(tmp_path):
    file = written(tmp_path, {"Intitulé": "Haies de Lille"}, {"Horizon des prochaines étapes [mois]": "douze-ish"})
    r, public = plan("reg-32", actions=file), plan("reg-32", actions=file, public=True)
    assert len(r.reading.problems) == 1 and public.reading is None and public.files == ()
    for one, there in ((r, True), (public, False)):
        ck.write_workbook(one, tmp_path / "r.xlsx")
        sheets = openpyxl.load_workbook(tmp_path / "r.xlsx", read_only=True)
        cells = " ".join(str(cell) for sheet in sheets for row in sheet.values for cell in row)
        assert ("douze-ish" in cells) == there and ("actions.csv" in cells) == there and "Haies de Lille" in cells


def test_every_section_shows_and_invented_is_said_in_each_caption(example):
    for name in DOCUMENT.sections:
        assert ck.section(example, name).parts, name
    for name, part in DOCUMENT.parts("table").items():
        made = ck.table(example, name)
        if part.section.name != "lecture" and hasattr(made, "caption"):
            assert "exemple inventé" in made.caption, name


def test_a_sheet_says_its_fourteen_fields(example):
    shown = ck.section(example, "fiches").parts
    tables = [one for one in shown[1].parts if hasattr(one, "data")]
    assert len(tables) == len(example.actions)
    first = tables[0].data.set_index("Champ")["Ce qui est dit"]
    assert first["Coût"].replace("\u202f", " ").startswith("18 500 000") and "Mt.km par an" in first["Effet"]
    empty = tables[-1].data.set_index("Champ")["Ce qui est dit"]
    assert empty["Levier"] == "à renseigner" and empty["Feuille de route"].startswith("Listée à part")


def test_the_objectives_of_the_example_are_those_that_the_generator_writes():
    made = json.loads(runpy.run_path(str(FOLDER / "make_actions.py"))["retained"]())
    written_ = json.loads((FOLDER / "objectifs_hauts_de_france.json").read_text(encoding="utf-8"))
    assert made | {"copkit_version": ""} == written_ | {"copkit_version": ""}
