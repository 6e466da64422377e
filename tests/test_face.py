"""The public face: each name is what the stubs declare, whatever was imported before; former names say the new one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import copkit as ck

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


@pytest.mark.parametrize("package", [ck, ck.projects], ids=lambda package: package.__name__)
def test_public_names_are_those_of_the_stub_alone(package):
    names = declared(package)
    assert dir(package) == sorted(names)
    assert all(name == shown for name, (_, shown) in names.items())
    with pytest.raises(AttributeError, match=r"No .+ attribute panoramas"):
        package.panoramas  # noqa: B018


def test_each_name_is_its_declared_target_after_every_module_was_imported_twice():
    code = f"""
import importlib, papermill, pkgutil, sys  # papermill loads the engine itself
import copkit as ck
names = {[(one.__name__, name, module) for one in (ck, ck.projects) for name, (module, _) in declared(one).items()]}
for _ in range(2):
    for found in pkgutil.walk_packages(ck.__path__, "copkit."):
        if "__main__" not in found.name and ".fonts" not in found.name:
            importlib.import_module(found.name)
    for package, name, module in names:
        found = getattr(sys.modules[package], name)
        if module:
            wanted = vars(importlib.import_module(package + "." + module))[name]
        else:
            wanted = importlib.import_module(package + "." + name)
        assert found is wanted, (package, name, found, wanted)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


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
