"""The priorities: the list, what they say of effects, sensitivity, level, budget and obstacles."""

from __future__ import annotations

from datetime import date

import lazy_loader
import pandas as pd

from copkit import french
from copkit.adaptation.priorities import LEVER, PRIORITIES, RECORD
from copkit.adaptation.recensement import Recensement
from copkit.intake import gazetteer
from copkit.models import nomenclatures
from copkit.presentation import charts
from copkit.presentation.adaptation.document import caption, words
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower

alt = lazy_loader.load("altair")
LIST, EFFECTS, LEVELS = Section("priorites", 60), Section("effets", 70), Section("niveaux", 80)
OBSTACLES = Section("freins", 90)
UNSAID = "non dit"


def place(row) -> str:
    """Where a priority is: its département, or the whole of its région."""
    if row.departement:
        return gazetteer.name(row.departement)
    return f"{gazetteer.name(row.region)} (toute la région)" if row.region else UNSAID


def day(due: str) -> str:
    """When a priority ends; empty when it does not say."""
    return french.short_date(date.fromisoformat(due)) if due else ""


@LIST.table("priorites", sheet="Priorités", rank=10)
def _list(r: Recensement) -> Table:
    found, known = r.priorities, nomenclatures.adaptation_labels()
    columns = {
        "Priorité": found.title,
        "Territoire": [place(row) for row in found.itertuples()],
        "Levier": [known.get(one, UNSAID) for one in found[LEVER]],
        "Niveau": found.priority.replace("", UNSAID),
        "Budget (€)": (found.budget, 0),
        "Échéance": [day(one) or UNSAID for one in found.due],
    }
    return Table.of(caption(r, "Priorités d'adaptation recensées"), columns)


@LIST.table("recensement", sheet="Recensement", rank=15, page=False)
def _record(r: Recensement) -> Table:
    found, known, columns = r.priorities, nomenclatures.adaptation_labels(), {}
    for name in r.shown:
        cells = found[name]
        if name in ("region", "departement"):
            cells = [gazetteer.name(one) if one else "" for one in cells]
        columns[RECORD[name].label] = [known.get(one, "") for one in cells] if name == LEVER else cells
    columns[RECORD["budget"].label] = (found.budget, 0)
    columns[RECORD["due"].label] = list(map(day, found.due))
    return Table.of(caption(r, "Le recensement, colonne par colonne"), columns)


@LIST.sentence()
def around(r: Recensement) -> Text:
    """Où sont les priorités, celles de toute la région, et ce que les fiches ne disent pas."""
    lines = []
    if len(r.places) > 1:
        there = [one for one in r.places.itertuples() if one.priorities]
        said = [f"{one.name if one.code else lower(one.name)} ({one.priorities})" for one in there]
        none = [one.name for one in r.places.itertuples() if not one.priorities]
        lines.append(Text("**Où** : {}{}.", french.join(said), f" ; aucune dans {french.join(none)}" if none else ""))
    if len(r.regional):
        lines.append(
            Text("**{} de toute la région** concernent aussi ce territoire.",
                 french.plural(len(r.regional), *PRIORITIES.noun))
        )  # fmt: skip
    lacking = r.filled[(r.filled.missing > 0) & ~r.filled.name.isin(["title", "region", "departement"])]
    lacking = lacking.sort_values("missing", ascending=False, kind="stable")
    if len(lacking):
        said = [f"{one.label.lower()} ({one.missing})" for one in lacking.itertuples()]
        lines.append(Text("**À renseigner**, en nombre de fiches : {}.", " ; ".join(said)))
    return Text.bullets(lines)


@EFFECTS.chart(name="adaptation_effects")
def effects(r: Recensement) -> alt.LayerChart | Note:
    """Priorités par effet du changement climatique, avec leur budget connu. [nombre]"""
    found = r.by("effect")
    drawn = pd.DataFrame(
        {
            "label": found.effect.replace("", "Effet non dit").to_numpy(),
            "priorities": found.priorities.astype("float64").to_numpy(),
            "written": [
                french.plural(one.priorities, *PRIORITIES.noun)
                + (f" · {french.euros(one.budget)}" if one.known else " · budget inconnu")
                for one in found.itertuples()
            ],
        }
    )
    best = drawn.iloc[0]
    title = f"{best.label} : {french.plural(int(best.priorities), *PRIORITIES.noun)} sur {len(r.priorities)}"
    unit = "priorités, et budget de celles qui le disent"
    made = words(r, title, unit, f"Priorités par effet : {charts.said(drawn)}.")
    domain = [0, 1.6 * float(drawn.priorities.max())]
    return charts.bars(drawn, "priorities", "priorités", made, axis=charts.whole(), domain=domain)


@EFFECTS.table("effets", sheet="Effets et sensibilités", rank=50)
def _effects(r: Recensement) -> Table:
    found = r.by("effect", "sensitivity").sort_values("effect", kind="stable")
    columns = {
        "Effet du changement climatique": found.effect.replace("", UNSAID),
        "Sensibilité": found.sensitivity.replace("", UNSAID),
    }
    return Table.of(caption(r, "Priorités par effet et par sensibilité, tels qu'ils sont écrits"),
                    columns | _counts(found))  # fmt: skip


@LEVELS.table("niveaux", sheet="Niveaux et budgets", rank=60)
def _levels(r: Recensement) -> Table:
    found = r.by("priority")
    columns = {"Niveau de priorité": found.priority.replace("", UNSAID)}
    whole = {"Niveau de priorité": "Ensemble", "Priorités": int(found.priorities.sum())}
    whole |= {"Dont budget connu": int(found.known.sum()), "Budget connu (€)": float(found.budget.sum(min_count=1))}
    made = Table.of(caption(r, "Priorités et budgets déclarés, par niveau"), columns | _counts(found))
    return Table(made.data, made.caption, made.formats, totals=(whole,))


def _counts(found: pd.DataFrame) -> dict[str, object]:
    return {
        "Priorités": (found.priorities, 0),
        "Leviers": (found.levers, 0),
        "Dont budget connu": (found.known, 0),
        "Budget connu (€)": (found.budget, 0),
    }


@LEVELS.sentence()
def budget(r: Recensement) -> Text:
    """Le budget déclaré, celui qui manque, les échéances."""
    known = r.priorities.budget.dropna()
    lines = [
        Text("**Budget déclaré** : {} pour {} sur {}.", french.euros(float(known.sum())),
             french.plural(len(known), *PRIORITIES.noun), len(r.priorities))
        if len(known)
        else Text("**Budget déclaré** : aucune priorité ne le dit.")
    ]  # fmt: skip
    years = r.priorities.due[r.priorities.due != ""].str[:4].value_counts().sort_index()
    if len(years):
        said = french.join(f"{n} en {year}" for year, n in years.items())
        without = len(r.priorities) - int(years.sum())
        lines.append(Text("**Échéances** : {}{}.", said, f" ; {without} sans date" if without else ""))
    return Text.bullets(lines)


@OBSTACLES.table("freins", sheet="Freins", rank=70, private=True)
def _obstacles(r: Recensement) -> Table | Note:
    found = r.obstacles
    return Table.or_note(
        "Aucune priorité ne dit de frein à lever.",
        caption(r, f"Freins à lever : {french.plural(len(found), *PRIORITIES.noun)} sur {len(r.priorities)} en disent"),
        {
            "Priorité": found.title,
            "Remontées régionales": found.regional_obstacles.replace("", UNSAID),
            "Remontées nationales": found.national_obstacles.replace("", UNSAID),
        },
    )
