"""How a number is written: in a text, and by a spreadsheet that keeps it as a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from copkit import french


def unknown(value: object) -> bool:
    """True for what pandas takes for a missing value."""
    if isinstance(value, float | int | str):
        return value != value
    import pandas as pd  # not to be waited for by what writes documents

    return bool(pd.isna(value))


@dataclass(frozen=True)
class Format:
    """``text``: what a reader sees; ``code``: the number format of a spreadsheet, for a value.

    ``scale``: by what a spreadsheet multiplies the value: a percentage is a fraction there.
    """

    text: Callable[[float], str]
    code: Callable[[float], str]
    scale: float = 1

    def __call__(self, value: float) -> str:
        return self.text(value)


@dataclass(frozen=True)
class Rounded:
    """How a reader sees a number, and with how many decimals a workbook, which keeps it whole, shows it.

    ``rows``: what each row is about, when the way to write depends on it.
    """

    write: Callable[..., str]
    decimals: int | Callable
    rows: tuple[str, ...] = ()

    def texts(self, values: list, written: Callable) -> list[str]:
        """The cells of a column; ``written``: a cell, with the way to write a number."""
        if not self.rows:
            return [written(value, self.write) for value in values]
        return [written(v, partial(self.write, row)) for v, row in zip(values, self.rows, strict=True)]

    def of(self, kept: list[int]) -> Rounded:
        """The same for some of the rows."""
        return replace(self, rows=tuple(self.rows[row] for row in kept)) if self.rows else self


def of(how: int | Callable | Rounded) -> Format:
    """The format of a column of a table: a number of decimals, or a format.

    >>> of(1).code(1234.5), of(1)(1234.5)
    ('#,##0.0', '1\u202f234,5')
    """
    if isinstance(how, Format):
        return how
    if isinstance(how, Rounded):
        return Format(how.write, of(how.decimals).code)
    if how is french.quantity:
        return QUANTITY
    if callable(how):
        raise TypeError(f"{how!r} : un nombre s'écrit par un nombre de décimales ou par copkit.presentation.formats.")
    return Format(lambda value: french.number(value, how), lambda _: _grouped(how))


def signed(decimals: int) -> Format:
    """A difference, with its sign.

    >>> signed(0).code(12.0), signed(1)(-3.0)
    ('+#,##0;-#,##0;0', '−3,0')
    """
    return Format(lambda value: french.signed(value, decimals), lambda _: _signed(_grouped(decimals)))


def beside(limit: float, decimals: int) -> Format:
    """A number that says that it is below a limit when rounding would hide it; a spreadsheet keeps it whole.

    >>> beside(1.5, 1)(1.46), beside(1.5, 1).code(1.46), beside(50.0, 0)(49.7)
    ('< 1,5', '"< 1,5"', '< 50')
    """

    def text(value: float) -> str:
        return french.beside(value, limit, decimals)

    return Format(text, lambda value: f'"{text(value)}"' if text(value)[:1] == "<" else _grouped(decimals))


def dashed(how: int | Callable | Rounded) -> Format:
    """The same, where nothing is written « — »: no figure was expected there.

    >>> dashed(0)(1500.0), dashed(0)(float("nan"))
    ('1\u202f500', '—')
    """
    one = of(how)
    return Format(lambda value: "—" if unknown(value) else one(value), one.code, one.scale)


def _quantity(value: float) -> str:
    """A quantity, or a whole number as it is.

    >>> _quantity(2), _quantity(2.0)
    ('2', '2,00')
    """
    return french.number(value, 0) if isinstance(value, int) else french.quantity(value)


def _observed(value: float) -> str:
    """A value that was observed: a whole number, as a count is, has no decimal.

    >>> _observed(93.0), _observed(30.1)
    ('93', '30,1')
    """
    return french.number(value, 0) if _whole(value) else french.quantity(value)


def _whole(value: float) -> bool:
    return not unknown(value) and value == round(value)


def _decimals(value: float) -> int:
    """About three significant digits, as ``french.quantity`` writes them."""
    size = abs(value)
    return 0 if isinstance(value, int) or size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3


def _digits(value: float) -> int:
    """How many decimals a number that is rounded already has, three at most; a decimal one says its zeros.

    >>> _digits(5.4), _digits(10000.0), _digits(0.25), _digits(Decimal("4.0"))
    (1, 0, 2, 1)
    """
    if isinstance(value, Decimal):
        return max(0, -int(value.as_tuple().exponent))
    return 0 if unknown(value) else len(f"{value:.3f}".rstrip("0").partition(".")[2])


def _grouped(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _signed(code: str) -> str:
    return f"+{code};-{code};0"


def _change(value: float) -> str:
    """A yearly change, with its sign and two significant digits, all that two years are worth; « — » when unknown.

    >>> _change(377_022.2), _change(-2.333), _change(15.0), _change(0.00294)
    ('+380\u202f000', '−2,3', '+15', '+0,003')
    """
    if unknown(value):
        return "—"
    text = french.significant(round(abs(value), 3))
    return f"{'+' if value >= 0 else '−'}{text}" if text != "0" else text


def _evolution(value: float) -> str:
    """An evolution in percent, with its sign; « × 12 » from three times as much on."""
    if unknown(value):
        return french.UNKNOWN
    if value >= 200:
        return f"×{french.NARROW}{french.number(1 + value / 100, 0)}"
    return f"{french.signed(value, 0)}{french.NARROW}%"


def _small(value: float) -> str:
    """A quantity, with its first digits even when it is very small.

    >>> _small(0.0021), _small(446.7), _small(0.0)
    ('0,0021', '447', '0')
    """
    if not 0 < abs(value) < 0.1:
        return french.quantity(value)
    return f"{value:.3g}".replace(".", ",")


def _plain(value: float) -> str:
    return french.UNKNOWN if unknown(value) else f"{value:.0f}"


PLAIN = Format(_plain, lambda _: "0")  # a year, a line of a file: a number that is not a quantity
ROUNDED = Format(lambda value: french.number(value, _digits(value)), lambda value: _grouped(_digits(value)))
QUANTITY = Format(_quantity, lambda value: _grouped(_decimals(value)))
OBSERVED = Format(_observed, lambda value: _grouped(0 if _whole(value) else _decimals(value)))
SIGNIFICANT = Format(french.significant, lambda value: _grouped(len(french.significant(value).partition(",")[2])))
SMALL = Format(_small, lambda value: _grouped(len(_small(value).partition(",")[2])))
CHANGE = Format(_change, lambda value: _signed(_grouped(len(_change(value).partition(",")[2]))))
EVOLUTION = Format(_evolution, lambda _: "+0%;-0%;0%", 0.01)
