"""The charts of a vivier: one function per chart, a finding in each title, « exemple inventé » when it is one.

A chart reads without colour: its values are written on it, in a stated order, and its table follows it.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from copkit import french
from copkit.presentation import labels, theme
from copkit.presentation.projects.caption import nothing, words
from copkit.presentation.projects.maps import departements
from copkit.presentation.projects.stack import Stack
from copkit.presentation.projects.tiles import NONE, epci
from copkit.presentation.territory.analyses import Note
from copkit.presentation.territory.charts import WIDTH, _values
from copkit.projects.counting import balance, membership
from copkit.projects.fields import NO, YES
from copkit.projects.triage import criteria
from copkit.projects.vivier import Vivier
from copkit.reference import territories

__all__ = ["categories", "coverage", "departements", "epci", "inclusion", "levers", "targets", "thematiques"]

SHADES = (theme.HIGHLIGHT, "#8c9bc9", "#d5dbed", "#ffffff")  # from the best category; each darker than the next
ANSWERS = {YES: "rempli", NO: "non rempli", criteria.UNSAID: "à préciser"}
SHOWN = 15  # levers of the panorama beside their projects
HERE = "→"


def categories(v: Vivier) -> alt.LayerChart | Note:
    """Part de chaque catégorie dans les dossiers, en tout puis par département, du plus au moins prêt. [%]"""
    if v.empty:
        return nothing(v)
    counts, shares = v.categories, v.shares
    whole, best = counts.iloc[-1], shares.iloc[0]
    parts = [c for c in counts.columns[2:] if c != balance.TOTAL and whole[c]]
    ordered = [balance.TOTAL, *sorted(parts, key=lambda c: (-best[c], c))]
    stack = Stack(
        [f"{column_name(v, c)} ({french.number(whole[c], 0)})" for c in ordered],
        list(shares.label[:-1]),
        [list(shares[c][:-1]) for c in ordered],
        SHADES[: len(shares) - 1],
    )
    here = v.territory if v.level == "departement" else ""
    first = here or ordered[1]
    of_all = f"{french.percent(best[balance.TOTAL], 0)} {'en France' if v.territory == 'fr' else 'en région'}"
    title = f"{column_name(v, first, mark=False)} : {french.percent(best[first], 0)} des dossiers {lower(best.label)}"
    made = words(
        v,
        _main(shares)
        if not best[balance.TOTAL]
        else f"{title}, contre {of_all}"
        if len(ordered) > 2 or here
        else title,
        "% des dossiers ; entre parenthèses : leur nombre",
        f"Parts des catégories. {stack.said()}",
        "De gauche à droite, dans l'ordre de la légende",
    )
    return stack.chart(**made)


def _main(shares: pd.DataFrame) -> str:
    """The largest category, when no project is in the best."""
    top = shares.iloc[shares[balance.TOTAL][:-1].astype(float).argmax()]
    return f"{french.percent(top[balance.TOTAL], 0)} des dossiers {lower(top.label)}"


def column_name(v: Vivier, code: str, *, mark: bool = True) -> str:
    """The name of a column of the balance."""
    if code == balance.TOTAL:
        return territories.name("fr" if v.territory == "fr" else territories.region_of(v.territory))
    if not code.startswith(("reg-", "dep-")):  # a collectivité that is not one of the 18 régions, or no place
        inside = code in (membership.BLANK, territories.name(territories.region_of(v.territory)))
        return "Lieu non précisé" if inside else code
    name = territories.name(code)
    return f"{HERE} {name}" if mark and v.level == "departement" and code == v.territory else name


def lower(label: str) -> str:
    """A label inside a sentence."""
    return label[0].lower() + label[1:]


def thematiques(v: Vivier) -> alt.LayerChart | Note:
    """Dossiers par thématique, toutes catégories. [nombre de dossiers]"""
    if v.empty:
        return nothing(v)
    table = v.thematiques[v.thematiques.thematique != balance.TOTAL]
    is_known = table.thematique.isin(list(theme.THEMATIQUES))
    known = table[is_known].sort_values("projects", ascending=False, kind="stable")
    table = pd.concat([known, table[~is_known]])
    drawn = pd.DataFrame(
        {
            "label": [french.typeset(one) for one in table.label],
            "projects": table.projects.to_numpy(),
            "fill": [theme.THEMATIQUES.get(one, theme.MUTED) for one in table.thematique],
            "written": [_counted(n, s) for n, s in zip(table.projects, table.share, strict=True)],
        }
    )
    (a, b), (first, second) = known.label[:2], (french.percent(share, 0) for share in known.share[:2])
    made = words(
        v,
        f"« {a} » : {first} des dossiers" + (f" ; « {b} » : {second}" if known.projects.iloc[1] else ""),
        "nombre de dossiers, toutes catégories ; entre parenthèses : part des dossiers",
        f"Dossiers par thématique : {_listed(drawn)}.",
    )
    domain = [0, 1.28 * max(float(drawn.projects.max()), 1)]
    layers = _bars(drawn, "projects", alt.Color("fill:N", scale=None), "nombre de dossiers", domain)
    return theme.Drawing(layer=layers, width=WIDTH, height=34 * len(drawn), **made)


def levers(v: Vivier) -> alt.LayerChart | Note:
    """Les leviers les plus investis et leur rang, sur les dossiers à remonter et à travailler. [nombre]"""
    if v.empty:
        return nothing(v)
    most = v.ranks[(v.ranks["list"] == "most") & v.ranks["rank"].notna()]
    if most.empty:
        return Note("Aucun dossier à remonter ou à travailler ne nomme un levier.")
    said = zip(most.projects, most.share, most.rank_label, strict=True)
    drawn = pd.DataFrame(
        {
            "label": [french.typeset(one) for one in most.label],
            "projects": most.projects.to_numpy(),
            "written": [f"{_counted(n, s)} · {rank(place)}" for n, s, place in said],
        }
    )
    made = words(
        v,
        f"« {most.label.iloc[0]} » : {french.percent(most.share.iloc[0], 0)} des dossiers",
        f"nombre de dossiers à remonter ou à travailler (n = {french.number(v.ranks.attrs['n'], 0)}) ; part ; rang",
        f"Leviers les plus investis : {_listed(drawn)}.",
        "Deux leviers au même nombre de dossiers ont le même rang (ex aequo)",
    )
    domain = [0, 1.4 * float(drawn.projects.max())]
    layers = _bars(drawn, "projects", alt.value(theme.HIGHLIGHT), "nombre de dossiers", domain)
    return theme.Drawing(layer=layers, width=WIDTH, height=30 * len(drawn), **made)


def rank(said: str) -> str:
    """The rank of a lever, which is masculine.

    >>> rank("1re ex aequo"), rank("3e")
    ('1er ex aequo', '3e')
    """
    return said.replace("1re", "1er")


def coverage(v: Vivier) -> alt.LayerChart | Note:
    """Part des collectivités de la liste officielle qui ont au moins un projet. [%]"""
    if v.empty:
        return nothing(v)
    table = v.coverage[v.coverage.total.notna()]
    here = table[table.territory == v.territory]
    parts = table[(table.territory != v.territory) & (table.level == "epci")]
    names = [
        f"{label}s" if n > 1 and label != "EPCI" else label for label, n in zip(here.label, here.total, strict=True)
    ]
    names += [f"EPCI · {name}" for name in parts.name]
    rows = pd.concat([here, parts])
    drawn = pd.DataFrame(
        {
            "label": names,
            "share": rows.share.astype(float).to_numpy(),
            "written": [
                f"{french.number(n, 0)} sur {french.number(total, 0)} ({french.percent(share, 1)})"
                for n, total, share in zip(rows.covered, rows.total, rows.share, strict=True)
            ],
        }
    )
    one = here[here.level == "epci"].iloc[0]
    count, verb = french.number(one.covered, 0) if one.covered else "Aucun", "a" if one.covered < 2 else "ont"
    made = words(
        v,
        f"{count} EPCI sur {french.number(one.total, 0)} {verb} au moins un projet ({french.percent(one.share, 0)})",
        f"% de la liste officielle de {table.attrs['list_year']} : collectivités qui portent ou accueillent un projet",
        f"Couverture : {_listed(drawn)}.",
        "Région et départements : seulement comme porteurs, car tout projet est situé dans l'un d'eux",
    )
    ticks = alt.Axis(values=[0, 25, 50, 75, 100])
    layers = _bars(drawn, "share", alt.value(theme.HIGHLIGHT), "part des collectivités (%)", [0, 132], ticks)
    return theme.Drawing(layer=layers, width=WIDTH, height=max(28 * len(drawn), 60), **made)


def inclusion(v: Vivier) -> alt.LayerChart | Note:
    """Part des dossiers qui remplissent chaque critère d'inclusion, ou qui ne le disent pas. [%]"""
    if v.empty:
        return nothing(v)
    names = {**criteria.CRITERIA, "included": "Les trois critères"}
    shares = [[100 * float((v.counted[key] == answer).mean()) for answer in ANSWERS] for key in names]
    stack = Stack(list(names.values()), list(ANSWERS.values()), shares, (theme.HIGHLIGHT, "#ffffff", "#d5dbed"))
    full = int((v.counted.included == YES).sum())
    count = french.plural(full, "dossier") if full else "Aucun dossier"
    verb = "remplit" if full == 1 else "remplissent" if full else "ne remplit"
    made = words(
        v,
        f"{count} sur {french.number(len(v.counted), 0)} {verb} les trois critères ; "
        f"{french.percent(shares[-1][-1], 0)} sont à préciser",
        "% des dossiers",
        f"Critères d'inclusion. {stack.said()}",
        "De gauche à droite : rempli, non rempli, à préciser (le dossier ne le dit pas)",
    )
    return stack.chart(**made)


def targets(v: Vivier) -> alt.LayerChart | Note:
    """Les plus grands objectifs du panorama et le nombre de dossiers de chacun. [ktCO2e/an]"""
    if v.empty:
        return nothing(v)
    table = v.crossing
    own = table[table.target.notna() & table.shown.fillna(False).astype(bool)]
    top = own.sort_values("target", ascending=False, kind="stable").head(SHOWN)
    drawn = pd.DataFrame(
        {
            "label": [french.typeset(one) for one in top.label],
            "target": top.target.to_numpy(),
            "has": (top.projects > 0).to_numpy(),
            "written": [
                f"{french.number(t, 0)} · {french.plural(int(n), 'dossier') if n else f'{NONE} aucun dossier'}"
                for t, n in zip(top.target, top.projects, strict=True)
            ],
        }
    )
    none = own[own.projects == 0]
    made = words(
        v,
        f"{french.plural(len(none), 'levier chiffré', 'leviers chiffrés')} sur {len(own)} sans aucun dossier : "
        f"{french.number(none.target.sum(), 0)} ktCO2e/an",
        f"ktCO2e/an évitées, les {len(drawn)} plus grands objectifs ; dossiers à remonter ou à travailler",
        f"Objectifs et dossiers : {_listed(drawn)}.",
        f"Objectifs : {labels.source_line(v.panorama)}",
    )
    scale = alt.Scale(domain=[True, False], range=[theme.HIGHLIGHT, theme.MUTED])
    colour = alt.Color("has:N", scale=scale, legend=None)
    layers = _bars(drawn, "target", colour, "ktCO2e/an évitées", [0, 1.4 * float(drawn.target.max())])
    return theme.Drawing(layer=layers, width=WIDTH, height=28 * len(drawn), **made)


def _bars(table: pd.DataFrame, x: str, colour, unit: str, domain: list, axis: alt.Axis | None = None) -> list:
    """Horizontal bars in the order of the table (columns label, written), each with its text at its end."""
    base = alt.Chart(_values(table)).encode(y=alt.Y("label:N", sort=None, title=None))
    axis = axis or alt.Axis(tickCount=5, format=",d", tickMinStep=1)
    at = alt.X(f"{x}:Q", title=french.typeset(unit), axis=axis, scale=alt.Scale(domain=domain, nice=False))
    drawn = base.mark_bar(height={"band": 0.62}).encode(x=at, color=colour)
    text = base.mark_text(align="left", dx=6).encode(x=alt.X(f"{x}:Q"), text=alt.Text("written:N"))
    return [drawn, text]


def _counted(projects: int, share: float) -> str:
    return f"{french.number(projects, 0)} ({french.percent(share, 1)})"


def _listed(drawn: pd.DataFrame) -> str:
    return ", ".join(f"{label} {written}" for label, written in zip(drawn.label, drawn.written, strict=True))
