"""The workbook of a kind of collected thing that goes out empty: rows are added, and its copies come back together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit.errors import ProjectError, given
from copkit.intake import labels, places
from copkit.intake.fields import SEPARATOR, Collected
from copkit.intake.workbook.form import Block, Column, Form, Noun, filled
from copkit.intake.workbook.merge import Merged, gather
from copkit.intake.workbook.write import write
from copkit.models import nomenclatures
from copkit.reference import territories

Choices = Mapping[str, Mapping[str, str]]  # field → id → label


def _places_and_levers(code: str) -> Choices:
    return {"territory": places.offered(code), "lever": nomenclatures.cop_labels()}


@dataclass(frozen=True, kw_only=True)
class Blank:
    """What a kind declares of its workbook; the columns to fill in are those of ``widths``, in its order.

    key : the column that nobody fills in. title : of the workbook, before its territory. needed : the fields without
    which a row is set aside, what tells two things apart by default. choices : those that depend on the territory.
    returns : the call that reads the workbooks that came back.
    """

    kind: Collected
    noun: Noun
    sheet: str
    key: Column
    widths: Mapping[str, int]
    title: str
    do: tuple[str, ...]
    know: tuple[str, ...]
    needed: tuple[str, ...] = ()
    choices: Callable[[str], Choices] = _places_and_levers
    reference: Callable[[], Mapping[str, Block]] = dict
    returns: str = ""

    def form(self, territory: str = "fr") -> Form:
        """The workbook of a territory; rows are added from nothing."""
        code, same = territories.resolve(territory), self.kind.deduplicate
        where = "de France" if code == "fr" else f"— {territories.name(code)}"
        return Form(
            sheet=self.sheet,
            noun=self.noun,
            columns=(self.key, *filled(self.kind.fields, self.widths, self.needed or same, self.choices(code))),
            title=f"{self.title} {where}",
            do=self.do,
            know=self.know,
            reference=self.reference(),
            new_rows=200,
            identity=same,
        )

    def write_template(self, path: str | Path, territory: str = "fr") -> None:
        """Écrit le classeur à remplir, les choix en listes.

        Parameters
        ----------
        path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
        territory : code dont les territoires sont proposés en liste.

        Raises
        ------
        TerritoryError
            Si le territoire est inconnu ou ambigu.
        ProjectError
            Si le fichier ne peut être écrit.
        """
        self.begin(path, territory, pd.DataFrame())

    def begin(self, path: str | Path, territory: str, rows: pd.DataFrame) -> None:
        """Write the workbook with rows that are already filled in."""
        write(self.form(territory), rows, path)

    def read_returns(self, *paths: str | Path, territory: str = "fr") -> Merged:
        """Relit des classeurs remplis et les réunit, sans choisir entre deux réponses qui diffèrent.

        Parameters
        ----------
        paths : les classeurs revenus.
        territory : code pour lequel ils ont été écrits.

        Returns
        -------
        Merged : ``table`` (une ligne par ligne remplie), ``conflicts``, ``changes``, ``problems``, ``messages()``.
        """
        return gather(self.form(territory), pd.DataFrame(), *paths)

    def of_returns(self, merged: Merged) -> pd.DataFrame:
        """Ce que disent ensemble des classeurs revenus, comme s'ils venaient d'être lus ; vide où ils diffèrent."""
        if not isinstance(merged, Merged):
            raise ProjectError(f"Classeurs relus attendus, et non {given(merged)}. Écrire {self.returns}.")
        table = merged.table.drop(columns=merged.form.key.name)
        if "lever" in table:
            table = table.assign(levers=[SEPARATOR.join(labels.levers_of(one)) for one in table.lever])
        if "territory" in table:
            table = table.join(places.located(table.territory))
        return self.kind.complete(table)
