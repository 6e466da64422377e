"""Every notebook runs in a real kernel with nbval, on a small and on a large territory, as it is written."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SMALL, LARGE = "reg-06", "dep-59"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs_on_a_small_and_a_large_territory(path, tmp_path):
    codes = nbformat.read(path, 4).metadata.copkit.get("essais", [SMALL, LARGE])
    for code in codes:
        notebook = parameterize_notebook(load_notebook_node(str(path)), {"territoire": code})
        nbformat.write(notebook, tmp_path / f"{path.stem}_{code}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval-lax",
        "--nbval-current-env",
        ".",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    cells = sum(c.cell_type == "code" for c in notebook.cells)
    assert f"{len(codes) * cells} passed" in done.stdout
