"""What a territory's diagnostic is given of others: answers, projects; in their public version, read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from copkit.files import kept
from copkit.intake.reading import Files, located_all

if TYPE_CHECKING:
    from copkit.projects.selection import Vivier
    from copkit.survey.selection import Consultation


def answers(p: xr.Dataset, files: Files) -> Consultation:
    """The answers of its collectivités."""
    from copkit.survey.fields import ANSWERS
    from copkit.survey.selection import consultation

    return _read(consultation, p.attrs["territory"], *located_all(files, ANSWERS, folder=True))


def projects(p: xr.Dataset, files: Files) -> Vivier:
    """Its projects."""
    from copkit.projects.fields import PROJECTS
    from copkit.projects.selection import vivier

    return _read(vivier, p.attrs["territory"], *located_all(files, PROJECTS))


@kept(maxsize=2)
def _read(make: Callable[..., Any], territory: str, *files: Path) -> Any:
    return make(files, territory, public=True)
