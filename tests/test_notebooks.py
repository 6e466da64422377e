"""Every notebook runs in a real kernel with nbval, as it is written; the tests of the engine run another territory."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SMALL = "reg-06"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs_as_it_is_written(path, tmp_path):
    code = nbformat.read(path, 4).metadata.copkit.get("essais", [SMALL])[0]
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
    assert f"{cells} passed" in done.stdout
