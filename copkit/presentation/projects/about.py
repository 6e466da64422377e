"""What the document is: its territory and its file at its head, what it leaves out and its sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.presentation import labels
from copkit.presentation.document import Section
from copkit.presentation.projects.balance import message
from copkit.presentation.projects.document import DOCUMENT
from copkit.presentation.text import Text
from copkit.projects.selection import Vivier

USED = (
    "feuille_de_route_hauts_de_france_2025",
    "sgpe_point_de_sortie",
    "sgpe_simulateur_2024",
    "insee_cog_2026",
    "svg_maps_france_departements",
    "natural_earth_10m",
)
INVENTED = Text(
    "> **Exemple inventé.** Les dossiers de ce document sont inventés : aucun chiffre ne décrit un territoire, "
    "un projet ou une collectivité réels, même quand une somme est celle d'un document publié."
)
PUBLIC = Text(
    "**Version publique** : sans commentaire, avis, nom de personne ni coordonnées ; de chaque dossier, "
    "l'intitulé est le seul texte libre."
)


HEADING = Section("entete", 10)


@HEADING.sentence(always=True)
def heading(v: Vivier) -> Text:
    """Le territoire, le fichier, et en tête « Exemple inventé » quand c'en est un."""
    files = f" Fichier{'s' if len(v.files) > 1 else ''} : {french.join(v.files)}." if v.files else ""
    lines = [
        Text("# {}\n\nProjets du territoire{}", v.name, labels.place(v.territory)),
        INVENTED if v.invented else "",
        PUBLIC if v.public else "",
        "" if v.empty else message(v),
        Text("COP {}.{} {}", v.year, files, labels.purpose(v.territory, objective=2, step=1)),
    ]
    if v.empty:
        others = french.plural(v.elsewhere, "dossier")
        said = Text("**Aucun dossier du fichier n'est situé dans ce territoire** ({} d'un autre territoire).", others)
        lines.append(said)
    return Text.joined(lines)


SOURCES = Section("sources", 140)


@SOURCES.sentence(always=True)
def limits(v: Vivier) -> Text:
    """Ce que le document ne dit pas."""
    lines = [
        "Une catégorie est une proposition des règles, à relire par les services : elle explique, elle ne décide pas.",
        "Un dossier est un projet proposé : il n'est ni financé, ni engagé, tant qu'un montant engagé ne le dit pas.",
        "Les coûts sont ceux que les porteurs déclarent ; un coût absent n'est pas zéro.",
        "Les objectifs du SGPE sont une proposition indicative. Les leviers de l'eau, de la biodiversité et de "
        "l'alimentation n'ont pas de valeur en ktCO2e.",
        "Contours : tracés simplifiés, sans valeur officielle. Les EPCI sont des tuiles, faute de contours.",
    ]
    invented = Text("**Exemple inventé** : ce document montre ce que fait le kit, il ne dit rien d'un territoire.")
    return Text.bullets([invented, *lines] if v.invented else lines)


DOCUMENT.sources(SOURCES, USED, "des règles, des objectifs et des listes", rank=220)
