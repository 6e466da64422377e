"""The sentences of a territory's document, written from its figures, in Markdown."""

from __future__ import annotations

import xarray as xr

from copkit import __version__, french
from copkit.models import gaps
from copkit.models import interactions as overlaps
from copkit.models import panorama as model
from copkit.models import uncertainty as uncertainties
from copkit.models.compensation import Compensation
from copkit.models.levers import FOREST
from copkit.presentation import labels
from copkit.presentation.territory import analyses
from copkit.reference import framework, parameters, territories


class Text(str):
    """A Markdown text that a notebook renders."""

    def _repr_markdown_(self) -> str:
        return french.typeset(str(self))


def heading(p: xr.Dataset) -> Text:
    """Le territoire, le statut du document, la version des données."""
    code, level = p.attrs["territory"], territories.level_label(p.attrs["territory"])
    inside = ""
    if p.attrs["level"] == "departement":
        inside = f", région {territories.name(territories.region_of(code))}"
    objective, step = framework.items("objectifs")[0].label, framework.items("etapes")[0].label
    shown = "" if code == "fr" else f" ({level}{inside})"
    return Text(
        f"## {p.attrs['name']}{shown}\n\n"
        f"**Statut : {labels.REFERENCES[p.attrs['reference']]}, base de discussion, non prescriptive.** "
        f"Données : version {p.attrs['version']}, émissions évitées en 2030 par rapport à 2019. "
        f"COP régionale : {labels.calendar(code)} selon le SGPE, 2024. "
        f"Ce document sert un des quatre objectifs d'une COP, {_lower(objective)}, à l'étape « {_lower(step)} » "
        f"(copkit {__version__})."
    )


def ambition(p: xr.Dataset) -> Text:
    """L'effort total dans les deux conventions, et ses trois premiers leviers."""
    without, with_ = model.total(p, forest=False), model.total(p, forest=True)
    columns = (p.variables[name].values.tolist() for name in ("lever", "label", "shown", "target"))
    rows = [row for row in zip(*columns, strict=True) if row[2] and row[0] != FOREST and row[3] == row[3]]
    top = sorted(rows, key=lambda row: -row[3])[:3]
    names = [f"{_lower(label)} ({french.number(target, 0)})" for _, label, _, target in top]
    share = 100 * sum(row[3] for row in top) / without
    both = f"**{french.number(without, 1)} ktCO2e/an hors forêt**"
    if with_ > without:
        both += f", {french.number(with_, 1)} avec le levier forêt, dont l'objectif n'est pas régionalisé"
    else:
        both += " (aucun objectif de forêt n'y est proposé)"
    text = (
        f"À éviter en 2030 par rapport à 2019 : {both}. "
        f"Trois leviers portent {french.percent(share, 0)} de l'effort hors forêt : {french.join(names)}. "
        f"Les parts sont calculées hors forêt ; les deux totaux ne se mélangent jamais."
    )
    if missing := int(model.totals(p).missing.max()):
        text += f" {french.plural(missing, 'levier')} sans valeur dans ce total."
    return Text(text)


def _lower(label: str) -> str:
    return label[0].lower() + label[1:]


def keys(p: xr.Dataset) -> Text:
    """D'où viennent les chiffres, à l'échelle du territoire."""
    if p.attrs["level"] == "france":
        return Text("Les valeurs nationales sont la somme des 18 régions, levier par levier.")
    if not (p.grade.values != "").any():
        single = p.attrs["level"] == "departement"
        scope = "Le département est sa région : ses valeurs sont celles de la région." if single else ""
        return Text(
            f"Valeurs publiées par le SGPE à l'échelle de la région, sans répartition par le kit. {scope}".strip()
        )
    region = territories.name(territories.region_of(p.attrs["territory"]))
    return Text(
        f"Le SGPE ne publie pas de valeur par département. Chaque valeur régionale ({region}) est répartie entre les "
        "départements par une clé, notée **A** (la clé officielle du SGPE, connue par département), **B** (une clé "
        "proche) ou **C** (une clé de remplacement, faute de mieux). La somme des départements est la région. "
        "Une valeur notée C situe un ordre de grandeur : elle ne se fixe pas comme cible sans donnée locale."
    )


def comparison(p: xr.Dataset) -> Text:
    """Ce que dit un autre plan connu, et ce qu'il faut savoir pour le lire."""
    found = analyses.compared(p)
    if found is None:
        return Text("Un moindre effort sur un levier se compense sur un autre, à l'échelle de la région.")
    cautions = "\n".join(f"- {caution}" for caution in found.cautions)
    return Text(f"{found.sentence}\n\n{cautions}")


def dynamics(p: xr.Dataset) -> Text:
    """Les leviers sans série observée dans ce territoire."""
    return Text(analyses.without_series(p))


def projects(p: xr.Dataset, file: str = "") -> Text | object:
    """Les projets du territoire, en version publique ; sans fichier, comment en donner un."""
    if not file:
        return Text(
            "Aucun fichier de projets n'est chargé. Pour montrer ici le bilan d'un vivier, donner le chemin d'un "
            "export au paramètre `fichier` ; le carnet `projets` en donne le détail."
        )
    from copkit.presentation.projects.section import section

    return section(p.attrs["territory"], file)


def compensation(found: Compensation) -> Text:
    """Ce qu'une compensation reprend, ce qui manque encore, et les écarts à la référence sans justification."""
    lines = [found.sentence]
    if unjustified := gaps.unjustified(found.scenario):
        names = [str(found.scenario.label.sel(lever=lever).values) for lever in unjustified]
        lines.append(f"Objectifs différents de la référence, sans justification ou sans source : {french.join(names)}.")
    return Text("\n\n".join(lines))


def uncertainty(p: xr.Dataset) -> Text:
    """La probabilité d'atteindre l'objectif sous les hypothèses du kit, et la fourchette de l'effort."""
    found = uncertainties.uncertainty(p).isel(territory=0)
    last = found.avoided.isel(year=-1)
    low, high = (french.number(float(last.sel(quantile=q)), 0) for q in (0.05, 0.95))
    return Text(
        f"Sous les hypothèses de parameters/uncertainty.yml, l'effort de {int(found.year[-1])} est compris neuf fois "
        f"sur dix entre {low} et {high} ktCO2e/an hors forêt, "
        f"pour un objectif de {french.number(float(found.target), 0)}. "
        f"Il atteint l'objectif dans {french.percent(100 * float(found.probability), 0)} des tirages "
        f"({french.number(found.attrs['draws'], 0)} tirages, graine {found.attrs['seed']}). **Statut : hypothèse.**"
    )


def interactions(p: xr.Dataset) -> Text:
    """L'avertissement sur les leviers qui agissent sur la même quantité."""
    return Text(overlaps.warning(p))


def limits(p: xr.Dataset) -> Text:
    """Ce que le document ne dit pas."""
    lines = [
        "Les panoramas du SGPE sont une première proposition, indicative et révisable, à mettre en débat.",
        "Chaque levier est lu toutes choses égales par ailleurs : réduction des déplacements, covoiturage, vélo et "
        "transports en commun agissent sur les mêmes kilomètres, et leurs effets ne s'additionnent qu'à l'ordre 1.",
        "Le levier forêt n'est pas régionalisé, en l'absence de données comparables : il est noté « ? » et chaque "
        "total existe avec et sans lui.",
        "Le coefficient des L/100 km est publié avec un seul chiffre significatif : la quantité de 2030 de ce levier "
        "est imprécise.",
        "Électricité renouvelable et biogaz relèvent des comités régionaux de l'énergie.",
        "Une COP régionale compte 43 leviers ; le panorama chiffré du SGPE porte sur les leviers du climat. "
        "Biodiversité, eau et alimentation n'ont pas de valeur en ktCO2e.",
    ]
    if territories.is_overseas(p.attrs["territory"]):
        own = "Outre-mer, les leviers ont leurs propres intitulés et n'ont pas de quantité physique publiée."
        lines = [lines[0], own, lines[5]]
    if (p.grade.values != "").any():
        lines.append(
            "Paris, Hauts-de-Seine, Seine-Saint-Denis et Val-de-Marne n'ont pas de surface propre d'occupation du "
            "sol : celle de la Métropole du Grand Paris leur est répartie au prorata des surfaces."
        )
    if late := [lever.label for lever in parameters.overdue() if lever.id in p.lever.values]:
        lines.append(f"Paramètres à revoir, leur date de revue est passée : {french.join(late)}.")
    return Text("\n".join(f"- {line}" for line in lines))
