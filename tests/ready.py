"""What is imported where the tests and their programs are forked from: each finds read what it would read first."""

import gc
import os
import pkgutil
from importlib import import_module

import copkit
from copkit.batch.forked.server import absent

os.environ.pop("COPKIT_HOME", None)  # of the test that asked first
gc.disable()
with absent("debugpy"):  # it would speak of breakpoints on the terminal
    import_module("ipykernel.debugger")
quick = os.environ.get("COPKIT_TESTS") == "quick"
slow = (  # what « make quick » leaves out needs them
    "dask.array",
    "distributed.cli.dask_scheduler",
    "distributed.cli.dask_worker",
    "fontTools.subset",
    "frictionless",
    "playwright.sync_api",
    "tests.serving",
)
always = ("openpyxl", "pandera.pandas", "papermill.cli", "pytest", "python_calamine", "rich.table")
for name in (*always, *(() if quick else slow)):
    import_module(name)
for module in pkgutil.walk_packages(copkit.__path__, "copkit."):
    if module.name != "copkit.__main__":
        import_module(module.name)
import_module("copkit.doctor").reference()
import_module("copkit.intake.gazetteer").lists()
import_module("copkit.warm").warm()
if not quick:  # the examples, that so many read
    copkit.projects.vivier("", "reg-32")
    copkit.survey.consultation("", "reg-32")
gc.freeze()
gc.enable()
