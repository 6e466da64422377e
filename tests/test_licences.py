"""Each file and each library has its licence written, and each library its hash."""

import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made():
    return runpy.run_path(str(ROOT / "docs" / "make_licences.py"))


def test_the_page_names_each_table_and_each_library_that_is_locked(made):
    page = made["PAGE"].read_text(encoding="utf-8")
    assert "\n".join(made["data"]()) in page, "« make licences » writes docs/licences.md again"
    libraries = page.partition("## Les bibliothèques")[2]
    said = {
        name
        for line in libraries.splitlines()
        if line.startswith("- **")
        for name in line.partition(" : ")[2].split(", ")
    }
    assert said == set(made["locked"]())


def test_a_table_of_data_never_passes_for_the_code_of_the_kit(made):
    assert [path.name for path in (ROOT / "data" / "clean").iterdir() if made["reuse"](path) == "MIT"] == []


def test_each_licence_has_its_text():
    notes = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
    assert {path.stem for path in (ROOT / "LICENSES").iterdir()} == {note["SPDX-License-Identifier"] for note in notes}


def test_each_file_of_a_locked_library_has_its_hash():
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert all(file["hash"].startswith("sha256:") for file in files)
        assert files or package["source"] == {"editable": "."}, package["name"]
