"""What a reader sees of a questionnaire: sentences, scatters, tables, workbook; and what the public version hides."""

import dataclasses

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import copkit as ck
from copkit import french, paths
from copkit.errors import CopkitError, ProjectError
from copkit.intake import personal
from copkit.presentation import charts, marimekko, placement, theme
from copkit.presentation.document import CHART, TABLE, Absent
from copkit.presentation.placement import Box
from copkit.presentation.survey import scatter, tables
from copkit.presentation.survey.document import DOCUMENT
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.survey import analysis, density, family, selection
from copkit.survey.questionnaire import rules

from . import drawn
from .cells import not_printable, numbers_as_text

SCATTERS = {"maturity": analysis.MATURITY, "investment": analysis.OWN, "support": analysis.OTHERS}
PRIVATE = [name for name, part in DOCUMENT.parts(TABLE).items() if part.private]


@pytest.fixture(scope="module")
def whole():
    return ck.survey.consultation(lever="haies")


@pytest.fixture(scope="module")
def public(whole):
    """The public version of the same answers, without reading them again."""
    about = {"reading": None, "files": ()}
    shown = personal.published(whole.answers, selection.ANSWERS.name, selection.FIELDS, selection.BESIDE)
    return dataclasses.replace(whole, answers=shown, public=True, **about)


@pytest.fixture
def alone(monkeypatch):
    """Charts as specifications."""
    monkeypatch.setenv("COPKIT_CHARTS", "spec")


# ------------------------------------------------------------------ words that never overlap


@given(st.lists(st.tuples(st.floats(0, 640), st.floats(0, 440)), max_size=43), st.data())
def test_words_lie_in_the_frame_on_no_other_word_and_on_no_point(points, data):
    frame, radius = Box(0, 0, 640, 440), 4.0
    if points and data.draw(st.booleans()):
        points = [points[0]] * len(points)  # all at one place
    boxes = placement.place(points, [(16.0, 13.0)] * len(points), frame, radius=radius)
    dots = [Box(x - radius, y - radius, 2 * radius, 2 * radius) for x, y in points]
    for n, box in enumerate(boxes):
        assert box.inside(frame) and not any(box.meets(other) for other in (*boxes[:n], *dots))


@pytest.mark.parametrize("name", SCATTERS)
def test_the_words_that_are_drawn_never_overlap(whole, name, alone):
    found = drawn.read(getattr(ck.charts, name)(whole).to_dict())
    texts, boxes = found.of("text"), []
    assert len(texts) == 43 + 4 + 43  # numbers, quadrants, key
    for n, item in enumerate(texts):
        width = marimekko.text_width(item.text, "bold" if n < 47 else "normal")
        left = item.x - (width / 2 if n < 43 else width if item.x > charts.WIDTH / 2 and n < 47 else 0)
        boxes.append(Box(left, item.y - (6 if n < 43 else 0), width, 12))
    touching = [(texts[n].text, texts[m].text) for n, one in enumerate(boxes) for m in range(n) if one.meets(boxes[m])]
    assert touching == []


@pytest.mark.parametrize(("name", "measure"), SCATTERS.items())
def test_each_point_is_the_figure_of_its_table(whole, name, measure, alone):
    found, table = drawn.read(getattr(ck.charts, name)(whole).to_dict()), whole.spoken
    points = found.of("symbol")
    wanted = sorted(zip(table[measure], 100 * table.pertinence, strict=True))
    tops, shares = sorted((y, drawn.number(text)) for y, text in found.down), []
    (y0, v0), (y1, v1) = tops[0], tops[-1]
    for item in points:
        shares.append((found.value(item.x), v0 + (item.y - y0) / (y1 - y0) * (v1 - v0)))
    for (x, y), (a, b) in zip(sorted(shares), wanted, strict=True):
        assert x == pytest.approx(a, abs=1e-6) and y == pytest.approx(b, abs=1e-6)


def test_a_lever_of_few_collectivites_is_hollow_marked_and_in_no_message(whole, alone):
    few = set(whole.answers.respondent.drop_duplicates().head(9))
    some = whole.answers[whole.answers.respondent.isin(few)]
    q = dataclasses.replace(whole, answers=some)
    chart = ck.charts.investment(q)
    found = drawn.read(chart.to_dict())
    assert {item.fill for item in found.of("symbol")} == {theme.WHITE}
    assert "cercle gris et †" in chart.title.subtitle[0] and "†" in found.of("text")[-1].text
    said = str(ck.report.message(q))
    assert "Pertinents et investis" not in said and "Qui a répondu" in said
    assert {one.removesuffix(" †") for one in ck.table(q, "leviers").data.Levier} <= set(q.levers.label)


def test_two_levers_at_least_are_needed_for_a_scatter(whole):
    q = dataclasses.replace(whole, answers=whole.answers[whole.answers.action == "haies_protection"])
    assert isinstance(ck.charts.maturity(q), Note)


# ------------------------------------------------------------------ what is said


def test_the_first_lines_say_who_answered_and_what_comes_out(whole, says):
    says(
        str(ck.report.opening(whole)),
        "Exemple inventé.",
        "la région, 5 départements sur 5 (100\u202f%), 70 EPCI sur 92 (76\u202f%), 61 communes, 1 parc naturel "
        "régional et 1 Pays",
        "**Les leviers jugés les plus pertinents** : désimperméabilisation des sols",
        "**Pertinents et investis** : 11 leviers",
        "**Pertinents mais en retard** : 25 leviers",
        "**Famille C**, perçus comme peu à la main des territoires : 7 leviers. Chercher les sujets interterritoriaux",
    )


def test_titles_give_the_figures(whole, alone):
    assert ck.charts.participation(whole).title.text == "70 EPCI sur 92 ont répondu (76\u202f%)"
    assert (
        ck.charts.investment(whole).title.text == "11 leviers pertinents et investis, 25 pertinents mais peu investis"
    )
    for count, words in ((0, "Aucun EPCI sur 92 n'a répondu (0"), (1, "Un EPCI sur 92 a répondu (1")):
        epci = whole.answers.respondent[whole.answers.type == "epci"].unique()[count:]
        q = dataclasses.replace(whole, answers=whole.answers[~whole.answers.respondent.isin(epci)])
        assert ck.charts.participation(q).title.text.startswith(french.typeset(words))
    for name in DOCUMENT.parts(CHART):
        chart = getattr(ck.charts, name)(whole)
        assert "exemple inventé" in " ".join(chart.title.subtitle) and chart.description.endswith("Exemple inventé.")
        assert chart._repr_mimebundle_()[theme.MIME] == chart.to_dict(validate=True)


def test_what_is_not_carried_by_the_interval_is_not_said(whole, says):
    known = {"low": -0.1, "high": 0.4, "r": 0.2, "levers": 43, "respondents": 12}
    q = dataclasses.replace(whole)
    for found, words in (
        (known, "Aucun lien net entre les deux"),
        (known | {"low": 0.1}, "sont, plus souvent qu'au hasard, aussi ceux que les collectivités investissent"),
        (known | {"low": -0.4, "high": -0.1}, "sont rarement ceux que les collectivités investissent"),
        (known | {"r": float("nan")}, "trop peu de leviers"),
    ):
        q.__dict__["correlations"] = dict.fromkeys(analysis.BESIDE, found)
        says(str(ck.report.invested(q)), words)


def test_levers_that_differ_between_urban_and_rural_are_cited_when_their_intervals_do_not_meet(whole, says):
    says(str(ck.report.compared(whole)), "Aucun levier n'a une pertinence nettement différente", "5\u202f000 habitants")
    urban = (whole.answers.density == density.URBAN) & whole.answers.action.isin(
        ["haies_plantation", "haies_protection"]
    )
    q = dataclasses.replace(whole, answers=whole.answers.assign(pertinence=whole.answers.pertinence.mask(urban, "non")))
    assert q.apart.lever.to_list() == ["haies"]
    says(
        str(ck.report.compared(q)),
        "Leviers dont la pertinence diffère nettement : gestion des haies (25\u202f% en urbain",
    )


def test_a_figure_shows_on_which_side_of_its_threshold_it_is(whole):
    limit = rules().thresholds.invested
    table = ck.table(whole, "investissement")
    for row, shown in zip(table.data.to_dict("records"), table.texts()["Collectivité (sur\u00a03)"], strict=True):
        high = not shown.startswith("<") and float(shown.replace(",", ".")) >= limit
        assert high == row["Quadrant"].endswith(("et investis", ", investis")) and len(shown) < 6, row
    reason = whole.families.set_index("lever").reason["sobriete_isolation_residentiel"]
    assert "n'atteint pas 1,5 sur 3 (près de 1,5)." in reason
    bounds = ck.table(whole, "bornes").data.set_index("Levier")
    fret = bounds.loc["Fret décarboné et multimodalité"]
    assert fret["Pertinents (%)"].endswith("à 50") == (fret["Pertinence sûre"] == "non")


def test_silent_epci_and_what_they_could_change_are_said(whole, says):
    says(str(ck.report.silence(whole)), "**22 EPCI** n'ont pas répondu", "**32 des 43 leviers** resteraient")
    table = ck.table(whole, "bornes").data
    assert (table["Pertinence sûre"] == "oui").sum() == 32
    silent = ck.table(whole, "sans_reponse").data
    assert len(silent) == 22 and silent.Habitants.is_monotonic_decreasing


def test_a_table_says_whether_it_is_weighted_and_what_becomes_of_sans_objet(whole):
    epci = whole.answers[whole.answers.type == "epci"]
    for asked, words in (
        ({}, "sans pondération, « sans objet » non compté"),
        ({"weighted": True}, "pondéré par les habitants, « sans objet » non compté"),
        ({"not_applicable": True}, "sans pondération, « sans objet » compté non"),
    ):
        assert words in tables.of("levers", analysis.levers(epci, **asked), "reg-32").caption
    for view, found in (("actions", analysis.by_action(epci, weighted=True)), ("types", analysis.cut(epci, "type"))):
        assert "pondér" in tables.of(view, found, "reg-32").caption
    assert "sans pondération" in ck.table(whole, "leviers").caption


# ------------------------------------------------------------------ the page of a lever, the choices of an analyst


def test_the_page_of_a_lever_has_its_actions_and_its_comments(whole, says):
    says(str(ck.report.lever(whole)), "Levier 27 : gestion des haies", "Famille B : sensibiliser")
    actions = ck.table(whole, "levier_actions").data
    assert actions.Action.str.contains("haies|agroforesterie", case=False).all() and len(actions) == 3
    comments = ck.table(whole, "commentaires").data
    assert len(comments) and comments.Commentaire.str.startswith("Commentaire inventé").all()
    with pytest.raises(ProjectError, match=r"Levier inconnu : « hais »\. Vouliez-vous dire « haies » \?"):
        ck.survey.of_lever(whole.answers, "hais")


def test_choices_are_read_from_a_table_and_kept_beside_the_rule(whole, tmp_path, says):
    path = tmp_path / "familles.csv"
    path.write_text("Levier;Famille;Auteur;Raison\nhaies;a;chargée de mission;programme engagé\n", encoding="utf-8")
    q = dataclasses.replace(whole, choices=family.read_choices(path))
    row = ck.table(q, "familles").data.set_index("Levier").loc["Gestion des haies"]
    assert (row.Famille, row["Selon la règle"], row.Origine) == ("A", "B", "choix de l'analyste")
    assert row.Pourquoi == "programme engagé (chargée de mission)"
    assert ck.table(dataclasses.replace(q, public=True), "familles").data.Pourquoi.eq("Choix de l'analyste.").sum() == 1
    path.write_text("Levier;Famille\nhaies;A\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="colonne absente : auteur, raison"):
        family.read_choices(path)
    path.write_text("levier;famille;auteur;raison\nhaies;A;x;y\nhaies;B;x;y\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="levier écrit deux fois : haies"):
        family.read_choices(path)


# ------------------------------------------------------------------ the public version


def test_the_public_version_has_no_list_no_comment_and_no_group_in_which_one_is_recognised(public, says):
    assert all(isinstance(ck.table(public, name), Note | None) for name in PRIVATE)
    assert set(public.answers.comment) == set(public.answers.name) == set(public.answers.siren) == {""}
    assert "source_file" not in public.answers or set(public.answers.source_file) == {""}
    assert ck.table(public, "types").data.Type.to_list() == ["EPCI à fiscalité propre", "Commune"]
    says(str(ck.report.compared(public)), "4 groupes de moins de 10 collectivités ne sont pas détaillés")
    assert "Version publique" in ck.report.opening(public) and ".csv" not in ck.report.opening(public)
    assert not any("inventé" in one for one in public.answers.respondent)  # the Pays is told by its name alone


def few(public, sizes, blank):
    """The public version of a région of which each département answers with so many, and so many are of none."""
    table, kept = public.answers, []
    for code, count in sizes.items():
        kept += list(table.respondent[table.departement == code].unique()[:count])
    kept += list(table.respondent[table.departement == ""].unique()[:blank])
    return dataclasses.replace(public, answers=table[table.respondent.isin(kept)])


@pytest.mark.parametrize(
    ("sizes", "blank", "hidden", "beside"),
    [
        ({"dep-59": 9, "dep-60": 12, "dep-02": 11}, 0, ["dep-59"], ["dep-02"]),  # 12 + 11 of 32: the others are 9
        ({"dep-59": 10, "dep-60": 12, "dep-02": 11}, 0, [], []),
        ({"dep-59": 9, "dep-60": 9, "dep-02": 11}, 0, ["dep-59", "dep-60"], []),  # 18, of which nobody tells two
        ({"dep-59": 9, "dep-60": 12, "dep-02": 11}, 1, ["dep-59"], []),
        ({"dep-59": 10, "dep-60": 12}, 1, [], ["dep-59"]),  # the one that is of no département
        ({"dep-59": 10, "dep-60": 12}, 2, [], []),
    ],
)
def test_what_is_not_shown_cannot_be_found_by_difference(public, says, sizes, blank, hidden, beside):
    q = few(public, sizes, blank)
    assert (sorted(q.unshown["departement"]), q.beside["departement"]) == (sorted(hidden), beside)
    shown = set(sizes) - {*hidden, *beside}
    assert set(q.cut("departement").departement) == set(q.groups("departement").value) == shown
    assert ("de plus" in str(ck.report.compared(q))) == any(q.beside.values())
    working = dataclasses.replace(q, public=False)
    assert set(working.cut("departement").departement) == set(sizes)


# ------------------------------------------------------------------ workbook, diagnostic, empty


def test_a_long_table_folds_and_a_phone_shows_the_first_levers_of_each_quadrant(whole, alone):
    shown = [part for one in DOCUMENT.sections for part in getattr(DOCUMENT.show(one, whole), "parts", ())]
    tables = [part for part in shown if isinstance(part, Table)]
    assert {table.fold for table in tables if len(table.data) > 12} == {True}
    assert not ck.table(whole, "actions_plus").fold and ck.table(whole, "leviers").fold
    rows = ck.charts.maturity(whole).to_dict()["usermeta"]["phone"]
    heads = [one[:2] for one in rows if one[1].endswith("leviers")]
    assert heads == [["Pertinents et mûrs", "11 leviers"], ["Pertinents, peu mûrs", "25 leviers"],
                     ["Peu pertinents, peu mûrs", "7 leviers"]]  # fmt: skip
    assert len(rows) == 3 + 3 * 4 and rows[1][0] == "Désimperméabilisation des sols"


def test_the_workbook_has_the_tables_as_numbers(whole, tmp_path):
    ck.write_workbook(whole, tmp_path / "q.xlsx")
    book = openpyxl.load_workbook(tmp_path / "q.xlsx")
    assert book.sheetnames[:4] == ["Synthèse", "Lisez-moi", "Participation", "Leviers"]
    haies = next(row for row in book["Mesures"].iter_rows(values_only=True) if row[0] == "Gestion des haies")
    assert len(haies) == 21 and all(isinstance(cell, int | float) for cell in haies[1:])
    assert book.sheetnames[-1] == "Sources" and "Commentaires" in book.sheetnames
    assert all("exemple inventé" in sheet["A1"].value for sheet in book if sheet.title != "Lisez-moi")
    assert numbers_as_text(book) == [] and not_printable(book, "Hauts-de-France (exemple inventé)") == []
    assert len(book["Synthèse"]._charts) == 3


def test_the_diagnostic_has_the_point_of_view_of_the_collectivites_when_it_is_given(whole, alone):
    absent = ck.report.survey(ck.panorama("reg-32"))
    assert isinstance(absent, Absent) and "« reponses »" in absent.parts[0].text
    file = paths.home().joinpath(*selection.EXAMPLE)
    parts = ck.report.survey(ck.panorama("reg-32"), str(file)).parts
    assert "Exemple inventé" in parts[0] and "70 EPCI sur 92" in parts[1]
    assert [part.caption.partition(" —")[0] for part in parts if isinstance(part, Table)][-2:] == [
        "Les 10 actions les plus mises en œuvre, selon les EPCI",
        "Les 10 actions les moins mises en œuvre, selon les EPCI",
    ]
    page = ck.report.page(ck.panorama("reg-32"), str(file))
    title, text = (one.replace("\u00a0", " ") for one in page.messages[-1])
    assert len(page.messages) == 3 and title == "Les collectivités : pertinent, mais l’action ne suit pas."
    assert "Jugés pertinents : 36 des 43 leviers, dont 25 trop peu investis" in text
    assert "Réponses de 70 EPCI sur 92 (exemple inventé)." in text
    without = ck.report.page(ck.panorama("reg-06"))
    assert ck.report.page(ck.panorama("reg-06"), str(file)) == without
    (note,) = ck.report.survey(ck.panorama("reg-06"), str(file)).parts
    assert note.text == "Aucune réponse ne vient de ce territoire (Mayotte)."


def test_the_diagnostic_has_the_first_themes_or_those_that_were_kept_and_what_founds_them(whole):
    p, examples = ck.panorama("reg-32"), paths.home() / "data" / "examples"
    assert ck.report.themes(p).title == ""  # a document does not say that it is left out: the territory lacks nothing
    answers = str(paths.home().joinpath(*selection.EXAMPLE))
    title, invented, said, listed, figures = ck.report.themes(p, answers=answers).parts
    assert "Thèmes prioritaires" in title and "Exemple inventé" in invented
    assert "**18 thèmes possibles** : les 3 premiers de chaque groupe de travail, sur 43" in said
    assert len(listed.data) == 18 and figures.fold and not listed.fold
    assert {*figures.data["Statut"]} == {"publié", "dérivé"} and "réponses au questionnaire (exemple inventé)" in {
        *figures.data["Source"]
    }
    _, _, said, kept, figures = ck.report.themes(p, str(examples / "themes_hauts_de_france.csv"), answers).parts
    assert "**30 thèmes retenus** dans 6 groupes de travail." in said and len(kept.data) == 30
    assert "Niveau" not in kept.data  # all of the région: it tells none apart
    served = {lever for one in kept.data["Leviers"] for lever in one.replace(" et ", ", ").split(", ")}
    assert {"Covoiturage", "Report modal"} <= served & {*figures.data["Levier"]}
    assert {"objectif", "rythme nécessaire"} <= {*figures.data["Chiffre"]}


def test_a_territory_without_answer_says_so_once_a_section(whole, says):
    q = dataclasses.replace(whole, answers=whole.answers.head(0), territory="reg-06", lever="")
    q.counts["elsewhere"] = 12790
    says(
        str(ck.report.opening(q)),
        "Aucune réponse ne vient de ce territoire",
        "12\u202f790 réponses d'un autre territoire",
    )
    for name in DOCUMENT.sections:
        parts = ck.section(q, name).parts
        assert sum(isinstance(one, Note) and "Aucune réponse ne vient" in one.text for one in parts) <= 1


def test_what_is_not_a_consultation_is_refused_with_what_to_write():
    with pytest.raises(CopkitError, match=r"consultation \(ck\.survey\.consultation\).* attendu, et non « 3 »"):
        ck.table(3)
    with pytest.raises(ProjectError, match=r"Fichier de réponses introuvable : « absent\.csv »"):
        ck.survey.consultation("absent.csv")
    assert scatter._domain([1.5], 0.2, (0.0, 3.0)) == (1.4, 1.6)
