"""The units of the field: their names and French labels (light), and their algebra (pint, on demand).

``parameters/units.txt`` is a pint definition file; the comment that ends a line is the French label
shown to readers.
"""

from __future__ import annotations

from copkit import errors, french, paths
from copkit.errors import ParameterError, UnitError
from copkit.files import kept

TARGET_UNIT = "ktCO2e/an"


@kept(maxsize=4)
def labels() -> dict[str, str]:
    """Every unit of ``parameters/units.txt`` with its French label."""
    path, out = paths.parameters("units.txt"), {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        message = f"{paths.shown(path)} : fichier absent. Le rétablir depuis le dépôt de copkit."
        raise ParameterError(message) from None
    for line in lines:
        definition, _, comment = line.partition("#")
        name, equal, _ = definition.partition("=")
        if equal and not name.strip().startswith("["):
            out[name.strip()] = comment.strip() or name.strip()
    return out


def label(unit: str) -> str:
    """The French label of a unit; the unit itself when it has none.

    >>> label("millier_vehicules")
    'milliers de véhicules'
    """
    return labels().get(unit, unit)


# What a reader reads a unit in: a factor, and its name. One quantity has one unit in every document.
_READ_IN = {
    **{"tCO2e": (1e-3, "ktCO2e"), "t.km": (1e-9, "milliards de t.km"), "kg": (1e-3, "t"), "t/hab": (1e3, "kg/hab")},
    **{"kg_par_hab_an": (1.0, "kg/hab"), "kha_par_an": (1e3, "ha par an"), "kha": (1e3, "ha par an")},
}


def read_in(unit: str) -> tuple[float, str]:
    """By what a value is multiplied to be read, and the name of the unit that it is then in.

    >>> read_in("t/hab"), read_in("TWh_par_an")
    ((1000.0, 'kg/hab'), (1.0, 'TWh par an'))
    """
    return _READ_IN.get(unit, (1.0, label(unit)))


def unknown(unit: str) -> str | None:
    """The message for a unit that ``units.txt`` does not define, or None when every part of it is known."""
    for part in unit.replace("*", "/").split("/"):
        if part.strip() not in labels():
            return errors.unknown(f"unité inconnue « {part.strip()} »", part.strip(), labels())
    return None


def read(text: str) -> str:
    """The unit that a text names by its id or its French label, ``a/b`` for « a par b »; empty when it is none.

    >>> read("milliers de véhicules"), read("ha par an"), read("kha_par_an"), read("litres")
    ('millier_vehicules', 'ha/an', 'kha_par_an', '')
    """
    known = {french.plain(said): unit for unit, said in reversed(labels().items())}
    parts = []
    for part in [text] if text.strip() in labels() or french.plain(text) in known else text.split(" par "):
        parts.append(part.strip() if part.strip() in labels() else known.get(french.plain(part), ""))
    return "/".join(parts) if all(parts) else ""


def factor(unit: str, into: str) -> float | None:
    """How many ``into`` there are in one ``unit``; None when they do not measure the same thing.

    >>> factor("km", "millier_km"), factor("ha/an", "kha_par_an"), factor("km", "TWh_par_an")
    (0.001, 0.001, None)
    """
    if unit == into:
        return 1.0
    import pint  # heavy, and only needed when two units differ

    registry = _registry()
    try:
        return float(f"{registry.Quantity(1, unit).to(into).magnitude:.12g}")
    except (pint.errors.DimensionalityError, pint.errors.UndefinedUnitError):
        return None


def scale(unit: str) -> float:
    """How many base units of ``units.txt`` there are in one unit.

    >>> scale("millier_vehicules"), scale("kt_par_an")
    (1000.0, 1000000000.0)
    """
    return float(f"{_registry().Quantity(1, unit).to_base_units().magnitude:.12g}")


def check_product(unit_abatement: str, quantity: str) -> None:
    """Check with pint that ``unit_abatement`` x ``quantity`` is in ktCO2e/an.

    Raises
    ------
    UnitError
        If a unit is unknown, or if the product is of another dimension.
    """
    import pint  # heavy, and only needed by the doctor and the tests

    registry = _registry()
    try:
        registry.Quantity(1, quantity).to_base_units()  # it cancels out of the product: its definition is read here
        product = registry.Quantity(1, unit_abatement) * registry.Quantity(1, quantity)
        factor = product.to(TARGET_UNIT).magnitude
    except pint.errors.UndefinedUnitError as error:
        raise UnitError(f"unité inconnue « {error.unit_names} »") from error
    except pint.errors.DimensionalityError as error:
        raise UnitError(
            f"« {unit_abatement} » × « {quantity} » ne donne pas des {TARGET_UNIT} (obtenu : {product.units})"
        ) from error
    if abs(factor - 1) > 1e-12:
        raise UnitError(f"« {unit_abatement} » × « {quantity} » donne {factor:g} {TARGET_UNIT}, et non 1")


@kept(maxsize=4)
def _registry():
    import pint

    registry, path = pint.UnitRegistry(None), paths.parameters("units.txt")
    try:
        registry.load_definitions(str(path))
    except (pint.errors.PintError, TypeError, ValueError) as error:  # TypeError: how pint 0.25 meets a broken line
        message = "une définition est illisible. Écrire chaque ligne comme « kha = 1e3 * ha  # kha »."
        raise ParameterError(f"{paths.shown(path)} : {message}") from error
    return registry
