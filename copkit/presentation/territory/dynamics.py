"""What is observed, how fast it moves, and how fast it has to."""

from __future__ import annotations

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import dynamics as model
from copkit.presentation import charts, formats, labels, theme
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import units

alt = lazy_loader.load("altair")
LEAST, MOST = -1.0, 2.0  # ends of the bars of the paces
APART = " *"  # behind a pace that starts or ends on a year of the pandemic
DYNAMICS = Section("dynamiques", 60)


@DYNAMICS.sentence()
def standing(p: xr.Dataset) -> Text | Note:
    """Combien de leviers avancent au rythme qu'il faut, combien non, combien dans le mauvais sens, et lesquels."""
    found = model.standing(p.attrs["territory"]) if model.seen(p) else ()
    judged = sum(map(len, found[:3]))
    if not any(found):
        return Note("Aucun levier n'a ici de série observée sur plusieurs années : aucun rythme ne se lit.")
    parts = [
        _part(found.at_pace, "avance au rythme qu'il faut ou plus vite", "avancent au rythme qu'il faut ou plus vite"),
        _part(found.late, "avance moins vite", "avancent moins vite"),
        _part(found.wrong, "va dans le mauvais sens", "vont dans le mauvais sens"),
    ]
    if not judged:
        lead = Text("Aucun rythme ne se rapporte ici à une cible.")
    else:
        none = Text() if found.at_pace else Text("aucun n'avance au rythme qu'il faut")
        of = french.plural(judged, "levier dont le rythme se juge", "leviers dont le rythme se juge")
        lead = Text("Sur {}, {}.", of, Text.joined([none, *parts], " ; "))
    beside = Text("Dans le bon sens, à côté d'une cible d'un autre périmètre : {}.", _named(found.beside))
    without = Text("Suivis sans cible à laquelle rapporter leur rythme : {}.", _named(found.without))
    alike = Text(
        "Même évolution dans plusieurs régions selon la source : elle ne dit rien du territoire ({}).",
        _named(found.alike),
    )
    uncorrected = Text(
        "Non corrigé du climat, qui fait bouger la série comme le ferait un effort : {}.", _named(found.uncorrected)
    )
    said = (beside, alike, uncorrected, without)
    others = [one if which else Text() for one, which in zip(said, found[3:], strict=True)]
    return Text.joined([lead, Text.joined(others, " ")])


def _part(found: list[str], one: str, several: str) -> Text:
    """How many levers stand somewhere, and which; nothing when none does."""
    verb = several if len(found) > 1 else one
    return Text("{} {} ({})", len(found), verb, _named(found)) if found else Text()


def _named(found: list[str]) -> str:
    return " ; ".join(map(lower, found))


def _curved(p: xr.Dataset) -> pd.DataFrame:
    found = model.followed(p.attrs["territory"])
    return found[found.s_ratio.notna() | found.beside_kt.notna()]


@DYNAMICS.sentence(when=lambda p: not _curved(p).empty)
def curves(p: xr.Dataset) -> Text | Note:
    """Ce qu'une courbe en S dit des adoptions, et ce qui se lit à côté d'une cible sans s'y compter."""
    found = _curved(p)
    if found.empty:
        return Note("Aucune adoption ne se lit ici sur une courbe en S.")
    return Text.bullets(
        Text("{} — {}", label, sentence) for label, sentence in zip(found.label, found.sentence, strict=True)
    )


@DYNAMICS.chart(reference=True, when=lambda p: not model.paces(p.attrs["territory"]).empty)
def paces(p: xr.Dataset) -> alt.LayerChart | Note:
    """Rythme observé rapporté au rythme nécessaire, leviers suivis dans leur propre unité. [1 = au rythme]"""
    found = model.paces(p.attrs["territory"])
    if found.empty:
        return Note(
            "Aucun levier n'a ici de série observée dans sa propre unité : le rythme ne s'y compare pas à l'objectif."
        )
    drawn = pd.DataFrame({"label": found.label, "ratio": found.ratio.clip(LEAST, MOST)})
    drawn["curve"] = found.s_ratio.clip(LEAST, MOST)
    drawn["at"] = drawn[["ratio", "curve"]].max(axis=1).clip(lower=0)
    drawn["written"] = [_written(row) for row in found.itertuples()]
    curved = drawn[drawn.curve.notna()]
    late, wrong = found.status.isin(model.LATE) & (found.status != "mauvais sens"), found.status == "mauvais sens"
    others = sum(map(len, model.standing(p.attrs["territory"])[:3])) - len(drawn)
    title = f"Sur {french.plural(len(drawn), 'levier à cible chiffrée', 'leviers à cible chiffrée')}, "
    title += f"{late.sum() or 'aucun'} moins vite qu'il ne faudrait"
    title += f", {wrong.sum()} dans le mauvais sens" if wrong.any() else ""
    years = f"{int(found.last_year.min())} à {int(found.last_year.max())}"
    lines = [f"rapport, trait : 1 = au rythme ; barres bornées entre −1 et 2 ; dernières valeurs : {years}"]
    if others > 0:
        lines.append(f"sans rapport, car leur cible est atteinte ou leur sens seul connu : {others} des leviers jugés")
    lines += ["marque noire : le même rapport sur une courbe en S de la part du parc"] if len(curved) else []
    lines += ["* rythme pris sur 2020 ou 2021, années de pandémie"] if found.pandemic.any() else []
    words = charts.words(
        title,
        [*lines, labels.source_line(p, computed=True)],
        f"Rythme observé sur rythme nécessaire : {charts.said(drawn)}.",
        {", trait :": " :", "marque noire :": "en S :"},
    )
    rule = alt.Chart({"values": [{"x": 1}]}).mark_rule(color=theme.TEXT, strokeDash=[5, 3]).encode(x=alt.X("x:Q"))
    over = [rule, *([charts.ticks(curved, "curve")] if len(curved) else [])]
    unit, axis = "rythme observé ÷ rythme nécessaire", alt.Axis(values=[-1, 0, 1, 2])
    return charts.bars(drawn, "ratio", unit, words, domain=[LEAST, MOST + 0.9], axis=axis, at="at", over=over)


def _written(row) -> str:
    """What stands beside the bar of a lever: its ratio, its status, and the ratio on an S where there is one."""
    status = row.status
    if row.s_ratio == row.s_ratio:
        verdict = "au rythme" if status == model.S_CURVE else status
        status = f"en ligne droite ; en S : {french.number(row.s_ratio, 1)}, {verdict}"
    return f"{french.number(row.ratio, 1)} ({status}){APART if row.pandemic else ''}"


@DYNAMICS.table("dynamiques", sheet="Dynamiques", rank=80, reference=True, when=model.seen)
def observed(p: xr.Dataset) -> Table | Note:
    """The levers that an observed series follows over several years."""
    found = model.followed(p.attrs["territory"])
    factor = found.unit.map(lambda unit: units.read_in(unit)[0])
    return Table.or_note(
        "Aucun levier n'a ici de série observée sur plusieurs années.",
        f"Dynamiques en cours — {p.attrs['name']}",
        {
            "Levier": found.label,
            "Indicateur observé": found.indicator_label,
            "Unité": found.unit.map(lambda unit: units.read_in(unit)[1]),
            "Première année": (found.first_year, formats.PLAIN),
            "Valeur": (found["first"] * factor, formats.OBSERVED),
            "Dernière année": (found.last_year, formats.PLAIN),
            "Dernière valeur": (found["last"] * factor, formats.OBSERVED),
            "Rythme par an": (found.pace * factor, formats.CHANGE),
            "Rythme nécessaire": (found.needed * factor, formats.CHANGE),
            "État": [f"{s} ({a})" if a else s for s, a in zip(found.status, found.aside, strict=True)],
        },
    )


@DYNAMICS.sentence()
def dynamics(p: xr.Dataset) -> Text | Note:
    """Les leviers observés une seule année, et ceux qui n'ont pas de série dans ce territoire."""
    found = model.dynamics(p.attrs["territory"])
    if not (found.points > 0).any():
        return Note("Aucun levier n'a ici de série observée.")
    groups: dict[str, list[str]] = {}
    for row in found[found.points.fillna(0) < 2].itertuples():
        groups.setdefault(row.status.replace("un seul point", "observé une seule année"), []).append(_seen(row))
    parts = [f"{french.capital(status)} : {' ; '.join(said)}." for status, said in groups.items()]
    return Text("{}", " ".join(parts) or "Chaque levier a au moins deux valeurs observées.")


def _seen(row) -> str:
    """A lever, with its one value when it has one."""
    if pd.isna(row.last):
        return lower(row.label)
    factor, unit = units.read_in(row.unit)
    doubt = ", valeur peut-être incomplète" if "incomplète" in row.aside else ""
    return f"{lower(row.label)} ({french.quantity(factor * row.last)} {unit} en {row.last_year}{doubt})"
