"""What a scenario proposes, and the reference beside it: told apart from a panorama, and read as one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np
import pandas as pd
import xarray as xr

from copkit.errors import LeverError

P = ParamSpec("P")
Table = Callable[Concatenate[xr.Dataset, P], pd.DataFrame]  # of a panorama
PROPOSED = ("proposed", "done", "proposed_quantity", "justification", "justification_source")  # of a scenario


def composed(p: xr.Dataset) -> bool:
    """True for a scenario, which proposes other targets beside those of a panorama."""
    return "proposed" in p


def asked(p: xr.Dataset) -> xr.Dataset:
    """A panorama as it is; a scenario as a panorama whose targets are those that it proposes, an assumption."""
    if not composed(p):
        return p
    out, moved = reference(p), ~np.isclose(p.proposed, p.target, rtol=1e-9, atol=1e-12, equal_nan=True)
    texts = {"status": "hypothese", "source": p.coords.get("justification_source", p.source)}
    return out.assign(target=p.proposed, quantity=p.get("proposed_quantity", p.quantity)).assign_coords(
        {name: ("lever", np.where(moved, text, p[name]).astype(object)) for name, text in texts.items()}
    )


def reference(p: xr.Dataset) -> xr.Dataset:
    """The panorama that a scenario is composed on; a panorama as it is."""
    attrs = {name: value for name, value in p.attrs.items() if name != "kind"}
    return p.drop_vars(PROPOSED, errors="ignore").drop_attrs(deep=False).assign_attrs(attrs) if composed(p) else p


def of_reference(p: xr.Dataset, what: str) -> None:
    """Refuse a scenario where only references are read."""
    if composed(p):
        code = p.attrs["territory"]
        raise LeverError(
            f'{what} se lit sur la référence, non sur un scénario : donner le panorama, ck.panorama("{code}").'
        )


def beside_reference(make: Table[P]) -> Table[P]:
    """Gives a scenario the figures of what it proposes, and those of its reference in columns « reference_… »."""

    @wraps(make)
    def made(p: xr.Dataset, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        found = make(asked(p), *args, **kwargs)
        if not composed(p):
            return found
        return found.join(make(reference(p), *args, **kwargs).select_dtypes("number").add_prefix("reference_"))

    return made
