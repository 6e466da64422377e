"""What a process does once before it forks notebooks: import, read and build what the notebooks of the kit use.

Nothing here writes a file or runs V8 (vl-convert): a fork of a process that ran it hangs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module

from copkit.batch.forked.server import absent, aside, environment

LIBRARIES = (
    "ipywidgets",
    "pandas.io.excel",
    "pandas.io.formats.style",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "xarray",
    "altair",
    "openpyxl",
)
REGION, DEPARTEMENT = "reg-32", "dep-59"  # between them, everything that a document can hold
EPCI = "epci-200093201"
Checking = Callable[[Callable[[], None]], AbstractContextManager]  # where the reference is checked, meanwhile


def nothing() -> None:
    """For notebooks that use neither the kit nor its charts: each imports what it needs."""


def libraries() -> None:
    """Import what any notebook may use."""
    for library in LIBRARIES:
        import_module(library)


def pages(*regions: str, checking: Checking = aside) -> None:
    """Check the reference, and make once what the pages of a batch are made of.

    ``regions``: those whose territories have a page; by default, all of them.

    Raises
    ------
    CopkitError
        If a file of the kit is damaged.
    """
    import copkit as ck
    from copkit import doctor
    from copkit.models import facts, panorama
    from copkit.reference import territories

    # altair would make a widget of the first, 0.15 s, and no notebook of a light parent shows one; jsonschema, that it
    # imports, would check durations with the second, 40 ms
    with absent("anywidget"), absent("isoduration"):
        import_module("altair")
    for name in ("local", "notebook", "presentation.documents"):
        import_module(f"copkit.{name}")
    with _charts_as_specifications():
        _diagnostic(ck.panorama(REGION))
        with checking(doctor.reference):
            _diagnostic(ck.panorama(DEPARTEMENT))
            for region in regions or territories.codes("region"):  # what the page of a département shows of its région
                facts.observed(region)
                panorama.peers(region)


def documents(*regions: str, checking: Checking = aside) -> None:
    """What ``pages`` does, then what workbooks are made of."""
    import copkit as ck
    from copkit.presentation import workbook
    from copkit.presentation.territory.document import book

    pages(*regions, checking=checking)
    workbook.content(book(ck.panorama(REGION)))


def local() -> None:
    """What ``documents`` does, then what territories below the départements are made of."""
    import copkit as ck
    from copkit.models import communal, published
    from copkit.presentation import workbook
    from copkit.presentation.territory.document import book
    from copkit.reference import territories

    documents()
    with _charts_as_specifications():
        _diagnostic(ck.panorama(EPCI))
        workbook.content(book(ck.panorama(EPCI)))
    for code in territories.codes("departement"):
        communal.ready(code, published.columns(code, ck.DATA_VERSION)["lever"])


def files(*regions: str) -> None:
    """What ``documents`` does, then what reads what territories send, and shows it."""
    from copkit.intake import gazetteer
    from copkit.reference import tables

    documents(*regions, checking=_here)
    for name in ("projects", "survey", "roadmap"):
        import_module(f"copkit.{name}.selection" if name != "roadmap" else "copkit.roadmap.plan")
        _ = import_module(f"copkit.presentation.{name}.document").DOCUMENT.sections
    gazetteer.lists()
    gazetteer.groupement("PETR")
    for name in ("epci.csv", "communes.parquet"):
        tables.read(name)


def warm() -> None:
    """What ``documents`` does, then every table, every panorama, and what scenarios and the simulator are made of."""
    import copkit as ck
    from copkit.reference import tables

    libraries()
    documents(checking=_here)
    import_module("scipy.optimize")
    with _charts_as_specifications():
        for name in tables.TABLES:
            tables.read(name)
        for code in ck.territories().code:
            ck.panorama(code)
        _scenario(ck.panorama(REGION))
        _simulator(REGION)


def _here(check: Callable[[], None]) -> AbstractContextManager:
    """Where what the check reads is of use."""
    return nullcontext(check())


def _diagnostic(p) -> None:
    """Everything that the document of a territory shows."""
    from copkit.presentation.territory.document import DOCUMENT

    _show(*(part for name in DOCUMENT.sections for part in DOCUMENT.show(name, p).parts))


def _scenario(p) -> None:
    """What a notebook does with a scenario."""
    import copkit as ck

    s = ck.simulate(p, {"vehicules_electriques": 600})
    found = ck.compensate(s, using=["covoiturage", "haies"], policy="prorata")
    _show(ck.table(ck.convert(p, "haies", kt=10)), ck.table(s, "manque"), ck.table(s, "ecarts"), ck.table(found))
    _show(ck.report.compensation(found), ck.report.uncertainty(s))


def _simulator(code: str) -> None:
    """What the page of the simulator asks for when it opens."""
    from copkit.simulator import widget  # noqa: F401
    from copkit.simulator.page import page
    from copkit.simulator.state import State
    from copkit.simulator.view import view

    page(code)
    view(page(code), State(territory=code))


def _show(*shown) -> None:
    """Format as the end of a cell does, so that what formats is ready."""
    from IPython.core.formatters import DisplayFormatter

    display = DisplayFormatter().format
    for one in shown:
        display(one)


@contextmanager
def _charts_as_specifications():
    """``COPKIT_CHARTS=spec`` for a while: without it, showing a chart draws it. Then, as if nothing had been shown."""
    from copkit.presentation import theme

    with environment(COPKIT_CHARTS="spec"):
        theme.enable()
        try:
            yield
        finally:
            theme.disable()
