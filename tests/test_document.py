"""A section is declared once: its module and one call of a notebook, and everything that lists sections has it."""

import json
import os

import nbformat
import openpyxl
import pytest

import copkit as ck
from copkit import paths, warm
from copkit.errors import LeverError, ProjectError
from copkit.models.proposals import composed
from copkit.presentation import territory
from copkit.presentation.document import CHART, SENTENCE, TABLE
from copkit.presentation.followup.document import DOCUMENT as FOLLOWUP
from copkit.presentation.projects.document import DOCUMENT as PROJECTS
from copkit.presentation.survey.document import DOCUMENT as SURVEY
from copkit.presentation.territory.document import DOCUMENT as TERRITORY

from .terminal import begin

ADDED = """
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Text
import pandas as pd

ESSAI = Section("essai", 45, "Essai")

@ESSAI.sentence()
def essai(p):
    return Text("Essai de {}.", p.attrs["name"])

@ESSAI.chart()
def dessin(p):
    drawn = pd.DataFrame({"label": ["a"], "n": [1], "written": ["1"]})
    return charts.bars(drawn, "n", "unité", charts.words("Titre", ["ligne"], "Essai."))

@ESSAI.table("essais", sheet="Essais", rank=25)
def _essais(p):
    return Table.of("Essais", {"Essai": ["a"], "Nombre": ([1], 0)})
"""


def used(folder):
    """In a process of its own."""
    territory.__path__.append(folder)
    vars(TERRITORY).pop("sections", None)  # as if they had not been looked for yet
    p, shown, path = ck.panorama("reg-32"), [], f"{folder}/essai.xlsx"
    warm._show = lambda *parts: shown.extend(map(repr, parts))
    warm._diagnostic(p)
    ck.write_workbook(p, path)
    found = {
        "section": [type(part).__name__.replace("_Read", "Table") for part in ck.section(p, "essai").parts],
        "table": ck.table(p, "essais").caption,
        "chart": ck.charts.dessin(p).title.text,
        "sentence": ck.report.essai(p),
        "sheets": openpyxl.load_workbook(path, read_only=True).sheetnames[2:5],
        "warm": any("Essai de Hauts-de-France." in part for part in shown),
    }
    print(json.dumps(found))


def test_a_new_section_is_a_module_and_everything_has_it(tmp_path):
    (tmp_path / "essai.py").write_text(ADDED, encoding="utf-8")
    said = [tmp_path / "dit.txt", tmp_path / "erreurs.txt"]
    environment = os.environ | {"COPKIT_CHARTS": "spec"}
    done = begin(used, str(tmp_path), stdout=said[0], stderr=said[1], environment=environment)
    done.join()
    assert done.exitcode == 0, said[1].read_text()
    assert json.loads(said[0].read_text()) == {
        "section": ["Text", "Text", "Drawing", "Table"],
        "table": "Essais",
        "chart": "Titre",
        "sentence": "Essai de Hauts-de-France.",
        "sheets": ["Panorama", "Essais", "Secteurs"],
        "warm": True,
    }


@pytest.mark.parametrize(
    ("name", "document"),
    [("diagnostic", TERRITORY), ("projets", PROJECTS), ("questionnaire", SURVEY), ("suivi", FOLLOWUP)],
)
def test_a_notebook_shows_every_section_in_the_order_of_the_document(name, document):
    notebook = nbformat.read(paths.home() / "notebooks" / f"{name}.ipynb", 4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    at = {}
    for section in document.sections.values():  # by its name, or by its sentence when it is given a file
        calls = [f'ck.section({about}, "{section.name}")' for about in "pvqf"]
        calls += [f"ck.report.{part.name}(p, " for part in section.parts]
        at[section.name] = max(map(code.find, calls))
    shown = [place for place in at.values() if place >= 0]
    assert shown == sorted(shown)
    hidden = [section for section, place in at.items() if place < 0]
    assert all(
        not part.page or part.when is composed or part.about for name in hidden for part in parts(document, name)
    )


def parts(document, name):
    return document.sections[name].parts


@pytest.mark.parametrize("document", [TERRITORY, PROJECTS, SURVEY, FOLLOWUP])
def test_names_sheets_and_ranks_are_given_once(document):
    parts = [part for section in document.sections.values() for part in section.parts]
    for kind in (SENTENCE, CHART, TABLE):
        names = [part.name for part in parts if part.kind == kind]
        assert len(names) == len(set(names))
    sheets = [part for part in parts if part.sheet]
    for one in ("sheet", "rank"):
        assert len({getattr(part, one) for part in sheets}) == len(sheets)
    assert all(len(part.sheet) <= 31 for part in sheets)
    ranks = [section.rank for section in document.sections.values()]
    assert len(set(ranks)) == len(ranks)


def test_an_unknown_section_is_refused_with_the_known_ones():
    with pytest.raises(LeverError, match=r"Section inconnue : « places »\. Vouliez-vous dire « place » \?") as refused:
        ck.section(ck.panorama("reg-32"), "places")
    assert "Sections : page, entete, ambition, secteurs, place" in str(refused.value)
    with pytest.raises(ProjectError, match=r"Section inconnue : « bilans »\. Vouliez-vous dire « bilan » \?"):
        ck.section(ck.projects.vivier(), "bilans")


def test_public_names_hold_functions_that_say_what_they_show():
    for space, name in ((ck.charts, "panorama"), (ck.report, "ambition"), (ck.charts, "levers")):
        function = getattr(space, name)
        assert function.__name__ == name and function.__doc__ and name in dir(space)
