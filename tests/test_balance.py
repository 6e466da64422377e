"""The balance of a vivier: published margins, exact amounts, ties, and nothing lost whatever the projects."""

import math
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit.errors import ProjectError
from copkit.intake.amounts import total
from copkit.projects import fields
from copkit.projects.counting import balance as balances
from copkit.projects.counting import membership
from copkit.projects.counting.balance import balance, shares
from copkit.projects.counting.ranking import top_and_bottom
from copkit.reference import framework

LISTED = ("departement", "region", "category", "lever", "theme", "thematique", "epci", "commune", "programme")


def vivier(**columns):
    return fields.complete(pd.DataFrame(columns))


def published(case):
    rows = [
        (departement, category)
        for category in fields.CATEGORIES
        for departement, count in zip(case["departements"][:-1], case["dossiers"][category], strict=False)
        for _ in range(count)
    ]
    return vivier(departement=[row[0] for row in rows], category_kept=[row[1] for row in rows])


# ------------------------------------------------------------------ by category, and who decides


def test_sorted_projects_are_counted_by_category_and_by_who_decides():
    rows = [  # the category of the rule, the decision of an analyst, what is kept, what is missing
        *[("remonter", "", "remonter", "")] * 3,
        ("remonter", "crte", "crte", "intitulé"),
        ("crte", "", "crte", ""),
        ("travailler", "", "travailler", "coût"),
    ]
    found = vivier(
        **dict(zip(("category", "decision", "category_kept", "missing"), zip(*rows, strict=True), strict=True))
    )
    found.attrs["triage"] = {"year": 2024}
    table = balances.answers(found).set_index("category").drop(columns="label")
    expected = {
        "remonter": [3, 50, 4, 0, 0],
        "crte": [2, 100 / 3, 1, 1, 1],
        "travailler": [1, 100 / 6, 1, 0, 1],
    }
    for one in fields.CATEGORIES:
        assert table.loc[one].to_list() == pytest.approx(expected.get(one, [0] * 5)), one
    assert table.iloc[-1].to_list() == pytest.approx([6, 100, 6, 1, 2]) and len(table) == len(fields.CATEGORIES) + 1


# ------------------------------------------------------------------ by territory and category


def test_published_margins_by_departement_come_out_to_the_unit(cases):
    case = cases("bilan_hauts_de_france")
    table = balance(published(case)).set_index("category")
    assert list(table.columns[1:]) == case["departements"]
    for category, counts in case["dossiers"].items():
        assert table.loc[category, case["departements"]].to_list() == counts
    assert table.dtypes.iloc[1:].eq("int64").all()


def test_percentages_of_the_published_table_come_out_to_a_tenth_of_a_point(cases):
    case = cases("bilan_hauts_de_france")
    table = shares(balance(published(case))).set_index("category")
    for category, expected in case["parts"].items():
        assert table.loc[category, case["departements"]].astype(float).round(1).to_list() == expected
    assert table.loc["total", case["departements"]].to_list() == [100] * 6


def test_region_has_the_same_shape_and_the_place_is_deduced_from_the_commune_or_the_epci():
    projects = vivier(
        commune=["com-59350", "", ""], epci=["", "epci-200043495", ""], category_kept=["remonter", "crte", "crte"]
    )
    table = balance(projects, "region").set_index("category")
    assert table.loc["total", ["reg-32", "non_renseigne", "total"]].to_list() == [2, 1, 3]
    table = balance(projects).set_index("category")
    assert list(table.columns) == ["label", "dep-02", "dep-59", "non_renseigne", "total"]


def test_projects_without_category_are_counted_with_their_amounts():
    table = balance(vivier(departement=["dep-02", "dep-02", ""], amount=[1.1, math.nan, 2.2])).set_index("departement")
    assert table.projects.to_dict() == {"dep-02": 2, "non_renseigne": 1, "total": 3}
    assert table.amount.to_dict() == {"dep-02": 1.1, "non_renseigne": 2.2, "total": 3.3}
    assert table.amount_missing.to_dict() == {"dep-02": 1, "non_renseigne": 0, "total": 1}
    assert "remonter" not in table


def test_amounts_are_exact_to_the_cent_and_unknown_is_never_zero():
    projects = vivier(programme=["a"] * 1000 + ["b", "c"], cost=[0.1] * 1000 + [math.nan, 0.0])
    table = balance(projects, "programme").set_index("programme")
    assert table.cost["a"] == 100.0 and table.cost["c"] == 0.0 and math.isnan(table.cost["b"])
    assert table.cost["total"] == 100.0 and table.cost_missing["total"] == 1


def test_project_sorted_into_no_category_keeps_its_row():
    table = balance(vivier(departement=["dep-02", "dep-02"], category_kept=["remonter", ""])).set_index("category")
    assert table["dep-02"].to_dict()["sans_categorie"] == 1
    assert table["total"].to_dict()["total"] == 2


def test_received_category_serves_when_nothing_was_sorted():
    assert balances.category_column(vivier(category_given=["crte"])) == "category_given"
    assert balances.category_column(vivier(category_given=["crte"], category=["remonter"])) == "category"
    assert balances.category_column(vivier(category_given=[""])) == ""


def test_second_submissions_are_said_and_never_counted(says):
    projects = vivier(departement=["dep-02"] * 3, duplicate_of=["", "7", ""], invented=["oui", "oui", "non"])
    table = balance(projects)
    assert table.attrs["n"] == 2 and table.attrs["duplicates"] == 1 and table.attrs["invented"]
    says(" ".join(table.attrs["rules"]), "2 dossiers distincts", "1 second dépôt", "1 dossier inventé sur 2, aucun")


def test_programme_called_total_is_not_the_total():
    table = balance(vivier(programme=["total", "DETR", "total"], cost=[1.0, 2.0, 3.0]), "programme")
    assert table.label.to_list() == ["total", "DETR", "Total"]
    assert table.projects.to_list() == [2, 1, 3] and table.cost.to_list() == [4, 2, 6]


def test_holder_types_have_their_french_labels():
    table = balance(vivier(holder_type=["pnr", "autre", ""]), "holder_type")
    assert table.label.to_list() == ["Autre", "Parc naturel régional (PNR)", "Non renseigné", "Total"]


def test_collectivite_outside_the_regions_keeps_its_name():
    where = {"departement": ["dep-02", "", "", ""], "region": ["reg-32", "", "", "reg-32"]}
    projects = vivier(**where, region_label=["Hauts-de-France", "Nouvelle-Calédonie", "", "Hauts-de-France"])
    table = balance(projects, "departement")
    assert table.label.to_list() == ["Aisne", "Nouvelle-Calédonie", "Non renseigné", "Total"]
    assert table.projects.to_list() == [1, 1, 2, 4]
    assert balance(projects, "region").projects.to_list() == [2, 1, 1, 4]


# ------------------------------------------------------------------ exact sums


@pytest.mark.cases("comptage", "sommes")
def test_amounts_of_any_size_sum_exactly(case):
    amounts = [math.nan if one is None else float(one) for one in case["montants"]]
    table = balance(vivier(programme=["a"] * len(amounts), amount=amounts), "programme")
    expected = math.nan if case["total"] is None else float(case["total"])
    for found in (*table.amount, total(pd.Series(amounts))):
        assert found == expected or (math.isnan(found) and math.isnan(expected))


@given(st.lists(st.floats(-1e17, 1e17).map(lambda v: round(v, 2)), max_size=20), st.integers(1, 3))
def test_parts_of_a_balance_sum_to_its_total_at_any_size(amounts, several):
    ids = list(framework.labels("thematiques"))[:several]
    table = balance(
        vivier(thematiques=["|".join(ids)] * len(amounts), amount=amounts), "thematique", fractional=True
    ).set_index("thematique")
    cents = sum(round(Fraction(one) * 100) for one in amounts)
    if amounts:
        assert table.amount["total"] == total(pd.Series(amounts)) == cents / 100
        assert sum(round(Fraction(table.amount[one]) * 100) for one in ids) == pytest.approx(
            cents, rel=1e-14, abs=several
        )


# ------------------------------------------------------------------ by lever


@pytest.mark.cases("comptage", "leviers")
def test_dossier_of_several_levers_counts_in_each_by_a_rule_that_is_said(case, tmp_path, says):
    path = tmp_path / "projets.csv"
    rows = "".join(f'{n};P;"{lever}";{amount}\n' for n, (lever, amount) in enumerate(case["dossiers"], start=1))
    path.write_text(f"Dossier;Intitulé;Levier, libellé reçu;Montant engagé [EUR]\n{rows}", encoding="utf-8")
    projects = ck.projects.read(path)
    for fractional, counts, sums in ((False, "compte", "sommes"), (True, "partage", "sommes_partagees")):
        table = balance(projects, "lever", fractional=fractional).set_index("lever")
        held = table[table.projects > 0]
        assert held.projects.astype(float).round(4).to_dict() == case[counts]
        assert held.amount.to_dict() == case[sums]
    table = balance(projects, "lever")
    said = " ".join(table.attrs["rules"])
    if case["regle"]:
        says(said, case["regle"])
    else:
        assert "plusieurs leviers" not in said
    assert table.attrs["n"] == len(case["dossiers"])


def test_closing_of_the_first_list_counts_the_dossiers_that_it_does_not_name(says):
    cells = ["haies|velo"] * 5 + ["haies"] * 3 + ["biogaz|haies"] * 2 + ["biogaz"] + ["covoiturage|biogaz"]
    ranks = top_and_bottom(balance(vivier(lever=cells), "lever"), most=2, least=1)
    first = ranks[ranks["list"] == "most"].set_index("lever").projects
    assert first.to_dict() == {"haies": 10, "velo": 5, "autres": 2, "non_renseigne": 0, "total": 12}
    says(ranks.attrs["rules"][-1], "La première liste dépasse le nombre de dossiers de 5")
    whole = balance(vivier(lever=cells), "lever", fractional=True)
    assert whole.projects.iloc[:-1].sum() == whole.projects.iloc[-1] == 12


def test_theme_of_several_levers_counts_once_when_they_share_it():
    table = balance(vivier(lever=["velo|covoiturage", "haies|velo"]), "theme").set_index("theme").projects
    assert table["total"] == 2 and table["Transport de voyageurs"] == 2 and table["Agriculture et sols"] == 1


def levers(counts, category="remonter"):
    names = [lever for lever, count in counts.items() for _ in range(count)]
    return vivier(lever=names, category_kept=[category] * len(names))


def test_published_counts_by_lever_come_out_with_their_shares_ranks_and_ends(cases):
    case = cases("leviers_investis")
    counts = {row["levier"]: row["dossiers"] for row in case["plus_investis"] + case["moins_investis"]}
    rest = counts.pop("autres") - sum(row["dossiers"] for row in case["moins_investis"])
    counts[""] = counts.pop("non_renseigne")
    others = [
        one for one in ck.levers().lever if one not in {*counts, *case["non_investis"], *case["dans_un_autre_terme"]}
    ]
    assert len(others) == 19
    spread = {lever: rest // 19 + (n < rest % 19) for n, lever in enumerate(others)}
    table = top_and_bottom(balance(levers(counts | spread), "lever"))
    assert table.attrs["n"] == case["n"]
    for block, name in (("plus_investis", "most"), ("moins_investis", "least")):
        found = table[(table.list == name) & (table.lever != "total")].set_index("lever")
        assert len(found) == len(case[block])
        for row in case[block]:
            one = found.loc[row["levier"]]
            assert (one.projects, round(one.share, 1), one.rank_label) == (
                row["dossiers"],
                row["part"],
                row.get("rang", ""),
            )
    assert table[(table.list == "most") & (table.lever != "total")].projects.sum() == case["n"]
    assert table[table.list == "none"].lever.to_list() == case["non_investis"]
    assert table[table.list == "grouped"].lever.to_list() == case["dans_un_autre_terme"]


def test_levers_are_counted_in_the_cop_by_default_and_it_says_so(says):
    projects = vivier(lever=["haies", "haies", "velo"], category_kept=["remonter", "crte", "travailler"])
    table = balance(projects, "lever")
    assert table.attrs["n"] == 2 and table.attrs["categories"] == ("remonter", "travailler")
    says(" ".join(table.attrs["rules"]), "« À remonter dans la COP »", "n = 2, 1 dossier hors du compte")
    assert balance(projects, "lever", categories="toutes").attrs["n"] == 3
    assert balance(projects, "lever", categories=["crte"]).attrs["n"] == 1


def test_levers_without_project_come_from_the_referential():
    table = balance(levers({"haies": 1}), "lever").set_index("lever")
    assert (table.position == "none").sum() == 42 and table.projects["prairies"] == 0
    assert {"autres", "non_reconnu", "non_renseigne", "total"} <= set(table.index)
    assert "velo" not in table.index  # not one of the 43


@pytest.mark.parametrize(
    ("term", "members"),
    [("velo", ["report_modal"]), ("gestion_des_forets", ["puits_forestiers", "forets_gestion_durable"])],
)
def test_lever_that_a_wider_or_narrower_term_may_hold_is_not_said_uninvested(term, members, says):
    table = balance(levers({term: 2}), "lever").set_index("lever")
    for lever in members:
        assert table.position[lever] == "grouped"
        says(table.note[lever], "Aucun dossier propre ; 2 dossiers sous « ")
    own = balance(levers({term: 2, members[0]: 1}), "lever").set_index("lever")
    assert own.position[members[0]] == "most" and own.note[members[0]] == ""


def test_tied_levers_share_their_rank_and_a_list_keeps_the_ties_of_its_end():
    counts = {"haies": 5, "prairies": 4, "egalim": 4, "biogaz": 3, "velo": 1}
    table = balance(levers(counts), "lever").set_index("lever")
    assert table["rank"][list(counts)].to_list() == [1, 2, 2, 4, 5]
    assert table.rank_label[list(counts)].to_list() == ["1re", "2e ex aequo", "2e ex aequo", "4e", "5e"]
    ends = top_and_bottom(table.reset_index(), most=2, least=1)
    assert set(ends.lever[ends.list == "most"]) == {"haies", "prairies", "egalim", "autres", "non_renseigne", "total"}
    assert ends.lever[ends.list == "least"].to_list() == ["velo"]


def test_blank_other_and_unknown_levers_keep_their_rows_and_have_no_rank(says):
    table = balance(levers({"": 3, "autres": 2, "non_reconnu": 1, "parfums": 1, "haies": 1}), "lever")
    rows = table.set_index("lever")
    assert rows.projects[["non_renseigne", "autres", "non_reconnu", "haies"]].to_list() == [3, 2, 2, 1]
    assert rows.position[["non_renseigne", "autres", "non_reconnu"]].to_list() == [
        "non_renseigne",
        "autres",
        "non_reconnu",
    ]
    assert rows["rank"][["non_renseigne", "autres", "non_reconnu"]].isna().all()
    says(" ".join(table.attrs["rules"]), "Leviers hors des nomenclatures, comptés « non reconnu » : parfums.")
    closing = top_and_bottom(table)[lambda t: t.list == "most"].set_index("lever").projects
    assert closing[["autres", "non_reconnu", "non_renseigne", "total"]].to_list() == [2, 2, 3, 8]


def test_theme_of_the_matrix_follows_the_lever():
    table = (
        balance(levers({"velo": 1, "egalim": 1, "bouclage_biomasse": 1, "": 1}), "theme").set_index("theme").projects
    )
    assert table[["Transport de voyageurs", "Alimentation", "Industrie"]].to_list() == [1, 1, 0]
    assert table[["sans_theme", "non_renseigne", "total"]].to_list() == [1, 1, 4]


# ------------------------------------------------------------------ thématiques


def test_project_of_several_thematiques_counts_in_each_and_it_says_so(says):
    projects = vivier(thematiques=["se_loger|produire", "produire", ""], cost=[10.0, 1.0, math.nan])
    table = balance(projects, "thematique")
    rows = table.set_index("thematique")
    assert rows.projects[["se_loger", "produire", "consommer", "non_renseigne", "total"]].to_list() == [1, 2, 0, 1, 3]
    assert rows.share[["se_loger", "produire", "non_renseigne"]].sum() > 100
    assert rows.cost[["se_loger", "produire", "total"]].to_list() == [10, 11, 11]
    says(" ".join(table.attrs["rules"]), "compte un dans chacune", "peuvent dépasser 100 %", "1 projet dans ce cas")


def test_shared_thematiques_add_up_to_the_projects_and_to_the_cent(says):
    projects = vivier(thematiques=["se_loger|produire|consommer", "produire", ""], cost=[10.0, 1.0, math.nan])
    table = balance(projects, "thematique", fractional=True)
    rows = table.set_index("thematique")
    assert rows.projects[["se_loger", "produire", "total"]].to_list() == [1 / 3, 4 / 3, 3]
    assert rows.cost.drop("total").sum() == 11 and sorted(rows.cost[["se_loger", "consommer"]]) == [3.33, 3.34]
    says(" ".join(table.attrs["rules"]), "partagé également entre elles")


# ------------------------------------------------------------------ whatever the projects


CODES = {
    "departement": ["", "dep-02", "dep-59", "dep-62"],
    "epci": ["", "epci-200069672", "epci-200043495", "epci-000000000"],
    "commune": ["", "com-59350", "com-02408", "com-99999"],
    "lever": ["", "velo", "haies", "gestion_des_forets", "autres", "non_reconnu", "inconnu au bataillon"],
    "thematiques": ["", "se_loger", "se_loger|produire", "produire|se_loger|preserver"],
    "programme": ["", "Fonds vert", "DETR"],
    "duplicate_of": ["", "", "", "1"],
}
AMOUNTS = st.one_of(st.just(math.nan), st.integers(0, 10**9).map(lambda cents: cents / 100))


@st.composite
def viviers(draw, category=True):
    rows = draw(st.integers(0, 12))
    columns = {name: [draw(st.sampled_from(values)) for _ in range(rows)] for name, values in CODES.items()}
    columns |= {name: [draw(AMOUNTS) for _ in range(rows)] for name in balances.MONEY}
    if category:
        columns["category_kept"] = [draw(st.sampled_from(["", *fields.CATEGORIES])) for _ in range(rows)]
    return fields.complete(
        pd.DataFrame({k: pd.Series(v, dtype="float64" if k in balances.MONEY else "str") for k, v in columns.items()})
    )


@given(
    viviers(),
    st.sampled_from([one for one in LISTED if one not in ("departement", "region", "thematique", "category")]),
)
def test_nothing_is_lost_and_amounts_add_up_whatever_the_projects(projects, by):
    kept = fields.counted(projects)
    table = balance(projects, by, categories="toutes", crossed=False)
    parts, whole = table.iloc[:-1], table.iloc[-1]
    assert parts.projects.sum() == whole.projects == len(kept)
    for name in balances.MONEY:
        cents = sum(round(value * 100) for value in kept[name] if not math.isnan(value))
        assert sum(round(value * 100) for value in parts[name] if not math.isnan(value)) == cents
        assert math.isnan(whole[name]) if kept[name].isna().all() and len(kept) else round(whole[name] * 100) == cents
        assert parts[f"{name}_missing"].sum() == whole[f"{name}_missing"] == kept[name].isna().sum()


@given(viviers(), st.sampled_from(balances.CROSSED))
def test_margins_always_add_up(projects, by):
    table = balance(projects, by, crossed=bool(balances.category_column(fields.counted(projects))))
    if "category" in table:
        counts = table.set_index("category").drop(columns="label")
        assert (counts.drop("total").sum() == counts.loc["total"]).all()
        assert (counts.drop(columns="total").sum(axis=1) == counts.total).all()
        assert counts.total["total"] == len(fields.counted(projects))


@given(viviers(), st.sampled_from(LISTED), st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(projects, by, dice):
    if by == "category" and not balances.category_column(fields.counted(projects)):
        return
    order = list(range(len(projects)))
    dice.shuffle(order)
    for fractional in (False, True):
        mixed = balance(projects.iloc[order], by, fractional=fractional)
        pd.testing.assert_frame_equal(mixed, balance(projects, by, fractional=fractional))


@given(viviers())
def test_shared_counts_and_amounts_are_exact(projects):
    table = balance(projects, "thematique", fractional=True, categories="toutes")
    parts, whole = table.iloc[:-1], table.iloc[-1]
    assert parts.projects.sum() == pytest.approx(whole.projects, abs=1e-9)
    for name in balances.MONEY:
        known = parts[name].dropna()
        assert sum(round(value * 100) for value in known) == (
            0 if math.isnan(whole[name]) else round(whole[name] * 100)
        )


def test_projects_and_earlier_balances_stay_intact():
    projects = vivier(departement=["dep-02", ""], category_kept=["remonter", "crte"], lever=["velo", ""])
    before = projects.copy(deep=True)
    table = balance(projects, "lever", categories="toutes")
    copy = table.copy(deep=True)
    shares(balance(projects))
    top_and_bottom(table)
    pd.testing.assert_frame_equal(projects, before)
    pd.testing.assert_frame_equal(table, copy)


def test_empty_table_of_projects_gives_an_empty_balance():
    projects = vivier(departement=pd.Series([], dtype="str"))
    assert balance(projects).departement.to_list() == ["total"]
    assert balance(projects, "lever").projects.sum() == 0
    assert math.isnan(balance(projects, "lever").share.iloc[0])


def test_ten_thousand_projects_keep_their_counts():
    two = {"departement": ["dep-02", "dep-59"], "lever": ["velo", ""], "cost": [0.1, 0.2]}
    projects = vivier(**{name: values * 5_000 for name, values in two.items()}).set_axis([0, 1] * 5_000)
    assert balance(projects).cost.iloc[-1] == 1_500
    assert balance(projects, "lever").projects.iloc[-1] == 10_000


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda p: balance(p, "departements"),
            ("Bilan par « departements » : inconnu.", "Vouliez-vous dire « departement »"),
        ),
        (lambda p: balance(p, "category"), ("les projets n'en ont pas", "ck.projects.triage(projects)")),
        (
            lambda p: balance(p, categories=["crte"]),
            ("Les projets n'ont pas de catégorie", "ck.projects.triage(projects)"),
        ),
        (
            lambda p: balance(p, categories="remontes"),
            ("Catégorie inconnue : « remontes ».", "« remonter »", "« toutes »"),
        ),
        (lambda p: balance(p, crossed=True), ("Tableau croisé", "crossed=False")),
        (lambda p: balance(p, "epci", crossed=True), ("Tableau croisé", "departement ou region")),
        (lambda p: balance(p, "crte"), ("donner les périmètres", 'perimeters="perimetres.csv"')),
        (lambda p: top_and_bottom(balance(p)), ("n'est pas par levier", 'by="lever"')),
        (lambda p: top_and_bottom(balance(p, "lever"), most=-1), ("-1 et 10", "nombres positifs")),
        (
            lambda p: balance(p.assign(category="remontés")),
            ("catégorie inconnue « remontés »", "Vouliez-vous dire « remonter »"),
        ),
    ],
)
def test_what_cannot_be_counted_says_why_and_what_to_write(call, words, says):
    with pytest.raises(ProjectError) as caught:
        call(vivier(departement=["dep-02"]))
    says(caught.value, *words)


def test_public_name_of_the_balance_is_there_and_every_key_is_documented():
    assert ck.projects.balance is balance
    for by in membership.KINDS:
        assert f"« {by} »" in balance.__doc__
