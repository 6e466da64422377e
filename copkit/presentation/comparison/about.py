"""What the document is: what is compared and where it differs most at its head, method and sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.models.side_by_side import ALLOCATED, HEAD, TOLD, Gap, SideBySide
from copkit.presentation import labels
from copkit.presentation.comparison.document import NOT_THERE, what, written
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.reference import territories

HEADING = Section("entete", 10)


@HEADING.sentence()
def side_by_side(found: SideBySide) -> Text:
    """Ce qui est comparé, où cela s'écarte le plus, et ce qu'il faut savoir d'abord."""
    name = territories.name(found.territory)
    others = [one for one in found.names if one != name]
    beside = f"À côté : {french.join(others)}" if name in found.names else f"Côte à côte : {french.join(others)}"
    chosen = Text("Mis à côté par le kit : {}. Pour en choisir d'autres : paramètre « avec ».", found.chosen)
    return Text.joined(
        [
            Text("# {}\n\nL'effort proposé d'ici 2030, hors levier forêt. {}.", name, beside),
            *(Text("> {}", one) for one in found.nomenclatures),
            message(found),
            chosen if found.chosen else "",
            labels.purpose(found.territory, objective=0, step=1),
        ]
    )


@HEADING.sentence(page=False)
def message(found: SideBySide) -> Text:
    """Où les colonnes s'écartent le plus : le total, un secteur, un levier, chacun à partir de son seuil."""
    gap = found.whole_gap()
    close = "proche de l'un à l'autre, " if gap.share < found.told else ""
    lines = [Text("**L'effort total** : {}{}.", close, _ends(found, gap))]
    if sector := found.widest():
        lines.append(Text("**Le secteur qui les sépare le plus** : {}, {}.", sector.label, _ends(found, sector)))
    elif found.gaps().notna().any():
        limit = french.percent(found.told, 0)
        lines.append(Text("**Aucun secteur ne les sépare** de {} de leur effort moyen, ou plus.", limit))
    if lever := found.widest("lever"):
        lines.append(Text("**Le levier qui les sépare le plus** : {}, {}.", lever.label, _ends(found, lever)))
    return Text.bullets([*lines, *(Text("**Compensation** : {}", one.sentence) for one in found.verdicts)])


def _ends(found: SideBySide, gap: Gap) -> Text:
    """« de 297 (Bretagne) à 1 263 kgCO2e/an par habitant (Hauts-de-France) »."""
    columns = {column.name: column for column in found.columns}
    low, high = written(columns[gap.least], gap.low), written(columns[gap.most], gap.high)
    if low == high:  # as it is written: there is no more to read in it
        return Text("environ **{}** {}", low, found.unit)
    return Text("de {} ({}) à **{}** {} ({})", low, gap.least, high, found.unit, gap.most)


SOURCES = Section("sources", 90)


@SOURCES.sentence()
def method(found: SideBySide) -> Text:
    """Comment lire la comparaison, et ce qu'elle ne dit pas."""
    lines = [
        "Tout est hors levier forêt, que le SGPE ne régionalise pas ; le total avec forêt est à part, où il est connu.",
        f"« n.d. » : inconnu, et dans aucun total. « {NOT_THERE} » : ce territoire n'a pas ce levier ou ce secteur. Ni "
        "l'un ni l'autre n'est zéro. Un écart se lit entre ceux qui ont la ligne ; un « n.d. » l'ôte.",
        f"Un écart est dit à partir de {french.percent(TOLD, 0)} de l'effort moyen, de {french.percent(ALLOCATED, 0)} "
        "pour des départements, dont les chiffres sont moins sûrs : seuils du kit (hypothèse).",
    ]
    if found.unit == HEAD:
        years = french.join(str(year) for year in dict.fromkeys(one.year for one in found.columns))
        lines.append(f"Par habitant : l'effort divisé par la population municipale de l'INSEE ({years}).")
    if any(one.allocated for one in found.columns):
        lines += [
            "L'effort d'un département est réparti depuis sa région par des clés : un ordre de grandeur.",
            "Un levier que sa clé répartit au prorata de la population a, par construction, le même effort par "
            "habitant dans tous les départements d'une région.",
        ]
    if found.verdicts:
        lines.append(
            "Un moindre effort se compense dans un même territoire, un secteur ou un levier par un autre ; d'un "
            "territoire à l'autre, rien ne se compense."
        )
    return Text.bullets([*lines, *found.cautions])


@SOURCES.sentence()
def cited(found: SideBySide) -> Text:
    """Les sources des efforts, des plans et des populations."""
    return labels.cited([*found.sources, "sgpe_point_de_sortie"])


@SOURCES.table("sources", sheet="Sources", rank=90, page=False)
def _sources(found: SideBySide) -> Table:
    return labels.sources(f"Sources — {what(found)}", [*found.sources, "sgpe_point_de_sortie"])
