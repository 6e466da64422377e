"""Links: a whole state in an address, to the last bit.

``?territoire=reg-32&v=<version>&l=<lever>:<k or q>:<value>:<done>``, then what was written about each lever (``p`` and
``s``) and the scenarios that are kept (``g``). A link of the official simulator is read too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, quote, urlsplit

from copkit import french
from copkit.errors import SimulationError, unknown
from copkit.models import panorama
from copkit.models.limits import KT, QUANTITY, Limit
from copkit.simulator import official_links, trajectory
from copkit.simulator.ground import ground
from copkit.simulator.state import MOST_KEPT, MOST_LEVERS, Entry, State, read, version_of

LONGEST = 8000  # characters
MOST_PAIRS = 300
UNITS = {"k": KT, "q": QUANTITY}
SENTENCES = {  # what the page says of a link, as here
    "link_unreadable": "Lien : « {part} » ne se lit pas (levier:k ou q:valeur:fait), laissé de côté.",
    "link_flag": "Lien : « {part} » ne se lit pas, laissé de côté.",
    "link_unknown": "Lien : levier inconnu ici, « {lever} », laissé de côté.",
    "link_version": "Lien fait sur la version « {given} » des données, inconnue ici : ses valeurs sont lues sur "
    "« {version} ». Revoir chaque objectif.",
    "link_territory": "Lien d'un autre territoire ({given}) : rien n'en est repris ici.",
    "link_long": "Lien trop long : il laisse {what}. Transmettre aussi l'export JSON de chaque scénario.",
    "link_kept": "Le lien porte les valeurs des scénarios gardés, et non leurs justifications : exporter chacun.",
    "link_official": "Lien du simulateur officiel : il ne porte pas de version ; ses valeurs, en ktCO2e entières, sont "
    "lues sur les données « {version} ».",
}
_FLAGS = {"vue": "vision", "etape": "step", "levier": "focus", "ref": "reference", "nom": "name"}


def to_query(state: State) -> tuple[str, list[str]]:
    """Le lien d'une saisie acceptée, et ce qu'il a fallu en laisser pour qu'il reste court (8 000 caractères).

    >>> to_query(State(levers={"haies": Entry(value=1.5, unit="quantity", done=20)}))
    ('?territoire=reg-32&v=sgpe-2024-10&l=haies:q:1.5:20', [])
    """
    pairs = [("territoire", state.territory), ("v", state.version)]
    default = State()
    for key, name in _FLAGS.items():
        if (value := getattr(state, name)) != getattr(default, name):
            pairs.append((key, str(value)))
    pairs += [(key, "1") for key, on in (("reste", state.remaining), ("foret", state.forest)) if on]
    pairs += [(key, getattr(state.filter, key)) for key in ("enjeu", "thematique") if getattr(state.filter, key)]
    pairs += [("l", text) for text in _entries(state.levers)]
    link, left = _written(pairs), []
    for what, more in (("les justifications", _texts(state)), ("les scénarios gardés", _kept(state))):
        longer = link + "".join("&" + _pair(*pair) for pair in more)
        if len(longer) <= LONGEST:
            link = longer
        else:
            left.append(f"Lien trop long : il laisse {what}. Transmettre aussi l’export JSON de chaque scénario.")
    if any(entry.why or entry.source for one in state.kept for entry in one.levers.values()):
        left.append("Le lien porte les valeurs des scénarios gardés, et non leurs justifications : exporter chacun.")
    return link, left


def _written(pairs: Iterable[tuple[str, str]]) -> str:
    return "?" + "&".join(_pair(*pair) for pair in pairs)


def _pair(key: str, value: str) -> str:
    return f"{key}={quote(value, safe=':~,')}"


def _entries(levers: dict[str, Entry]) -> list[str]:
    return [text for lever, one in levers.items() if (text := _entry(lever, one))]


def _entry(lever: str, one: Entry) -> str:
    """``lever:unit:value:done``, cut after its last part that says something."""
    if one.value is None and not one.done:
        return ""
    value = ":" if one.value is None else f"{one.unit[0]}:{_figure(one.value)}"
    return f"{lever}:{value}" + (f":{_figure(one.done)}" if one.done else "")


def _figure(value: float) -> str:
    """The shortest text that reads as the very same number."""
    return repr(float(value)).removesuffix(".0")


def _texts(state: State) -> list[tuple[str, str]]:
    said = (
        (key, lever, text) for lever, one in state.levers.items() for key, text in (("p", one.why), ("s", one.source))
    )
    return [(key, f"{lever}:{text}") for key, lever, text in said if text]


def _kept(state: State) -> list[tuple[str, str]]:
    return [("g", "~".join([one.name.replace("~", " "), *_entries(one.levers)])) for one in state.kept]


def seen(limit: Limit, observed: Mapping | None) -> dict | None:
    """What the observed series of a lever makes of « déjà fait »; None without a series in its unit.

    ``kt``: what is entered for the visitor, within the reference; ``reached``: what was observed. [ktCO2e/an]
    """
    if not observed or observed["reached"] is None or limit.closed or math.isnan(limit.target):
        return None
    reached = observed["reached"]
    kt = min(reached, limit.target)
    kept = kt if kt > 0 and not limit.refusal_of_done(kt) else 0.0
    return {"kt": kept, "reached": reached, "year": observed["year"], "source": observed["source"]}


def opening(code: str, version: str = panorama.LATEST) -> State:
    """Ce sur quoi une page s'ouvre sans lien : les références, et ce qui est déjà fait d'après les séries observées.

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.
    """
    state = State(territory=code, version=version)
    known = ground(state.territory, version_of(state)).limits
    found = {lever: seen(limit, trajectory.observed(state.territory, lever)) for lever, limit in known.items()}
    return state.having(levers={lever: Entry(done=one["kt"]) for lever, one in found.items() if one and one["kt"]})


def from_query(text: str, default: str = "reg-32") -> tuple[State, list[str]]:
    """La saisie d'un lien, et ce qu'il faut en dire au visiteur, en français.

    Parameters
    ----------
    text : une adresse entière ou ce qui suit son « ? » : lien de cette page, ou du simulateur officiel.
    default : territoire d'un lien qui n'en dit pas.

    Returns
    -------
    (saisie, remarques). Rien ne lève d'erreur : ce qui ne se lit pas est laissé, et une remarque le dit.
    """
    text, notes = str(text).encode("utf-8", "replace").decode().strip(), []
    default = _with(State(), {"territory": default}, notes).territory
    if len(text) > LONGEST:
        said = (
            f"Lien de {french.number(len(text), 0)} caractères, {french.number(LONGEST, 0)} au plus : il n’est pas lu."
        )
        return State(territory=default), [said]
    try:
        address = urlsplit(text if "?" in text or "/" in text else f"?{text}")
        pairs = parse_qsl(address.query, keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:
        return State(territory=default), ["Lien illisible : il n’est pas lu. Le copier en entier."]
    if official_links.concerns(address.netloc, pairs):
        default = _with(
            State(territory=default), {"territory": dict(pairs).get("territoire", default)}, notes
        ).territory
        found = official_links.from_official(address.path, pairs, default, notes)
    else:
        found = _ours(pairs, default, notes)
    return found, [french.typeset(note) for note in notes]


def _ours(pairs: list[tuple[str, str]], default: str, notes: list[str]) -> State:
    """A link of this page; each part that does not read is left out and said."""
    single = dict(pairs)
    state = State(territory=default)
    if "territoire" in single:
        state = _with(state, {"territory": single["territoire"]}, notes)
    levers: dict[str, dict] = {}
    for key, value in pairs:
        if key == "l":
            _read_entry(value, levers, notes)
    for key, value in pairs:
        if key in ("p", "s"):
            lever, _, said = value.partition(":")
            levers.setdefault(lever, {})["why" if key == "p" else "source"] = said
    kept = [_read_kept(value, notes) for key, value in pairs if key == "g"]
    parts = {name: single[key] for key, name in _FLAGS.items() if key in single}
    if "step" in parts:  # neither « ² » nor thousands of digits
        parts["step"] = int(parts["step"]) if re.fullmatch("[0-9]{1,9}", parts["step"]) else parts["step"][:20]
    parts |= {name: True for key, name in (("reste", "remaining"), ("foret", "forest")) if single.get(key) == "1"}
    if wanted := {key: single[key] for key in ("enjeu", "thematique") if key in single}:
        parts["filter"] = wanted
    if "v" in single:
        parts["version"] = single["v"]
    for name, value in parts.items():
        state = _with(state, {name: value}, notes)
    state = _with_levers(state, levers, notes)
    for one in kept[:MOST_KEPT]:
        state = _with(state, {"kept": [*state.model_dump()["kept"], one]}, notes)
    return state


def _with(state: State, change: dict, notes: list[str]) -> State:
    """The state with a change, or as it was when the change does not pass, with the reason."""
    try:
        return read({**state.model_dump(), **change})
    except SimulationError as error:
        notes += [f"Lien, {line.strip('• ')}" for line in str(error).splitlines() if "•" in line]
        return state


def _with_levers(state: State, levers: dict[str, dict], notes: list[str]) -> State:
    """The levers that the territory has: all at once, or one by one so that a bad value does not lose the others."""
    known, kept = ground(state.territory, version_of(state)).limits, {}
    for lever, entry in list(levers.items())[:MOST_LEVERS]:
        if lever in known:
            kept[lever] = entry
        else:
            notes.append(unknown(f"Lien : levier inconnu ici, « {lever[:40]} », laissé de côté", lever, known))
    with suppress(SimulationError):
        return read({**state.model_dump(), "levers": kept})
    for lever, entry in kept.items():
        state = _with(state, {"levers": {**state.model_dump()["levers"], lever: entry}}, notes)
    return state


def _read_entry(text: str, levers: dict[str, dict], notes: list[str]) -> None:
    """``lever:unit:value:done`` into ``levers``."""
    lever, unit, value, done, *more = [*text.split(":"), "", "", ""]
    try:
        if unit not in ("", *UNITS) or (unit and not value) or any(more):
            raise ValueError
        entry = {"value": float(value), "unit": UNITS[unit]} if unit else {}
        levers[lever] = levers.get(lever, {}) | entry | ({"done": float(done)} if done else {})
    except ValueError:
        notes.append(f"Lien : « {text[:60]} » ne se lit pas (levier:k ou q:valeur:fait), laissé de côté.")


def _read_kept(text: str, notes: list[str]) -> dict:
    name, *entries = text.split("~")
    levers: dict[str, dict] = {}
    for entry in entries:
        _read_entry(entry, levers, notes)
    return {"name": name, "levers": levers}


def differs(state: State) -> list[str]:
    """What to say when the state was made on other data than those shown."""
    if state.version == panorama.LATEST:
        return []
    if state.version in panorama.versions():
        said = f"Ce scénario garde la version « {state.version} » des données ; la dernière est « {panorama.LATEST} »."
    else:
        said = (
            f"Lien fait sur la version « {state.version[:40]} » des données, inconnue ici : ses valeurs sont lues sur "
            f"« {panorama.LATEST} ». Revoir chaque objectif."
        )
    return [french.typeset(said)]
