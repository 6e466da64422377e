"""What is imported where the programs of the tests are forked from: each finds read what it would read first."""

import os

from copkit.batch.forked.server import xarray_alone

os.environ.pop("COPKIT_HOME", None)  # of the test that asked first
xarray_alone()  # as each command does

import distributed.cli.dask_scheduler  # noqa: E402
import distributed.cli.dask_worker  # noqa: E402, F401
import openpyxl  # noqa: E402, F401
import pandera.pandas  # noqa: E402, F401
import papermill.cli  # noqa: E402, F401
import python_calamine  # noqa: E402, F401
import rich.table  # noqa: E402, F401

import copkit.commands.cli  # noqa: E402
import copkit.projects.counting.balance  # noqa: E402
import copkit.simulator.server  # noqa: E402, F401
from copkit import doctor  # noqa: E402
from copkit.intake import gazetteer  # noqa: E402

doctor.reference()
gazetteer.lists()
