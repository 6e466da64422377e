"""What a visitor of the simulator entered: strict, bounded, and read with all its problems in one French message.

The state comes from a browser: nothing in it is trusted. What a lever accepts is not checked here but in
``models.scenario``, which knows the territory and says the bound beside the field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

import xarray as xr
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from copkit import french
from copkit.errors import CopkitError, Problems, SimulationError
from copkit.models import panorama, plans, scenario
from copkit.models.limits import KT
from copkit.reference import parameters, reading
from copkit.simulator.ground import place

MOST_LEVERS, MOST_KEPT, LONGEST_TEXT, LONGEST_NAME, LARGEST = 60, 6, 1000, 80, 1e7
WHERE = "Saisie du simulateur"
STEPS = (1, 2, 3, 4, 5)


def _number(value: float) -> float:
    if not math.isfinite(value) or abs(value) > LARGEST:
        shown = french.number(value) if math.isfinite(value) else str(value)
        raise ValueError(f"nombre de −10 millions à 10 millions attendu, trouvé « {shown} ». Corriger la valeur")
    return value


def _short(most: int):
    def check(text: str) -> str:
        if len(text) > most:
            counts = french.number(len(text), 0), french.number(most, 0)
            raise ValueError(f"texte de {counts[0]} caractères, {counts[1]} au plus. Le raccourcir")
        if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
            raise ValueError("caractère invisible dans le texte. Le retirer")
        return text

    return AfterValidator(check)


def _few(most: int, noun: str):
    def check(found):
        if len(found) > most:
            raise ValueError(f"{french.plural(len(found), noun)}, {most} au plus. En retirer")
        return found

    return AfterValidator(check)


def _territory(code: str) -> str:
    try:
        return place(code[:LONGEST_NAME])
    except CopkitError as error:
        raise ValueError(" ".join(str(error).split()).rstrip(".")) from None


Number = Annotated[float, AfterValidator(_number)]
Text = Annotated[str, _short(LONGEST_TEXT)]
Name = Annotated[str, _short(LONGEST_NAME)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Entry(_Block):
    """What was entered for a lever: ``value``, its whole target of 2030 [``unit``]; ``done`` [ktCO2e/an]; why."""

    value: Number | None = None
    unit: Literal["ktco2e", "quantity"] = KT
    done: Number = 0.0
    why: Text = ""
    source: Text = ""

    @property
    def empty(self) -> bool:
        """True when it says nothing."""
        return self == Entry(unit=self.unit)


Levers = Annotated[dict[Name, Entry], _few(MOST_LEVERS, "levier")]


class Kept(_Block):
    """A scenario kept beside the current one, with its name."""

    name: Name
    levers: Levers


class Filter(_Block):
    """What the panorama shows; empty: everything."""

    enjeu: Literal["", "climat", "biodiversite", "ressources", "adaptation", "sante"] = ""
    thematique: Literal["", "se_deplacer", "se_loger", "se_nourrir", "produire", "consommer", "preserver"] = ""


class State(_Block):
    """Ce qu'un visiteur a saisi : territoire, objectifs par levier, scénarios gardés, réglages de la page."""

    territory: Annotated[str, AfterValidator(_territory)] = "reg-32"
    reference: Name = "sgpe"
    version: Name = panorama.LATEST
    levers: Levers = {}
    name: Name = ""
    kept: Annotated[list[Kept], _few(MOST_KEPT, "scénario")] = []
    filter: Filter = Filter()
    vision: Literal["thematiques", "secteurs"] = "thematiques"
    remaining: bool = False
    forest: bool = False
    step: Literal[STEPS] = 1
    focus: Name = ""

    def having(self, **changes) -> State:
        """The same state with other parts, already checked."""
        return self.model_copy(update=changes)


def read(content: Mapping) -> State:
    """La saisie d'un visiteur, vérifiée.

    Parameters
    ----------
    content : le dictionnaire que le navigateur envoie ; ce qui manque prend sa valeur par défaut.

    Raises
    ------
    SimulationError
        Tous les problèmes d'un coup : clé inconnue, valeur d'un autre type ou hors limites, territoire inconnu.

    Examples
    --------
    >>> read({"territory": "dep-59", "levers": {"haies": {"value": 1.5, "unit": "quantity"}}}).levers["haies"].value
    1.5
    """
    problems, state = Problems(), None
    try:
        state = State.model_validate(content)
    except ValidationError as error:
        for message in reading.explain(error, {}, State)[:20]:
            problems.add(WHERE, french.typeset(message if len(message) < 400 else f"{message[:400]}…"))
    problems.raise_if_any(SimulationError)
    known = plans.known(state.territory)
    if state.reference not in known:
        said = f"plan de référence « {state.reference} » inconnu ici. Plans : {', '.join(known)}."
        problems.add(WHERE, french.typeset(said))
    problems.raise_if_any(SimulationError)
    return state


def version_of(state: State) -> str:
    """The version of the data that the state is computed with: its own when the kit has it, else the last one."""
    return state.version if state.version in panorama.versions() else panorama.LATEST


def accepted(state: State, settled: Mapping[str, scenario.Standing]) -> State:
    """The state with what was accepted of each lever."""
    typed = {lever: state.levers.get(lever, Entry()) for lever in settled}
    kept = {v: typed[v].model_copy(update=one.entry._asdict()) for v, one in settled.items()}
    return state.having(levers={lever: one for lever, one in kept.items() if not one.empty})


def scenario_of(state: State) -> xr.Dataset:
    """Le scénario de la bibliothèque (``ck.simulate``) que dit une saisie acceptée.

    Raises
    ------
    SimulationError
        Si un levier est inconnu ou une valeur refusée : tous les problèmes d'un coup.
    """
    p = panorama.panorama(state.territory, version=version_of(state))
    texts = {v: {"texte": one.why, "source": one.source} for v, one in state.levers.items() if one.why or one.source}
    return scenario.build(p, state.levers, texts)


def from_scenario(s: xr.Dataset, **other) -> State:
    """The state that says a scenario of the library, to the last bit; ``other``: parts that no scenario holds."""
    p, entries, texts = scenario.parts(s)
    levers = {lever: one._asdict() for lever, one in entries.items()}
    for lever, said in texts.items():
        levers.setdefault(lever, {}).update(why=said["texte"], source=said["source"])
    where = {"territory": p.attrs["territory"], "version": p.attrs["version"]}
    return read({**where, "levers": levers, **other})


def label_of(lever: str) -> str:
    """The French name of a lever; its id when it has none."""
    known = parameters.levers().get(lever)
    return known.label if known else lever
