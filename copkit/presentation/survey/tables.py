"""The views of a questionnaire as tables in French."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from copkit import french
from copkit.intake import gazetteer
from copkit.intake.selection import INVENTED
from copkit.presentation import formats
from copkit.presentation.table import Table
from copkit.survey import analysis
from copkit.survey.density import RURAL, URBAN
from copkit.survey.questionnaire import rules
from copkit.survey.selection import Consultation

TITLES = {analysis.MATURITY: "Maturité", analysis.OWN: "Collectivité", analysis.OTHERS: "Parties prenantes"}
SPARE = ("Pourquoi", "Ce qu'elle appelle", "Thème", "Parties prenantes (sur\u00a03)", "Quadrant")
SMALL = "†"  # after the name of what too few collectivités spoke of


def where(q: Consultation) -> str:
    """The territory as a caption says it, and whether the answers are invented."""
    return f"{q.name} ({INVENTED})" if q.invented else q.name


def share() -> formats.Format:
    """A share of answers beside the threshold of relevance. [%]"""
    return formats.beside(100 * rules().thresholds.share, 0)


def score() -> formats.Format:
    """A mean beside the threshold of what is invested."""
    return formats.beside(rules().thresholds.invested, 1)


def of(view: str, found: pd.DataFrame, territory: str) -> Table:
    """A view as a table."""
    return VIEWS[view](found, gazetteer.name(territory))


def _coverage(found: pd.DataFrame, where: str) -> Table:
    kept = found[(found.answered > 0) | (found.official > 0)]
    return Table.of(
        f"Collectivités qui ont répondu — {where}",
        {
            "Type": kept.label,
            "Ont répondu": (kept.answered, 0),
            "Liste officielle": (kept.official, 0),
            "Part (%)": (100 * kept.share, 0),
            "Réponses": (kept.answers, 0),
        },
    )


def measures(found: pd.DataFrame) -> dict[str, object]:
    """The columns of the three questions, with their intervals."""

    def between(name: str, decimals: int, times: float = 1) -> list[str]:
        rows = found[[name, f"{name}_low", f"{name}_high"]].to_numpy() * times
        how = share() if decimals == 0 else score()
        written = ((how(value), *(french.number(one, decimals) for one in ends)) for value, *ends in rows)
        return [french.UNKNOWN if value == french.UNKNOWN else f"{value} [{a} ; {b}]" for value, a, b in written]

    return {
        "Collectivités": (found.respondents, 0),
        "Pertinents (%)": (between("pertinence", 0, 100), str),
        "Collectivité (sur\u00a03)": (between("collectivite", 1), str),
        "Parties prenantes (sur\u00a03)": (between("parties_prenantes", 1), str),
    }


def counted(found: pd.DataFrame) -> str:
    """How the answers of a table count."""
    voice = "pondéré par les habitants" if found.attrs.get("weighted") else "sans pondération"
    if left := found.attrs.get("left_out"):
        voice += f", {french.plural(left, 'collectivité')} sans population connue laissée{'s' * (left > 1)} de côté"
    return f"{voice}, « sans objet » {'compté non' if found.attrs.get('not_applicable') else 'non compté'}"


def marked(found: pd.DataFrame) -> list[str]:
    """The names of levers, with a mark after those of which too few collectivités spoke."""
    return [f"{label} {SMALL}" if few else label for label, few in zip(found.label, found.small, strict=True)]


def _levers(found: pd.DataFrame, where: str) -> Table:
    kept = found[found.respondents > 0]
    said = f"{SMALL} moins de {rules().thresholds.small} collectivités ; entre crochets, l'intervalle à 95 % ; "
    said += counted(found)
    return Table.of(
        f"Ce que les réponses disent des leviers — {where} ({said})",
        {
            "Levier": marked(kept),
            **({"N°": (kept.number, 0)} if "number" in kept else {}),
            **measures(kept),
            "Quadrant": [one or french.UNKNOWN for one in kept.quadrant],
        },
    )


def _actions(found: pd.DataFrame, where: str) -> Table:
    kept = found[found["rank"].notna()]
    return Table.of(
        f"Actions, de la plus à la moins mise en œuvre — {where} ({counted(found)}). {rules().ranking.ties}",
        {"Rang": (kept["rank"], 0), "Action": kept.label, "Thème": kept.theme, **measures(kept)},
    )


def group(value: str) -> str:
    """The name of a value of a cut: a type, « urbain » or « rural », a territory."""
    types = {one.id: one.label for one in rules().types} | {one: french.capital(one) for one in (URBAN, RURAL)}
    return types.get(value) or gazetteer.name(value)


def _cut(column: str, label: str) -> Callable[[pd.DataFrame, str], Table]:
    def made(found: pd.DataFrame, where: str) -> Table:
        kept = found[found.respondents > 0]
        names = [group(value) for value in kept[column]]
        return Table.of(
            f"Ce que les réponses disent des leviers, par {label} — {where} ({counted(found)})",
            {french.capital(label): names, "Levier": kept.label, **measures(kept)},
        )

    return made


def _families(found: pd.DataFrame, where: str) -> Table:
    return Table.of(
        f"Familles de leviers — {where}",
        {
            "Levier": found.label,
            "Famille": found.kept.replace("", "—"),
            "Origine": found.origin.where(found.chosen == "", "choix de l'analyste"),
            "Pourquoi": found.reason.where(found.chosen == "", found.why),
            "Ce qu'elle appelle": found.calls_for.replace("", "—"),
        },
    )


def _bounds(found: pd.DataFrame, where: str) -> Table:
    kept = found[found.respondents > 0]

    def ends(name: str, decimals: int, times: float = 1) -> list[str]:
        both, how = zip(kept[f"{name}_least"], kept[f"{name}_most"], strict=True), share() if decimals == 0 else score()
        return [f"{how(times * a)} à {how(times * b)}" for a, b in both]

    return Table.of(
        f"Ce que vaudraient les mesures si tous les EPCI avaient répondu, au plus bas et au plus haut — {where}",
        {
            "Levier": kept.label,
            "Collectivités": (kept.respondents, 0),
            "Pertinents (%)": (ends("pertinence", 0, 100), str),
            "Collectivité (sur\u00a03)": (ends("collectivite", 1), str),
            "Parties prenantes (sur\u00a03)": (ends("parties_prenantes", 1), str),
            "Pertinence sûre": kept.sure.map({True: "oui", False: "non"}),
        },
    )


VIEWS: dict[str, Callable[[pd.DataFrame, str], Table]] = {
    "coverage": _coverage,
    "levers": _levers,
    "actions": _actions,
    "types": _cut("type", "type"),
    "departements": _cut("departement", "département"),
    "density": _cut("density", "densité"),
    "families": _families,
    "bounds": _bounds,
}
