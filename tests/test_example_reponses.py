"""The invented answers, from the file to what they say: what is published comes out of them, and the rest is marked."""

import importlib.util

import pytest

import copkit as ck
from copkit import paths
from copkit.survey import analysis, answered
from copkit.survey.questionnaire import actions, rules

EXAMPLES = paths.home() / "data" / "examples"
FILE = EXAMPLES / "reponses_hauts_de_france.csv"
MOST = [  # feuille_de_route_hauts_de_france_2025: as the EPCI judge them, from the most implemented
    ("Mesures de communication et de sensibilisation à la réduction des déchets", "Déchets"),
    ("Amélioration de la collecte et du tri", "Déchets"),
    ("Mesures de sobriété dans le parc de bâtiments publics", "Bâtiments"),
    ("Mesures de communication et sensibilisation aux dispositifs d'aide", "Bâtiments"),
    ("Structuration de la communication, de l'accompagnement et du conseil à la rénovation", "Bâtiments"),
    ("Actions d'efficacité énergétique et de sobriété pour l'éclairage public", "Énergie"),
    ("Introduction des enjeux de la Trame Verte et Bleue", "Espaces naturels"),
    ("Mise en place d'opérations d'aménagement en recyclage urbain", "Sobriété foncière"),
    ("Électrification des flottes détenues par la collectivité", "Transport"),
    ("Régulation des constructions de surfaces bâties", "Sobriété foncière"),
]
LEAST = [  # from the least implemented
    ("Priorisation de la régénération des lignes", "Transport"),
    ("Usage de la procédure d'incorporation des biens vacants", "Espaces naturels"),
    ("Exonération de taxe foncière", "Espaces naturels"),
    ("Recensement, planification et adaptation des aires de livraison", "Transport"),
    ("Numérisation et harmonisation des arrêtés de circulation", "Transport"),
    ("Aides à l'acquisition de voitures électriques", "Transport"),
    ("Mise en place de zones à faible émission", "Transport"),
    ("Généralisation du stationnement payant", "Transport"),
    ("Restauration de l'équilibre forêt – gibier", "Espaces naturels"),
    ("Avantage à la mobilité électrique", "Transport"),
]


@pytest.fixture(scope="module")
def table():
    return ck.survey.read(FILE)


def test_the_generator_gives_the_file_again(tmp_path):
    spec = importlib.util.spec_from_file_location("make_reponses", EXAMPLES / "make_reponses.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write(tmp_path / "reponses.csv")
    assert (tmp_path / "reponses.csv").read_bytes() == FILE.read_bytes()
    assert FILE.stat().st_size < 1_000_000


def test_the_example_is_read_whole_and_every_row_says_that_it_is_invented(table):
    reading = table.attrs["reading"]
    assert reading.problems.empty and reading.twice.empty and reading.refused.empty
    assert set(table.invented) == {"oui"} and (table.respondent != "").all()
    assert all(one.startswith("Commentaire inventé") for one in set(table.comment) - {""})


def test_who_answers_is_who_the_source_says(table):
    found = ck.survey.coverage(table, "reg-32").set_index("type")
    assert found.answered.to_dict() == {
        "region": 1, "departement": 5, "epci": 70, "commune": 61, "pnr": 1, "pays": 1,
        "petr": 0, "pole_metropolitain": 0, "syndicat": 0, "agence": 0, "autre": 0,
    }  # fmt: skip
    assert found.official.loc[["region", "departement", "epci"]].tolist() == [1, 5, 92]
    assert round(100 * found.share.epci) == 76 and found.answers.sum() == len(table)
    assert len(answered.silent(table, "reg-32")) == 22


def test_a_pays_that_no_list_places_is_of_the_region_of_the_others_and_of_no_departement(table):
    assert "pays" in set(answered.within(table, "reg-32").type)
    assert "pays" not in set(answered.within(table, "dep-59").type)


@pytest.mark.parametrize(("at", "published"), [(0, MOST), (1, LEAST)])
def test_actions_come_out_in_the_published_order_with_their_themes(table, at, published):
    found = analysis.most_and_least(ck.survey.by_action(table))[at]
    for label, theme, (words, expected) in zip(found.label, found.theme, published, strict=True):
        assert label.startswith(words) and theme == expected


def test_every_lever_that_the_source_cites_has_its_family_by_the_answers(table):
    found, cited = ck.survey.families(table).set_index("lever"), rules().families.cited
    assert {lever: found.family[lever] for lever in cited} == {lever: one.family for lever, one in cited.items()}
    assert set(found.origin) == {"réponses"} and len(cited) == 38


def test_every_action_is_answered_by_the_epci(table):
    assert set(table.action[table.type == "epci"]) == set(actions().action)
