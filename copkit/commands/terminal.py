"""What the commands share: output formats, tables in a terminal, files read."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from copkit import escaping, french
from copkit.errors import CopkitError, DataError, RunError
from copkit.files import barred, read_text, unwritable

SHORTEST = 0.1  # of a limit of time [s]
_PLAIN = re.compile(r"-?(0|[1-9]\d{0,6})([.,]\d{1,6})?", re.ASCII)
READABLE = 22  # characters: a column of words is not narrower when they are longer
Format = Annotated[Literal["table", "csv", "json"], typer.Option(help="table, csv ou json.")]
Csv = Annotated[
    Literal["simple", "excel"] | None,
    typer.Option(
        help="Forme du CSV, à l'écran et dans les fichiers écrits : simple (virgule, point décimal : celle de --format "
        "csv) ou excel (point-virgule, virgule décimale, marque d'encodage : s'ouvre d'un double-clic en français)."
    ),
]


def output(*names: str, help: str, folder: bool | None = False, **more):
    """The option of what a command writes: a name that nothing can have is refused before anything is computed.

    ``folder``: it is the folder of several files; None: of several, or one file.
    """

    def check(given):
        path = Path(given or "sorties")
        known = os.path.isdir(path) if folder is None else folder
        if "://" not in str(given) and (reason := barred(path, folder=known)):
            raise CopkitError(unwritable(path, reason, "un autre dossier" if known else "un autre fichier"))
        return given

    return typer.Option(*names, help=help, callback=check, **more)


def light(command: Callable) -> Callable:
    """A command that only makes a table, in half the time.

    xarray imports pint and dask to ask them whether an array is theirs: here it is told that there are none. pandas
    holds its texts without pyarrow, which still reads the files that are its own; numpy starts no threads; pydantic
    does not look through all that is installed for what extends it. What is imported stays to the end: to look for what
    can be freed takes a tenth of the time, and as much again at the end.
    """

    @wraps(command)
    def made(*args, **kwargs):
        import gc

        from copkit.batch.forked.server import absent, environment, xarray_alone

        gc.disable()
        try:
            with environment(PYDANTIC_DISABLE_PLUGINS="__all__", OPENBLAS_NUM_THREADS="1"):
                with absent("pyarrow"):
                    xarray_alone()
                command(*args, **kwargs)
        finally:
            gc.freeze()
            gc.enable()

    return made


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """A sentence in the terminal, which obeys nothing that is in it."""
    typer.echo(escaping.terminal(text), err=err, nl=nl)


def give(text: str, *, nl: bool = True) -> None:
    """Data to the last character for another program; a screen obeys nothing that is in it."""
    typer.echo(escaping.terminal(text) if sys.stdout.isatty() else text, nl=nl)


def print_table(table, spare: Iterable[str | tuple[str, ...]] = (), other: str = "--format csv, ou ") -> None:
    """A table in the terminal, with its caption, cut nowhere; what a screen of this width has no room for is said.

    ``spare``: the columns that can go, the first to go first; then the last ones of the table.
    ``other``: what shows them all, whatever the width.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    if hasattr(table, "text"):  # a note stands where there is nothing to show
        say(table.text)
        return
    console = Console()
    columns = {name: _Width.of(name, cells, name in table.formats) for name, cells in table.texts().items()}
    whole = _room(columns)
    shown, going = dict(columns), [*(one if isinstance(one, tuple) else (one,) for one in spare)]
    while _room(shown) > console.width and len(shown) > 1:
        for name in going.pop(0) if going else [list(shown)[-1]]:
            shown.pop(name, None)
    left = console.width - _room(shown)
    title = Text(escaping.terminal(table.caption), style="table.title")
    drawn = RichTable(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    given = {}
    for name, one in sorted(
        shown.items(), key=lambda item: item[1].number
    ):  # words first: a header can be in two lines
        given[name] = max(0, min(one.most - one.least, left))
        left -= given[name]
    for name, one in shown.items():
        side, width = "right" if one.number else "left", min(one.least, console.width - 3) + given[name]
        drawn.add_column(Text(escaping.terminal(name)), justify=side, overflow="fold", width=width)
    for row in zip(*(one.cells for one in shown.values()), strict=True):
        drawn.add_row(*map(Text, row))  # as they are: « [unité] » is no markup
    console.print(drawn)
    if hidden := [name for name in columns if name not in shown]:
        what = "Colonnes" if len(hidden) > 1 else "Colonne"
        say(f"{what} sans place ici : {', '.join(hidden)}. Pour tout voir : {other}un terminal de {whole} colonnes.\n")


class _Width(NamedTuple):
    """What a column asks for: the least and the most that it can use [characters]."""

    cells: list[str]
    number: bool
    least: int
    most: int

    @classmethod
    def of(cls, name: str, cells: list[str], number: bool) -> _Width:
        words, widest = max(map(len, name.split()), default=1), max(map(len, cells), default=1)
        least = widest if number and widest <= READABLE else min(widest, READABLE)
        return cls(cells, number, max(words, least), max(len(name), widest))


def _room(columns: dict[str, _Width]) -> int:
    """The least width of a table, with what stands between its columns. [characters]"""
    return sum(one.least + 2 for one in columns.values()) + 1


def chosen(format: Format, csv: Csv) -> Literal["table", "csv", "excel", "json"]:
    """What a command gives: the form of a CSV is enough to ask for one."""
    if csv and format == "json":
        raise CopkitError("Donner --format json ou --csv, pas les deux.")
    return "excel" if csv == "excel" else "csv" if csv else format


def print_data(table, format: Literal["csv", "excel", "json"]) -> None:
    """A DataFrame as CSV or JSON: raw numbers, empty or null when unknown; on a screen, no text that is a formula."""
    if format != "json":
        give(escaping.as_csv(table, excel=format == "excel", exact=not sys.stdout.isatty()), nl=False)
    else:
        give(table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15))


def parameters(pairs: list[str]) -> dict[str, str]:
    """« annee=2030 » → {"annee": "2030"}: what is typed, which the batch reads as the notebook declares it."""
    out = {}
    for pair in pairs:
        name, equal, text = pair.partition("=")
        if not equal or not name:
            raise RunError(f"Paramètre illisible : « {pair} ». Écrire NOM=VALEUR, par exemple -p annee=2030.")
        if name in out:
            raise RunError(f"Paramètre donné deux fois : « {name} ». En garder un.")
        out[name] = text
    return out


def _number(text: str) -> float | None:
    """What is typed as a number, with a point or a French comma; None if it is none.

    The grammar of the files reads it; the plainest numbers do not wait for it, which takes pandas and 0.1 s.
    """
    if _PLAIN.fullmatch(text):
        return float(text.replace(",", "."))
    from copkit.intake import cells

    value, wrong = cells.number(text, decimal="," if "," in text else ".")
    return None if wrong or not text.strip() else value


def number(text: str) -> float:
    """The value of an option."""
    value = _number(str(text))
    if value is None:
        raise typer.BadParameter(f"nombre attendu, trouvé « {text} ». Écrire par exemple 12,5.")
    return value


def seconds(text: str) -> float:
    """The value of an option that is a duration. [s]"""
    value = number(text)
    if value < SHORTEST:
        raise typer.BadParameter(f"au moins {french.number(SHORTEST)} attendu, trouvé « {text} ».")
    return value


def numbers(pairs: list[str]) -> dict[str, float]:
    """« covoiturage=300 » → {"covoiturage": 300.0}."""
    out = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        value = _number(text)
        if value is None or not name.strip():
            raise CopkitError(f"Valeur illisible : « {pair} ». Écrire LEVIER=NOMBRE, par exemple covoiturage=300.")
        if name.strip() in out:
            raise CopkitError(f"Levier donné deux fois : « {name.strip()} ». En garder un.")
        out[name.strip()] = value
    return out


def read_csv(path: Path):
    """A CSV file that a person names, codes as text."""
    import io

    import pandas as pd

    text = read_text(path, DataError)
    try:
        return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError):
        said = "tableau vide, ou dont les lignes n'ont pas toutes les mêmes cellules"
        raise DataError(f"{path} : {said}. L'enregistrer de nouveau en CSV, une ligne d'en-tête d'abord.") from None


@contextmanager
def bar(what: str = "Lecture") -> Iterator[Callable[[int, int], None]]:
    """A bar of what is done, on the error output, so that a table can be piped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        line = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(line, completed=done, total=total)
