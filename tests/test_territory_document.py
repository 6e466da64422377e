"""What the document of a territory says, in all of them: no empty row, no digit too many, no headline on a stand-in."""

import re

import pytest

import copkit as ck
from copkit import french
from copkit.errors import ParameterError
from copkit.models import panorama as model
from copkit.presentation import blocks, glossary, labels, theme
from copkit.presentation.document import Absent
from copkit.presentation.table import Table
from copkit.presentation.territory import document
from copkit.presentation.territory.ambition import MOSTLY
from copkit.presentation.text import Note, lower
from copkit.reference import parameters, territories

from .conftest import LONG

SIX = ["reg-32", "dep-59", "dep-48", "dep-75", "reg-04", "reg-06"]
CODES = ["fr", *territories.territories().code] if LONG else [*SIX, "fr", "dep-2A"]
SHOWN = ["entete", "ambition", "secteurs", "place", "quantites", "comparaison", "cles", "interactions", "sources"]
EMPTY = {"—", french.UNKNOWN, ""}
TWO_DECIMALS = re.compile(r"\d,\d\d+[\u202f\u00a0 ]?%")
TOLD_TO_A_PREFET = ("paramètre", "carnet", "commit", "github ", "à confirmer", "ordre 1", "(copkit", "net +", "net −")


@pytest.fixture(scope="module", params=CODES)
def p(request):
    return ck.panorama(request.param)


@pytest.fixture(scope="module")
def parts(p):
    """What the document shows, its dynamics and its projects apart."""
    sections = [ck.section(p, name) for name in SHOWN]
    return [part for section in sections if not isinstance(section, Absent) for part in section.parts]


def test_a_table_is_shared_by_the_page_and_the_workbook_while_the_panorama_holds_the_same():
    p, same = ck.panorama("dep-48"), ck.panorama("dep-48")

    def table():
        return next(part for part in ck.section(p, "secteurs").parts if isinstance(part, Table))

    def sheet(of):
        return dict(document.book(of).sheets)["Secteurs"]

    assert sheet(p) is sheet(same)
    for handed in (table(), ck.table(p, "secteurs")):
        data = handed.data
        data.iloc[0, 1] = -1.0
        assert -1.0 in handed.data.iloc[:, 1].to_list()
    assert -1.0 not in sheet(p).data.iloc[:, 1].to_list() + table().data.iloc[:, 1].to_list()
    before = sheet(p).texts()
    p.target.values[:] *= 3
    assert sheet(p).texts() != before and table().texts() != before and sheet(same).texts() == before


def test_no_table_has_a_row_or_a_column_that_says_nothing(parts):
    for table in (part for part in parts if isinstance(part, Table)):
        written = table.written()
        assert not [*written[written.iloc[:, 1:].isin(EMPTY).all(axis=1)].iloc[:, 0]], table.caption
        assert not [name for name in written if written[name].isin(EMPTY).all()], table.caption


def test_no_share_has_two_decimals_and_no_sentence_speaks_to_an_analyst(parts):
    for part in parts:
        if isinstance(part, Table):
            shares = [text for name in part.data if "(%)" in name for text in part.texts()[name]]
            assert not [text for text in shares if re.search(r",\d\d", text)], part.caption
            continue
        text = " ".join(said(part)) if isinstance(part, theme.drawing()) else part._repr_markdown_()
        assert not TWO_DECIMALS.findall(text), text
        assert not [word for word in TOLD_TO_A_PREFET if word in text], text


def said(chart):
    return [chart.title.text, *chart.title.subtitle]


def test_an_effort_that_keys_share_out_has_two_figures_at_most(p, parts):
    if not model.allocated(p):
        return
    for table in (part for part in parts if isinstance(part, Table)):
        texts = [text for name in table.data if "ktCO2e/an" in name for text in table.texts()[name]]
        digits = [re.sub(r"\D", "", text).rstrip("0") for text in texts if "<" not in text]
        assert not [one for one in digits if len(one) > 2], table.caption


def test_no_headline_stands_on_stand_in_keys_without_saying_so(p):
    chantier, sector = model.shares(p, by="chantier").index[0], model.shares(p).index[0]
    for name, of in (("panorama", {"chantier": chantier}), ("sectors", {"sector": sector}), ("place", {})):
        made = getattr(ck.charts, name)(p)
        if isinstance(made, Note):
            continue
        rough = made.title.text.startswith("En ordre de grandeur")
        assert rough == (model.rough_share(p, **of) > model.ROUGH), made.title.text
        assert len(made.title.text) < 110


def test_a_sector_that_is_mostly_another_lever_than_in_the_country_says_which(p):
    sector, title = model.shares(p).index[0], ck.charts.sectors(p).title.text
    row, part = model.heaviest(p, sector)
    same = sector != model.OVERSEAS and row.lever == model.heaviest(ck.panorama("fr"), sector)[0].lever
    assert ("surtout" in title) == (part > MOSTLY and not same), title


def test_a_sector_of_the_overseas_alone_is_compared_with_nothing(p):
    found = ck.table(p, "secteurs")
    here = [row for row in found.written().itertuples(index=False) if row[0] == labels.sectors()[model.OVERSEAS]]
    assert all(row[-1] == "outre-mer seul" for row in here)
    reason = "secteur propre aux outre-mer" in " ".join(said(ck.charts.sectors(p)))
    assert reason == (bool(here) and p.attrs["level"] != "france")


# ------------------------------------------------------------------ reviewed sentences


def test_the_first_paragraph_of_a_departement_says_how_sure_it_is(says):
    text = ck.report.ambition(ck.panorama("dep-59"))
    says(text, "**environ 10\u202f000 ktCO2e/an hors forêt**", "**Ce qu'il vaut**", "placent en moyenne 4,5\u202f%")
    says(text, "entre 10\u202f000 et 11\u202f000 ; 2,7\u202f% repose sur une clé notée C")
    says(text, "production industrielle (4\u202f800)")
    assert "Ce qu'il vaut" not in ck.report.ambition(ck.panorama("reg-32"))


def test_headlines_of_the_lozere_say_that_its_industry_is_wood():
    title = "Industrie : 32 % de l'effort (surtout « produits bois »), contre 23 % en France"
    assert ck.charts.sectors(ck.panorama("dep-48")).title.text == french.typeset(title)


def test_levers_without_effort_are_listed_in_one_line():
    shown = ck.section(ck.panorama("dep-48"), "ambition").parts
    at = next(n for n, part in enumerate(shown) if isinstance(part, Table) and "N°" in part.data)
    table, line = shown[at], shown[at + 1].plain
    assert line.startswith("Objectif nul ici : changement de chaudière à gaz (résidentiel) ; changement")
    whole = ck.table(ck.panorama("dep-48"), "panorama")
    assert len(table.data) + len(whole.idle) == len(whole.data)
    assert all(lower(name) in line for name in whole.data.Levier.iloc[[*whole.idle]])


def test_a_bus_is_whole_and_a_workbook_keeps_what_was_computed():
    table = ck.table(ck.panorama("dep-48"), "quantites")
    row = table.data.Levier.to_list().index("Bus et cars décarbonés")
    assert table.texts()["En 2019"][row] == "<\u00a01" and 0.3 < table.data["En 2019"][row] < 0.5


def test_sections_without_data_leave_the_document_and_say_in_a_notebook_what_to_do(says):
    for code, name in (("reg-04", "comparaison"), ("reg-04", "interactions"), ("dep-59", "comparaison")):
        assert isinstance(ck.section(ck.panorama(code), name), Absent)
    absent = ck.report.projects(ck.panorama("dep-59"), "")
    says(absent._repr_mimebundle_()["text/markdown"], "donner le chemin d’un export au paramètre «\u00a0projets\u00a0»")


def test_sources_name_who_published_them_and_lead_where_they_do():
    text = ck.report.references(ck.panorama("dep-59"))
    assert (
        "[github.com/MTES-MCT/planification-territoires](https://github.com/MTES-MCT/planification-territoires)" in text
    )
    assert "piterre" not in text and "sgpe_simulateur_2024" not in text and "Licence" not in text
    assert "](../glossaire.html)" in text


# ------------------------------------------------------------------ overseas

OVERSEAS = [code for code in territories.codes("region") if territories.is_overseas(code)]


@pytest.mark.parametrize("code", OVERSEAS)
def test_an_overseas_document_has_no_empty_section_and_no_dash_where_a_sentence_is_due(code):
    p = ck.panorama(code)
    for name in ("entete", "ambition", "secteurs", "place", "quantites", "dynamiques", "cles", "sources"):
        section = ck.section(p, name)
        assert not isinstance(section, Absent), name
        for part in section.parts:
            assert not isinstance(part, Note), (name, part)
            cells = part.read().written().to_numpy().ravel() if isinstance(part, Table) else []
            assert not {"—", "", french.UNKNOWN} & {*cells}, (name, part.caption)


@pytest.mark.parametrize("code", OVERSEAS)
def test_an_overseas_document_says_of_each_lever_what_there_is_to_count(code):
    p = ck.panorama(code)
    found = ck.table(p, "a_compter").data.set_index("Levier")
    assert len(found) == p.sizes["lever"] and found["Objectif (ktCO2e/an)"].sum() == pytest.approx(
        float(p.target.sum())
    )
    aerial = found.loc[[one for one in found.index if "aérien" in one], "Parmi les 43"]
    assert set(aerial) == {"aucun : l'aérien est absent des 43 leviers"}
    assert "aucun coefficient" in str(ck.report.uncounted(p)) and "par quelle clé" in str(ck.report.keys(p))
    assert isinstance(ck.table("reg-32", "a_compter"), Note) and isinstance(ck.report.uncounted("reg-32"), Note)


# ------------------------------------------------------------------ the glossary


def test_the_glossary_has_the_words_every_lever_and_what_does_not_agree():
    found = glossary.blocks()
    tables = [block for block in found if isinstance(block, blocks.Table)]
    levers = {row[0] for table in tables[:2] for row in table.rows}
    for code in ("reg-32", "reg-04", "reg-06"):
        assert {french.typeset(label) for label in ck.panorama(code).label.values} <= levers
    columns = ck.table(ck.panorama("reg-32"), "coherence").texts().values()
    assert tables[-1].rows == [[*row] for row in zip(*columns, strict=True)]
    said = " ".join(block.source for block in found if isinstance(block, blocks.Prose))
    assert "**Hors forêt**" in said and "**Note A, B ou C**" in said


def test_an_address_that_is_none_is_refused(damaged, says):
    damaged.replace("parameters/sources.yml", "https://github.com/DITP-pilotage", "javascript:alert(1)//DITP-pilotage")
    with pytest.raises(ParameterError) as refused:
        parameters.sources()
    says(refused.value, "ditp_baro_2024.url")
