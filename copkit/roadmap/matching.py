"""The same thing in two years: by its number, then by what it is; what may be two things is reported, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

import pandas as pd

from copkit import french
from copkit.errors import Problems, ProjectError, unknown

CLOSE = 0.6  # likeness of two titles, from 0 to 1, from which a same number tells one thing
NUMBER, IDENTITY, PERSON = "numéro", "territoire, levier et intitulé", "rapprochement donné"


class Pair(NamedTuple):
    """A thing in both years, by their places in each table, and what told it."""

    before: int
    after: int
    how: str


@dataclass(frozen=True)
class Matching:
    """``pairs``: in both years; ``left``, ``came``: in one; ``doubtful``: what is open, its places in each, and why."""

    pairs: list[Pair]
    left: list[int]
    came: list[int]
    doubtful: list[tuple[list[int], list[int], str]]


def match(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    number: str,
    identity: tuple[str, ...],
    title: str = "title",
    same: Mapping[str, str] | None = None,
    how: str = IDENTITY,
) -> Matching:
    """The rows of two years that are the same thing.

    ``number``: the column of its number; ``identity``: the columns that tell it without one, ``title`` among them;
    ``same``: number before → number after, as a person said; ``how``: what the identity is called.

    Raises
    ------
    ProjectError
        If a number of ``same`` is unknown, or given twice: all of them at once.
    """
    ids = [frame[number].to_list() for frame in (before, after)]
    whole = [_identities(frame, identity) for frame in (before, after)]
    around = tuple(name for name in identity if name != title)
    told = [_identities(frame, around) for frame in (before, after)]
    titles = [[french.plain(one) for one in frame[title]] for frame in (before, after)]
    pairs = _given(ids, same or {})
    free = [set(range(len(frame))) for frame in (before, after)]
    _take(free, pairs)
    edges = _edges(ids, free, blank=("",))
    sure = _alone([(i, j) for i, j in edges if whole[0][i] == whole[1][j]])
    pairs += [Pair(i, j, NUMBER) for i, j in sure]
    _take(free, pairs)
    by_number, by_identity = _edges(ids, free, blank=("",)), _edges(whole, free, blank=(None,))
    doubtful, left, came = [], [], []
    for some, others in _components(free, {*by_number, *by_identity}):
        if not others:
            left += some
        elif not some:
            came += others
        elif len(some) == len(others) == 1:
            i, j = some[0], others[0]
            if (i, j) in by_identity:
                pairs.append(Pair(i, j, how))
            elif titles[0][i] == titles[1][j] or (told[0][i] == told[1][j] and _like(titles[0][i], titles[1][j])):
                pairs.append(Pair(i, j, NUMBER))
            else:
                doubtful.append((some, others, f"le n° {ids[0][i]} ne dit plus la même chose"))
        else:
            doubtful.append((some, others, _why(some, others, ids, whole)))
    return Matching(sorted(pairs), sorted(left), sorted(came), doubtful)


def _identities(frame: pd.DataFrame, names: tuple[str, ...]) -> list[tuple | None]:
    """What each row is, as plain words; nothing when it says nothing."""
    rows = zip(*(frame[name] for name in names), strict=True)
    found = [tuple(french.plain(str(one)) for one in row) for row in rows]
    return [one if any(one) else None for one in found]


def _given(ids: list[list[str]], same: Mapping[str, str]) -> list[Pair]:
    """The pairs that a person gave."""
    problems, pairs = Problems(), []
    for old, new in same.items():
        for said, known in zip((old, new), ids, strict=True):
            if said not in known:
                message = unknown(f"n° inconnu « {said} »", said, known, remedy="Écrire un numéro du fichier.")
                problems.add("Rapprochements donnés", message)
        if list(same.values()).count(new) > 1:
            problems.add("Rapprochements donnés", f"n° « {new} » donné deux fois. N'en garder qu'un.")
        if not problems:
            pairs.append(Pair(ids[0].index(old), ids[1].index(new), PERSON))
    problems.raise_if_any(ProjectError)
    return pairs


def _take(free: list[set[int]], pairs: Iterable[Pair]) -> None:
    for i, j, _ in pairs:
        free[0].discard(i)
        free[1].discard(j)


def _edges(keys: list[list], free: list[set[int]], blank: tuple) -> list[tuple[int, int]]:
    """The rows of each year that have the same key."""
    places: dict[object, list[int]] = {}
    for j in sorted(free[1]):
        places.setdefault(keys[1][j], []).append(j)
    return [(i, j) for i in sorted(free[0]) if keys[0][i] not in blank for j in places.get(keys[0][i], [])]


def _alone(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges whose ends have no other."""
    starts, ends = Counter(i for i, _ in edges), Counter(j for _, j in edges)
    return [(i, j) for i, j in edges if starts[i] == 1 and ends[j] == 1]


def _components(free: list[set[int]], edges: set[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    """The rows that edges hold together, before and after."""
    nodes = [*((0, i) for i in sorted(free[0])), *((1, j) for j in sorted(free[1]))]
    root = {one: one for one in nodes}

    def top(one: tuple[int, int]) -> tuple[int, int]:
        while root[one] != one:
            one = root[one]
        return one

    for i, j in sorted(edges):
        root[top((1, j))] = top((0, i))
    groups: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for side, place in nodes:
        groups.setdefault(top((side, place)), ([], []))[side].append(place)
    return list(groups.values())


def _like(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= CLOSE


def _why(some: list[int], others: list[int], ids: list[list[str]], whole: list[list]) -> str:
    """Why it cannot be told which is which."""
    if len({whole[0][i] for i in some} | {whole[1][j] for j in others}) == 1:
        sizes = (len(some), len(others))
        return f"même intitulé {sizes[0]} fois avant et {sizes[1]} fois après, sans numéro qui les distingue"
    numbers = french.join(dict.fromkeys(f"n° {ids[0][i]}" for i in some))
    return f"{numbers} : le numéro désigne une ligne, l'intitulé une autre"
