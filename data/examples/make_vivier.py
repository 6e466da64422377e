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
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import xlsxwriter
import yaml

from copkit.projects.counting import membership
from copkit.reference import tables

HERE = Path(__file__).parent
SEED = 2024
PLAN = yaml.safe_load((HERE / "vivier.yml").read_text(encoding="utf-8"))
DEPARTEMENTS = PLAN["departements"]
FORM_CHANGED = date(2024, 9, 9)  # the header of the lever changes with the revised form
LEVER_BEFORE, LEVER_AFTER = "Levier de la planification écologique", "Levier principal"
CONTRIBUTES = "Le projet contribue-t-il aux objectifs de la planification écologique ?"
DIMENSIONS = ("Poursuit une action engagée", "Accélère une action engagée", "Massifie une action engagée", "Innove")
NO_DIMENSION = "Aucune"
READY, UNRIPE = ("Prêt à démarrer", "Engagé"), ("Idée", "À initier", "Initié, en conception")
ENGINEERING = ("", "", "Étude de faisabilité", "Assistance à maîtrise d'ouvrage", "Appui juridique", "Animation")
OBSTACLES = ("", "", "Financement à trouver", "Foncier à maîtriser", "Délai d'instruction", "Main-d'œuvre")
SCHEDULE = ("", "2025", "2025-2026", "2026", "2026-2028", "À préciser")
HEADERS = PLAN["colonnes"]
COLUMNS = [header for part in ("demandeur", "etablissement", "suivi", "formulaire") for header in HEADERS[part]]
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
    _criteria(Dice(SEED + 1), rows)  # dice of its own: what is drawn above stays what it is
    return rows + _again(rows)


def _slots(dice: Dice) -> list[tuple[str, str, Row]]:
    """(département, category, row of the lever file) of each dossier, département by département."""
    with (HERE / "vivier_leviers.csv").open(encoding="utf-8", newline="") as file:
        levers = list(csv.DictReader(file))
    slots = []
    for part, categories in (("cop", ("remonter", "travailler")), ("hors_cop", ("crte", "non_remonte"))):
        bag = [lever for lever in levers for _ in range(int(lever[part]))]
        water = dice.mix([lever for lever in bag if lever["lever"] in PLAN["leviers_eau"]])
        others = dice.mix([lever for lever in bag if lever["lever"] not in PLAN["leviers_eau"]])
        kept = {code: [water.pop() for _ in range(n)] for code, n in PLAN["eau"][part].items()}
        others = dice.mix(others)
        for code in sorted(DEPARTEMENTS, key=lambda code: code not in kept):
            if code not in kept and water:  # the rest of the water goes to the other départements
                others, water = dice.mix(others + water), []
            wanted = [category for category in categories for _ in range(PLAN["dossiers"][category][code])]
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
        for commune in chosen[: PLAN["communes_porteuses"][code]]:
            epci_of = here.epci[here.code == commune].iloc[0]
            pools[code].append(_holder(next(numbers), "Commune", epci_of, commune))
    found = {code: list(pool) for code, pool in pools.items()}  # each holder has a dossier at least
    for kind, (count, dossiers) in PLAN["autres_porteurs"].items():
        mine = [next(numbers) for _ in range(count)]
        for i, code in enumerate(code for code, n in dossiers.items() for _ in range(n)):
            found[code].append(_holder(mine[i % count], kind, dice.pick(covered[code]), ""))
    for code in DEPARTEMENTS:
        missing = sum(counts[code] for counts in PLAN["dossiers"].values()) - len(found[code])
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
    for code, count in PLAN["epci_couverts"].items():
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
    return {
        CONTRIBUTES: contributes,
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
    with (HERE / "vivier_leviers.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["lever"]: tuple(row["intitules"].split("|")) for row in csv.DictReader(file)}
    for lever, quantity, unit in PLAN["quantites"]:
        fit = (row for row in _ready(rows) if not row["Quantité physique attendue"])
        row = next(row for row in fit if row["Intitulé du projet"].startswith(titles[lever]))
        row |= {"Quantité physique attendue": quantity, "Unité de la quantité": unit}


def _ready(rows: list[Row]) -> list[Row]:
    """The dossiers that can start and that go up."""
    ready = [row for row in rows if row["Niveau de maturité"] in READY and row[CONTRIBUTES] == "Oui"]
    return [row for row in ready if row["Dimension nouvelle"] != NO_DIMENSION]


def _criteria(dice: Dice, rows: list[Row]) -> None:
    """What the three criteria of the roadmap ask for; one dossier in five leaves it blank."""
    for row in rows:
        said = dice.draw() < 0.8
        steps = dice.pick((3, 6, 9, 12, 18, 24))
        answers = {
            "Thème prioritaire": dice.pick((f"{row['Thématique']} (thème inventé)", "Aucun"))
            if row["Thématique"]
            else "",
            "Le projet est-il contraire aux cibles des leviers ?": "Non",
            "Effet significatif à l'échelle du levier": dice.pick(("Oui", "Oui", "Non")),
            "Réplicable ailleurs sur le territoire": dice.pick(("Oui", "Non")),
            "Un maître d'ouvrage est-il identifié ?": dice.pick(("Oui", "Oui", "Oui", "Non")),
            "Parties prenantes mobilisées": dice.pick(("Partenaire inventé", "Partenaire inventé", "Aucune")),
            "Prochaines étapes": "Étude à lancer (inventé)",
            "Échéance des prochaines étapes (mois)": str(steps),
        }
        row |= answers if said else dict.fromkeys(answers, "")


def _again(rows: list[Row], count: int = 6) -> list[Row]:
    """A later export pasted below: the same dossiers, riper and updated since. The most recent is the one to keep."""
    later = []
    for place, row in enumerate(
        [row for row in rows if row["Niveau de maturité"] == READY[0]][20 : 20 + 40 * count : 40]
    ):
        new = row | {"Dernière mise à jour le": "2024-12-05 10:00:00", "Calendrier prévisionnel": "2025"}
        new |= {
            "Dernière mise à jour du dossier le": "2024-12-05 10:00:00",
            "Coût total estimé (€)": f"{100_000 + place}",
        }
        later.append(new)
        row |= {"Niveau de maturité": UNRIPE[1], "Date de démarrage prévue": ""}
    return later


def write(rows: list[Row], file: Path) -> None:
    """The CSV, as the démarche exports it."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_workbook(rows: list[Row], file: Path) -> None:
    """The workbook of the same export: the SIRET is in another sheet, and a few opinions in a third."""
    dossiers = [one for one in COLUMNS if one not in HEADERS["etablissement"] or one == "Entreprise raison sociale"]
    company = ["Établissement SIRET", "Établissement siège social", "Entreprise SIREN", "Entreprise raison sociale"]
    once = {row["ID"]: row for row in rows}.values()
    opinion = ("Exemple inventé", "Avis inventé.", "Le projet est-il opportun ?")
    rest = ("2024-10-01", "2024-10-15", "instruction@example.org", "expert@example.org")
    sheets = {
        "Dossiers": [dossiers, *([row[one] for one in dossiers] for row in rows)],
        "Etablissements": [
            ["Dossier ID", "Champ", *company],
            *([row["ID"], "Dossier", *(row[one] for one in company)] for row in once),
        ],
        "Avis": [
            HEADERS["avis"],
            *((row["ID"], *opinion, ("Oui", "Non", "Oui")[n % 3], *rest) for n, row in enumerate(rows[::32])),
        ],
    }
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2024, 12, 6), "comments": "Exemple inventé."})
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for n, cells in enumerate(lines):
                for place, cell in enumerate(cells):
                    if cell:
                        sheet.write(n, place, _typed(lines[0][place], cell))


def _typed(header: str, cell: str) -> str | float:
    """Amounts and quantities are numbers in a workbook; every other cell is text."""
    number = header in ("Coût total estimé (€)", "Financement demandé (€)", "Quantité physique attendue")
    return float(cell) if number and cell != header else cell


if __name__ == "__main__":
    made = build()
    write(made, HERE / "vivier_hauts_de_france.csv")
    write_workbook(made, HERE / "vivier_hauts_de_france.xlsx")
