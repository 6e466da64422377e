"""A scenario as a JSON text, to be saved or shared by a link: identical both ways, versions checked."""

from __future__ import annotations

import json
import warnings
from functools import partial

import xarray as xr
from pydantic import ConfigDict, Field, ValidationError, model_validator

from copkit import __version__, french
from copkit.errors import CopkitError, CopkitWarning, Problems, SimulationError
from copkit.models import local, panorama
from copkit.models.gaps import unjustified
from copkit.models.limits import KT, QUANTITY, Limit, limits, not_a_number, same
from copkit.models.scenario import NOTHING, Entry, build, parts
from copkit.received import read_json
from copkit.reference import parameters, reading

WHERE = "Scénario enregistré"


class _Strict(parameters.Strict):
    model_config = ConfigDict(strict=True)


class _Target(_Strict):
    """The target of one lever; both values when the quantity was typed, so that both are kept to the last bit."""

    ktco2e: float | None = None
    quantity: float | None = None

    @model_validator(mode="after")
    def _something(self) -> _Target:
        if self.ktco2e is None and self.quantity is None:
            raise ValueError("ni « ktco2e » ni « quantity ». En écrire un")
        return self


class _Text(_Strict):
    texte: str = ""
    source: str = ""


class _File(_Strict):
    """A scenario as it is saved or shared by a link."""

    territory: str
    reference: str
    data_version: str
    copkit_version: str
    reference_total: float
    targets: dict[str, _Target]
    done: dict[str, float]
    justifications: dict[str, _Text]
    unjustified: list[str] = Field(
        default_factory=list
    )  # written for the reader of the file; found again from the rest when it is read


def to_json(s: xr.Dataset) -> str:
    """Le scénario en texte JSON : territoire, versions, objectifs qui diffèrent, fait, justifications.

    ``from_json`` rend le même scénario, au dernier chiffre.

    Raises
    ------
    SimulationError
        Si ``s`` n'est pas un scénario, ou s'il repose sur des chiffres locaux, que ce texte ne garde pas.
    """
    p, entries, texts = parts(s)
    if given := local.of(p):
        raise SimulationError(
            f"Ce scénario repose sur {french.plural(len(given.figures), 'chiffre local', 'chiffres locaux')} : relu "
            "sans eux, il aurait d'autres objectifs de référence. Pour l'enregistrer, le composer "
            "sur le panorama du kit."
        )
    kt, targets = s.proposed.to_series(), {}
    for lever, one in entries.items():
        if one.value is not None:
            targets[lever] = {KT: float(kt[lever])} | ({QUANTITY: one.value} if one.unit == QUANTITY else {})
    content = {
        "territory": p.attrs["territory"],
        "reference": p.attrs["reference"],
        "data_version": p.attrs["version"],
        "copkit_version": __version__,
        "reference_total": panorama.total(p, forest=True),
        "targets": targets,
        "done": {lever: one.done for lever, one in entries.items() if one.done},
        "justifications": texts,
        "unjustified": unjustified(s),
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)


def from_json(text: str) -> xr.Dataset:
    """Le scénario d'un texte JSON, refait sur le panorama de sa version.

    Un autre numéro de copkit, une version de données qui n'est plus la dernière ou une référence qui a changé
    depuis donnent un avertissement (``CopkitWarning``).

    Raises
    ------
    SimulationError
        Si le texte est illisible, s'il a des clés inconnues, des valeurs d'un autre type ou impossibles, ou si
        copkit ne connaît pas sa version des données : tous les problèmes d'un coup.
    """
    file, problems = _read(text), Problems()
    if file.data_version not in panorama.versions():
        problems.add(
            WHERE,
            f"data_version : version « {file.data_version} » inconnue de ce copkit, qui connaît "
            f"{', '.join(panorama.versions())}. Mettre copkit à jour, ou écrire une de ces versions et revoir "
            "chaque objectif.",
        )
        problems.raise_if_any(SimulationError)
    try:
        p = panorama.panorama(file.territory, file.reference, file.data_version)
    except CopkitError as error:
        problems.add(WHERE, " ".join(str(error).split()))
        raise SimulationError(str(problems)) from None
    texts = {lever: text.model_dump() for lever, text in file.justifications.items()}
    s = build(p, _entries(file, limits(p)), texts)
    _warn(file, p)
    return s


def _read(text: object) -> _File:
    """The file, with its problems of form in French."""
    problems = Problems()
    again = "Reprendre celui de to_json, sans le couper."
    content = read_json(text, partial(problems.add, WHERE), again, finite=False)
    problems.raise_if_any(SimulationError)
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        for message in reading.explain(error, {}, _File):
            problems.add(WHERE, message)
        raise SimulationError(str(problems)) from None
    return file


def _entries(file: _File, known: dict[str, Limit]) -> dict[str, Entry]:
    """What the file enters; a quantity is kept as it was typed, and says the same thing as the kt beside it."""
    problems, entries = Problems(), {lever: Entry(done=value) for lever, value in file.done.items()}
    for lever, one in file.targets.items():
        value, unit = (one.ktco2e, KT) if one.quantity is None else (one.quantity, QUANTITY)
        entries[lever] = entries.get(lever, NOTHING)._replace(value=value, unit=unit)
        if lever not in known or one.ktco2e is None or one.quantity is None:
            continue
        if not_a_number(one.quantity) or not same(known[lever].kt_of(one.quantity), one.ktco2e):
            message = "« ktco2e » et « quantity » ne disent pas la même chose. Garder celui des deux qui fait foi."
            problems.add(WHERE, f"targets.{lever} : {message}")
    problems.raise_if_any(SimulationError)
    return entries


def _warn(file: _File, p: xr.Dataset) -> None:
    """Say what is no longer what it was when the scenario was saved."""
    total, notes = panorama.total(p, forest=True), []
    if file.data_version != panorama.LATEST:
        notes.append(f"il garde la version « {file.data_version} » des données ; la dernière est « {panorama.LATEST} »")
    if file.copkit_version != __version__:
        notes.append(f"il vient de copkit {file.copkit_version}, et non {__version__}")
    if not same(total, file.reference_total):
        both = f"{french.number(file.reference_total)} puis {french.number(total)}"
        notes.append(f"la référence totale a changé ({both} ktCO2e/an)")
    if notes:
        message = (
            f"Scénario de {p.attrs['territory']} : {' ; '.join(notes)}. Revoir chaque objectif avant de le reprendre."
        )
        warnings.warn(message, CopkitWarning, stacklevel=3)
