"""The package as a user installs it: a wheel in an empty environment, used from another folder."""

import csv
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from .conftest import LONG

ROOT = Path(__file__).parents[1]


def link(lock: Path, site: Path) -> None:
    """Put what the package asks for, and nothing else, where it is installed: the files of this environment."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith((" ", "#")):
            continue
        asked = Requirement(line.rstrip(" \\"))
        if asked.marker and not asked.marker.evaluate():
            continue
        found = metadata.distribution(asked.name)
        assert found.version in asked.specifier, f"{line}: {found.version} is here"
        named = [row[0] for row in csv.reader(found.read_text("RECORD").splitlines())]  # not .files: three times longer
        outside = [name for name in named if name.startswith("../") and "/share/" in name]
        for name in {*outside, *(name.partition("/")[0] for name in named if not name.startswith("../"))}:
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            if not (site / name).exists() and Path(found.locate_file(name)).exists():
                (site / name).symlink_to(Path(found.locate_file(name)).resolve())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The programs of an empty environment in which the wheel was installed, and a folder of the user's."""
    folder = tmp_path_factory.mktemp("paquet")
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COPKIT_HOME")}

    def uv(*arguments):
        done = subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, env=clean)
        assert done.returncode == 0, done.stderr

    uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
    uv("venv", "--quiet", "--python", sys.executable, str(folder / "env"))
    (wheel,) = folder.glob("copkit-*.whl")
    lock = folder / "requirements.txt"
    uv("export", "--quiet", "--locked", "--no-dev", "--no-emit-project", "--project", str(ROOT), "-o", str(lock))
    python = folder / "env" / "bin" / "python"
    if LONG:
        uv("pip", "install", "--quiet", "--python", str(python), "-r", str(lock), str(wheel))
    else:
        uv("pip", "install", "--quiet", "--no-compile-bytecode", "--python", str(python), "--no-deps", str(wheel))
        link(lock, next(folder.glob("env/lib/python3*/site-packages")))
    elsewhere = folder / "ailleurs"
    elsewhere.mkdir()

    def call(program, *arguments):
        command = [str(python.with_name(program)), *arguments]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, env=clean)
        assert done.returncode == 0 and "WARNING" not in done.stderr, done.stdout + done.stderr
        return done.stdout

    return call, elsewhere


def test_the_installed_package_is_imported_from_another_folder_and_makes_a_simulator(installed):
    call, folder = installed
    code = "import copkit as ck; print(ck.__file__); print(round(float(ck.panorama('reg-32').target.sum())))"
    code += "; from copkit.commands import cli; cli.main()"
    simulator = ("simulator", "--static", "reg-32", "--out", "simulateur.html")
    place, total, *_ = call("python", "-c", code, *simulator).split()
    assert "Hauts-de-France" in (folder / "simulateur.html").read_text(encoding="utf-8")
    assert "site-packages" in place and str(ROOT) not in place
    assert all((Path(place).parent / name).exists() for name in ("__init__.pyi", "py.typed", "projects/__init__.pyi"))
    assert (Path(place).parents[4] / "share/jupyter/lab/settings/overrides.d/copkit.json").is_file()
    import copkit as ck

    assert int(total) == round(float(ck.panorama("reg-32").target.sum()))


def test_the_installed_command_makes_a_diagnostic(installed):
    call, folder = installed
    said = call("copkit", "run", "reg-32", "--out", str(folder / "sorties"))
    assert "1 document dans" in said and str(folder / "sorties" / "index.html") in said
    assert (folder / "sorties" / "reg-32" / "diagnostic.html").is_file()
    made = {path.suffix for path in (folder / "sorties").rglob("*")}
    assert {".html", ".xlsx", ".ipynb"} <= made
