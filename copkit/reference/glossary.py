"""The words of the documents, said once for all of them."""

from __future__ import annotations

from pydantic import Field

from copkit import paths
from copkit.files import kept
from copkit.reference import parameters, reading


class Word(parameters.Strict):
    """A word, and what it means."""

    mot: str = Field(min_length=1)
    sens: str = Field(min_length=1)


class _Words(parameters.Strict):
    mots: list[Word] = Field(min_length=1)


@kept(maxsize=4)
def words() -> list[Word]:
    """The words of ``parameters/glossaire.yml``, in its order.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    return reading.read_model(paths.parameters("glossaire.yml"), _Words)[0].mots
