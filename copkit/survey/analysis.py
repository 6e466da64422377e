"""What the answers say: by lever, by action, by type and territory, with what it is worth.

A table of answers has a row for each collectivité and each action: ``respondent``, ``type``, ``action``, one column a
question (``questionnaire.QUESTIONS``) that holds an answer of the scale, ``sans_objet`` or nothing, and ``weight``, the
inhabitants of the territory. An action that serves several levers counts in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from copkit.errors import ProjectError, given, unknown
from copkit.models import nomenclatures
from copkit.survey import intervals
from copkit.survey.fields import EXPECTED
from copkit.survey.questionnaire import NOT_APPLICABLE, QUESTIONS, actions, rules

RELEVANCE, OWN, OTHERS = QUESTIONS
ASKED = ["respondent", "action", *QUESTIONS]
QUADRANTS = {
    (True, True): "pertinents et investis",
    (True, False): "pertinents, peu investis",
    (False, True): "peu pertinents, investis",
    (False, False): "peu pertinents, peu investis",
}
SUPPORTED = {
    (True, True): "pertinents et accompagnés",
    (True, False): "pertinents, peu accompagnés",
    (False, True): "peu pertinents, accompagnés",
    (False, False): "peu pertinents, peu accompagnés",
}
STAGES = {
    (True, True): "pertinents et mûrs",
    (True, False): "pertinents, peu mûrs",
    (False, True): "peu pertinents, mûrs",
    (False, False): "peu pertinents, peu mûrs",
}
MATURITY = "maturite"
BESIDE = {OWN: QUADRANTS, OTHERS: SUPPORTED}
PLACED = {MATURITY: ("stage", STAGES), OWN: ("quadrant", QUADRANTS), OTHERS: ("support", SUPPORTED)}


def levers(answers: pd.DataFrame, *, weighted: bool = False, not_applicable: bool = False) -> pd.DataFrame:
    """Ce que les réponses disent de chaque levier des 43, dans leur ordre ; un levier sans réponse y est, sans valeur.

    Parameters
    ----------
    answers : ce que ``ck.survey.read`` a lu.
    weighted : chaque collectivité compte pour ses habitants, et celles dont la population n'est pas connue (un Pays) ne
        comptent pas ; sinon chacune pour une.
    not_applicable : « sans objet » compte parmi les réponses, comme non pertinent ; sinon il est laissé de côté.

    Returns
    -------
    DataFrame : lever, label, thematique ; respondents [collectivités] ; pour chaque question, ``n`` réponses,
        ``sans_objet`` et ``blank`` [réponses], et la mesure avec son intervalle (``_low``, ``_high``) :
        ``pertinence`` part de réponses favorables [0 à 1], ``collectivite`` et ``parties_prenantes`` moyennes [0 à 3] ;
        ``maturite`` : moyenne des réponses à ces deux questions ensemble [0 à 3]. ``small`` : moins de collectivités
        que le seuil ; ``quadrant``, ``support``, ``stage`` : nom du quadrant, avec chacune des trois. ``attrs`` :
        weighted, not_applicable, left_out (collectivités laissées de côté, faute de population).

    Raises
    ------
    ProjectError
        Si la table n'est pas une table de réponses.
    """
    counted, left_out = _counted(answers, weighted)
    table, known = with_levers(counted[[*ASKED, *(["weight"] if weighted else [])]]), nomenclatures.levers("cop")
    found = _measured(table, "lever", list(known.lever), weighted=weighted, not_applicable=not_applicable)
    found.insert(0, "label", known.label.to_numpy())
    found.insert(1, "thematique", known.thematique.to_numpy())
    found = _placed(found).rename_axis("lever").reset_index()
    found.attrs = {"weighted": weighted, "not_applicable": not_applicable, "left_out": left_out}
    return found


def by_action(answers: pd.DataFrame, *, types: Sequence[str] = ("epci",), weighted: bool = False) -> pd.DataFrame:
    """Les actions, de la plus à la moins mise en œuvre selon les collectivités d'un type.

    Parameters
    ----------
    types : types de collectivités dont les réponses comptent ; vide : tous.

    Returns
    -------
    DataFrame : rank (1 : la plus mise en œuvre ; vide sous le nombre minimal de réponses), action, label, theme,
        levers, puis les mesures de ``levers``. À moyenne égale, la règle de ``parameters/survey.yml``.
    """
    table, known = taken(answers), actions().set_index("action")
    if types:
        table = table[table.type.isin(_types(types))]
    table, left_out = _counted(table, weighted)
    found = _measured(table, "action", list(known.index), weighted=weighted)
    found = known[["label", "theme", "levers"]].join(found).rename_axis("action").reset_index()
    ranked = found[f"{OWN}_n"] >= rules().ranking.least
    order = ["ranked", OWN, f"{OWN}_n", "label"]
    found = found.assign(ranked=ranked).sort_values(order, ascending=[False, False, False, True], kind="stable")
    rank = pd.Series(np.arange(1.0, len(found) + 1), found.index).where(found.ranked)
    found = found.drop(columns="ranked").assign(rank=rank).reset_index(drop=True)
    found.attrs = {"weighted": weighted, "not_applicable": False, "left_out": left_out}
    return found


def of_lever(answers: pd.DataFrame, lever: str, *, types: Sequence[str] = ()) -> pd.DataFrame:
    """Les actions d'un levier, de la plus à la moins mise en œuvre : ce que rend ``by_action``, pour ce levier.

    Raises
    ------
    ProjectError
        Si le levier n'est pas un des 43.
    """
    known = list(nomenclatures.levers("cop").lever)
    if lever not in known:
        raise ProjectError(unknown(f"Levier inconnu : « {lever} »", lever, known, "Leviers"))
    found = by_action(answers, types=types)
    return found[[lever in one.split("|") for one in found.levers]].drop(columns="rank").reset_index(drop=True)


def most_and_least(ranked: pd.DataFrame, count: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The actions of ``by_action`` that are most implemented, and those that are least, from the least."""
    kept = ranked[ranked["rank"].notna()]
    return kept.head(count), kept.tail(count)[::-1]


def cut(answers: pd.DataFrame, by: str, *, weighted: bool = False) -> pd.DataFrame:
    """Les mêmes mesures par levier, pour chaque valeur d'une colonne.

    Parameters
    ----------
    by : « type », « departement » ou « density » (urbain, rural).

    Returns
    -------
    DataFrame : la colonne demandée, puis ce que rend ``levers``.
    """
    table = taken(answers)
    if by not in ("type", "departement", "density"):
        raise ProjectError(unknown(f"Coupe inconnue : « {by} »", by, ("type", "departement", "density"), "Coupes"))
    table, left_out = _counted(table[table[by] != ""], weighted)
    parts = {value: levers(rows, weighted=weighted) for value, rows in table.groupby(by, sort=True)}
    if not parts:
        return levers(table.head(0)).assign(**{by: ""}).head(0)
    found = pd.concat(parts, names=[by]).reset_index(level=0).reset_index(drop=True)
    found.attrs = {"weighted": weighted, "not_applicable": False, "left_out": left_out}
    return found


def correlation(answers: pd.DataFrame, beside: str = OWN) -> dict[str, float]:
    """La corrélation, d'un levier à l'autre, entre la pertinence et une autre question. [−1 à 1]

    Parameters
    ----------
    beside : « collectivite » ou « parties_prenantes ».

    Returns
    -------
    dict : ``r`` (Pearson), ``low``, ``high`` (rééchantillonnage des collectivités), ``levers`` et ``respondents``
        comptés ; r est inconnu sous trois leviers.
    """
    if beside not in BESIDE:
        raise ProjectError(unknown(f"Question inconnue : « {beside} »", beside, tuple(BESIDE), "Questions"))
    table = with_levers(taken(answers)[ASKED])
    at = _places(table, "lever")
    sums = {name: _sums(table, at, name, pertinent=name == RELEVANCE) for name in (RELEVANCE, beside)}
    (above, of), (worth, over) = sums[RELEVANCE], sums[beside]
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = above.sum(axis=0) / of.sum(axis=0), worth.sum(axis=0) / over.sum(axis=0)
        drawn = intervals.draws(len(above))
        xs, ys = (drawn @ above) / (drawn @ of), (drawn @ worth) / (drawn @ over)
    known = ~(np.isnan(x) | np.isnan(y))
    r = _pearson(x[None, known], y[None, known])[0] if known.sum() > 2 else float("nan")
    low, high = (float("nan"),) * 2
    if known.sum() > 2:
        (low,), (high,) = intervals.ends(_pearson(xs[:, known], ys[:, known])[:, None])
    return {
        "r": float(r),
        "low": float(low),
        "high": float(high),
        "levers": int(known.sum()),
        "respondents": len(above),
    }


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The correlation of each row of x with the same row of y; NaN where one does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        return (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))


def bounds(answers: pd.DataFrame, official: int) -> pd.DataFrame:
    """Ce que vaudrait chaque mesure si les collectivités qui n'ont pas répondu répondaient toutes au plus bas, ou au
    plus haut.

    Parameters
    ----------
    official : combien de collectivités auraient pu répondre. [nombre]

    Returns
    -------
    DataFrame : lever, label, respondents, official, pour chaque mesure sa valeur, ``_least`` et ``_most``, et sure : la
        pertinence reste du même côté du seuil, quoi que disent les autres.
    """
    found, top = levers(answers), {RELEVANCE: 1.0, OWN: rules().scale.top, OTHERS: rules().scale.top}
    out = found[["lever", "label", "respondents"]].assign(official=official)
    answered = (found.respondents / official).clip(upper=1.0)
    for name, most in top.items():
        known = found[name].fillna(0.0)  # nobody said anything of it: everything is possible
        out[name] = found[name]
        out[f"{name}_least"] = known * answered
        out[f"{name}_most"] = known * answered + most * (1 - answered)
    limit = rules().thresholds.share
    return out.assign(sure=(out[f"{RELEVANCE}_least"] >= limit) | (out[f"{RELEVANCE}_most"] < limit))


# ------------------------------------------------------------------ counts


def counts(answers: pd.DataFrame) -> pd.DataFrame:
    """How many answers each question has, of each kind: their sum is the rows that were read."""
    kinds = {**dict.fromkeys(rules().scale.values, ""), NOT_APPLICABLE: "", "": ""}
    found = {name: answers[name].value_counts().reindex(list(kinds), fill_value=0) for name in QUESTIONS}
    return pd.DataFrame(found).rename(index={"": "blank"}).rename_axis("answer").reset_index()


def taken(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers that count: of a collectivité that is known, and its last ones; anything else is refused."""
    if not isinstance(answers, pd.DataFrame) or not {"respondent", "action", *QUESTIONS} <= set(answers):
        raise ProjectError(EXPECTED.format(given(answers)))
    known = answers[answers.respondent != ""]
    return known[known.duplicate_of == ""] if "duplicate_of" in known else known


def _counted(answers: pd.DataFrame, weighted: bool) -> tuple[pd.DataFrame, int]:
    """The answers that count, and how many collectivités are left out: weighted, those without a population."""
    table = taken(answers)
    if not weighted:
        return table, 0
    known = table.weight.notna()
    return table[known], int(table.respondent[~known].nunique())


def _types(types: Sequence[str]) -> list[str]:
    known = [one.id for one in rules().types]
    for one in types:
        if one not in known:
            raise ProjectError(unknown(f"Type de collectivité inconnu : « {one} »", one, known, "Types"))
    return list(types)


def whole(answers: pd.DataFrame) -> dict[str, float]:
    """The three measures, all actions together: each answer counts once."""
    table = taken(answers)
    scored = {name: pd.Series(_scored(table, name)) for name in QUESTIONS}
    relevant = scored[RELEVANCE].dropna() >= rules().thresholds.pertinent
    return {RELEVANCE: float(relevant.mean()), OWN: scored[OWN].mean(), OTHERS: scored[OTHERS].mean()}


def with_levers(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each lever that an action serves."""
    served = dict(zip(actions().action, actions().levers.str.split("|"), strict=True))
    codes, said = pd.factorize(table.action)
    levers = [*(served.get(action, []) for action in said), []]  # no action at all has the last place
    named = [levers[code] for code in codes.tolist()]
    found = table.take(np.repeat(np.arange(len(table)), [*map(len, named)]))
    return found.assign(lever=pd.Series([*chain.from_iterable(named)], found.index, dtype="str"))


def _scored(table: pd.DataFrame, question: str) -> np.ndarray:
    """What each answer is worth; NaN for « sans objet » and for nothing."""
    codes, said = pd.factorize(table[question])
    worth = [rules().scale.values.get(one, np.nan) for one in said]
    return np.array([*worth, np.nan])[codes]  # nothing at all has the last place


def _sums(
    table: pd.DataFrame, at: Places, question: str, *, pertinent: bool, not_applicable: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the answers of each collectivité for each key. (respondent, key in its own order)"""
    score = _scored(table, question)
    if pertinent:
        score = np.where(np.isnan(score), np.nan, score >= rules().thresholds.pertinent)
        if not_applicable:
            score = np.where((table[question] == NOT_APPLICABLE).to_numpy(), 0.0, score)
    shape, known = (len(at.people), at.keys), ~np.isnan(score) & (at.key >= 0)
    cell = at.who[known] * at.keys + at.key[known]
    total, number = (np.bincount(cell, worth, len(at.people) * at.keys) for worth in (score[known], None))
    return total.reshape(shape), number.reshape(shape).astype("float64")


def _order(key: str) -> list[str]:
    return list(nomenclatures.levers("cop").lever) if key == "lever" else list(actions().action)


class Places(NamedTuple):
    """The collectivité of each row among ``people``, and its key among so many ``keys``; −1 where it has none."""

    people: pd.Index
    who: np.ndarray
    key: np.ndarray
    keys: int


def _places(table: pd.DataFrame, key: str) -> Places:
    order, (who, people) = _order(key), pd.factorize(table.respondent)
    return Places(people, who, pd.Index(order).get_indexer(table[key]), len(order))


def _measured(
    table: pd.DataFrame, key: str, order: list[str], *, weighted: bool, not_applicable: bool = False
) -> pd.DataFrame:
    """The counts and measures of each key."""
    out, at = {}, _places(table, key)
    people, weights = at.people, np.ones(len(at.people))
    if weighted:
        weights = table.groupby("respondent", sort=False).weight.first().reindex(people).to_numpy("float64")
    drawn = intervals.draws(len(people)) * weights
    answered, both = np.zeros((len(people), len(order)), bool), [0.0, 0.0]
    for question in QUESTIONS:
        pertinent = question == RELEVANCE
        total, number = _sums(table, at, question, pertinent=pertinent, not_applicable=pertinent and not_applicable)
        answered |= number > 0
        both = both if pertinent else [both[0] + total, both[1] + number]
        for name, kind in (("sans_objet", NOT_APPLICABLE), ("blank", "")):
            said = at.key[(table[question] == kind).to_numpy() & (at.key >= 0)]
            out[f"{question}_{name}"] = np.bincount(said, minlength=len(order))
        out[f"{question}_n"] = number.sum(axis=0).astype(int)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[question] = (weights @ total) / (weights @ number)
            if pertinent:
                worth = [intervals.effective(weights[column]) for column in (number > 0).T]
                ends = [intervals.wilson(share, n) for share, n in zip(out[question], worth, strict=True)]
                low, high = np.array(ends).T
            else:
                low, high = intervals.ends((drawn @ total) / (drawn @ number))
        out[f"{question}_low"], out[f"{question}_high"] = low, high
    with np.errstate(invalid="ignore", divide="ignore"):
        out[MATURITY] = (weights @ both[0]) / (weights @ both[1])
        out[f"{MATURITY}_low"], out[f"{MATURITY}_high"] = intervals.ends((drawn @ both[0]) / (drawn @ both[1]))
    return pd.DataFrame({"respondents": answered.sum(axis=0), **out}, order)


def _placed(found: pd.DataFrame) -> pd.DataFrame:
    """The name of the quadrant of each lever, and whether too few collectivités spoke of it."""
    limits = rules().thresholds
    relevant = found[RELEVANCE] >= limits.share
    names = {}
    for measure, (label, quadrants) in PLACED.items():
        high, known = found[measure] >= limits.invested, found[RELEVANCE].notna() & found[measure].notna()
        names[label] = [quadrants[a, b] if there else "" for a, b, there in zip(relevant, high, known, strict=True)]
    return found.assign(small=found.respondents < limits.small, **names)
