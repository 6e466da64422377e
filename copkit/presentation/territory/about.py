"""What the document is: its territory, its status, where its figures come from, what it leaves out, its sources."""

from __future__ import annotations

import lazy_loader
import pandas as pd
import xarray as xr

from copkit import french
from copkit.models import downscaling, indicators, local, plans, proposals, provenance, reliability
from copkit.models import panorama as model
from copkit.presentation import charts, labels
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import framework, parameters, territories

alt = lazy_loader.load("altair")
FOREST = (
    "Le SGPE ne régionalise pas l'objectif du levier forêt, faute de données comparables : il est noté « non affiché » "
    "et aucune part ne le compte. Les deux totaux étant donnés, il se lit par différence, sans être une cible pour "
    "autant."
)
OVERSEAS = Text(
    "La source ne dit pas par quelle clé l'effort national est réparti outre-mer : le kit ne le refait pas, et n'y "
    "calcule ni quantités, ni recouvrements entre leviers, faute des coefficients qui les fondent. Les leviers y ont "
    "leurs propres intitulés ; la table de passage les relie à ceux des 43, et dit ceux qui n'y sont pas."
)
GRADES = {"A": "A · à 3 % près", "B": "B · à 10 % près", "C": "C · au-delà", "L": "L · chiffre local"}
HEADING = Section("entete", 10)


@HEADING.sentence()
def heading(p: xr.Dataset) -> Text:
    """Le territoire, ce qu'est le document, son statut, la version des données."""
    return Text(
        "# {name}\n\n{kind}{place}, COP régionale.{worth}\n\n**Statut : {reference}, base de discussion, non "
        "prescriptive.** Données : version {version}, émissions évitées en 2030 par rapport à 2019. {purpose}",
        name=p.attrs["name"],
        kind="Scénario" if proposals.composed(p) else "Diagnostic territorial",
        place=labels.place(p.attrs["territory"]),
        worth=Text("\n\n**Ce que valent ces chiffres : un ordre de grandeur.** {}", worth(p)) if model.small(p) else "",
        reference=labels.standing(p),
        version=p.attrs["version"],
        purpose=labels.purpose(p.attrs["territory"], objective=0, step=0),
    )


LOCAL = Text(
    " Pour les leviers notés **L**, le territoire a donné son propre chiffre, avec sa source : il prend la place de la "
    "clé, et la valeur de la région reste la sienne."
)


def worth(p: xr.Dataset) -> Text:
    """What the figures are worth below the départements, in sentences."""
    return Text(
        "Le SGPE ne publie rien à cette échelle ; le kit y "
        "répartit l'effort régional. {} de l'effort reposent sur une clé notée C ; à l'intérieur d'un département, {} "
        "suivent un autre chiffre que leur clé, inconnue par commune : le plus souvent la population. Ils situent le "
        "territoire ; aucun n'est un objectif qui lui serait fixé.",
        french.percent(model.rough_share(p), 0),
        french.percent(model.replaced_share(p), 0),
    )


KEYS = Section("cles", 100)


@KEYS.sentence()
def keys(p: xr.Dataset) -> Text:
    """D'où viennent les chiffres, à l'échelle du territoire."""
    if proposals.composed(p):
        own = Text("Les objectifs du scénario qui s'écartent de la référence sont des hypothèses. Pour la référence :")
        return Text.joined([own, keys(proposals.reference(p))], " ")
    if p.attrs["level"] == "france":
        return Text("Les valeurs nationales sont la somme des 18 régions, levier par levier.")
    if not model.allocated(p):
        single = " Le département est sa région : ses valeurs sont celles de la région."
        scope = single if p.attrs["level"] == "departement" else ""
        said = Text("Valeurs publiées par le SGPE à l'échelle de la région, sans répartition par le kit.{}", scope)
        if not territories.is_overseas(p.attrs["territory"]):
            return said
        return Text.joined([said, OVERSEAS], " ")
    if model.small(p):
        return Text(
            "Le SGPE ne publie pas de valeur sous la région. Chaque valeur régionale ({}) est répartie entre les "
            "départements par une clé, essayée entre les régions, puis à l'intérieur de chacun par la même clé où elle "
            "est connue par commune ou par EPCI, sinon par un autre chiffre, souvent la population. La note est "
            "celle de la clé (**A** jusqu'à 3 % de l'effort placé dans la mauvaise région, **B** jusqu'à 10 %, **C** "
            "au-delà), au mieux **B** où la clé n'est connue que par EPCI, **C** où un autre chiffre la remplace. Les "
            "communes font la somme de leur EPCI, et l'EPCI avec ce qui l'entoure celle du département.",
            french.join(map(territories.name, territories.regions_of(p.attrs["territory"]))),
        )
    return Text(
        "Le SGPE ne publie pas de valeur par département. Chaque valeur régionale ({}) est répartie entre les "
        "départements par une clé : un chiffre connu par département, ou un mélange de chiffres. Chaque clé a été "
        "essayée entre les régions, dont la part est publiée ; sa note dit l'effort qu'elle y place dans la mauvaise "
        "région : **A** jusqu'à 3 %, ou la clé officielle du SGPE, **B** jusqu'à 10 %, **C** au-delà. La somme des "
        "départements est la région. La mesure vaut entre régions, non à l'intérieur d'une région : une donnée locale "
        "vaut mieux.{}",
        territories.name(territories.region_of(p.attrs["territory"])),
        LOCAL if local.GRADE in p.grade.values else "",
    )


@KEYS.chart(reference=True, when=lambda p: model.allocated(p) and model.broad(p))
def grades(p: xr.Dataset) -> alt.LayerChart | Note:
    """Part de l'effort du département répartie par une clé A, B ou C, hors forêt [%]."""
    share = model.grade_shares(p)
    if share.empty:
        return Note("Valeurs publiées à cette échelle : aucune clé de répartition n'est employée.")
    written = [french.share(s) for s in share]
    drawn = pd.DataFrame({"label": share.index.map(GRADES), "share": share.to_numpy(), "written": written})
    words = charts.words(
        f"{french.share(share['C'])} de l'effort du département repose sur une clé notée C",
        ["% des émissions évitées, hors forêt, selon la note de la clé de répartition", labels.source_line(p)],
        f"Notes des clés : {charts.said(drawn)}.",
    )
    unit = "part de l'effort hors forêt (%)"
    return charts.bars(drawn, "share", unit, words, domain=[0, 100], step=34, fontWeight="bold")


@KEYS.table("cles", sheet="Clés", rank=60, page=lambda p: model.allocated(p) and model.broad(p))
def _keys(p: xr.Dataset) -> Table | Note:
    if territories.is_overseas(p.attrs["territory"]):
        return Note("Outre-mer, la source ne dit pas par quelle clé l'effort national est réparti.")
    known, levers, grade = downscaling.keys(), p.lever.values, p.grade.values
    columns = {
        "Levier": p.label.values,
        "Clé officielle entre régions": [known.official_key.get(lever, "—") for lever in levers],
    }
    if not model.allocated(p):
        columns["Producteur de la clé"] = [known.official_producer.get(lever, "") or "—" for lever in levers]
        return Table.of(f"Comment le SGPE répartit l'effort national — {p.attrs['name']}", columns)
    columns["Clé employée" if model.small(p) else "Clé employée entre départements"] = p.key.values
    columns["Erreur entre régions (%)"] = (list(map(reliability.missed, levers, p.allocation.values)), 1)
    columns["Note"] = [one or "—" for one in grade]
    columns["Pourquoi"] = p.reason.values
    return Table.of(f"Comment la valeur régionale est répartie — {p.attrs['name']}", columns)


def _changed(p: xr.Dataset) -> bool:
    """Whether local figures change the share of a département: below, « cles_employees » says what is followed."""
    return not model.small(p) and bool(model.local_share(p))


@KEYS.table("cles_locales", sheet="Clés locales", rank=62, when=_changed)
def _local(p: xr.Dataset) -> Table:
    return labels.local_keys(model.local_effect(p), p.attrs["name"])


@KEYS.table("cles_employees", when=model.small)
def _local_keys(p: xr.Dataset) -> Table:
    """The keys of a document below the départements, without the reasons, which its workbook gives."""
    weighs = [n for n, kt in enumerate(p.target.values) if kt > 0]
    return Table.of(
        f"Les clés employées — {p.attrs['name']} (pourquoi elles : feuille « Clés » du classeur)",
        {"Levier": p.label.values[weighs], "Clé": p.key.values[weighs], "Note": p.grade.values[weighs]},
        fold=True,
    )


SOURCES = Section("sources", 130)
GLOSSARY = Text(
    "Les mots de ce document, ce que couvre chaque levier et la cohérence avec le rationnel national sont dans le "
    "[glossaire](../glossaire.html), commun à tous les territoires : glossaire.html, dans le dossier des documents."
)


@SOURCES.sentence()
def limits(p: xr.Dataset) -> Text:
    """Ce que le document ne dit pas."""
    return Text.bullets(left_out(p))


def left_out(p: xr.Dataset) -> list[str]:
    """What the document does not say, one sentence each."""
    coarse = [
        "Le coefficient des L/100 km est publié avec un seul chiffre significatif : la quantité de 2030 de ce levier "
        "est imprécise."
    ]
    lines = [
        "Les panoramas du SGPE sont une première proposition, indicative et révisable, à mettre en débat.",
        "Chaque levier est lu toutes choses égales par ailleurs : réduction des déplacements, covoiturage, vélo et "
        "transports en commun agissent sur les mêmes kilomètres, et la somme de leurs effets n'est qu'une première "
        "approximation.",
        *([FOREST] if model.total(p, forest=True) > model.total(p, forest=False) else []),
        *(coarse if p.attrs["level"] == "france" or model.coarse(p) else []),
        "Électricité renouvelable et biogaz relèvent des comités régionaux de l'énergie.",
        "Une COP régionale compte 43 leviers ; le panorama chiffré du SGPE porte sur les leviers du climat. "
        "Biodiversité, eau et alimentation n'ont pas de valeur en ktCO2e.",
    ]
    if territories.is_overseas(p.attrs["territory"]):
        own = [
            "Outre-mer, les leviers ont leurs propres intitulés et n'ont pas de quantité physique publiée.",
            "Un levier sans série régionale, ou dont la série n'a pas de cible publiée, ne dit pas s'il avance : son "
            "rythme reste à établir.",
        ]
        lines = [lines[0], *own, lines[-1]]
    if model.allocated(p) and territories.region_of(p.attrs["territory"]) == "reg-11":
        lines.append(
            "Paris, Hauts-de-Seine, Seine-Saint-Denis et Val-de-Marne n'ont pas de surface propre d'occupation du "
            "sol : celle de la Métropole du Grand Paris leur est répartie au prorata des surfaces."
        )
    if late := [lever.label for lever in parameters.overdue() if lever.id in p.lever.values]:
        lines.append(f"Paramètres à revoir, leur date de revue est passée : {french.join(late)}.")
    return lines


@SOURCES.sentence()
def parties(p: xr.Dataset) -> Text:
    """Les quatre parties du diagnostic d'une COP, et ce que le document a pour chacune."""
    lines = [Text("{} : {} ({}).", label, *said) for label, said in _held(p)]
    return Text.joined([Text("Le diagnostic d'une COP a quatre parties :"), Text.bullets(lines)])


@SOURCES.table("parties", sheet="Diagnostic", rank=120, page=False, when=model.broad)
def _parts(p: xr.Dataset) -> Table:
    found = _held(p)
    return Table.of(
        "Les quatre parties du diagnostic et leurs données",
        {
            "Partie du diagnostic": [f"{n}. {label}" for n, (label, _) in enumerate(found, start=1)],
            "État": [state for _, (state, _) in found],
            "Ce que le kit contient pour ce territoire": [content for _, (_, content) in found],
        },
    )


def _held(p: xr.Dataset) -> list[tuple[str, tuple[str, str]]]:
    """The four parts of the diagnostic of a COP and what this territory has for each."""
    territory, dynamics = p.attrs["territory"], "aucun indicateur observé dans le kit"
    count, several, last = indicators.extent(territory)
    if count:
        observed = f"{french.plural(count, 'indicateur')} observé{'s' if count > 1 else ''}"
        dynamics = f"{observed}, dont {several} sur plusieurs années, jusqu'à {last}"
    here = [plans.label_of(name) for name in plans.known(territory) if name != "sgpe"]
    absent = [name for name in ("SRADDET", "PCAET") if name not in here]
    absent.append("autres plans régionaux" if here else "plans régionaux")
    held = french.join(["panorama des leviers du SGPE", *(f"{name} par secteur" for name in here)])
    said = {
        "cibles_objectifs": ("données présentes", f"{held} ; {french.join(absent)} non chargés"),
        "dynamiques": ("données partielles" if count else "pas de donnée", dynamics),
        "questionnaire": ("pas de donnée", "aucune réponse chargée"),
        "points_forts": ("à renseigner", "liste que dresse l'analyste"),
    }
    return [(part.label, said[part.id]) for part in framework.items("parties_du_diagnostic")]


@SOURCES.sentence()
def references(p: xr.Dataset) -> Text:
    """Les sources du document : producteur, jeu de données, année, adresse officielle."""
    return Text.joined(
        [
            Text("### Sources"),
            labels.cited(provenance.sources(p, enjeux=False)),
            *([_given(p)] if model.local_share(p) else []),
            Text("{}", labels.OBTAINED),
            GLOSSARY,
        ]
    )


def _given(p: xr.Dataset) -> Text:
    """Where local figures come from, as the territory wrote it."""
    rows = zip(p.label.values, p.key.values, p.allocation.values, strict=True)
    return Text.bullets(Text("{} : {}.", label, key) for label, key, own in rows if own == local.KEY)


@SOURCES.table("sources", sheet="Sources", rank=130, page=False)
def _sources(p: xr.Dataset) -> Table:
    return labels.sources("Sources des chiffres de ce document", provenance.sources(p), named=True)
