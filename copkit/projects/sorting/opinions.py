"""The opinions of the bodies, side by side: who disagrees, what funding and engineering each has found."""

from __future__ import annotations

import pandas as pd

from copkit.projects import fields
from copkit.projects.fields import BODIES, OPINIONS
from copkit.projects.sorting.reasons import said

ASKED = ("opinion", "funding", "engineering")
FIELDS = tuple(f"{what}_{body}" for body in BODIES for what in ASKED)


def disagreements(projects: pd.DataFrame) -> pd.Series:
    """The opinions that differ, as a sentence; nothing where fewer than two differ."""
    given = {body: projects[f"opinion_{body}"].tolist() for body in BODIES}
    return pd.Series(said(given, _sentence), projects.index, dtype="str")


def _sentence(given: dict[str, str]) -> str:
    by_opinion: dict[str, list[str]] = {}
    for body, opinion in given.items():
        if opinion in OPINIONS:
            by_opinion.setdefault(opinion, []).append(BODIES[body])
    if len(by_opinion) < 2:
        return ""
    parts = [f"{OPINIONS[one]} ({' ; '.join(by_opinion[one])})" for one in OPINIONS if one in by_opinion]
    return f"Avis partagés : {', '.join(parts)}."


def side_by_side(projects: pd.DataFrame, *, only_disagreements: bool = False) -> pd.DataFrame:
    """Les avis des services, côte à côte : une ligne par dossier et par service qui a écrit quelque chose.

    Parameters
    ----------
    projects : les projets lus ou triés ; les doublons ne sont pas repris.
    only_disagreements : ne garder que les dossiers où deux avis diffèrent.

    Returns
    -------
    pd.DataFrame
        project_id, title, body (identifiant), body_label, opinion, funding, engineering, disagreement.
    """
    kept = fields.counted(fields.complete(projects))
    kept = kept.assign(disagreement=disagreements(kept))
    if only_disagreements:
        kept = kept[kept.disagreement != ""]
    parts = []
    for body, label in BODIES.items():
        part = kept[["project_id", "title", "disagreement"]].assign(body=body, body_label=label)
        parts.append(part.assign(**{what: kept[f"{what}_{body}"] for what in ASKED}))
    table = pd.concat(parts).sort_index(kind="stable")
    given = (table[list(ASKED)] != "").any(axis=1)
    columns = ["project_id", "title", "body", "body_label", *ASKED, "disagreement"]
    return table.loc[given, columns].reset_index(drop=True)


def applied(projects: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """The projects with the opinions of a workshop (project_id, field, value) written in their fields."""
    table, ids = projects.copy(), fields.named(projects).project_id
    for name, part in given.groupby("field"):
        new = ids.map(dict(zip(part.project_id, part.value, strict=True)))
        table[name] = table[name].mask(new.notna(), new)
    return table
