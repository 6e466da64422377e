"""What is said of each lever: the table of the 43, and the page of one of them."""

from __future__ import annotations

from copkit import french
from copkit.intake import gazetteer
from copkit.presentation.document import Section
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.survey import analysis
from copkit.survey.questionnaire import QUESTIONS, actions, rules
from copkit.survey.selection import Consultation

LEVERS = Section("leviers", 30)


@LEVERS.sentence()
def judged(q: Consultation) -> Text:
    """Combien de leviers sont pertinents, et combien les réponses éclairent trop peu."""
    found, limits = q.spoken, rules().thresholds
    relevant = int((found.pertinence >= limits.share).sum())
    said = [
        Text(
            "**{}** : la moitié au moins des réponses jugent leurs actions pertinentes.",
            f"{relevant} leviers pertinents sur {len(found)}"
            if relevant > 1
            else f"{relevant} levier sur {len(found)}",
        )
    ]
    if (few := int(found.small.sum())) > 0:
        count = french.plural(few, "levier")
        said.append(Text("{} de moins de {} collectivités ({}).", count, limits.small, tables.SMALL))
    if silent := len(q.levers) - len(found):
        said.append(Text("{} sans réponse.", french.plural(silent, "levier")))
    said.append(Text("Une action qui sert plusieurs leviers compte dans chacun. « Sans objet » n'est pas compté."))
    return Text.joined(said, " ")


@LEVERS.table("leviers", sheet="Leviers", rank=20)
def _levers(q: Consultation) -> Table:
    return tables.VIEWS["levers"](q.levers, tables.where(q))


@LEVERS.table("mesures", sheet="Mesures", rank=25, page=False)
def _figures(q: Consultation) -> Table:
    """The same as numbers, each end of an interval in its column, with the answers of each kind."""
    found, columns = q.levers, {"Levier": q.levers.label, "N°": (q.levers.number, 0)}
    for name in QUESTIONS:
        share = name == analysis.RELEVANCE
        times, digits, unit = (100, 0, "%") if share else (1, 1, "sur\u00a03")
        label = "Pertinents" if share else tables.TITLES[name]
        for suffix, what in (("", ""), ("_low", ", bas"), ("_high", ", haut")):
            columns[f"{label} ({unit}){what}"] = (times * found[f"{name}{suffix}"], digits)
        for suffix, what in (("n", "réponses"), ("sans_objet", "sans objet"), ("blank", "sans réponse")):
            columns[f"{label}, {what}"] = (found[f"{name}_{suffix}"], 0)
    text = f"Mesures de chaque levier, intervalle à 95 % et réponses ({tables.counted(found)})"
    return Table.of(caption(q, text), columns | {"Collectivités": (found.respondents, 0)})


@LEVERS.table("actions_par_levier", sheet="Actions par levier", rank=75, page=False)
def _all_actions(q: Consultation) -> Table:
    """The page of every lever, one below the other: its actions, from the most implemented."""
    served = analysis.with_levers(actions()[["action"]].copy())
    found = served.merge(analysis.by_action(q.answers, types=()), on="action", how="left")
    number = q.levers.set_index("lever")[["number", "label"]]
    found = found.assign(number=found.lever.map(number.number), lever_label=found.lever.map(number.label))
    found = found[found.respondents > 0].sort_values(["number", "collectivite"], ascending=[True, False], kind="stable")
    columns = {"Levier": found.lever_label, "Action": found.label, **tables.measures(found)}
    return Table.of(caption(q, "Actions de chaque levier, de la plus à la moins mise en œuvre"), columns)


PAGE = Section("levier", 100)


def _chosen(q: Consultation) -> bool:
    return bool(q.lever)


@PAGE.sentence(when=_chosen)
def lever(q: Consultation) -> Text:
    """Un levier : ce que les réponses en disent, et sa famille."""
    one = q.levers.set_index("lever").loc[q.lever]
    known = q.families.set_index("lever").loc[q.lever]
    lines = [Text("### Levier {} : {}", one.number, lower(one.label))]
    if one.pertinence != one.pertinence:
        return Text.joined([*lines, Text("Aucune réponse ne porte sur ce levier.")])
    said = Text(
        "{share} des réponses jugent ses actions pertinentes ; l'action de la collectivité est notée {own} sur 3, "
        "celle de l'ensemble des parties prenantes {others} ({count}).",
        share=french.percent(100 * one.pertinence, 0),
        own=french.number(one.collectivite, 1),
        others=french.number(one.parties_prenantes, 1),
        count=french.plural(int(one.respondents), "collectivité"),
    )
    family = Text("Famille {} : {}", known.kept, lower(known.calls_for)) if known.kept else Text("Sans famille.")
    return Text.joined([*lines, Text.joined([said, family], " ")])


@PAGE.table("levier_actions", when=_chosen, sheet="Levier", rank=76)
def _actions(q: Consultation) -> Table:
    found = analysis.of_lever(q.answers, q.lever)
    text = "Actions du levier, de la plus à la moins mise en œuvre, toutes collectivités"
    return Table.of(caption(q, text), {"Action": found.label, "Thème": found.theme, **tables.measures(found)})


@PAGE.table("commentaires", sheet="Commentaires", rank=160, page=_chosen, private=True, rows=40)
def _comments(q: Consultation) -> Table | Note:
    found = q.comments
    labels = dict(zip(actions().action, actions().label, strict=True))
    names = dict(zip(q.answers.respondent.to_list(), q.answers.name.to_list(), strict=True))
    return Table.or_note(
        "Aucun commentaire.",
        caption(q, "Commentaires des collectivités (version de travail)"),
        {
            "Action": found.action.map(labels),
            "Collectivité": [names[one] or gazetteer.name(one) for one in found.respondent],
            "Commentaire": found.comment,
        },
    )
