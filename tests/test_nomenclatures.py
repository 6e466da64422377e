"""The levers and their nomenclatures: the matrix of the 43, the 47 rationales, the simulator, the crosswalk."""

from collections import Counter

import pytest

from copkit import french
from copkit.errors import LeverError
from copkit.models import nomenclatures
from copkit.reference import parameters, tables

LETTERS = {"C": "climat", "B": "biodiversite", "R": "ressources", "A": "adaptation", "S": "sante"}


@pytest.mark.parametrize("nomenclature", ["cop", "rationale", "simulateur", "simulateur_outre_mer"])
def test_each_nomenclature_has_its_published_number_of_levers(cases, nomenclature):
    assert len(nomenclatures.levers(nomenclature)) == cases("nomenclatures")["nombres"][nomenclature]


def test_matrix_of_43_levers_and_5_enjeux_is_the_published_one_row_by_row(cases):
    kit = nomenclatures.levers("cop")
    expected = cases("matrice_enjeux")["leviers"]
    assert len(kit) == len(expected) == 43
    for row, published in zip(kit.itertuples(), expected, strict=True):
        assert row.cop_rank == published["rang"]
        assert french.plain(row.label) == french.plain(published["levier"])
        assert row.theme == published["theme"], row.label
        assert row.enjeux == [LETTERS[letter] for letter in published["enjeux"]], row.label


@pytest.mark.parametrize("enjeu", LETTERS.values())
def test_filter_on_an_enjeu_keeps_the_column_of_the_matrix(cases, enjeu):
    kept = nomenclatures.levers(enjeu=enjeu)
    assert len(kept) == cases("matrice_enjeux")["sommes"][enjeu]
    assert all(enjeu in cell for cell in kept.enjeux)


def test_filters_combine_and_keep_their_order():
    both = nomenclatures.levers(enjeu="adaptation", a_la_main="entreprises")
    assert 0 < len(both) < 11
    assert all("adaptation" in e and "entreprises" in a for e, a in zip(both.enjeux, both.a_la_main, strict=True))
    assert both.cop_rank.is_monotonic_increasing
    assert list(both.index) == list(range(len(both)))


def test_rationale_has_the_47_published_rows_with_their_typed_targets(cases):
    kit = {(row.lever, row.label): row.targets for row in nomenclatures.levers("rationale").itertuples()}
    expected = cases("rationnel_physique")["lignes"]
    assert len(expected) == 47
    assert set(kit) == {(row["levier"], row["ligne"]) for row in expected}
    for row in expected:
        targets = kit[row["levier"], row["ligne"]]
        assert len(targets) == len(row["cibles"]), row["ligne"]
        for target, published in zip(targets, row["cibles"], strict=True):
            assert target["kind"] == published["genre"], row["ligne"]
            assert target["value"] == published.get("valeur"), row["ligne"]
            for key, ours in (("base", "base_year"), ("annee", "year")):
                if key in published:
                    assert target[ours] == published[key], row["ligne"]


def test_targets_without_a_figure_are_typed_and_never_blank(cases):
    targets = [target for row in nomenclatures.levers("rationale").targets for target in row]
    kinds = Counter(target["kind"] for target in targets if target["value"] is None)
    assert kinds == cases("rationnel_physique")["sans_chiffre"]
    assert all(target["text"].strip() for target in targets)


def test_47_rows_and_43_levers_differ_by_exactly_four_splits(cases):
    rows = nomenclatures.levers("rationale").groupby("lever").label.agg(list)
    split = {lever: labels for lever, labels in rows.items() if len(labels) > 1}
    assert split == {case["levier"]: case["lignes"] for case in cases("nomenclatures")["quatre_separations"]}
    assert len(rows) == 43


@pytest.mark.cases("nomenclatures", "termes_du_simulateur")
def test_term_of_the_simulator_leads_to_its_levers(case):
    rows = nomenclatures.crosswalk("simulateur").query(f"id == '{case['id']}'")
    assert rows.lever.to_list() == case["leviers"]
    assert set(rows.label) == {case["nom"]}
    assert set(rows.relation) == {case["relation"]}


@pytest.mark.cases("nomenclatures", "libelles_de_projets")
def test_label_met_in_project_files_has_a_row(case):
    rows = nomenclatures.crosswalk("projets").query(f'label == "{case["nom"]}"')
    assert rows.lever.to_list() == case["leviers"]


def test_every_one_of_the_43_is_reached_from_the_simulator_the_rationale_and_the_schema():
    cop = set(nomenclatures.levers("cop").lever)
    for nomenclature in ("simulateur", "rationale", "schema_projet"):
        assert set(nomenclatures.crosswalk(nomenclature).lever) - {""} == cop


@pytest.mark.parametrize("nomenclature", ["simulateur", "simulateur_outre_mer"])
def test_every_term_of_the_simulator_is_in_the_crosswalk_and_the_reverse(nomenclature):
    rows = nomenclatures.crosswalk(nomenclature)
    assert set(rows.id) - {""} == set(nomenclatures.levers(nomenclature).simulateur_id)
    labels = rows[rows.id != ""].drop_duplicates(["id", "label"])
    assert labels.id.is_unique


def test_every_lever_of_the_panorama_is_in_the_simulator_nomenclatures():
    named = set(nomenclatures.levers("simulateur").lever) | set(nomenclatures.levers("simulateur_outre_mer").lever)
    assert set(tables.read("panorama.csv").lever) == named


def test_every_row_of_the_rationale_is_in_the_crosswalk_and_the_reverse():
    kit = set(zip(nomenclatures.levers("rationale").label, nomenclatures.levers("rationale").lever, strict=True))
    assert (
        set(zip(nomenclatures.crosswalk("rationale").label, nomenclatures.crosswalk("rationale").lever, strict=True))
        == kit
    )


def test_relations_of_the_crosswalk_say_what_they_are():
    table = nomenclatures.crosswalk()
    cop = set(nomenclatures.levers("cop").lever)
    assert not table.duplicated(["nomenclature", "id", "lever"]).any()
    for (nomenclature, term), rows in table.groupby(["nomenclature", "id"]):
        relation = set(rows.relation)
        assert len(relation) == 1, (nomenclature, term)
        if relation == {"groupe"}:
            assert len(rows) >= 2 and set(rows.lever) <= cop
        elif relation == {"sans_equivalent"}:
            assert rows.lever.to_list() == [""] and rows.note.all()
        elif relation == {"voisin"}:
            assert set(rows.lever) <= cop and rows.note.all()
        elif relation == {"absent"}:
            assert term == "" and set(rows.lever) <= cop and rows.note.all()
        else:
            assert relation <= {"egal", "partie"} and len(rows) == 1 and set(rows.lever) <= cop


def test_lists_of_the_state_are_the_published_ones_label_by_label(facts, cases):
    published = facts("territorial/leviers_sgpe_72.csv")
    own = published.levier_schema_officiel.where(published.levier_schema_officiel != "", published.levier)
    for nomenclature, family in (
        ("schema_projet", "attenuation_biodiversite_ressources"),
        ("adaptation", "adaptation"),
    ):
        labels = list(own[published.famille == family])
        assert list(dict.fromkeys(nomenclatures.crosswalk(nomenclature).label)) == labels
        assert len(labels) == cases("nomenclatures")["listes_de_l_etat"][nomenclature]
    assert list(facts("territorial/leviers_sgpe_50_schema_officiel.csv").levier) == list(own[:50])


@pytest.mark.cases("nomenclatures", "termes_de_l_etat")
def test_term_of_the_state_leads_to_its_levers(case):
    rows = nomenclatures.crosswalk(case["liste"]).query(f"label == {case['nom']!r}")
    assert set(rows.relation) == {case["relation"]} and rows.lever.to_list() == case["leviers"]


def test_neighbours_of_a_term_of_adaptation_serve_adaptation():
    near = nomenclatures.crosswalk("adaptation").query("relation == 'voisin'")
    assert len(near) and set(near.lever) <= set(nomenclatures.levers(enjeu="adaptation").lever)


def test_nomenclatures_stand_side_by_side_and_no_term_is_lost():
    wide, table = nomenclatures.crosswalk(wide=True), nomenclatures.crosswalk()
    assert list(wide.lever[:43]) == list(nomenclatures.levers().lever) and set(wide.lever[43:]) == {""}
    assert wide.note[43:].all() and not wide.note[:43].any()
    for row in table[table.relation != "absent"].itertuples():
        said = row.label if row.relation in ("egal", "sans_equivalent") else f"{row.label} ({row.relation})"
        there = wide.lever == row.lever if row.lever else wide.note == row.note
        assert any(said in cell.split(" ; ") for cell in wide[row.nomenclature][there]), said
    one = wide.set_index("lever")
    assert one.schema_projet["report_modal"] == "Vélo (partie) ; Transports en commun (partie)"
    assert one.adaptation["sobriete_eau"].count("(voisin)") == 2
    assert one.schema_projet["biogaz"] == one.simulateur["biogaz"] == "Biogaz"
    alone = wide[43:].set_index("schema_projet")
    assert alone.note["Nucléaire"] == "le nucléaire est absent des 43 leviers"


def test_no_lever_is_both_whole_and_absent_in_a_nomenclature():
    for _, rows in nomenclatures.crosswalk().groupby("nomenclature"):
        absent = set(rows[rows.relation == "absent"].lever)
        assert not absent & set(rows[rows.relation != "absent"].lever)


def test_group_shows_the_rationale_of_its_members():
    said = nomenclatures.rationale("production_industrielle")
    assert "scénario ambitieux" in said and "40 %" in said
    assert "vélo" in nomenclatures.rationale("velo_transports_en_commun")
    assert nomenclatures.rationale("haies") == "+5 % de kilomètres de haies entre 2019 et 2030"
    assert nomenclatures.rationale("gaz_hfc_om") == ""


def test_group_of_the_simulator_has_one_figure_and_its_members_none():
    valued = set(tables.read("panorama.csv").lever)
    assert "production_industrielle" in valued
    assert not valued & {"grands_sites_industriels", "industrie_diffuse"}


def test_all_levers_are_the_43_and_those_of_the_simulator():
    every = set(nomenclatures.levers("tous").lever)
    assert every == set(parameters.levers())
    parts = ("cop", "simulateur", "simulateur_outre_mer")
    assert every == {lever for part in parts for lever in nomenclatures.levers(part).lever}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"nomenclature": "simulator"}, "Nomenclature inconnue : « simulator ». Vouliez-vous dire « simulateur » ?"),
        ({"enjeu": "climats"}, "Enjeu inconnu : « climats ». Vouliez-vous dire « climat » ?"),
        ({"a_la_main": "état"}, "Acteur inconnu : « état ». Vouliez-vous dire « etat » ?"),
    ],
)
def test_unknown_filter_is_refused_with_the_known_ones(says, call, message):
    with pytest.raises(LeverError) as refused:
        nomenclatures.levers(**call)
    says(refused.value, message, "Valeurs admises :")


def test_unknown_nomenclature_of_the_crosswalk_is_refused_and_not_empty(says):
    with pytest.raises(LeverError) as refused:
        nomenclatures.crosswalk("simulateurs")
    says(refused.value, "Nomenclature inconnue : « simulateurs ». Vouliez-vous dire « simulateur » ?", "projets")
