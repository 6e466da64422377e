"""What the document is: what is known in a few lines at its head; method and sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.adaptation.priorities import PRIORITIES
from copkit.adaptation.recensement import Recensement
from copkit.presentation import labels
from copkit.presentation.adaptation.document import DOCUMENT
from copkit.presentation.document import Section
from copkit.presentation.text import Text

USED = {
    "cop_adaptation_sgpe": "",
    "leviers_adaptation_sgpe": "",
    "feuille_de_route_hauts_de_france_2025": "matrice des leviers et des enjeux, repères et thèmes d'exposition",
    "insee_cog_2026": "",
}
INVENTED = Text(
    "> **Exemple inventé.** Les priorités, les budgets, les actions et les projets comptés ici sont inventés : aucun "
    "ne décrit un territoire, un porteur ou un montant réels. Les leviers, les repères et les thèmes d'exposition sont "
    "ceux des sources."
)
HEADING = Section("entete", 10)


@HEADING.sentence(always=True)
def opening(r: Recensement) -> Text:
    """Le territoire, ses priorités, les leviers que rien ne sert, ce que les sources ne donnent pas."""
    lines = [
        Text("# {}\n\nAdaptation au changement climatique{}", r.name, labels.place(r.territory)),
        INVENTED if r.invented else "",
        Text("**Version publique.**") if r.public else "",
        message(r),
        Text("{}", labels.purpose(r.territory, objective=2, step=1)),
    ]
    return Text.joined(lines)


@HEADING.sentence(always=True, page=False)
def message(r: Recensement) -> Text:
    """Le message en quelques lignes : priorités, budget, leviers servis ou non, ce qui manque."""
    lines = [_priorities(r), _served(r)]
    without = [name for name, found in (("niveaux de la TRACC", r.warming), ("thèmes d'exposition", r.exposures))
               if not found]  # fmt: skip
    if without:
        lines.append(
            Text("**Sans source dans le kit** : {}. Leur place est laissée, rien n'y est écrit.", french.join(without))
        )
    return Text.bullets(lines)


def _priorities(r: Recensement) -> Text:
    if not r.collected:
        return Text("**Aucun recensement n'a été donné** pour ce territoire.")
    if r.empty:
        return Text("**Aucune priorité** ne vient de ce territoire ({} d'un autre).", r.counts["elsewhere"] or "aucune")
    known = r.priorities.budget.notna()
    levers = int((r.levers.priorities > 0).sum())
    money = (
        Text(
            "{} pour {}, {} sans budget",
            french.euros(float(r.priorities.budget.sum())),
            french.plural(int(known.sum()), "priorité"),
            int((~known).sum()) or "aucune",
        )
        if known.any()
        else Text("aucune ne dit son budget")
    )
    return Text(
        "**{}** sur {} des {} leviers d'adaptation ; {}.",
        french.plural(len(r.priorities), *PRIORITIES.noun), levers, len(r.levers), money,
    )  # fmt: skip


def _served(r: Recensement) -> Text:
    """How many levers of the 22 nothing serves, and what was counted."""
    if not r.given:
        return Text("**{} leviers d'adaptation**, dont rien ne dit encore ce qui les sert.", len(r.levers))
    none = len(r.unserved)
    said = french.plural(none, "levier") if none else "aucun levier"
    return Text("**{} sur {}** que rien ne sert, {} compris.", said, len(r.levers), french.join(r.given))


SOURCES = Section("sources", 140)


@SOURCES.sentence(always=True)
def method(r: Recensement) -> Text:
    """Comment les priorités, les actions et les projets sont comptés, et ce que le document ne dit pas."""
    lines = [
        Text("Les priorités sont comptées telles qu'elles sont écrites : l'effet, la sensibilité et le niveau n'ont "
             "pas de liste dans le recensement, et le kit n'en ajoute pas ; la casse et les accents ne comptent pas."),
        Text("Un projet ou une action sert un levier des 22 s'il le nomme. S'il est d'un levier des 43 que la table de "
             "passage met à côté, il est compté à part : ce rapprochement est du kit (hypothèse), et un même projet "
             "peut compter pour plusieurs leviers."),
        Text("Les leviers des 43 qui servent l'adaptation sont ceux de la matrice des enjeux de la source (11)."),
        Text("Un budget est celui que la priorité déclare ; un budget absent n'est pas un budget nul."),
        Text("Le PNACC 3 et les cartes régionales d'adaptation ne sont pas dans les sources réunies : le document n'en "
             "reprend aucun chiffre."),
    ]  # fmt: skip
    return Text.bullets(lines)


DOCUMENT.sources(SOURCES, USED, "du recensement, des leviers et des repères", invented=False)
