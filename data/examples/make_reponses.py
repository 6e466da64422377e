"""Make the invented answers of Hauts-de-France to the questionnaire: ``python data/examples/make_reponses.py``.

Who answers (how many of each type), the ten actions most and the ten least implemented according to the EPCI, in their
order, and the family of each lever that the source cites are those that are published; every answer is invented. The
collectivités are real codes of data/clean, drawn at random: what is written beside one says nothing of it. The seed
makes the file the same at each run.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pandas as pd

from copkit.reference import tables, territories
from copkit.survey import respondents
from copkit.survey.questionnaire import actions, rules

HERE = Path(__file__).parent
FILE = HERE / "reponses_hauts_de_france.csv"
SEED, REGION = 2024, "reg-32"
EPCI, COMMUNES = 70, 61  # 76 % of the 92 EPCI of the official list; the communes that also answered
MOST = (  # from the most implemented
    "dechets_sensibilisation", "collecte_tri", "sobriete_batiments_publics", "renovation_communication",
    "renovation_conseil", "eclairage_public", "trame_documents_urbanisme", "recyclage_urbain", "flotte_electrique",
    "regulation_constructions",
)  # fmt: skip
LEAST = (  # from the least implemented
    "lignes_fret", "forets_biens_vacants", "exoneration_continuite", "aires_livraison", "arretes_circulation",
    "aides_voitures_bornes", "zfe", "stationnement_payant", "foret_gibier", "avantages_electrique",
)  # fmt: skip
BEST, WORST = (2.7, 2.16), (0.5, 0.95)  # means of the first and of the last of each list, out of 3
FAMILY = {"A": (0.82, 1.88), "B": (0.74, 1.22), "C": (0.27, 1.15), "": (0.66, 1.38)}  # share that is relevant, mean
NUDGED = {
    "sobriete_isolation_residentiel": -0.17,
    "vehicules_electriques": 0.18,
}  # two levers with actions of both lists
LEAST_SHARE, BETWEEN = 0.42, (1.0, 2.09)  # means of the actions that are in neither list
NOT_APPLICABLE = {"zfe": 0.7, "avantages_electrique": 0.5, "aides_voitures_bornes": 0.4, "lignes_fret": 0.3}
TYPES = {"epci": 0.0, "commune": -0.25, "departement": 0.2, "region": 0.35, "pnr": 0.3, "pays": 0.0}  # on the mean
COMMENTS = (
    "Commentaire inventé : le sujet demande de l'ingénierie.",
    "Commentaire inventé : à voir à une autre échelle.",
)
HEADER = [
    "Collectivité", "SIREN", "Type de collectivité", "Action", "Pertinente pour mon territoire",
    "Action de la collectivité à la hauteur", "Action de l'ensemble des parties prenantes à la hauteur", "Commentaire",
    "Exemple inventé",
]  # fmt: skip
SCALE = ("non", "plutot_non", "plutot_oui", "oui")


class Dice:
    """Draws that no version of Python changes: all come from ``Random.random``."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed).random

    def normal(self) -> float:
        return sum(self.draw() for _ in range(12)) - 6

    def mix(self, items) -> list:
        return [item for _, item in sorted(((self.draw(), item) for item in items), key=lambda pair: pair[0])]


def build() -> list[dict[str, str]]:
    """The rows of the file, collectivité by collectivité."""
    dice = Dice(SEED)
    people = _people(dice)
    rows = [row for one in actions().itertuples(index=False) for row in _answers(dice, one, people)]
    order = {name: n for n, name in enumerate(people.key)}
    return sorted(rows, key=lambda row: order[row["Collectivité"] + row["SIREN"]])


def _people(dice: Dice) -> pd.DataFrame:
    """Who answers: how it is written, its type, and how far it tends to act more than the others."""
    listed = territories.territories("epci", within=REGION)
    groups = tables.read("groupements.parquet")
    pnr = groups[(groups.type == "pnr") & groups.departement.isin(territories.departements_of(REGION))]
    names = {code: territories.name(code) for code in [REGION, *territories.departements_of(REGION)]}
    found = [(names[REGION], "", "region")]
    found += [(names[code], "", "departement") for code in territories.departements_of(REGION)]
    found += [("", code.removeprefix("epci-"), "epci") for code in sorted(dice.mix(sorted(listed.code))[:EPCI])]
    found += [("", sorted(pnr.code)[0].removeprefix("grp-"), "pnr"), ("Pays inventé", "", "pays")]
    found += [(name, "", "commune") for name in _communes(dice)]
    table = pd.DataFrame(found, columns=["name", "siren", "type"])
    size = listed.set_index(listed.code.str.removeprefix("epci-")).population.reindex(table.siren).to_numpy()
    towns = [0.35 if n >= 50_000 else 0.0 for n in size]
    return table.assign(key=table.name + table.siren, leaning=[0.6 * dice.normal() + town for town in towns])


def _communes(dice: Dice) -> list[str]:
    """Communes whose name alone tells which they are."""
    here = tables.read("communes.parquet")
    here = here[here.region == REGION]
    chosen = []
    for code, name in dice.mix(sorted(zip(here.code, here.name, strict=True))):
        found = respondents.find(name, type_="commune")
        if found.code == code and not found.wrong:
            chosen.append(name)
        if len(chosen) == COMMUNES:
            return sorted(chosen)
    raise SystemExit("Trop peu de communes au nom unique.")


def _aimed(action) -> tuple[float, float]:
    """The share of answers that find an action relevant, and the mean of its implementation among the EPCI."""
    cited = rules().families.cited
    families = [cited[one].family if one in cited else "" for one in action.levers.split("|")]
    share, mean = (sum(FAMILY[one][i] for one in families) / len(families) for i in (0, 1))
    for names, (first, last), floor in ((MOST, BEST, 0.86), (LEAST, WORST, 0.0)):
        if action.action in names:
            place = names.index(action.action) / (len(names) - 1)
            return max(floor, LEAST_SHARE), first + (last - first) * place
    return share, mean + NUDGED.get(action.levers, 0.0)


def _answers(dice: Dice, action, people: pd.DataFrame) -> list[dict[str, str]]:
    """What each collectivité says of an action; an EPCI answers with its communes, for every action."""
    share, mean = _aimed(action)
    published = action.action in (*MOST, *LEAST)
    share, mean = share + 0.07 * dice.normal(), mean + (0 if published else 0.12 * dice.normal())
    mean = mean if published else min(max(mean, BETWEEN[0]), BETWEEN[1])
    others = 0.55 + 0.6 * mean + 0.12 * dice.normal()
    rows = []
    for kind, shift in TYPES.items():
        asked = people[people.type == kind]
        if kind not in ("epci", "pays") and kind not in action.acteurs.split("|"):
            continue
        kept = [one for one in asked.itertuples(index=False) if dice.draw() > 0.03]
        apart = [dice.draw() < NOT_APPLICABLE.get(action.action, 0.04) for _ in kept]
        speaking = [one for one, aside in zip(kept, apart, strict=True) if not aside]
        relevance = _relevant(dice, share, len(speaking))
        own = _scores(dice, [one.leaning for one in speaking], mean + shift)
        partners = _scores(dice, [one.leaning for one in speaking], others)
        said = iter(zip(relevance, own, partners, strict=True))
        for one, aside in zip(kept, apart, strict=True):
            three = ["sans_objet"] * 3 if aside else [SCALE[n] for n in next(said)]
            comment = COMMENTS[int(2 * dice.draw())] if dice.draw() < 0.01 else ""
            cells = [one.name, one.siren, one.type, action.action, *three, comment, "oui"]
            rows.append(dict(zip(HEADER, cells, strict=True)))
    return rows


def _relevant(dice: Dice, share: float, count: int) -> list[int]:
    """Answers to the first question, so many of which say yes."""
    yes = round(min(max(share, 0.05), 0.97) * count)
    return dice.mix(
        [2 + (dice.draw() < share) for _ in range(yes)] + [int(dice.draw() < 0.5) for _ in range(count - yes)]
    )


def _scores(dice: Dice, leanings: list[float], mean: float) -> list[int]:
    """Answers of the scale whose mean is the one that is wanted, higher where a collectivité leans to act."""
    mean = min(max(mean, 0.0), 3.0)
    wanted = [mean + leaning + 0.7 * dice.normal() for leaning in leanings]
    found = [min(max(round(one), 0), 3) for one in wanted]
    while (left := round(mean * len(found)) - sum(found)) != 0:
        step = 1 if left > 0 else -1
        free = [n for n, score in enumerate(found) if 0 <= score + step <= 3]
        found[max(free, key=lambda n: step * (wanted[n] - found[n]))] += step
    return found


def write(path: Path) -> None:
    """The file, whole."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(build())


if __name__ == "__main__":
    write(FILE)
