"""What a document shows of the answers of a territory: each view asked for once, and what may be made public.

In the public version everything that is not public is blanked here, before any chart, table or sentence sees it; a
group of too few collectivités, in which one would be recognised, is not told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from copkit import french, paths
from copkit.files import kept
from copkit.intake import personal
from copkit.intake.fields import YES
from copkit.intake.reading import located, located_all
from copkit.intake.selection import EXAMPLES, HINT, INVENTED, Selection, missing
from copkit.models import facts
from copkit.models.facts import Facts
from copkit.reference import tables, territories
from copkit.survey import analysis, answered, density, family, gather
from copkit.survey.fields import ANSWERS, FIELDS
from copkit.survey.gather import Gathered
from copkit.survey.questionnaire import QUESTIONS, rules

EXAMPLE = (*EXAMPLES, "reponses_hauts_de_france.csv")
CUTS = ("type", "departement", "density")
BESIDE = ("respondent", "departement", "region", "density", "weight")  # what reading adds to the fields


@dataclass(frozen=True, eq=False)
class Consultation(Selection):
    """Les réponses d'un territoire au questionnaire, telles qu'un document les montre.

    answers : celles qui comptent, des collectivités du territoire. reading : ce qui s'est passé à la
    lecture, absent de la version publique ; counts : les mêmes nombres, sans aucun texte reçu. lever : celui dont la
    page est montrée, s'il y en a un.
    """

    answers: pd.DataFrame
    reading: Gathered | None
    counts: dict[str, object]
    choices: dict[str, tuple[str, str, str]]
    lever: str

    def __repr__(self) -> str:
        return f"Consultation de {self.name} : {french.plural(self.respondents, 'collectivité')}"

    @property
    def empty(self) -> bool:
        """Nobody of the territory answered."""
        return self.answers.empty

    @cached_property
    def invented(self) -> bool:
        """Whether an answer that counts is invented."""
        return self.example or bool((self.answers.invented == YES).any())

    @cached_property
    def respondents(self) -> int:
        """The collectivités that answered."""
        return int(self.answers.respondent.nunique())

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Who answered, by type, over the official lists."""
        return answered.coverage(self.answers, self.territory)

    @cached_property
    def silent(self) -> pd.DataFrame:
        """The EPCI that did not answer, from the most populous: code, name, départements in words, population."""
        found = answered.silent(self.answers, self.territory)
        about = tables.read("epci.csv").set_index("code").loc[found.code]
        where = [french.join(map(territories.name, one.split(" "))) for one in about.departements]
        found = found.assign(departements=where, population=about.population.astype("float64").to_numpy())
        return found.sort_values("population", ascending=False, kind="stable").reset_index(drop=True)

    @cached_property
    def levers(self) -> pd.DataFrame:
        """What is said of each lever, with its number."""
        found = analysis.levers(self.answers)
        found.insert(0, "number", range(1, len(found) + 1))
        return found

    @cached_property
    def spoken(self) -> pd.DataFrame:
        """The levers of which somebody speaks."""
        return self.levers[self.levers.pertinence.notna()]

    @cached_property
    def facts(self) -> Facts:
        """The figures that « la page » of the territory may cite; nothing when nobody of it answered."""
        if self.empty:
            return {}
        epci = self.coverage.set_index("type").loc["epci"]
        known = self.spoken[~self.spoken.small].sort_values("pertinence", ascending=False, kind="stable")
        relevant = known[known.pertinence >= rules().thresholds.share].sort_values(analysis.OWN, kind="stable")
        behind, ahead = (
            relevant[relevant.quadrant == analysis.QUADRANTS[True, invested]] for invested in (False, True)
        )
        values = {
            "epci_repondants": float(epci.answered),
            "epci_liste": float(epci.official),
            "taux_epci": 100 * float(epci.share),
            "leviers_juges": float(len(known)),
            "leviers_pertinents": float(len(relevant)),
            "leviers_attendus": float(len(behind)),
            "leviers_investis": float(len(ahead)),
            "part_attendus": 100 * len(behind) / len(relevant) if len(relevant) else math.nan,
            "origine_reponses": INVENTED if self.invented else "réponses reçues",
        }
        found = {
            "attendu_premier": behind.label[:1],
            "investi_premier": ahead.label[-1:],
            "pertinent_premier": known.label[:1],
        }
        return facts.answered(values, {name: one.item() for name, one in found.items() if len(one)})

    @cached_property
    def correlations(self) -> dict[str, dict[str, float]]:
        """The correlation of relevance with each of the two other questions."""
        return {name: analysis.correlation(self.answers, name) for name in analysis.BESIDE}

    @cached_property
    def actions(self) -> pd.DataFrame:
        """The actions by their implementation, according to the EPCI."""
        return analysis.by_action(self.answers)

    @cached_property
    def extremes(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The ten actions most implemented and the ten least; no action is in both."""
        ranked = int(self.actions["rank"].notna().sum())
        return analysis.most_and_least(self.actions, min(10, ranked // 2))

    @cached_property
    def families(self) -> pd.DataFrame:
        """The family of each lever."""
        return family.of_measured(self.levers, self.choices)

    @cached_property
    def bounds(self) -> pd.DataFrame:
        """What the measures of the EPCI would be worth if those that are silent had answered."""
        row = self.coverage.set_index("type").loc["epci"]
        return analysis.bounds(self.answers[self.answers.type == "epci"], int(row.official))

    def cut(self, by: str) -> pd.DataFrame:
        """The levers for each type, département, or urban and rural; public, of groups that hide who answers."""
        if by not in self._cuts:
            shown = self.answers[~self.answers[by].isin([*self.unshown[by], *self.beside[by]])]
            self._cuts[by] = analysis.cut(shown, by)
        return self._cuts[by]

    @cached_property
    def _cuts(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def unshown(self) -> dict[str, list[str]]:
        """The groups of each cut that the public version does not tell apart: one would recognise who answers."""
        small = rules().thresholds.small
        counts = {by: self._sizes(by) for by in CUTS}
        return {
            by: list(one.index[(one < small) & (one.index != "")]) if self.public else [] for by, one in counts.items()
        }

    @cached_property
    def beside(self) -> dict[str, list[str]]:
        """The group of each cut that goes with them: the total without the others would tell one group, or one answer.

        What is in no group (the answer of the région, in a cut by département) is left by difference too.
        """
        found = {}
        for by in CUTS:
            sizes, hidden = self._sizes(by), self.unshown[by]
            left = int(sizes.get("", 0))
            alone = (len(hidden), left) in ((1, 0), (0, 1))
            shown = sizes.drop(["", *hidden], errors="ignore").sort_values(kind="stable")
            found[by] = list(shown.index[:1]) if self.public and alone else []
        return found

    def _sizes(self, by: str) -> pd.Series:
        """Value of a cut → collectivités; « » : those that are in no group."""
        return self.answers.groupby(by).respondent.nunique()

    def groups(self, by: str) -> pd.DataFrame:
        """Each group of a cut, all levers together: collectivités, answers, and the measures."""
        rows = []
        for value in dict.fromkeys(self.cut(by)[by]):
            part = self.answers[self.answers[by] == value]
            rows.append({"value": value, "respondents": part.respondent.nunique(), **analysis.whole(part)})
        columns = ["value", "respondents", *QUESTIONS]
        return pd.DataFrame(rows, columns=columns).sort_values("respondents", ascending=False, kind="stable")

    @cached_property
    def apart(self) -> pd.DataFrame:
        """The levers that urban and rural collectivités find differently relevant: their intervals do not meet."""
        parts = {value: rows.set_index("lever") for value, rows in self.cut("density").groupby("density")}
        if {density.URBAN, density.RURAL} - set(parts):
            return self.levers.head(0).assign(urban=[], rural=[])
        urban, rural = parts[density.URBAN], parts[density.RURAL]
        meet = (urban.pertinence_low <= rural.pertinence_high) & (rural.pertinence_low <= urban.pertinence_high)
        table = pd.DataFrame({"label": urban.label, "urban": urban.pertinence, "rural": rural.pertinence})
        table = table[~meet & ~urban.small & ~rural.small & table.urban.notna() & table.rural.notna()]
        order = (table.urban - table.rural).abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index()

    @cached_property
    def comments(self) -> pd.DataFrame:
        """The comments, of the lever that is shown or of all: action, respondent, comment."""
        known = analysis.with_levers(self.answers[self.answers.comment != ""])
        known = known[known.lever == self.lever] if self.lever else known.drop_duplicates(["respondent", "action"])
        return known[["action", "respondent", "comment"]].reset_index(drop=True)


def consultation(
    file: str | Path | Iterable[str | Path] = "",
    territory: str = "reg-32",
    *,
    public: bool = False,
    mapping: str | Path | None = None,
    choices: str | Path = "",
    lever: str = "",
) -> Consultation:
    """Lit des réponses au questionnaire et garde celles d'un territoire, pour un document.

    Parameters
    ----------
    file : fichier ou dossier de réponses, ou plusieurs ; vide : l'exemple inventé du kit. Un chemin relatif est cherché
        dans le dossier courant, dans celui d'où « copkit » a été lancé, puis dans celui du kit.
    territory : code d'une région, d'un département ou « fr ».
    public : version publique : aucun commentaire, aucun nom, aucun groupe où une collectivité se reconnaîtrait.
    mapping : correspondance d'en-têtes, comme ``ck.survey.read``.
    choices : familles choisies par un analyste, une table aux colonnes levier, famille, auteur, raison.
    lever : levier dont la page est montrée.

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible, ou le levier inconnu.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    Examples
    --------
    >>> consultation(territory="dep-80")
    Consultation de Somme : 30 collectivités
    """
    code, example = territories.resolve(territory), missing(file)
    asked = paths.home().joinpath(*EXAMPLE) if example else file
    files = located_all(asked, ANSWERS, HINT, folder=True)
    table = _read(*files).copy() if mapping is None else gather.read(*files, mapping=mapping)
    answers = answered.within(table, code)
    if lever:
        analysis.of_lever(answers.head(0), lever)
    reading: Gathered = table.attrs["reading"]
    return Consultation(
        answers=personal.published(answers, ANSWERS.name, FIELDS, BESIDE) if public else answers,
        reading=None if public else reading,
        counts=_counts(reading, answers, table),
        territory=code,
        public=public,
        example=example,
        files=() if public else tuple(reading.files),
        choices=family.read_choices(located(choices, ANSWERS)) if choices else {},
        lever=lever,
    )


@kept(maxsize=2)
def _read(*files: Path) -> pd.DataFrame:
    """The answers of files, read once for all that a notebook shows of them: to be copied."""
    return gather.read(*files)


def _counts(reading: Gathered, answers: pd.DataFrame, table: pd.DataFrame) -> dict[str, object]:
    """What happened at the reading, as numbers: nothing that was written in a file."""
    nobody = table.respondent == ""
    return {
        "summary": replace(reading, notes=[]).summary,
        "rows": reading.rows,
        "answers": len(answers),
        "nobody": int(nobody.sum()),
        "again": int(((table.duplicate_of != "") & ~nobody).sum()),
        "elsewhere": len(analysis.taken(table)) - len(answers),
        "problems": len(reading.problems),
        "unknown": len(reading.unknown_labels),
        "refused": len(reading.refused),
        "twice": len(reading.twice),
    }
