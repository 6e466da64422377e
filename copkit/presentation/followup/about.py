"""What the document is: what became of the actions in a few lines at its head; method and sources at its end."""

from __future__ import annotations

from copkit import french
from copkit.presentation import labels
from copkit.presentation.document import Section
from copkit.presentation.followup.document import DOCUMENT
from copkit.presentation.text import Text, lower
from copkit.roadmap import sites
from copkit.roadmap.followup import (
    BEHIND,
    CAME,
    DONE,
    DROPPED,
    FOLLOWED,
    GONE,
    LATE,
    LEFT,
    MOVED,
    NEW,
    ON_TRACK,
    ONGOING,
    OPEN,
    UNSAID,
    UNSTARTED,
    Followup,
)

USED = {
    "sgpe_point_de_sortie": "ce qui prépare la COP suivante",
    "feuille_de_route_hauts_de_france_2025": "chantiers et outils",
    "sgpe_simulateur_2024": "objectifs et coefficients",
}
INVENTED = Text(
    "> **Exemple inventé.** Les actions, les dossiers, les décisions et les sujets de ce document sont inventés : "
    "aucun ne décrit un territoire réel. Les objectifs sont ceux du SGPE, les indicateurs sont observés."
)
SEVERAL = {  # what is said of several actions
    DONE: "faites",
    ONGOING: "en cours",
    LATE: "en retard",
    UNSTARTED: "pas commencées",
    DROPPED: ("abandonnée", "abandonnées"),
    UNSAID: "sans nouvelle",
    GONE: ("disparue du fichier", "disparues du fichier"),
    OPEN: "à rapprocher",
}


HEADING = Section("entete", 10)


@HEADING.sentence(always=True)
def opening(f: Followup) -> Text:
    """Le territoire, l'année, ce que sont devenues les actions, les leviers au rythme."""
    lines = [
        Text("# {}\n\nSuivi {} de la feuille de route{}", f.name, f.year, labels.place(f.territory)),
        INVENTED if f.invented else "",
        Text("**Version publique** : sans qui décide ni pourquoi.") if f.public else "",
    ]
    if f.actions.empty:
        return Text.joined([*lines, Text("**Aucune action ne vient de ce territoire.**")])
    return Text.joined([*lines, message(f), Text("{}", labels.purpose(f.territory, objective=2, step=4))])


@HEADING.sentence(page=False)
def message(f: Followup) -> Text:
    """Le message en quelques lignes : actions, leviers, projets, ce qui est reporté."""
    counts, whole = f.counts, len(f.expected)
    said = french.join(counted(one, counts[one]) for one in FOLLOWED if counts[one])
    many = french.plural(whole, f"action de {f.year - 1}", f"actions de {f.year - 1}")
    lines = [Text("**{}** : {}.", many, said)] if whole else []
    if counts[NEW]:
        lines.append(Text("**{}** en {}.", french.plural(counts[NEW], "action nouvelle", "actions nouvelles"), f.year))
    on, behind = f.tracked(ON_TRACK), f.tracked(BEHIND)
    if judged := len(on) + len(behind):
        names = f" : {' ; '.join(map(lower, on))}" if on else ""
        count, verb = (
            (french.plural(len(on), "levier"), "est" if len(on) == 1 else "sont") if on else ("Aucun", "n'est")
        )
        said = Text("**{} sur {} dont le rythme se juge**", count, judged)
        lines.append(Text("{} {} au rythme qu'il faut{}.", said, verb, names))
    lines.append(covered(f))
    if f.projects is not None:
        lines.append(moved(f))
    if left := len(f.carried):
        lines.append(Text("**{}** à la COP suivante.", french.plural(left, "sujet reporté", "sujets reportés")))
    return Text.bullets(lines)


def counted(outcome: str, count: int) -> str:
    """« 8 faites », « 1 abandonnée »."""
    words = SEVERAL[outcome]
    one, many = words if isinstance(words, tuple) else (words.removesuffix("s"), words)
    if outcome in (ONGOING, LATE, UNSAID, OPEN):
        one = words
    return f"{french.number(count, 0)} {many if count > 1 else one}"


def covered(f: Followup) -> Text:
    """How many levers of the panorama a retained action covers, this year and the year before."""
    found = f.aimed
    had, has = (int((found[f"actions_{side}"] > 0).sum()) for side in ("before", "after"))
    return Text("**{} leviers sur {}** ont une action retenue, {} en {}.", has, len(found), had, f.year - 1)


def moved(f: Followup) -> Text:
    """How many dossiers moved, came and left."""
    counts = f.projects.move.value_counts()
    said = {
        MOVED: ("change de catégorie", "changent de catégorie"),
        CAME: ("arrive", "arrivent"),
        LEFT: ("part", "partent"),
        OPEN: ("est à rapprocher", "sont à rapprocher"),
    }
    parts = [french.plural(int(counts[one]), *words) for one, words in said.items() if counts.get(one)]
    none = "aucun n'est situé dans ce territoire" if f.projects.empty else "aucun ne change"
    return Text("**Dossiers du vivier** : {}.", french.join(parts) or none)


SOURCES = Section("sources", 140)


@SOURCES.sentence(always=True)
def method(f: Followup) -> Text:
    """Comment les deux années sont rapprochées, et ce que le document ne dit pas."""
    lines = [
        Text("Une action est la même d'une année à l'autre par son numéro, sinon par son territoire, son levier et son "
             "intitulé. Quand le numéro et l'intitulé se contredisent, rien n'est deviné : elle est « à rapprocher »."),
        Text("Une action que sa fiche dit « pas commencée » est en retard si un résultat était attendu dans l'année. "
             "Une fiche qui ne dit rien est « sans nouvelle » : ce n'est ni un retard, ni une réussite."),
        Text("Une décision du journal se lit à côté de la réponse de la règle, qui peut changer ; elle n'est révoquée "
             "que par une autre. L'année d'avant est lue avec les décisions prises jusqu'à sa fin."),
        Text("Un indicateur est celui de tout le territoire : il ne mesure pas l'effet des actions."),
        *(Text("{}", note) for note in f.notes),
    ]  # fmt: skip
    return Text.bullets(lines)


@SOURCES.sentence(always=True)
def tools(f: Followup) -> Text:
    """Les outils que les feuilles de route citent, avec leur adresse."""
    found = sites.rules().tools_of(f.territory)
    lines = [Text("{} : {}.", Text.link(one.label, one.url), one.what) for one in found]
    return Text.joined([Text("### Outils"), Text.bullets(lines)])


DOCUMENT.sources(SOURCES, USED, "des chantiers, des objectifs et des outils")
