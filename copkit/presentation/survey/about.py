"""What the document is: who answered and what it says in a few lines at its head, method and sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.presentation import labels
from copkit.presentation.document import Section
from copkit.presentation.survey.document import DOCUMENT
from copkit.presentation.survey.families import kept
from copkit.presentation.text import Text, lower
from copkit.survey import analysis
from copkit.survey.questionnaire import FAMILIES, QUESTIONS, rules
from copkit.survey.selection import Consultation

USED = ("feuille_de_route_hauts_de_france_2025", "sgpe_point_de_sortie", "insee_cog_2026", "banatic_2023")
INVENTED = Text(
    "> **Exemple inventé.** Les réponses de ce document sont inventées : aucun chiffre ne dit ce que pense ou fait une "
    "collectivité réelle, même quand une somme est celle d'un document publié."
)
PUBLIC = Text("**Version publique** : sans commentaire ni nom ; aucune réponse ne s'y reconnaît.")
SEVERAL = {"epci": "EPCI", "pnr": "parcs naturels régionaux", "pays": "Pays", "petr": "PETR"}
ONE = {"epci": "EPCI", "pnr": "parc naturel régional", "pays": "Pays", "petr": "PETR", "region": "région"}
CITED = 3  # levers of a message


HEADING = Section("entete", 10)


@HEADING.sentence(always=True)
def opening(q: Consultation) -> Text:
    """Le territoire, qui a répondu, ce qui est jugé pertinent, ce qui est en retard, les familles de leviers."""
    lines = [
        Text("# {}\n\nLe point de vue des collectivités{}", q.name, labels.place(q.territory)),
        INVENTED if q.invented else "",
        PUBLIC if q.public else "",
    ]
    if q.empty:
        elsewhere = french.plural(q.counts["elsewhere"], "réponse")
        lines.append(Text("**Aucune réponse ne vient de ce territoire** ({} d'un autre territoire).", elsewhere))
        return Text.joined(lines)
    files = f" Fichier{'s' if len(q.files) > 1 else ''} : {french.join(q.files)}." if 0 < len(q.files) <= 3 else ""
    return Text.joined([*lines, message(q), Text("{}{}", labels.purpose(q.territory, objective=1, step=0), files)])


@HEADING.sentence(page=False)
def message(q: Consultation) -> Text:
    """Le message en quelques lignes : participation, pertinence, retards, familles."""
    found, (good, behind) = q.spoken, (analysis.QUADRANTS[True, True], analysis.QUADRANTS[True, False])
    known = found[~found.small]
    lines = [Text("**Qui a répondu** : {}.", answered(q))]
    top = known[known.pertinence >= rules().thresholds.share]
    top = top.sort_values("pertinence", ascending=False, kind="stable").head(CITED)
    if len(top):
        pairs = zip(top.label, top.pertinence, strict=True)
        said = " ; ".join(f"{lower(label)}, {french.percent(100 * share, 0)}" for label, share in pairs)
        lines.append(Text("**Les leviers jugés les plus pertinents** : {} des réponses.", said))
    for what, name, order in (("Pertinents et investis", good, False), ("Pertinents mais en retard", behind, True)):
        these = known[known.quadrant == name].sort_values(analysis.OWN, ascending=order, kind="stable")
        if len(these):
            first = " ; ".join(map(lower, these.label[:CITED]))
            far = "les plus en retard" if order else "les plus investis"
            lines.append(Text("**{}** : {} ; {} : {}.", what, french.plural(len(these), "levier"), far, first))
    for name in FAMILIES:
        if (count := len(kept(q, name))) > 0:
            one = rules().families.definitions[name]
            said = (name, lower(one.label), french.plural(count, "levier"), one.calls_for)
            lines.append(Text("**Famille {}**, {} : {}. {}", *said))
    return Text.bullets(lines)


def answered(q: Consultation) -> str:
    """Who answered, in a sentence: each type, over its official list where that says something."""
    out = []
    for one in q.coverage[q.coverage.answered > 0].itertuples(index=False):
        name = (
            SEVERAL.get(one.type, f"{one.label.lower()}s") if one.answered > 1 else ONE.get(one.type, one.label.lower())
        )
        said = f"{french.number(one.answered, 0)} {name}"
        if one.type in ("region", "departement", "epci") and one.official > 1:
            said += f" sur {french.number(one.official, 0)} ({french.percent(100 * one.share, 0)})"
        out.append("la région" if one.type == "region" and one.official == 1 else said)
    return french.join(out)


SOURCES = Section("sources", 140)


@SOURCES.sentence(always=True)
def method(q: Consultation) -> Text:
    """Comment les réponses sont comptées, et ce que le document ne dit pas."""
    limits, level = rules().thresholds, french.percent(100 * rules().intervals.level, 0)
    scale = french.join(f"{one.label.lower()} {one.value}" for one in rules().scale.choices)
    asked = french.join(f"« {rules().questions[name]} »" for name in QUESTIONS)
    lines = [
        Text("Trois questions par action : {}. L'échelle est du kit, faute d'être publiée : {}.", asked, scale),
        Text("« Sans objet » et une case vide ne sont pas « non » : ni les parts ni les moyennes ne les comptent."),
        Text("Chaque réponse compte pour une, quels que soient les habitants de la collectivité ; une action qui sert "
             "plusieurs leviers compte dans chacun."),
        Text("Un levier est pertinent à partir de {} de réponses favorables, investi à partir de {} sur 3 : ce "
             "sont des seuils du kit, à discuter.",
             french.percent(100 * limits.share, 0), french.number(limits.invested, 1)),
        Text("Intervalles à {} : Wilson pour les parts, sur le nombre de collectivités ; rééchantillonnage des "
             "collectivités pour les moyennes et les corrélations ({} tirages, graine fixe).",
             level, french.number(rules().intervals.draws, 0)),
        Text("Une note est l'appréciation de qui répond : ni un résultat observé, ni un engagement."),
    ]  # fmt: skip
    invented = Text("**Exemple inventé** : ce document montre ce que fait le kit, il ne dit rien d'un territoire.")
    return Text.bullets([invented, *lines] if q.invented else lines)


DOCUMENT.sources(SOURCES, USED, "du questionnaire, des familles et des listes")
