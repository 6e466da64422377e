"""The project keeps its own promises: dependencies in step, light import, thin notebooks, arrows that go down."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from copkit.reference import framework

from .conftest import LONG

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONDA_NAMES = {"playwright-python": "playwright", "jupyter_client": "jupyter-client"}


def split(requirement: str) -> tuple[str, str]:
    name, version = re.match(r"([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name), version.replace(" ", "")


def settings(name: str) -> dict:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def test_environment_yml_has_the_direct_dependencies_of_pyproject():
    project = settings("pyproject.toml")["project"]
    tools = [r for r in project["optional-dependencies"]["test"] if r != "copkit[cluster]"]
    wanted = dict(split(r) for r in [*project["dependencies"], *tools])
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    lines = content["dependencies"]
    pip = next(line["pip"] for line in lines if isinstance(line, dict))
    found = dict(split(line) for line in [*(x for x in lines if isinstance(x, str)), *pip] if line != "-e .")
    assert found.pop("python") == project["requires-python"]
    assert found.pop("pip") == "" and "-e ." in pip
    assert found == wanted
    assert content["channels"][0] == "conda-forge" and content["name"] == "copkit"


def test_lock_file_is_in_step_and_leaves_out_the_slow_import():
    project = settings("pyproject.toml")["project"]
    packages = {p["name"]: p for p in settings("uv.lock")["package"]}
    declared = {d["name"] for d in packages["copkit"]["metadata"]["requires-dist"]}
    assert declared == {
        split(r)[0] for g in [project["dependencies"], *project["optional-dependencies"].values()] for r in g
    }
    assert "rfc3987-syntax" not in packages


def test_import_and_help_stay_light():
    heavy = "{'pandas', 'xarray', 'altair', 'pint'}"
    code = f"import sys, copkit, copkit.commands.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.long
def test_what_writes_documents_loads_no_table_nothing_that_fetches_a_page_and_not_the_slow_grammar_package():
    heavy = "{'pandas', 'numpy', 'xarray', 'narwhals', 'arrow', 'requests', 'ipywidgets'}"
    begin = "from copkit.batch.forked.server import begin; begin('copkit.batch.pool', '_get_ready')"
    code = f"import sys; {begin}; print(sorted({heavy} & set(sys.modules)), 'rfc3987_syntax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"  # known, and left out


@pytest.mark.long
@pytest.mark.parametrize(
    ("code", "chosen", "left_out"),
    [
        ("import copkit, altair; say()", "", False),
        ("import copkit, altair; say()", "spec", True),
        ("import atexit; atexit.register(say); from copkit.commands import cli; cli.main()", "", True),
    ],
    ids=["user", "kernel of a batch", "terminal"],
)
def test_the_slow_grammar_package_is_left_out_of_our_processes_alone(code, chosen, left_out):
    say = "import sys\nsay = lambda **_: print('rfc3987_syntax' in sys.modules, flush=True)\n"
    environment = os.environ | {"COPKIT_CHARTS": chosen}
    command = [sys.executable, "-c", say + code, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout.split()[-1] == str(left_out), done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin_and_stored_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1 and "territoire" in tagged[0].source
    assert notebook.cells[0].cell_type == "markdown" and notebook.cells[0].source.startswith("# ")
    assert notebook.metadata.copkit.etape in [*framework.labels("etapes"), *framework.labels("suites")]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            tree = ast.parse(cell.source)
            logic = (ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.BinOp, ast.Lambda, ast.ListComp, ast.If)
            assert not [node for node in ast.walk(tree) if isinstance(node, logic)], cell.source
            if cell not in tagged:  # of the parameters, one line each
                assert len(cell.source.splitlines()) <= 7
            if "parameters" not in cell.metadata.get("tags", []) and path.stem != "prise_en_main":  # which is its code
                assert cell.metadata.get("jupyter") == {"source_hidden": True}, cell.source


def contracts(folder: Path) -> tuple[dict[str, str], str]:
    """What import-linter says of each contract of pyproject.toml, for the package of a folder; and all that it says."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True)
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, re.MULTILINE)), done.stdout


def test_arrows_go_down_and_there_is_no_circle():
    names = [c["name"] for c in settings("pyproject.toml")["tool"]["importlinter"]["contracts"]]
    found, said = contracts(ROOT)
    assert found == dict.fromkeys(names, "KEPT"), said


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copie")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "copkit", folder / "copkit", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


BREACHES = [
    ("reference/units.py", "from copkit.models import levers", "Arrows go down", "copkit.reference.units"),
    ("models/levers.py", "from copkit.simulator import state", "Arrows go down", "copkit.models.levers"),
    ("french.py", "from copkit.reference import units", "Arrows go down", "copkit.french"),
    ("nouveau.py", "pass", "Arrows go down", "copkit.nouveau"),
    ("batch/store.py", "from copkit.batch import manifest", "No circle inside a floor", "copkit.batch"),
    ("batch/forked/wire.py", "from copkit.batch import run", "No circle inside a floor", "copkit.batch"),
    ("models/draws.py", "from copkit.models import uncertainty", "No circle inside a floor", "copkit.models"),
    ("models/levers.py", "import openpyxl", "Models and reference know no file format", "openpyxl"),
    ("reference/tables.py", "import altair", "Models and reference know no file format", "altair"),
    ("batch/index.py", "import openpyxl", "Only what reads or writes workbooks", "copkit.batch.index"),
    ("batch/index.py", "import papermill", "Only what executes notebooks imports Papermill", "copkit.batch.index"),
    ("batch/pool.py", "import distributed", "Only a batch on a cluster imports dask", "copkit.batch.pool"),
]


@pytest.mark.long
@pytest.mark.parametrize("breaches", [[one] for one in BREACHES] if LONG else [BREACHES[::2], BREACHES[1::2]])
def test_what_breaks_a_contract_on_purpose_is_seen_even_for_types_alone(copy, breaches):
    """« long »: one at a time; otherwise half of them at once, so that those of one contract are told apart."""
    before = {
        path: path.read_text() if path.exists() else None for file, *_ in breaches for path in [copy / "copkit" / file]
    }
    for path in before:
        lines = "".join(f"    {line}\n" for file, line, *_ in breaches if path == copy / "copkit" / file)
        path.write_text(f"{before[path] or ''}\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n{lines}")
    try:
        found, text = contracts(copy)
    finally:
        for path, content in before.items():
            path.unlink() if content is None else path.write_text(content)
    for _, _, contract, said in breaches:
        assert [state for name, state in found.items() if name.startswith(contract)] == ["BROKEN"], text
        assert said in text


def test_no_file_names_a_machine_folder():
    tracked = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    pattern = re.compile(r"(?<![\w./-])/(?:work|root|home|tmp|Users)/[\w.-]")
    found = []
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yml", ".csv", ".ipynb", ".toml", ".j2", ".css", "") and path.is_file():
            found += [name] if pattern.search(path.read_text(encoding="utf-8")) else []
    assert found == []


def test_code_follows_the_formatter_and_the_linter():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
