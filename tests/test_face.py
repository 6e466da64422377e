"""The public face: each name is what the stubs declare, whatever was imported before; former names say the new one."""

import ast
import dataclasses
import importlib
import inspect
import json
import os
import pkgutil
import pydoc
import runpy
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

import copkit as ck
from copkit.errors import CopkitError

from .terminal import begin

ROOT = Path(__file__).parents[1]

FORMER = {
    "balance": "projects.balance",
    "coverage": "projects.coverage",
    "projects_charts": "charts",
    "projects_report": "report",
    "projects_table": "table",
    "read_projects": "projects.read",
    "triage": "projects.triage",
    "vivier": "projects.vivier",
    "write_projects_workbook": "write_workbook",
}


def declared(package):
    """Public name → the module of the package that the stub takes it from."""
    tree = ast.parse(Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    lines = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {one.name: (node.module or "", one.asname) for node in lines for one in node.names}


GROUPED = (ck, ck.projects, ck.survey, ck.adaptation)


@pytest.mark.parametrize("package", GROUPED, ids=lambda package: package.__name__)
def test_public_names_are_those_of_the_stub_alone(package):
    names = declared(package)
    assert dir(package) == sorted(names)
    assert all(name == shown for name, (_, shown) in names.items())
    with pytest.raises(AttributeError, match=r"No .+ attribute panoramas"):
        package.panoramas  # noqa: B018


def targets():
    """In a process of its own, forked from one that has imported every module, and before it papermill, which loads
    the engine itself."""
    for _ in range(2):
        for found in pkgutil.walk_packages(ck.__path__, "copkit."):
            if "__main__" not in found.name and ".fonts" not in found.name:
                importlib.import_module(found.name)
        for package in GROUPED:
            for name, (module, _) in declared(package).items():
                place = f"{package.__name__}.{module or name}"
                wanted = importlib.import_module(place)
                found = getattr(package, name)
                assert found is (vars(wanted)[name] if module else wanted), (place, name, found)


def test_each_name_is_its_declared_target_after_every_module_was_imported_twice(tmp_path):
    said = [tmp_path / "dit.txt", tmp_path / "erreurs.txt"]
    done = begin(targets, stdout=said[0], stderr=said[1], environment=dict(os.environ))
    done.join()
    assert done.exitcode == 0, said[1].read_text()


@pytest.mark.parametrize(("name", "new"), FORMER.items())
def test_a_former_name_still_works_and_says_the_new_one(name, new):
    with pytest.warns(DeprecationWarning, match=rf"ck\.{name} s'appelle désormais ck\.{new} ;") as said:
        found = getattr(ck, name)
    assert said[0].filename == __file__ and name not in dir(ck)
    assert found is (getattr(ck.projects, new.removeprefix("projects.")) if "." in new else getattr(ck, new))


def test_the_simulator_under_its_former_name_works_each_time_and_says_the_new_one():
    for _ in range(2):
        with pytest.warns(
            DeprecationWarning, match=r"ck\.simulator\(…\) s'appelle désormais ck\.Simulator\(…\)"
        ) as said:
            assert isinstance(ck.simulator("dep-59"), ck.Simulator)
        assert said[0].filename == __file__


# ------------------------------------------------------------------ what is wrong is said in a sentence


class Nothing:
    """An object of the user's."""


WRONG = [3, None, "inconnu", [1], {"a": 1}, pd.DataFrame({"a": [1]}), xr.Dataset(), Nothing()]
ACCEPTED = {
    "projects.vivier": [None],
    "survey.consultation": [None],
    "territories": [None],
    "crosswalk": [None],
    "audition": [None],
    "consistency": [3],
    "notebook.parameter": [3, None, "inconnu"],
    "notebook.territory": ["inconnu"],
}
ACCEPTED |= {"roadmap.read_returns": ["inconnu"], "roadmap.write_template": ["inconnu"]}  # a path, to be written
ACCEPTED |= {"survey.families": [None], "roadmap.working_groups": [None]}  # what the source cites, those of the kit
ACCEPTED |= {"enjeux": [None]}  # the 43
ACCEPTED |= {"strengths.read_returns": ["inconnu"], "strengths.write_template": ["inconnu"]}  # a path, to be written
ACCEPTED |= {"adaptation.read_returns": ["inconnu"], "adaptation.write_template": ["inconnu"]}  # a path, to be written
ACCEPTED |= {"roadmap.write_jobs_template": ["inconnu"]}  # a path, to be written
ACCEPTED |= {"local.write_template": ["inconnu"]}  # a path, to be written
ACCEPTED |= {"survey.write_template": ["inconnu"], "survey.write_templates": ["inconnu"]}  # a path, to be written
MORE = {
    "roadmap.without_action": (None,),
    "compare": ("sgpe", "sraddet"),
    "compensate": (["haies"],),
    "convert": ("haies",),
    "difference": (None,),
    "identity": ("haies",),
    "simulate": ({},),
    "section": ("place",),
    "notebook.parameter": (1,),
    "observed": ("prelevements_eau",),
    "roadmap.assess": ("reg-32",),
    "roadmap.read_themes": ("themes.xlsx",),
    "roadmap.retained": (None,),
    "roadmap.by_lever": ("reg-32",),
    "roadmap.diff": ("actions.csv",),
    "sector_shares": ({"transport": 1.0},),
    "roadmap.write_carried": ("reports.csv",),
    "local.write_template": ("reg-94", "haies"),
    "strengths.within": ("fr",),
    "survey.bounds": (10,),
    "survey.cut": ("type",),
    "survey.of_lever": ("haies",),
}
WRITERS = (
    "write_workbook",
    "projects.write_schema",
    "roadmap.write_tet",
    "roadmap.write_themes",
    "projects.write_workshop",
    "projects.read_workshop",
)
NO_ARGUMENT = (
    "controls",
    "keys",
    "reload",
    "survey.actions",
    "journal.decide",
    "journal.revoke",
)  # or by their names only
TYPES = (
    "adaptation.Recensement",
    "local.Local",
    "projects.Vivier",
    "projects.Workshop",
    "roadmap.Roadmap",
    "roadmap.Followup",
    "survey.Consultation",
)
GROUPS = {"": ck, "projects.": ck.projects, "strengths.": ck.strengths, "survey.": ck.survey}
GROUPS |= {"roadmap.": ck.roadmap, "adaptation.": ck.adaptation, "journal.": ck.journal}
GROUPS |= {"notebook.": ck.notebook, "local.": ck.local}
SPACES = {"charts.": ck.charts, "report.": ck.report}
FUNCTIONS = {
    prefix + name: getattr(group, name)
    for prefix, group in (GROUPS | SPACES).items()
    for name in dir(group)
    if callable(getattr(group, name)) and prefix + name not in (*NO_ARGUMENT, *TYPES)
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_first_argument_is_said_in_one_french_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a word may be taken for a file to write
    more = (tmp_path / "classeur.xlsx",) if name in WRITERS else MORE.get(name, ())
    for wrong in WRONG if name != "run" else WRONG[:1]:  # run makes a process ready before it looks
        if isinstance(wrong, str | int | None) and wrong in ACCEPTED.get(name, []):
            continue
        with pytest.raises(CopkitError) as refused:
            FUNCTIONS[name](wrong, *more)
        message = str(refused.value)
        assert 20 < len(message) < 700 and message.rstrip().endswith((".", "…", "?")), message
        assert "object at 0x" not in message and "Dimensions" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: ck.shares(p, by="secteur"), "Regroupement inconnu : « secteur ». Vouliez-vous dire « sector » ?"),
        (
            lambda p: ck.simulate(p, {"haies": 1}, unit="kg"),
            "Unité inconnue : « kg ». Écrire « ktco2e » ou « quantity »",
        ),
        (lambda p: ck.simulate(3, {}), 'Panorama attendu, et non « 3 ». Écrire ck.panorama("reg-32"), ou « reg-32 ».'),
        (
            lambda p: ck.table(3),
            "une feuille de route (ck.roadmap.plan) ou un suivi (ck.roadmap.followup) attendu, et non « 3 ».",
        ),
        (
            lambda p: ck.charts.levers(p),
            "ck.charts.levers : un vivier (ck.projects.vivier) attendu, et non ce panorama.",
        ),
        (lambda p: ck.report.compensation(p), "un objet « Compensation » attendu, et non ce panorama."),
        (lambda p: ck.section(ck.convert(p, "haies", kt=1), "place"), "attendu, et non un objet « Conversion »."),
        (lambda p: ck.projects.balance(pd.DataFrame({"a": [1]})), "Cette table n'a aucune colonne d'un projet."),
        (lambda p: ck.projects.read(p), "Chemin de fichier attendu, et non un objet « Dataset »."),
        (lambda p: ck.dynamics(pd.DataFrame()), "Territoire attendu, et non un objet « DataFrame »."),
    ],
)
def test_what_is_wrong_is_named_with_what_to_write(call, words):
    with pytest.raises(CopkitError) as refused:
        call(ck.panorama("reg-32"))
    assert words in str(refused.value)


def test_a_code_stands_for_its_panorama_and_a_panorama_for_its_code():
    p = ck.panorama("dep-59")
    assert ck.totals("dep-59").equals(ck.totals(p)) and ck.totals(p=p).equals(ck.totals(p="dep-59"))
    assert ck.dynamics(p).equals(ck.dynamics("dep-59")) and ck.panorama(p).identical(p)
    assert ck.table("dep-59").data.equals(ck.table(p).data)
    assert ck.simulate("dep-59", {"haies": 1}).identical(ck.simulate(p, {"haies": 1}))
    assert ck.territories("epci", within=p).equals(ck.territories("epci", within="dep-59"))
    assert ck.charts.panorama("dep-59").to_dict() == ck.charts.panorama(p).to_dict()


# ------------------------------------------------------------------ what is given shows itself


@cache
def vivier():
    """Read and sorted once; to be looked at, never changed."""
    return ck.projects.vivier(territory="dep-59")


GIVEN = {
    "Conversion": (lambda p: ck.convert(p, "haies", kt=10), "Quantité en 2030"),
    "Compensation": (
        lambda p: ck.compensate(ck.simulate(p, {"haies": 20}), ["prairies"]),
        "Ce que la compensation demande à chaque levier",
    ),
    "Comparison": (lambda p: ck.compare(p, "sgpe", "sraddet"), "SRADDET"),
    "Identity": (lambda p: ck.identity(p, "vehicules_electriques"), "Objectif 2030"),
    "Reduction": (lambda p: ck.budget_to_reduction({2019: 50.0, 2030: 30.0}), "20\u202f000"),
    "Vivier": (lambda p: vivier(), "Nombre de dossiers par catégorie"),
    "Consultation": (lambda p: ck.survey.consultation(territory="dep-59"), "Ce que les réponses disent des leviers"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_what_a_function_gives_shows_itself_as_its_table(name):
    make, words = GIVEN[name]
    found = make(ck.panorama("reg-32"))
    html, text = found._repr_html_(), repr(found)
    assert type(found).__name__ == name and html == ck.table(found)._repr_html_()
    assert words in html and "<table" in html and f"{name}(" not in html + text


def test_a_reading_and_workbooks_that_came_back_show_what_is_to_be_settled(tmp_path):
    projects = vivier().projects.head(20)
    path = tmp_path / "atelier.xlsx"
    ck.projects.write_workshop(projects, path)
    (tmp_path / "texte.xlsx").write_text("rien d'un classeur")
    returned = ck.projects.read_workshop(projects, path, tmp_path / "texte.xlsx")
    assert "texte.xlsx" in returned._repr_html_() and "Workshop(" not in repr(returned)
    reading = vivier().reading
    assert "problemes.csv" in reading._repr_html_() and repr(reading).startswith(reading.summary.split(" :")[0])


def test_what_a_file_says_is_escaped_where_a_result_shows_itself():
    found = dataclasses.replace(ck.convert("reg-32", "haies", kt=10), label="<script>alert(1)</script>")
    assert "<script" not in found._repr_html_() and "&lt;script" in found._repr_html_()


def test_a_sorted_table_and_a_balance_have_their_table_too():
    projects = vivier().projects
    assert ck.table(projects).caption.startswith("Tri des projets")
    assert ck.table(ck.projects.balance(projects, "lever")).caption.startswith("Bilan par levier")


# ------------------------------------------------------------------ it can be discovered


def test_the_help_fits_two_screens_and_names_everything():
    text = pydoc.render_doc(ck, renderer=pydoc.plaintext)
    assert len(text.splitlines()) < 100
    missing = [name for name in dir(ck) if f"{name}" not in inspect.getdoc(ck)]
    assert missing == []


@pytest.mark.parametrize("prefix", [*GROUPS, *SPACES])
def test_only_public_names_are_listed_and_completed(prefix):
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    group = (GROUPS | SPACES)[prefix]
    names = dir(group)
    assert names == sorted(names) and not [name for name in names if name.startswith("_")]
    shell = InteractiveShell()
    shell.user_ns["ck"] = ck
    with provisionalcompleter():
        line = f"ck.{prefix}"
        found = {one.text.rpartition(".")[2] for one in shell.Completer.completions(line, len(line))}
    assert set(names) <= found


def test_the_page_of_public_names_is_current():
    made = runpy.run_path(str(ROOT / "docs" / "make_api.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "« make api » writes docs/api.md again"


def test_the_page_of_public_names_has_each_of_them_with_units_and_no_code_of_ours():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"`ck.{name}" not in text] == []
    assert (
        "[ktCO2e/an]" in text
        and "dimension `lever`" in text
        and ">>>" not in text
        and "``" not in text.replace("```", "")
    )


def types(*arguments):
    """Where pyrefly finds something, and what."""
    command = [
        shutil.which("pyrefly", path=Path(sys.executable).parent),
        "check",
        "--output-format",
        "json",
        *arguments,
    ]
    command += ["--python-interpreter-path", sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return {(one["path"], one["line"]): one["description"] for one in json.loads(done.stdout)["errors"]}


def test_the_editor_of_a_user_knows_the_types_and_sees_what_is_wrong():
    sample = "tests/types_of_the_face.py"
    lines = (ROOT / sample).read_text(encoding="utf-8").splitlines()
    found = types("--preset", "default", sample)
    assert found.keys() == {(sample, n) for n, line in enumerate(lines, 1) if line.endswith("# wrong")}, found


@pytest.mark.long
def test_types_hold_in_the_whole_kit():
    assert types() == {}
