"""Notebooks run in a real kernel with nbval, as they are written: those that the tests of the engine do not run.

Those that can are of a département, which takes half as long. « long »: all of them, each with another territory than
there.
"""

import itertools
import os
import re
import subprocess
import sys

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from copkit.batch.forked import forks

from .conftest import LONG
from .notebooks import parent
from .test_engine import NOTEBOOKS, PICTURES, TRIALS

HERE = [path for path in NOTEBOOKS if LONG or path not in dict(TRIALS)]
SMALL = "reg-06"
NBVAL = ["-q", "-rA", "--nbval-lax", "--nbval-current-env", "-p", "nbval.plugin", "-p", "no:cacheprovider"]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What nbval says of them, each executed in a kernel of its own; « long »: with pictures of charts in one.

    The kernels are forked from the parent that the tests of this process share; « long »: ordinary ones.
    """
    said = ""
    for pictures, paths in itertools.groupby(HERE, lambda path: LONG and path.stem == PICTURES):
        folder = tmp_path_factory.mktemp("carnets")
        for path in paths:
            code = nbformat.read(path, 4).metadata.copkit.get("essais", [SMALL])[0 if LONG else -1]
            notebook = parameterize_notebook(load_notebook_node(str(path)), {"territoire": code})
            nbformat.write(notebook, folder / path.name)
        kernels = (
            {}
            if LONG
            else {
                "JUPYTER_DEFAULT_PROVISIONER_NAME": "copkit-fork",
                forks.ADDRESS: parent().address,
            }
        )
        env = (
            os.environ | kernels | {"COPKIT_CHARTS": "" if pictures else "spec", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        )
        command = [sys.executable, "-m", "pytest", *NBVAL, "."]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        said += done.stdout + done.stderr
    return said


@pytest.mark.parametrize("path", HERE, ids=lambda p: p.stem)
def test_notebook_runs_as_it_is_written(path, said):
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(path, 4).cells)
    passed = re.findall(rf"^PASSED .*{path.name}::", said, re.M)
    assert len(passed) == cells + 1, said[-3000:]  # the cell of the parameters is added
