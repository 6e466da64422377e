"""The questionnaire: answers worked by hand, both sides of each threshold, counts that add up."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import ProjectError
from copkit.presentation.survey import tables
from copkit.survey import analysis, family, gather, intervals, questionnaire, respondents

KINDS = ["non", "plutot_non", "plutot_oui", "oui", "sans_objet", ""]
WRITTEN = {"so": "sans_objet", "-": ""}


def answers(rows: list[tuple], people: dict | None = None, type_: str = "epci") -> pd.DataFrame:
    columns = ["respondent", "action", *questionnaire.QUESTIONS]
    table = pd.DataFrame([[WRITTEN.get(cell, cell) for cell in row] for row in rows], columns=columns, dtype="str")
    return table.assign(type=type_, weight=table.respondent.map(people or {}).astype("float64"))


@pytest.mark.cases("questionnaire", "leviers")
def test_what_answers_say_of_a_lever(case):
    table = answers([row.split() for row in case["reponses"].splitlines()], case.get("habitants"))
    asked = {"weighted": "habitants" in case, "not_applicable": case.get("sans_objet", False)}
    found = analysis.levers(table, **asked).set_index("lever").loc[case["levier"]]
    for name, expected in case["attendu"].items():
        assert pd.isna(found[name]) if expected is None else found[name] == pytest.approx(expected), name


def test_weighted_measures_leave_out_who_has_no_population_and_count_them():
    rows = [("a", "haies_plantation", "oui", "oui", "oui"), ("b", "haies_plantation", "non", "oui", "oui")]
    rows += [("pays", "haies_plantation", "oui", "non", "sans_objet")]
    table = answers(rows, {"a": 1000, "b": 3000})
    found = analysis.levers(table, weighted=True)
    hedges = found.set_index("lever").loc["haies"]
    assert (hedges.pertinence, hedges.collectivite, hedges.respondents) == (0.25, 3, 2) and hedges.pertinence_n == 2
    assert found.attrs["left_out"] == 1 and analysis.levers(table).attrs["left_out"] == 0
    assert analysis.levers(table).set_index("lever").respondents["haies"] == 3
    assert analysis.by_action(table, weighted=True).attrs["left_out"] == 1
    assert analysis.cut(table, "type", weighted=True).attrs["left_out"] == 1
    alone = analysis.levers(answers(rows[2:]), weighted=True)
    assert alone.attrs["left_out"] == 1 and alone.pertinence.isna().all()
    said = tables.counted(found)
    assert said.startswith("pondéré par les habitants, 1 collectivité sans population connue laissée de côté, ")


@pytest.mark.cases("questionnaire", "familles")
def test_family_by_the_answers_on_both_sides_of_each_threshold(case):
    rows = [
        (f"c{n}", "haies_plantation", "oui" if n < case["pertinents"] else "non", case["note"], "non")
        for n in range(case["collectivites"])
    ]
    found = family.families(answers(rows)).set_index("lever").loc["haies"]
    assert (found.family, found.origin) == (case["famille"], case["origine"]) and found.reason


def test_without_answers_families_are_those_that_the_source_cites(cases):
    expected = {lever: name for name, levers in cases("questionnaire")["familles_citees"].items() for lever in levers}
    assert dict(family.families()[["lever", "family"]].to_numpy()) == expected


def test_an_analyst_keeps_another_family_beside_that_of_the_rule_and_says_why():
    found = family.families(overrides={"haies": ("A", "chargée de mission", "programme engagé")}).set_index("lever")
    assert tuple(found.loc["haies", ["family", "chosen", "kept", "author"]]) == ("B", "A", "A", "chargée de mission")
    assert found.loc["haies", "calls_for"] == questionnaire.rules().families.definitions["A"].calls_for


def test_families_chosen_wrongly_are_refused_all_at_once(says):
    with pytest.raises(ProjectError) as refused:
        family.families(overrides={"hais": ("A", "x", "y"), "haies": ("D", "", "")})
    says(refused.value, "levier inconnu « hais »", "« haies » : famille « D ». Écrire A, B ou C.", "dire qui choisit")


@pytest.mark.cases("questionnaire", "actions")
def test_actions_are_ranked_by_a_stated_rule(case):
    rows = [
        (f"c{n}", action, "oui", answer, "oui")
        for action, given in case["reponses"].items()
        for n, answer in enumerate(given)
    ]
    found = analysis.by_action(answers(rows))
    assert list(found[found["rank"].notna()].action) == case["ordre"]
    most, least = analysis.most_and_least(found, 2)
    assert list(most.action) == case["ordre"][:2] and list(least.action) == case["ordre"][::-1][:2]


@st.composite
def sheets(draw):
    known = questionnaire.actions().action.to_list()
    rows = draw(st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from(known), *[st.sampled_from(KINDS)] * 3)))
    return answers([row for n, row in enumerate(rows) if row[:2] not in [other[:2] for other in rows[:n]]])


@given(sheets())
def test_counts_add_up_to_what_was_read_to_the_answer(table):
    counts = analysis.counts(table)
    assert (counts[list(questionnaire.QUESTIONS)].sum() == len(table)).all()
    ranked = analysis.by_action(table, types=())
    for name in questionnaire.QUESTIONS:
        assert ranked[[f"{name}_n", f"{name}_sans_objet", f"{name}_blank"]].to_numpy().sum() == len(table)


@given(sheets())
def test_a_measure_lies_inside_its_interval_and_its_bounds(table):
    found, bounds = analysis.levers(table), analysis.bounds(table, 10)
    for name in questionnaire.QUESTIONS:
        known = found[found[name].notna()]
        assert (known[f"{name}_low"] <= known[name] + 1e-12).all() and (
            known[name] <= known[f"{name}_high"] + 1e-12
        ).all()
        seen = bounds[bounds[name].notna()]
        assert (seen[f"{name}_least"] <= seen[name] + 1e-12).all() and (
            seen[name] <= seen[f"{name}_most"] + 1e-12
        ).all()


@given(st.integers(1, 400), st.data())
def test_the_interval_of_a_share_is_that_of_wilson(n, data):
    """Its ends are the two shares that the score test just rejects: what is seen lies at 1.96 of their own errors."""
    share = data.draw(st.integers(0, n)) / n
    low, high = intervals.wilson(share, n)
    assert 0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1 and low < high
    for end in (low, high):
        away, error = (share - end) ** 2, NormalDist().inv_cdf(0.975) ** 2 * end * (1 - end) / n
        assert away == pytest.approx(error, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_interval_of_a_mean_is_that_of_the_collectivites_drawn_again(weighted):
    said, people = {"a": "non", "b": "oui", "c": "plutot_oui"}, {"a": 1, "b": 5, "c": 20}
    table = answers([(one, "haies_plantation", "oui", word, word) for one, word in said.items()], people)
    found = analysis.levers(table, weighted=weighted).set_index("lever").loc["haies"]
    worth = [(KINDS.index(word), people[one] if weighted else 1) for one, word in said.items()]
    means = []
    for drawn in intervals.draws(3):
        of = [(times * weight, note) for times, (note, weight) in zip(drawn, worth, strict=True)]
        means.append(sum(count * note for count, note in of) / sum(count for count, _ in of))
    for name in ("collectivite", "maturite"):
        ends = [found[f"{name}_low"], found[f"{name}_high"]]
        assert ends == pytest.approx([*np.percentile(means, [2.5, 97.5])]), name


def test_correlation_is_that_of_the_levers_and_its_interval_is_drawn_alike_each_time():
    rng = np.random.default_rng(3)
    known = questionnaire.actions().action.to_list()[:40]
    rows = [(f"c{n}", action, *(KINDS[i] for i in rng.integers(0, 4, 3))) for n in range(30) for action in known]
    table = answers(rows)
    found, again = analysis.correlation(table), analysis.correlation(table)
    measured = analysis.levers(table).dropna(subset=["pertinence", "collectivite"])
    assert found == again and found["low"] <= found["r"] <= found["high"]
    assert found["r"] == pytest.approx(np.corrcoef(measured.pertinence, measured.collectivite)[0, 1])
    assert np.isnan(analysis.correlation(table.head(0))["r"])


def test_twenty_published_labels_are_in_the_referential_with_their_themes():
    published = questionnaire.actions().query("status == 'publie'")
    assert len(published) == 20 and set(published.source) == {"feuille_de_route_hauts_de_france_2025"}
    assert published.theme.value_counts().to_dict() == {
        "Transport": 8, "Espaces naturels": 4, "Déchets": 2, "Bâtiments": 3, "Sobriété foncière": 2, "Énergie": 1,
    }  # fmt: skip
    assert 100 <= len(questionnaire.actions()) <= 130


def test_every_lever_has_an_action():
    served = {lever for cell in questionnaire.actions().levers for lever in cell.split("|")}
    assert len(served) == 43


# ------------------------------------------------------------------ gathering

HEADER = "Collectivité;Action;Pertinente pour mon territoire;Action de la collectivité à la hauteur"


def test_a_collectivite_written_once_holds_for_its_file_and_its_last_answer_is_kept(tmp_path):
    (tmp_path / "a.csv").write_text(
        f"{HEADER}\nMétropole Européenne de Lille;zfe;Oui;Non\n;recycleries;Sans objet;\n", encoding="utf-8"
    )
    (tmp_path / "b.csv").write_text("collectivite_siren,action_id,pertinence\n200093201,zfe,non\n", encoding="utf-8")
    table = gather.read(tmp_path)
    assert set(table.respondent) == {"epci-200093201"} and set(table.type) == {"epci"}
    assert list(table.duplicate_of) == ["b.csv", "b.csv", ""] and list(analysis.taken(table).pertinence) == ["non"]
    (twice,) = table.attrs["reading"].twice.itertuples(index=False)
    assert (twice.kept, twice.others, twice.answers) == ("b.csv", "a.csv", 2)
    whole = pd.concat([table, table]).astype({"weight": "float32"})  # pandas compares what lies beside a table
    assert len(whole) == 6 and whole.attrs["reading"] is table.attrs["reading"]


def test_what_is_not_understood_is_said_and_a_damaged_file_does_not_stop_the_others(tmp_path, says):
    (tmp_path / "a.csv").write_text(
        f"{HEADER}\nMétropole européenne de Lile;zfe;Oui;peut-être\n;autre chose;Oui;\n", encoding="utf-8"
    )
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 tronque")
    table = gather.read(tmp_path)
    problems = table.attrs["reading"].problems
    said = "\n".join(problems.message)
    says(said, "territoire inconnu. Noms proches : « Métropole Européenne de Lille »", "libellé non reconnu")
    assert list(table.attrs["reading"].refused.file) == ["b.xlsx"] and len(table) == 2


def test_an_action_answered_twice_counts_once_and_nobody_counts_for_nobody(tmp_path, says):
    rows = "Nord;zfe;OUI;Non\nNord;zfe;Non;Oui\nInconnue sur Mer;zfe;Oui;Oui\nMayotte;zfe;Oui;Oui"
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{rows}\n", encoding="utf-8")
    table = gather.read(tmp_path / "a.csv")
    found = analysis.levers(table).set_index("lever").loc["vehicules_electriques"]
    assert (found.respondents, found.pertinence_n, found.pertinence) == (2, 2, 0.5)
    said = "\n".join(table.attrs["reading"].problems.message)
    says(said, "sa dernière réponse est gardée", "Ses réponses ne sont pas comptées.")
    assert list(table.duplicate_of) == ["a.csv", "", "", ""]


def test_comments_lose_what_names_a_person(tmp_path):
    (tmp_path / "a.csv").write_text(f"{HEADER};Commentaire\nNord;zfe;Oui;;écrire à x@exemple.fr\n", encoding="utf-8")
    assert gather.read(tmp_path / "a.csv").comment[0] == "écrire à [retiré]"


@pytest.mark.parametrize(
    ("name", "type_", "code"),
    [
        ("Nord", "", "dep-59"),
        ("Mayotte", "region", "reg-06"),
        ("PNR du Lubéron", "", "grp-258402346"),
        ("Parc naturel régional de l'Avesnois", "", "grp-255902710"),
        ("Agence de Flandre", "agence", "agence:agence de flandre"),
        ("Abbeville", "", "com-80001"),
    ],
)
def test_every_type_of_collectivite_is_found(name, type_, code):
    found = respondents.find(name, type_=type_)
    assert (found.code, found.wrong) == (code, "")


def test_the_official_list_says_how_many_could_answer():
    found = respondents.official("reg-32").set_index("type").official
    assert (found.region, found.departement, found.epci, found.commune, found.pnr) == (1, 5, 92, 3782, 4)
    assert np.isnan(found.agence)
