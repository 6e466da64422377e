"""The balance: the four categories by territory; the dossiers by thématique and by theme."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts, theme
from copkit.presentation.document import Section
from copkit.presentation.projects.counts import listed
from copkit.presentation.projects.document import HERE, caption, counted, words
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.projects.counting import balance as model
from copkit.projects.counting import membership
from copkit.projects.selection import Vivier
from copkit.reference import territories

alt = lazy_loader.load("altair")
SHADES = (theme.HIGHLIGHT, "#8c9bc9", "#d5dbed", theme.WHITE)  # from the best category; each darker than the next
BALANCE = Section("bilan", 40)


@BALANCE.sentence()
def balance(v: Vivier) -> Text:
    """Le bilan en une phrase : dossiers, catégories."""
    whole, said = _counts(v)
    verb = "remplace" if v.decided == 1 else "remplacent"
    decided = f" {french.plural(v.decided, 'décision')} d'analyste {verb} la réponse de la règle." if v.decided else ""
    return Text("**{}** : {}.{} La catégorie vient de règles lues dans l'ordre.", whole, french.join(said), decided)


def message(v: Vivier) -> Text:
    """How many projects there are, and how many are in the best category."""
    whole, (best, *_) = _counts(v)
    return Text("**{}**, dont {}.", whole, best)


def _counts(v: Vivier) -> tuple[str, list[str]]:
    """How many projects, and how many in each category."""
    column = v.territory if v.level == "departement" else model.TOTAL
    rows = zip(v.categories.label[:-1], v.categories[column][:-1], v.shares[column][:-1], strict=True)
    said = [f"{french.number(n, 0)} « {label} » ({french.percent(share, 1)})" for label, n, share in rows]
    return french.plural(len(v.counted), "dossier distinct", "dossiers distincts"), said


@BALANCE.chart()
def categories(v: Vivier) -> alt.LayerChart:
    """Part de chaque catégorie dans les dossiers, en tout puis par département, du plus au moins prêt. [%]"""
    counts, shares = v.categories, v.shares
    whole, best = counts.iloc[-1], shares.iloc[0]
    parts = [c for c in counts.columns[2:] if c != model.TOTAL and whole[c]]
    ordered = [model.TOTAL, *sorted(parts, key=lambda c: (-best[c], c))]
    stack = charts.Stack(
        [f"{column_name(v, c)} ({french.number(whole[c], 0)})" for c in ordered],
        list(shares.label[:-1]),
        [list(shares[c][:-1]) for c in ordered],
        SHADES[: len(shares) - 1],
    )
    here = v.territory if v.level == "departement" else ""
    first = here or ordered[1]
    title = f"{column_name(v, first, mark=False)} : {french.percent(best[first], 0)} des dossiers {lower(best.label)}"
    if len(ordered) > 2 or here:
        where = "en France" if v.territory == "fr" else "en région"
        title += f", contre {french.percent(best[model.TOTAL], 0)} {where}"
    made = words(
        v,
        title if best[model.TOTAL] else _main(shares),
        "% des dossiers ; entre parenthèses : leur nombre",
        f"Parts des catégories. {stack.said()}",
        "De gauche à droite, dans l'ordre de la légende",
    )
    return stack.chart("part des dossiers (%)", made)


def _main(shares: pd.DataFrame) -> str:
    """The largest category, when no project is in the best."""
    top = shares.iloc[shares[model.TOTAL][:-1].astype(float).argmax()]
    return f"{french.percent(top[model.TOTAL], 0)} des dossiers {lower(top.label)}"


def column_name(v: Vivier, code: str, *, mark: bool = True) -> str:
    """The name of a column of the balance."""
    if code == model.TOTAL:
        return territories.name(v.whole)
    if not code.startswith(("reg-", "dep-")):  # a collectivité that is not one of the 18 régions, or no place
        inside = code in (membership.BLANK, territories.name(territories.region_of(v.territory)))
        return "Lieu non précisé" if inside else code
    name = territories.name(code)
    return f"{HERE} {name}" if mark and v.level == "departement" and code == v.territory else name


@BALANCE.table("bilan", sheet="Bilan", rank=10)
def _balance(v: Vivier) -> Table:
    return _crossed(v, v.categories, "Nombre de dossiers par catégorie", 0)


@BALANCE.table("parts", sheet="Parts", rank=20)
def _shares(v: Vivier) -> Table:
    return _crossed(v, v.shares, "Part de chaque catégorie (% de la colonne)", 1)


def _crossed(v: Vivier, found: pd.DataFrame, text: str, decimals: int) -> Table:
    total = "Total" if v.level != "departement" else column_name(v, model.TOTAL)
    columns = {"Catégorie": [*found.label[:-1], "Ensemble"]}
    columns |= {total if c == model.TOTAL else column_name(v, c): (found[c], decimals) for c in found.columns[2:]}
    return Table.of(caption(v, text), columns)


THEMATIQUES = Section("thematiques", 50, "Par thématique")


@THEMATIQUES.chart()
def thematiques(v: Vivier) -> alt.LayerChart:
    """Dossiers par thématique, toutes catégories. [nombre de dossiers]"""
    found = v.by("thematique")
    found = found[found.thematique != model.TOTAL]
    is_known = found.thematique.isin(list(theme.THEMATIQUES))
    known = found[is_known].sort_values("projects", ascending=False, kind="stable")
    found = pd.concat([known, found[~is_known]])
    drawn = counted(found).assign(fill=[theme.THEMATIQUES.get(one, theme.MUTED) for one in found.thematique])
    (a, b), (first, second) = known.label[:2], (french.percent(share, 0) for share in known.share[:2])
    made = words(
        v,
        f"« {a} » : {first} des dossiers" + (f" ; « {b} » : {second}" if known.projects.iloc[1] else ""),
        "nombre de dossiers, toutes catégories ; entre parenthèses : part des dossiers",
        f"Dossiers par thématique : {charts.said(drawn)}.",
    )
    domain, fill = [0, 1.28 * max(float(drawn.projects.max()), 1)], alt.Color("fill:N", scale=None)
    more = {"domain": domain, "colour": fill, "axis": charts.whole(), "step": 34}
    return charts.bars(drawn, "projects", "nombre de dossiers", made, **more)


@THEMATIQUES.table("thematiques", sheet="Thématiques", rank=30)
def _thematiques(v: Vivier) -> Table:
    return listed(v.by("thematique"), "Thématique", caption(v, "Dossiers par thématique"), v.labels)


@THEMATIQUES.table("themes", sheet="Thèmes", rank=40)
def _themes(v: Vivier) -> Table:
    parts = v.themes()
    whole = next(iter(parts.values())).set_index("theme")
    columns = {"Thème": whole.label, "Dossiers": (whole.projects, 0)}
    for name, part in parts.items():
        columns[f"{name} (%)"] = (part.set_index("theme").share.reindex(whole.index, fill_value=0.0), 1)
    return Table.of(caption(v, "Part de chaque thème de la matrice des 43 leviers"), columns)
