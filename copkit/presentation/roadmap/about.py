"""What the document is: what the roadmap holds in a few lines at its head; method and sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.presentation import labels
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import DOCUMENT, NOUN, caption
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.roadmap.exits import REACHED, STATES, exits
from copkit.roadmap.plan import Roadmap

USED = {
    "sgpe_point_de_sortie": "",
    "sgpe_simulateur_2024": "objectifs et coefficients",
    "feuille_de_route_hauts_de_france_2025": "",
    "insee_cog_2026": "",
}
INVENTED = Text(
    "> **Exemple inventé.** Les actions, les thèmes et les objectifs retenus de ce document sont inventés : aucun ne "
    "décrit un territoire, un porteur ou un montant réels. Les objectifs de référence sont ceux du SGPE."
)


HEADING = Section("entete", 10)


@HEADING.sentence(always=True)
def opening(r: Roadmap) -> Text:
    """Le territoire, les actions retenues, ce qu'elles couvrent, ce qu'elles coûtent, les points de sortie."""
    place = "" if r.perimeter else labels.place(r.territory)
    lines = [
        Text("# {}\n\nFeuille de route de la COP{}", r.name, place),
        INVENTED if r.invented else "",
        Text("**Version publique.**") if r.public else "",
    ]
    if r.empty:
        lines.append(
            Text(
                "**Aucune action ne vient de ce territoire** ({} d'un autre).",
                french.plural(r.counts["elsewhere"], "action"),
            )
        )
        return Text.joined(lines)
    return Text.joined([*lines, message(r), Text("{}", labels.purpose(r.territory, objective=2, step=3))])


@HEADING.sentence(page=False)
def message(r: Roadmap) -> Text:
    """Le message en quelques lignes : actions, couverture, effet, argent, points de sortie."""
    count, served = len(r.retained), int((r.served > 0).sum())
    lines = [
        Text(
            "**{}** sur {} examinées, sur {} des {} leviers{}.",
            french.plural(count, *NOUN), len(r.actions), served, len(r.served), _themes(r),
        )
    ]  # fmt: skip
    lines.append(_effect(r))
    known = r.money.set_index("granted")
    if known.known.sum():
        lines.append(
            Text(
                "**Argent** : {} pour {}, dont {} à trouver et {} sans réponse.",
                french.euros(float(known.cost.sum())),
                french.plural(int(known.known.sum()), "action au coût connu", "actions au coût connu"),
                french.euros(float(known.cost["non"])),
                french.euros(float(known.cost[""])),
            )
        )
    found = exits(r)
    reached = [one for one in found if one.state == REACHED]
    said = " ; ".join(f"{one.number}. {lower(one.label)} : {STATES[one.state]}" for one in found)
    lines.append(Text("**Points de sortie** : {} sur 4 atteints. {}.", len(reached) or "aucun", said))
    return Text.bullets(lines)


def _themes(r: Roadmap) -> str:
    if r.themes.empty:
        return ""
    none = len(r.without_action)
    said = f" ; {len(r.themes) - none} thèmes prioritaires sur {len(r.themes)} ont une action"
    return said if none else f"{said.replace(' ont', ', tous, ont')}"


def _effect(r: Roadmap) -> Text:
    """What the quantities make, as a range, beside what is asked for."""
    low, high = map(french.rough, r.identified)
    counted = int(r.retained.kt.notna().sum())
    if not counted:
        return Text("**Effet** : aucune action ne donne de quantité qui se traduise en ktCO2e/an.")
    aimed = labels.kt(r.scenario, r.aimed)
    between = high if low == high else f"de {low} à {high}"
    return Text(
        "**Effet identifié** : {} ktCO2e/an par {} qui donnent une quantité, soit {} des {} ktCO2e/an demandées hors "
        "forêt. Les autres ont un effet que rien ne chiffre.",
        between,
        french.plural(counted, "action"),
        french.percent(100 * r.identified[1] / r.aimed, 1) if r.aimed else french.UNKNOWN,
        aimed,
    )


EXITS = Section("points", 20)


@EXITS.table("points", sheet="Points de sortie", rank=10)
def _exits(r: Roadmap) -> Table:
    found = exits(r)
    return Table.of(
        caption(r, "Les quatre points de sortie de la COP"),
        {
            "Point de sortie": [f"{one.number}. {one.label}" for one in found],
            "État": [STATES[one.state] for one in found],
            "Ce qui le montre": [" ".join(one.proof) for one in found],
            "Ce qui reste à faire": [one.asks or "—" for one in found],
        },
    )


SOURCES = Section("sources", 140)


@SOURCES.sentence(always=True)
def method(r: Roadmap) -> Text:
    """Comment les actions sont retenues et comptées, et ce que le document ne dit pas."""
    lines = [
        Text("Une action est retenue si elle remplit les trois critères de la source : cohérence, potentiel, "
             "avancement ; une action qui n'en remplit pas un est listée à part, avec sa raison."),
        Text("L'effet d'une action est sa quantité divisée par le coefficient publié de son levier, à l'ordre 1, "
             "toutes choses égales par ailleurs (dérivé). Le bas de la fourchette retire ce que deux actions "
             "compteraient deux fois."),
        Text("Une action sans quantité n'est pas une action sans effet : elle n'est pas chiffrée."),
        Text("Les montants sont ceux que les fiches déclarent ; un coût absent n'est pas un coût nul."),
        Text("Ce qui prouve un point de sortie est du kit, et se lit dans « parameters/roadmap.yml »."),
    ]  # fmt: skip
    return Text.bullets(lines)


DOCUMENT.sources(SOURCES, USED, "des objectifs, des critères et des listes")
