"""The project keeps its own promises: dependencies in step, light import, thin notebooks, short modules."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONDA_NAMES = {"playwright-python": "playwright"}


def split(requirement: str) -> tuple[str, str]:
    name, version = re.match(r"([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name), version.replace(" ", "")


def test_environment_yml_has_the_direct_dependencies_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = {p["name"]: p for p in tomllib.loads(lock)["package"]}
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


def test_the_slow_grammar_package_is_never_loaded():
    code = "import copkit, altair, sys; copkit.panorama; print('rfc3987_syntax.syntax_helpers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_public_names_all_load():
    import copkit

    for name in copkit.__all__:
        assert getattr(copkit, name) is not None
    assert "panorama" in dir(copkit)
    with pytest.raises(AttributeError, match="no attribute 'panoramas'"):
        copkit.panoramas  # noqa: B018


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin_and_stored_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1 and "territoire" in tagged[0].source
    assert notebook.cells[0].cell_type == "markdown" and notebook.cells[0].source.startswith("# ")
    assert notebook.metadata.copkit.etape in ("diagnostic", "debat", "partage_infraregional", "feuille_de_route")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            tree = ast.parse(cell.source)
            logic = (ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.BinOp, ast.Lambda, ast.ListComp, ast.If)
            assert not [node for node in ast.walk(tree) if isinstance(node, logic)], cell.source
            assert len(cell.source.splitlines()) <= 6


def test_modules_read_in_one_sitting():
    long = {
        p.name: n
        for p in (ROOT / "copkit").rglob("*.py")
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > 330
    }
    assert long == {}


def test_models_know_no_presentation_and_no_batch():
    for folder in ("reference", "models"):
        for path in (ROOT / "copkit" / folder).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"copkit\.(presentation|batch|commands)|import (altair|openpyxl|ipywidgets|papermill)", text
            ), path


def test_few_modules_import_openpyxl_papermill_and_dask():
    text = {p: p.read_text(encoding="utf-8") for p in (ROOT / "copkit").rglob("*.py")}
    wanted = {
        "openpyxl": ["workbook.py", "read.py"],
        "papermill": ["engine.py", "export.py", "produce.py", "server.py"],
        "distributed": ["cluster.py", "run.py"],  # run.py: for its types only
    }
    for library, modules in wanted.items():
        users = [p.name for p, t in text.items() if re.search(rf"^\s*(import|from) {library}\b", t, re.MULTILINE)]
        assert set(users) <= set(modules), library


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
