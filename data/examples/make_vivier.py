"""Make the invented vivier of Hauts-de-France: ``python data/examples/make_vivier.py``.

The margins are those that the feuille de route publishes (département × category, dossiers per lever); every dossier,
title, holder and amount is invented. Territories are real codes of data/clean. The seed makes the files the same at
each run. What the lever file cannot say is in README.md.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd

from copkit.projects import membership
from copkit.reference import tables

HERE = Path(__file__).parent
SEED = 2024
DEPARTEMENTS = {"02": "Aisne", "59": "Nord", "60": "Oise", "62": "Pas-de-Calais", "80": "Somme"}
DOSSIERS = {  # feuille de route, 06/12/2024
    "remonter": (136, 104, 216, 132, 200),
    "travailler": (16, 54, 91, 49, 116),
    "crte": (7, 20, 16, 8, 34),
    "non_remonte": (12, 15, 24, 10, 19),
}
WATER = ("sobriete_eau", "desimpermeabilisation", "captages_eau")
WATER_IN = {"cop": {"80": 66, "60": 61}, "hors_cop": {"80": 8, "60": 8}}  # about 20 % of the dossiers of both
COMMUNES = {"02": 25, "59": 29, "60": 51, "62": 29, "80": 55}  # holders: 189
COVERED = {"02": 15, "59": 13, "60": 16, "62": 14, "80": 13}  # EPCI by main département: 71 of the 92 of the region
OTHER_HOLDERS = {  # type → (how many holders, dossiers of each département)
    "Département": (1, {"62": 4}),
    "Parc naturel régional": (3, {"02": 4, "62": 6, "80": 5}),
    "PETR": (4, {"80": 14, "60": 8, "02": 5}),
    "Syndicat mixte": (11, {"02": 6, "59": 8, "60": 12, "62": 9, "80": 14}),
    "Agence d'urbanisme": (2, {"59": 3, "62": 2}),
    "Pays": (1, {"60": 3}),
}
FORM_CHANGED = date(2024, 9, 9)  # the header of the lever changes with the revised form
LEVER_BEFORE, LEVER_AFTER = "Levier de la planification écologique", "Levier principal"
DIMENSIONS = ("Poursuit une action engagée", "Accélère une action engagée", "Massifie une action engagée", "Innove")
NO_DIMENSION = "Aucune"
READY, UNRIPE = ("Prêt à démarrer", "Engagé"), ("Idée", "À initier", "Initié, en conception")
ENGINEERING = ("", "", "Étude de faisabilité", "Assistance à maîtrise d'ouvrage", "Appui juridique", "Animation")
OBSTACLES = ("", "", "Financement à trouver", "Foncier à maîtriser", "Délai d'instruction", "Main-d'œuvre")
SCHEDULE = ("", "2025", "2025-2026", "2026", "2026-2028", "À préciser")
QUANTITIES = [  # lever, quantity and unit: twelve in the unit of the lever, then four that are not
    ("vehicules_electriques", "0.04", "milliers de véhicules"),
    ("vehicules_electriques", "0.012", "milliers de véhicules"),
    ("bus_cars_decarbones", "12", "bus et cars"),
    ("bus_cars_decarbones", "5", "bus et cars"),
    ("sobriete_isolation_tertiaire", "0.0021", "TWh par an"),
    ("sobriete_isolation_tertiaire", "0.0006", "TWh par an"),
    ("sobriete_isolation_residentiel", "0.0015", "TWh par an"),
    ("chaudieres_fioul_residentiel", "0.15", "milliers de résidences principales"),
    ("haies", "0.025", "milliers de km"),
    ("haies", "0.008", "milliers de km"),
    ("sobriete_fonciere", "0.006", "kha par an"),
    ("fret_decarbone_multimodalite", "18", "Mt.km par an"),
    ("haies", "14", "km"),
    ("sobriete_fonciere", "3", "ha par an"),
    ("covoiturage", "120", "km par voiture et par an"),
    ("electricite_renouvelable", "2.4", "MWc"),
]
COMPANY = [
    *("Établissement SIRET", "Établissement siège social", "Établissement NAF", "Établissement libellé NAF"),
    *("Établissement Adresse", "Établissement numero voie", "Établissement type voie", "Établissement nom voie"),
    *("Établissement complément adresse", "Établissement code postal", "Établissement localité"),
    *("Établissement code INSEE localité", "Entreprise SIREN", "Entreprise capital social"),
    *("Entreprise numero TVA intracommunautaire", "Entreprise forme juridique", "Entreprise forme juridique code"),
    *("Entreprise nom commercial", "Entreprise raison sociale", "Entreprise SIRET siège social"),
    *("Entreprise code effectif entreprise", "Entreprise date de création", "Entreprise état administratif"),
    *("Entreprise nom", "Entreprise prénom", "Association RNA", "Association titre", "Association objet"),
    *("Association date de création", "Association date de déclaration", "Association date de publication"),
]
FOLLOWED = [
    *("À archiver", "État du dossier", "Dernière mise à jour le", "Dernière mise à jour du dossier le"),
    *("Déposé le", "Passé en instruction le", "Traité le", "Motivation de la décision", "Instructeurs"),
]
FORM = [
    *("Intitulé du projet", "Description du projet", "Commune d'implantation", "Commune d'implantation (Code INSEE)"),
    *("Commune d'implantation (Département)", "EPCI concerné", "EPCI concerné (Code)", "EPCI concerné (Département)"),
    *("Département du projet", "Département du projet (Code)", "Thématique", LEVER_BEFORE, LEVER_AFTER),
    *("Le projet contribue-t-il aux objectifs de la planification écologique ?", "Dimension nouvelle"),
    *("Niveau de maturité", "Le projet répond-il à un autre enjeu ?", "Coût total estimé (€)"),
    *("Financement demandé (€)", "Besoins d'ingénierie", "Freins potentiels", "Calendrier prévisionnel"),
    *("Date de démarrage prévue", "Type de porteur", "Le projet est-il inscrit au CRTE ?"),
    *("Quantité physique attendue", "Unité de la quantité", "Personne à contacter", "Téléphone du contact"),
    "Exemple inventé",
]
COLUMNS = ["ID", "Email", "FranceConnect ?", *COMPANY, *FOLLOWED, *FORM]
Row = dict[str, str]


class Dice:
    """Draws that no version of Python changes: all come from ``Random.random``."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed).random

    def below(self, n: int) -> int:
        return int(self.draw() * n)

    def pick(self, items: Sequence):
        return items[self.below(len(items))]

    def mix(self, items: Sequence) -> list:
        return [item for _, item in sorted(((self.draw(), item) for item in items), key=lambda pair: pair[0])]


def build() -> list[Row]:
    """The rows of the export: 1,279 dossiers, then six of them again as a later export gives them."""
    dice = Dice(SEED)
    rows = [
        _row(dice, number, slot, holder)
        for number, (slot, holder) in enumerate(zip(_slots(dice), _holders(dice), strict=True), start=1)
    ]
    rows = [_dated(row, number) for number, row in enumerate(dice.mix(rows))]
    _same_title_twice(rows)
    _quantities(rows)
    return rows + _again(rows)


def _slots(dice: Dice) -> list[tuple[str, str, Row]]:
    """(département, category, row of the lever file) of each dossier, département by département."""
    with (HERE / "vivier_leviers.csv").open(encoding="utf-8", newline="") as file:
        levers = list(csv.DictReader(file))
    slots = []
    for part, categories in (("cop", ("remonter", "travailler")), ("hors_cop", ("crte", "non_remonte"))):
        bag = [lever for lever in levers for _ in range(int(lever[part]))]
        water = dice.mix([lever for lever in bag if lever["lever"] in WATER])
        others = dice.mix([lever for lever in bag if lever["lever"] not in WATER])
        kept = {code: [water.pop() for _ in range(n)] for code, n in WATER_IN[part].items()}
        others = dice.mix(others + water)
        for place, code in enumerate(DEPARTEMENTS):
            wanted = [category for category in categories for _ in range(DOSSIERS[category][place])]
            mine = kept.get(code, [])
            mine += [others.pop() for _ in range(len(wanted) - len(mine))]
            slots += [(code, category, lever) for category, lever in zip(wanted, dice.mix(mine), strict=True)]
    return sorted(slots, key=lambda slot: slot[0])


# ------------------------------------------------------------------ who and where


def _holders(dice: Dice) -> list[Row]:
    """A holder and its place for each dossier, département by département, in the order of the slots."""
    communes = tables.read("communes.parquet")
    communes = communes[communes.region == "reg-32"].sort_values("code")
    covered = _covered(dice, communes)
    numbers = iter(range(1, 10_000))
    pools: dict[str, list[Row]] = {code: [] for code in DEPARTEMENTS}
    for code, epci in covered.items():
        here = communes[(communes.departement == f"dep-{code}") & communes.epci.isin(epci)]
        for one in epci[:-1]:  # the last is covered by its communes only
            pools[code].append(_holder(next(numbers), "EPCI", one, ""))
        chosen = [*here[here.epci == epci[-1]].code[:1], *dice.mix(here[here.epci != epci[-1]].code.to_list())]
        for commune in chosen[: COMMUNES[code]]:
            epci_of = here.epci[here.code == commune].iloc[0]
            pools[code].append(_holder(next(numbers), "Commune", epci_of, commune))
    found = {code: list(pool) for code, pool in pools.items()}  # each holder has a dossier at least
    for kind, (count, dossiers) in OTHER_HOLDERS.items():
        mine = [next(numbers) for _ in range(count)]
        for i, code in enumerate(code for code, n in dossiers.items() for _ in range(n)):
            found[code].append(_holder(mine[i % count], kind, dice.pick(covered[code]), ""))
    for place, code in enumerate(DEPARTEMENTS):
        missing = sum(counts[place] for counts in DOSSIERS.values()) - len(found[code])
        size = communes[communes.departement == f"dep-{code}"].groupby("epci").population.sum()
        large = [h for h in pools[code] for _ in range(1 + int(size[h["epci"]] / 12_000) if h["kind"] == "EPCI" else 1)]
        found[code] += [dice.pick(large) for _ in range(missing)]
    return [holder for code in DEPARTEMENTS for holder in dice.mix(found[code])]


def _covered(dice: Dice, communes: pd.DataFrame) -> dict[str, list[str]]:
    """The EPCI with a dossier, by the département of the region where most of their people live."""
    size = communes.groupby(["epci", "departement"]).population.sum()
    main = size.groupby("epci").idxmax().map(lambda at: at[1].removeprefix("dep-"))
    regions = tables.read("epci.csv").set_index("code").regions
    found = {}
    for code, count in COVERED.items():
        mine = dice.mix(sorted(main.index[main == code]))
        mine.sort(key=lambda one: " " not in regions[one])  # those of two régions first: covered whatever the list
        found[code] = mine[:count]
    return found


def _holder(number: int, kind: str, epci: str, commune: str) -> Row:
    siren = f"000{number:06d}"  # no real SIREN starts with 000
    name = f"Porteur inventé n° {number} ({kind})"
    return {"siren": siren, "name": name, "kind": kind, "epci": epci, "commune": commune}


# ------------------------------------------------------------------ one dossier


def _row(dice: Dice, number: int, slot: tuple[str, str, Row], holder: Row) -> Row:
    code, category, lever = slot
    row = dict.fromkeys(COLUMNS, "")
    row |= _applicant(dice, number, code, holder) | _place(dice, code, holder) | _answers(dice, category)
    cost = round(8_000 * 10 ** (2.4 * dice.draw())) if dice.draw() > 0.08 else None
    asked = round(cost * (0.2 + 0.6 * dice.draw()) / 100) * 100 if cost and dice.draw() > 0.1 else None
    theme = (membership.themes_of().get(lever["lever"]) or [""])[0]
    if lever["lever"] == "" and dice.draw() < 0.7:
        theme = dice.pick(("Transport de voyageurs", "Bâtiments", "Espaces naturels", "Déchets"))
    row |= {
        "Intitulé du projet": f"{dice.pick(lever['intitules'].split('|'))} (projet inventé n° {number:04d})",
        "Description du projet": "Exemple inventé : ce dossier ne décrit aucun projet réel.",
        "Thématique": theme,
        LEVER_BEFORE: _label(dice, lever["libelles"].split("|")),
        "Coût total estimé (€)": f"{cost}{dice.pick(('', '', '', '.5', '.37'))}" if cost else "",
        "Financement demandé (€)": f"{asked}" if asked else "",
        "Besoins d'ingénierie": dice.pick(ENGINEERING),
        "Freins potentiels": dice.pick(OBSTACLES),
        "Calendrier prévisionnel": dice.pick(SCHEDULE),
        "Type de porteur": holder["kind"],
        "Le projet est-il inscrit au CRTE ?": dice.pick(("Oui", "Non", "Non", "")),
        "Exemple inventé": "Oui",
    }
    return row


def _applicant(dice: Dice, number: int, code: str, holder: Row) -> Row:
    return {
        "Email": f"demandeur-{number:04d}@example.org",
        "FranceConnect ?": "Non",
        "Établissement SIRET": f"{holder['siren']}00001",
        "Établissement siège social": "Oui",
        "Entreprise SIREN": holder["siren"],
        "Entreprise raison sociale": holder["name"],
        "À archiver": "Non",
        "État du dossier": dice.pick(("En construction", "En instruction", "En instruction", "Accepté")),
        "Instructeurs": f"instruction-{code}@example.org",
        "Personne à contacter": f"Contact inventé n° {number:04d}, contact-{number:04d}@example.org",
        "Téléphone du contact": f"01 99 00 {number // 100:02d} {number % 100:02d}",
    }


def _place(dice: Dice, code: str, holder: Row) -> Row:
    """Where the dossier lies; a commune may leave its EPCI or its département unsaid."""
    departement = f"{code} – {DEPARTEMENTS[code]}"
    said: Row = {"Département du projet": DEPARTEMENTS[code], "Département du projet (Code)": code}
    commune = holder["commune"]
    if holder["kind"] == "EPCI" and dice.draw() < 0.25:
        here = COMMUNES_OF.get((holder["epci"], f"dep-{code}"), [])
        commune = dice.pick(here) if here else ""
    if commune:
        said |= {
            "Commune d'implantation": NAMES[commune],
            "Commune d'implantation (Code INSEE)": commune.removeprefix("com-"),
            "Commune d'implantation (Département)": departement,
        }
    if holder["kind"] != "Commune" or dice.draw() < 0.6:
        said |= {
            "EPCI concerné": NAMES[holder["epci"]],
            "EPCI concerné (Code)": holder["epci"].removeprefix("epci-"),
            "EPCI concerné (Département)": departement,
        }
    if commune and dice.draw() < 0.1:
        said |= {"Département du projet": "", "Département du projet (Code)": ""}
    return said


def _names() -> tuple[dict[str, str], dict[tuple[str, str], list[str]]]:
    communes = tables.read("communes.parquet")
    communes = communes[communes.region == "reg-32"].sort_values("code")
    names = dict(zip(communes.code, communes.name, strict=True))
    epci = tables.read("epci.csv")
    names |= dict(zip(epci.code, epci.name, strict=True))
    return names, communes.groupby(["epci", "departement"]).code.agg(list).to_dict()


NAMES, COMMUNES_OF = _names()


def _answers(dice: Dice, category: str) -> Row:
    """The answers from which the rules of parameters/triage.yml draw the category, which is written nowhere."""
    contributes, other = "Oui", dice.pick(("Oui", "Non", "Non", ""))
    dimension, start = dice.pick(DIMENSIONS), ""
    if category == "remonter":
        maturity = dice.pick(READY)
        if dice.draw() < 0.05:
            maturity = UNRIPE[2]  # a design whose start is dated in the year after the COP
        if maturity == UNRIPE[2] or dice.draw() < 0.6:
            start = f"2025-{1 + dice.below(12):02d}-01"
    elif category == "travailler":
        maturity = dice.pick(UNRIPE)
        if dice.draw() < 0.3:
            start = f"{2026 + dice.below(3)}-{1 + dice.below(12):02d}-01"
    else:
        other = "Oui" if category == "crte" else "Non"
        maturity = dice.pick((*READY, *UNRIPE))
        contributes = "Oui" if dice.draw() < 0.1 else "Non"
        dimension = NO_DIMENSION if contributes == "Oui" else dice.pick((NO_DIMENSION, "", *DIMENSIONS))
    question = "Le projet contribue-t-il aux objectifs de la planification écologique ?"
    return {
        question: contributes,
        "Dimension nouvelle": dimension,
        "Niveau de maturité": maturity,
        "Le projet répond-il à un autre enjeu ?": other,
        "Date de démarrage prévue": start,
    }


def _label(dice: Dice, labels: list[str]) -> str:
    """Most often the first label; else another, or the same with other cases, without accents or with blanks."""
    label, roll = labels[0], dice.draw()
    if roll < 0.15:
        return dice.pick(labels)
    if roll < 0.2:
        return label.upper()
    if roll < 0.25:
        return "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    if roll < 0.28:
        return f"{label.lower()} " if label else ""
    return label


# ------------------------------------------------------------------ the mess of a real export


def _dated(row: Row, number: int) -> Row:
    """The number and dates of a dossier; after the revision of the form the lever stands in another column."""
    filed = date(2024, 5, 15) + timedelta(days=number * 199 // 1279)
    row["ID"] = f"{21_000_000 + number * 37}"
    row["Déposé le"] = f"{filed} {8 + number % 10:02d}:{number % 60:02d}:00"
    row["Dernière mise à jour le"] = row["Dernière mise à jour du dossier le"] = f"{filed + timedelta(days=2)} 09:00:00"
    if row["État du dossier"] != "En construction":
        row["Passé en instruction le"] = f"{filed + timedelta(days=5)} 09:00:00"
    if row["État du dossier"] == "Accepté":
        row["Traité le"] = "2024-12-04 09:00:00"
    if filed >= FORM_CHANGED:
        row[LEVER_AFTER], row[LEVER_BEFORE] = row[LEVER_BEFORE], ""
    return row


def _same_title_twice(rows: list[Row], pairs: int = 8) -> None:
    """Probable duplicates: the same holder gives the same title to two dossiers. Both are counted."""
    ordered = sorted(rows, key=lambda row: (row["Entreprise SIREN"], row["ID"]))
    found = [(a, b) for a, b in pairwise(ordered) if a["Entreprise SIREN"] == b["Entreprise SIREN"]]
    for first, second in found[:: len(found) // pairs][:pairs]:
        second["Intitulé du projet"] = first["Intitulé du projet"]


def _quantities(rows: list[Row]) -> None:
    """A physical quantity in a few dossiers that are ready."""
    used: set[str] = set()
    with (HERE / "vivier_leviers.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["lever"]: row["intitules"].split("|") for row in csv.DictReader(file)}
    for lever, quantity, unit in QUANTITIES:
        fit = (row for row in rows if row["ID"] not in used and row["Niveau de maturité"] in READY)
        row = next(row for row in fit if row["Intitulé du projet"].startswith(tuple(titles[lever])))
        used.add(row["ID"])
        row |= {"Quantité physique attendue": quantity, "Unité de la quantité": unit}


def _again(rows: list[Row], count: int = 6) -> list[Row]:
    """A later export pasted below: the same dossiers, updated since. The most recent is the one to keep."""
    later = []
    for place, row in enumerate(rows[100 : 100 + 40 * count : 40]):
        new = row | {"Dernière mise à jour le": "2024-12-05 10:00:00", "Calendrier prévisionnel": "2025"}
        new |= {
            "Dernière mise à jour du dossier le": "2024-12-05 10:00:00",
            "Coût total estimé (€)": f"{100_000 + place}",
        }
        later.append(new)
    return later


def write(rows: list[Row], file: Path) -> None:
    """The CSV, as the démarche exports it."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write(build(), HERE / "vivier_hauts_de_france.csv")
