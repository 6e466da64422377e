"""The date that what is made says of itself: now, or the one that ``SOURCE_DATE_EPOCH`` sets.

With it, the same run gives the same bytes another day (https://reproducible-builds.org/specs/source-date-epoch/).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, time

from copkit.errors import CopkitError

_EPOCH = "SOURCE_DATE_EPOCH"


def today() -> datetime:
    """The day, at its beginning and without a zone: what documents hold, the same all day long."""
    return datetime.combine(now().date(), time())


def now() -> datetime:
    """The moment, in the time of this machine; in universal time when it is set.

    Raises
    ------
    CopkitError
        If what sets it is no number of seconds.
    """
    if not (said := os.environ.get(_EPOCH)):
        return datetime.now().astimezone()
    try:
        return datetime.fromtimestamp(int(said), UTC)
    except (ValueError, OverflowError, OSError):
        raise CopkitError(
            f"{_EPOCH} illisible : « {said} ». Écrire un nombre de secondes depuis 1970, ou l'enlever."
        ) from None
