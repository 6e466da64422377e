"""The action sheets, one after the other: the fourteen fields, the three criteria, the effect; to be printed."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import gazetteer, levers
from copkit.presentation.document import Section, Shown
from copkit.presentation.roadmap.about import INVENTED
from copkit.presentation.roadmap.document import NOUN, caption
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.projects.sorting.criteria import CRITERIA
from copkit.roadmap.actions import FIELDS, SHEET
from copkit.roadmap.assessment import STANDINGS
from copkit.roadmap.plan import Roadmap

SHEETS = Section("fiches", 120)


@SHEETS.sentence(always=True)
def heading(r: Roadmap) -> Text:
    """Le territoire, et combien de fiches."""
    lines = [
        Text("# {}\n\nFiches action de la COP", r.name),
        INVENTED if r.invented else "",
        Text("**{}**, dont {}.", french.plural(len(r.actions), "fiche"), french.plural(len(r.retained), *NOUN)),
    ]
    return Text.joined(lines)


def sheet(r: Roadmap, action: dict) -> Table:
    """One sheet: what each of its fields says, and what is still to be said."""
    rows = [("Territoire", gazetteer.name(action["territory"]) if action["territory"] else "à renseigner")]
    rows += [(label, _said(action, names)) for label, names in SHEET.items() if label != "Intitulé"]
    rows += [("Attendu dans un an", action["expected"] or "à renseigner"), ("Effet", _effect(action))]
    rows += [(label, action[f"{key}_reason"]) for key, label in CRITERIA.items()]
    rows.append(("Feuille de route", f"{french.capital(STANDINGS[action['standing_kept']])}. {action['why']}"))
    fields, said = zip(*rows, strict=True)
    return Table.of(caption(r, f"Fiche {action['action_id']}"), {"Champ": list(fields), "Ce qui est dit": list(said)})


def _said(action: dict, names: tuple[str, ...]) -> str:
    """What a field of the sheet says, with what completes it."""
    said = [_written(name, action[name]) for name in names]
    return " ".join(filter(None, said)) or "à renseigner"


def _written(name: str, value: object) -> str:
    one = FIELDS[name]
    if isinstance(value, float):
        if pd.isna(value):
            return ""
        return f"{french.number(value, 0)}\u00a0€" if one.kind == "money" else f"(d'ici {french.number(value, 0)} mois)"
    if not value:
        return ""
    if name == "lever":
        return levers.said(value)
    if one.kind == "yes_no":
        return "(accordé)" if value == "oui" else "(non accordé)"
    return french.capital(one.options.get(value, value)) if one.kind == "choice" else str(value)


def _effect(action: dict) -> str:
    """The ktCO2e/an of its quantity, and the share of the target of its lever."""
    if pd.isna(action["kt"]):
        return f"non chiffré ({action['effect']})"
    quantity = f"{french.quantity(action['quantity'])} {action['quantity_unit']}"
    share = (
        f", {french.significant(100 * action['target_share'])} % de l'objectif du levier"
        if action["target_share"] == action["target_share"]
        else ""
    )
    left = (
        f", {french.significant(100 * action['left_share'])} % de ce qui reste à faire"
        if action["left_share"] == action["left_share"]
        else ""
    )
    return f"{quantity}, soit {french.significant(action['kt'])} ktCO2e/an à l'ordre 1{share}{left}"


@SHEETS.sentence()
def sheets(r: Roadmap) -> Shown:
    """Les fiches des actions, les retenues d'abord, une table chacune."""
    parts = []
    for action in pd.concat([r.retained, r.apart]).to_dict("records"):
        parts += [Text("## {}", action["title"]), sheet(r, action)]
    return Shown(tuple(parts))
