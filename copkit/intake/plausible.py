"""The bounds of the plausible: where a number of a file is believed, from ``parameters/plausible.yml``."""

from __future__ import annotations

from pydantic import Field, FiniteFloat, model_validator

from copkit import french, paths
from copkit.errors import ParameterError, Problems, unknown
from copkit.files import kept
from copkit.intake.fields import NUMBERS, Collected
from copkit.reference import reading
from copkit.reference.parameters import Status, Strict

FILE = "plausible.yml"


class Bounds(Strict):
    """What is plausible, ends included; ``unit`` as a message writes it."""

    min: FiniteFloat
    max: FiniteFloat
    unit: str = ""
    status: Status
    note: str

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        if self.min >= self.max:
            raise ValueError(f"min ({self.min:g}) n'est pas sous max ({self.max:g})")
        return self

    def refuse(self, value: float) -> str:
        """Why a value is not believed; empty when it is.

        >>> of("year").refuse(2025), of("year").refuse(1949).split(".")[0]
        ('', '1949 est hors de 1950-2100')
        """
        if self.min <= value <= self.max:
            return ""
        if self.unit:
            said = [french.number(one, 0) for one in (value, self.min, self.max)]
            where = f"{said[0]} est hors du plausible, de {said[1]} à {said[2]} {self.unit}"
        else:
            where = f"{value:g} est hors de {self.min:g}-{self.max:g}"
        return f"{where}. Vérifier la cellule, ou élargir les bornes dans parameters/{FILE}."


class Plausible(Strict):
    """The bounds of each kind of number; those of a field of this name take their place."""

    money: Bounds
    quantity: Bounds
    months: Bounds
    year: Bounds
    fields: dict[str, Bounds] = Field(default_factory=dict)


def of(kind: str, name: str = "") -> Bounds | None:
    """The bounds of a field, or of its kind; nothing for a kind of number that has none.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    found, _ = _read()
    return found.fields.get(name) or getattr(found, kind, None)


def check(*kinds: Collected) -> None:
    """Hold the bounds of fields against all that is collected.

    Raises
    ------
    ParameterError
        If a field is unknown or is not a number.
    """
    (found, lines), problems = _read(), Problems()
    known = [name for kind in kinds for name, one in kind.fields.items() if one.kind in NUMBERS]
    for name in found.fields:
        if name not in known:
            said = f"ligne {lines['fields', name]} : champ de nombre inconnu « {name} »"
            problems.add(f"parameters/{FILE}", unknown(said, name, known))
    problems.raise_if_any(ParameterError)


@kept(maxsize=4)
def _read() -> tuple[Plausible, dict]:
    return reading.read_model(paths.parameters(FILE), Plausible)
