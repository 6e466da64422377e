"""Make the invented themes and actions of Hauts-de-France: ``python data/examples/make_actions.py``.

Everything is invented but four titles of themes, which the source gives as examples. Territories are real codes of
data/clean: what is written beside one says nothing of it. The seed makes the files the same at each run.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import yaml

from copkit import french, journal
from copkit.intake.workbook.form import Form
from copkit.models import nomenclatures
from copkit.models.panorama import panorama
from copkit.models.scenario import simulate
from copkit.models.scenario_file import to_json
from copkit.reference import units
from copkit.roadmap import actions, themes

HERE = Path(__file__).parent
PLAN = yaml.safe_load((HERE / "actions.yml").read_text(encoding="utf-8"))
SEED, REGION = 2025, "reg-32"
THEMES, ACTIONS = HERE / "themes_hauts_de_france.csv", HERE / "actions_hauts_de_france.csv"
OBJECTIVES = HERE / "objectifs_hauts_de_france.json"
NEXT, NEXT_YEAR = HERE / "actions_hauts_de_france_annee_suivante.csv", PLAN["annee_suivante"]
PROJECTS, EXTRACT, NEXT_EXTRACT = (
    HERE / f"vivier_{name}.csv" for name in ("hauts_de_france", "extrait", "extrait_annee_suivante")
)
JOURNAL, ISSUES = HERE / "journal_hauts_de_france.csv", HERE / "sujets_hauts_de_france.csv"
CONTRIBUTES = "Le projet contribue-t-il aux objectifs de la planification écologique ?"
HOLDERS = {"reg": "Région inventée", "dep": "Département inventé"}
PARTNERS = (
    "Chambre consulaire inventée", "Entreprise inventée", "Association inventée", "EPCI inventé", "Bailleur inventé",
)  # fmt: skip
FUNDING = ("Fonds vert (inventé)", "Programme européen (inventé)", "Fonds régional (inventé)", "Prêt (inventé)")
ENGINEERING = ("", "Étude de faisabilité", "Assistance à maîtrise d'ouvrage", "Animation")
MATURITY = ("à initier", "initié, en conception", "initié, en conception", "prêt à démarrer")
DIMENSION = ("accélère une action engagée", "massifie une action engagée", "innove")
OBSTACLES = ("", "", "", "Foncier à maîtriser (inventé)", "", "", "", "", "", "Délai d'instruction (inventé)")
SCHEDULE = ("2026-2027", "2026-2028", "2026-2030")
CONTRACT = ("crte", "crte", "crst", "")
FIELDS = {  # what a row of actions.yml may impose → field
    "levier": "lever", "theme": "theme", "mois": "next_steps_months", "quantite": "quantity", "unite": "quantity_unit",
    "contraire": "contrary", "raison": "contrary_reason", "effet": "impact", "repliquable": "replicable",
    "dimension": "dimension", "maturite": "maturity", "partenaires": "partners",
    "cout": "cost", "titre": "title", "ou": "territory",
}  # fmt: skip
EVERY = 32  # one dossier of the vivier in as many
DOSSIER = {  # what the extract says of each
    "ID": "ID", "intitule": "Intitulé du projet", "commune": "Commune d'implantation (Code INSEE)",
    "departement": "Département du projet", "levier": "Levier de la planification écologique",
    "principal": "Levier principal", "contribue": CONTRIBUTES, "dimension": "Dimension nouvelle",
    "maturite": "Niveau de maturité", "enjeu": "Le projet répond-il à un autre enjeu ?",
    "porteur": "Type de porteur", "crte": "Le projet est-il inscrit au CRTE ?", "invente": "Exemple inventé",
}  # fmt: skip


def headers(form: Form) -> dict[str, str]:
    """Field → header of its column in the workbook that is filled in."""
    return {column.name: column.field.label for column in form.columns}


def written_themes() -> list[dict[str, str]]:
    """The themes that are kept, five a working group."""
    groups, names = {one.id: one.label for one in themes.rules().groups.items}, nomenclatures.cop_labels()
    label = {name: one.label for name, one in themes.FIELDS.items()}
    rows = []
    for number, one in PLAN["themes"].items():
        why = "Thème que la source donne en exemple ; retenu ici pour l'exemple." if one.get("source") else "Inventé."
        row = {
            "theme_id": number,
            "group": groups[one["groupe"]],
            "keep": "oui",
            "title": one["titre"],
            "levers": " ; ".join(names[lever] for lever in one["leviers"]),
            "kind": themes.KINDS[one["sorte"]],
            "level": "région",
            "key": "oui",
            "concrete": "oui",
            "why": why,
        }
        rows.append({label[name]: cell for name, cell in row.items()} | {"Exemple inventé": "oui"})
    return rows


def written_actions() -> list[dict[str, str]]:
    """The actions, those that show a case of the rules among them."""
    draw = random.Random(SEED).random  # no version of Python changes what it draws

    def pick(items):
        return items[int(draw() * len(items))]

    labels = headers(actions.WORKBOOK.form(REGION))
    del labels["action_id"]
    rows = []
    for number, one in enumerate(PLAN["actions"], 1):
        title = f"{one['titre']} (inventé)"
        row = {"title": title} if one.get("vide") else _row(one, title, number, pick)
        rows.append({"Action": f"A{number}"} | {label: row.get(name, "") for name, label in labels.items()})
    return [row | {"Exemple inventé": "oui"} for row in rows]


def _row(one: dict, title: str, number: int, pick) -> dict[str, str]:
    theme = PLAN["themes"].get(one["theme"], {}).get("titre", "")
    granted, helped = pick(("oui", "non", "non", "")), pick(ENGINEERING)
    row = {
        "territory": one["ou"],
        "lever": nomenclatures.cop_labels()[one["levier"]],
        "title": title,
        "description": "Exemple inventé : cette fiche ne décrit aucune action réelle.",
        "theme": theme,
        "holder": f"{HOLDERS[one['ou'][:3]]} n° {number}",
        "owner_known": "oui",
        "partners": f"{pick(PARTNERS)} n° {number}",
        "dimension": pick(DIMENSION),
        "maturity": pick(MATURITY),
        "impact": "oui",
        "replicable": pick(("oui", "oui", "non")),
        "contrary": "non",
        "cost": str(one["cout"]),
        "schedule": pick(SCHEDULE),
        "funding": pick(FUNDING),
        "funding_granted": granted,
        "engineering": helped,
        "engineering_granted": pick(("oui", "non")) if helped else "",
        "obstacles": OBSTACLES[number % len(OBSTACLES)],
        "next_steps": "Réunir les acteurs, choisir un site, lancer l'étude (inventé).",
        "next_steps_months": str(pick((3, 6, 9, 12))),
        "indicators": "Avancement de la quantité (inventé)"
        if "part" in one
        else pick(("", "Nombre de sites (inventé)")),
        "expected": pick(("Étude rendue (inventé)", "Marché passé (inventé)", "Convention signée (inventé)")),
        "vehicle": pick(CONTRACT),
    } | _quantity(one)
    row |= {FIELDS[name]: str(cell) for name, cell in one.get("champs", {}).items()}
    return row | {FIELDS[name]: "" for name in one.get("prive", [])}


def _quantity(one: dict) -> dict[str, str]:
    """The quantity that is worth a share of the target of the lever, in its unit, with two significant digits."""
    if "part" not in one:
        return {}
    lever = panorama(REGION).sel(lever=one["levier"])
    quantity = abs(float(lever.target) * one["part"] / 1000 * float(lever.quantity_per_kt))
    return {
        "quantity": french.number(float(f"{quantity:.2g}"), 6).rstrip("0").rstrip(","),
        "quantity_unit": units.label(str(lever.unit.values)),
    }


def next_year() -> list[dict[str, str]]:
    """The actions a year later: where each stands, what changed in its sheet, those that came."""
    label, rows = headers(actions.WORKBOOK.form(REGION)), {int(row["Action"][1:]): row for row in written_actions()}
    for state, numbers in NEXT_YEAR["avancement"].items():
        for number in numbers:
            rows[number][label["progress"]] = state
    for number, changes in (NEXT_YEAR["change"] | NEXT_YEAR["reecrites"]).items():
        rows[number] |= {label[FIELDS[name]]: cell for name, cell in changes.items()}
    for number, other in NEXT_YEAR["autre_numero"].items():
        rows[number]["Action"] = other
    for number in NEXT_YEAR["disparues"]:
        del rows[number]
    draw, first = random.Random(SEED + 1).random, len(PLAN["actions"]) + 1

    def pick(items):
        return items[int(draw() * len(items))]

    for number, one in enumerate(NEXT_YEAR["nouvelles"], first):
        row = _row(one, f"{one['titre']} (inventé)", number, pick)
        row |= {"impact": "oui", "replicable": "oui"}
        cells = {head: row.get(name, "") for name, head in label.items() if name != "action_id"}
        rows[number] = {"Action": f"A{number}"} | cells | {"Exemple inventé": "oui"}
    return list(rows.values())


def extract() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """A part of the invented vivier, and the same a year later."""
    with PROJECTS.open(encoding="utf-8", newline="") as file:
        every = [{head: row[head] for head in DOSSIER.values()} for row in csv.DictReader(file)]
    for row in every:  # the revised form has the lever in another column
        row[DOSSIER["levier"]] = row[DOSSIER["levier"]] or row[DOSSIER["principal"]]
        del row[DOSSIER["principal"]]
    planned, kept = NEXT_YEAR["vivier"], every[::EVERY]
    changed = [
        row | {DOSSIER[name]: cell for name, cell in planned["change"].get(row["ID"], {}).items()}
        for row in kept
        if row["ID"] not in planned["partis"]
    ]
    return kept, changed + every[EVERY // 2 :: EVERY][: planned["arrives"]]


def decided() -> list[dict[str, str]]:
    """A journal: decisions on dossiers, an action, a lever; one revokes another."""
    names = ("objet", "identifiant", "décision", "date", "raison")
    rows = []
    for number, one in enumerate(NEXT_YEAR["journal"], 1):
        row = dict(zip(names, one, strict=False)) | {"numéro": str(number), "auteur": "Comité de pilotage inventé"}
        row["révoque"] = str(one[len(names)]) if len(one) > len(names) else ""
        rows.append({head: row[head] for head in journal.HEADERS.values()})
    return rows


def issues() -> list[dict[str, str]]:
    """What the first edition left: enjeux that it did not take up."""
    return [
        {"Sorte": "enjeu", "Identifiant": "", "Sujet": one["sujet"], "Pourquoi": one["pourquoi"],
         "Depuis": str(one["depuis"]), "Repris par": one.get("repris", ""), "Exemple inventé": "oui"}
        for one in NEXT_YEAR["sujets"]
    ]  # fmt: skip


def retained() -> str:
    """The objectives that are retained: some levers do less, others more; each says why, but for one."""
    p, retained = panorama(REGION), PLAN["objectifs"]
    targets = {lever: float(p.target.sel(lever=lever)) + one["ecart"] for lever, one in retained.items()}
    why = {lever: {"texte": one["pourquoi"], "source": one["source"]} for lever, one in retained.items()}
    return to_json(simulate(p, targets, justifications=why))


def write(rows: list[dict[str, str]], file: Path) -> None:
    """The rows as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write(written_themes(), THEMES)
    write(written_actions(), ACTIONS)
    write(next_year(), NEXT)
    for rows, file in zip(extract(), (EXTRACT, NEXT_EXTRACT), strict=True):
        write(rows, file)
    write(decided(), JOURNAL)
    write(issues(), ISSUES)
    OBJECTIVES.write_text(retained() + "\n", encoding="utf-8")
