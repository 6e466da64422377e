"""The four exit points of a COP: whether each is reached, and what proves it (``parameters/roadmap.yml``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from copkit import french, paths
from copkit.errors import ProjectError, given, unknowns
from copkit.files import kept
from copkit.models import gaps
from copkit.reference import framework, parameters, reading
from copkit.roadmap import themes
from copkit.roadmap.plan import Roadmap

FILE = "roadmap.yml"
REACHED, PARTLY, NOT_REACHED, UNSAID = "atteint", "en_partie", "non_atteint", "a_renseigner"
STATES = {REACHED: "atteint", PARTLY: "en partie", NOT_REACHED: "non atteint", UNSAID: "à renseigner"}
POINTS = ("objectifs", "etat_des_lieux", "plan", "suite")


class Point(parameters.Strict):
    """An exit point, and what to do when it is not reached."""

    id: Literal[POINTS]
    label: str
    asks: str


class Majority(parameters.Strict):
    """From which share of collectivités, and of which types."""

    share: Annotated[float, Field(gt=0, lt=1)]
    status: parameters.Status
    types: Annotated[list[str], Field(min_length=1)]
    types_status: parameters.Status


class Rules(parameters.Strict):
    """``parameters/roadmap.yml``."""

    version: str
    source: str
    exits: list[Point]
    majority: Majority


@dataclass(frozen=True)
class Exit:
    """A point: its number, its label, its state, what proves it (sentences), and what it still asks for."""

    number: int
    label: str
    state: str
    proof: tuple[str, ...]
    asks: str


@kept(maxsize=1)
def rules() -> Rules:
    """The rules of the exit points.

    Raises
    ------
    ParameterError
        If the file is damaged, a point is absent or twice, a type or the source unknown: all at once.
    """
    return reading.read_checked(paths.parameters(FILE), Rules, _faults)


def _faults(found: Rules, _: dict) -> Iterator[str]:
    if sorted(one.id for one in found.exits) != sorted(POINTS):
        yield f"exits : un point de chaque, une fois ({', '.join(POINTS)})."
    types = framework.labels("collectivites")
    yield from unknowns("type inconnu « {} »", dict.fromkeys(found.majority.types), types, "Types")
    yield from parameters.unknown_sources([found.source])


def exits(roadmap: Roadmap) -> tuple[Exit, ...]:
    """Les quatre points de sortie d'une COP, dans leur ordre : atteints ou non, et ce qui le prouve.

    Parameters
    ----------
    roadmap : ce que ``ck.roadmap.plan`` a réuni.

    Returns
    -------
    tuple de quatre ``Exit`` : number, label, state (« atteint », « en_partie », « non_atteint », « a_renseigner »),
        proof (phrases), asks (ce qui reste à faire, vide quand le point est atteint).

    Raises
    ------
    ProjectError
        Si ce n'est pas une feuille de route.

    References
    ----------
    Les quatre points : ``sgpe_point_de_sortie``.
    """
    if not isinstance(roadmap, Roadmap):
        asked = "r = ck.roadmap.plan(…)"
        raise ProjectError(f"Feuille de route attendue, et non {given(roadmap)}. Écrire d'abord {asked}.")
    judged = {"objectifs": _objectives, "etat_des_lieux": _standing, "plan": _plan, "suite": _next}
    out = []
    for number, point in enumerate(rules().exits, 1):
        state, proof = judged[point.id](roadmap)
        out.append(Exit(number, point.label, state, tuple(proof), "" if state == REACHED else point.asks))
    return tuple(out)


def _objectives(r: Roadmap) -> tuple[str, list[str]]:
    """Reached when what is retained was given, compensates what it takes away, and says why."""
    name, sentence = r.verdict
    if not r.chosen:
        return UNSAID, ["Objectifs retenus non donnés : ceux de la proposition indicative du SGPE sont montrés."]
    lacking = gaps.unjustified(r.scenario)
    changed = len(r.deviations)
    said = [sentence, f"{french.plural(changed, 'levier')} à un autre objectif que la référence."]
    if lacking:
        said.append(f"{french.plural(len(lacking), 'écart')} sans justification ou sans source.")
    if name == "unknown":
        return UNSAID, said
    good = name in ("met", "compensated")
    return REACHED if good and not lacking else PARTLY if good else NOT_REACHED, said


def _standing(r: Roadmap) -> tuple[str, list[str]]:
    """Reached when more than half of each type that counts answered."""
    found, limit = r.contributions, rules().majority
    if found.empty:
        said = ["Aucune réponse de collectivité n'a été donnée."]
        return UNSAID, said if r.vivier is None else [*said, _carried(r)]
    above = found.share > limit.share
    said = [
        f"{one.label} : {french.number(one.answered, 0)} sur {french.number(one.official, 0)} ont contribué "
        f"({french.percent(100 * one.share, 0)})"
        for one in found[found.answered > 0].itertuples()
    ]
    said = [f"{' ; '.join(said)}."] if said else ["Aucune collectivité n'a contribué."]
    if r.vivier is not None:
        said.append(_carried(r))
    counted = found.type.isin(limit.types)
    if not counted.any():
        return UNSAID, said
    reached = above[counted]
    return REACHED if reached.all() else PARTLY if reached.any() else NOT_REACHED, said


def _carried(r: Roadmap) -> str:
    """How many EPCI carry a project."""
    rows = r.vivier.coverage
    row = rows[(rows.territory == r.territory) & (rows.level == "epci")].iloc[0]
    covered, whole = (french.number(int(one), 0) for one in (row.covered, row.total))
    return f"{covered} EPCI sur {whole} portent ou accueillent un projet."


def _plan(r: Roadmap) -> tuple[str, list[str]]:
    """Reached when every working group and every theme has an action."""
    served = int((r.served > 0).sum())
    count = french.plural(len(r.retained), "action retenue", "actions retenues")
    said = [f"{count}, sur {served} des {len(r.served)} leviers."]
    if r.themes.empty:
        return (UNSAID if len(r.retained) else NOT_REACHED), [*said, "Thèmes prioritaires non donnés."]
    none = r.without_action
    groups = {one.id: one.label for one in themes.rules().groups.items}
    busy = set(r.by_theme.group[r.by_theme.actions > 0])
    idle = [label for one, label in groups.items() if one not in busy]
    said.append(f"{len(r.themes) - len(none)} thèmes prioritaires sur {len(r.themes)} ont une action.")
    if idle:
        said.append(f"Sans action : {french.join(idle)}.")
    if none.empty and not idle:
        return REACHED, said
    return PARTLY if busy else NOT_REACHED, said


def _next(r: Roadmap) -> tuple[str, list[str]]:
    """Reached when each action says what is expected in a year, and what follows it."""
    whole, good = len(r.retained), len(r.followed)
    if not whole:
        return NOT_REACHED, ["Aucune action retenue à suivre."]
    said = [f"{good} actions retenues sur {whole} disent ce qui est attendu dans un an et leur indicateur."]
    left = len(r.apart), len(r.without_action)
    if any(left):
        kept_back = [
            french.plural(n, *nouns)
            for n, nouns in zip(
                left,
                (("action à revoir", "actions à revoir"), ("thème sans action", "thèmes sans action")),
                strict=True,
            )
            if n
        ]
        said.append(f"À reprendre l'an prochain : {french.join(kept_back)}.")
    return REACHED if good == whole else PARTLY if good else NOT_REACHED, said
