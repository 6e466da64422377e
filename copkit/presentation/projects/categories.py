"""Why the dossiers have their categories: the rules, the opinions of the bodies, the criteria of the roadmap."""

from __future__ import annotations

import lazy_loader

from copkit import french
from copkit.intake import levers
from copkit.presentation import charts, theme
from copkit.presentation.document import Section
from copkit.presentation.projects.document import caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.projects import fields
from copkit.projects.selection import Vivier
from copkit.projects.sorting import criteria, opinions
from copkit.reference import framework, tables, territories

alt = lazy_loader.load("altair")
MOST = 20_000  # dossiers of a workbook
ANSWERS = {fields.YES: "rempli", fields.NO: "non rempli", criteria.UNSAID: "à préciser"}
EXPLANATIONS = Section("explications", 100)


@EXPLANATIONS.table("explications")
def _explanations(v: Vivier) -> Table:
    chosen = v.explained
    columns = {
        "Dossier": chosen.project_id,
        "Intitulé": [one or french.UNKNOWN for one in chosen.title],
        "Porteur": v.holder(chosen),
        "Catégorie": chosen.category.map(v.labels),
        "Pourquoi": chosen.reason,
        "Ce qui manque": [one or "rien" for one in chosen.missing],
    }
    if v.decided:
        columns["Décision"] = [v.labels.get(one, "—") for one in chosen.decision]
    return Table.of(caption(v, f"{len(chosen)} dossiers expliqués, un au moins pour chaque règle appliquée"), columns)


@EXPLANATIONS.table("dossiers", sheet="Dossiers", rank=150, page=False)
def _projects(v: Vivier) -> Table:
    """Every dossier that is counted, with the answer of the rules and of the criteria."""
    kept, themes = v.counted.head(MOST), framework.labels("thematiques")
    epci = dict(zip((known := tables.read("epci.csv")).code, known.name, strict=True))
    columns = {
        "Dossier": kept.project_id,
        "Intitulé": kept.title,
        "Porteur": v.holder(kept),
        "Département": [territories.name(one) if one else french.UNKNOWN for one in kept.departement],
        "EPCI": [epci.get(one, french.UNKNOWN) for one in kept.epci],
        "Levier": [levers.said(one) for one in kept.lever],
        "Thématiques": [
            french.join(themes.get(one, one) for one in cell.split(fields.SEPARATOR)) if cell else "non renseigné"
            for cell in kept.thematiques
        ],
        "Coût (€)": (kept.cost, 2),
        "Montant engagé (€)": (kept.amount, 2),
        "Catégorie retenue": kept.category_kept.map(v.labels),
        "Catégorie selon les règles": kept.category.map(v.labels),
        "Pourquoi": kept.reason,
        "Ce qui manque": [one or "—" for one in kept.missing],
    }
    for key, label in criteria.VERDICTS.items():
        columns[label] = [one or "à préciser" for one in kept[key].to_list()]
        columns[f"{label} : raison"] = [one or "—" for one in kept[f"{key}_reason"].to_list()]
    if not v.public:
        columns["Avis partagés"] = [one or "—" for one in kept.disagreement]
    text = "Tous les dossiers comptés"
    if len(v.counted) > MOST:
        text = f"{french.number(MOST, 0)} premiers dossiers sur {french.number(len(v.counted), 0)}"
    return Table.of(caption(v, text), columns)


OPINIONS = Section("avis", 110, "Les avis des services")


@OPINIONS.table("avis", sheet="Avis", rank=140, rows=30)
def _opinions(v: Vivier) -> Table | Note:
    """The dossiers on which two bodies differ, body by body."""
    if v.public:
        return Note("Les avis des services ne figurent pas dans la version publique.")
    found = opinions.side_by_side(v.projects)
    if found.empty:
        return Note("Aucun avis de service n'est écrit dans les dossiers (préfecture, DREAL, agences).")
    differ = found[found.disagreement != ""]
    if differ.empty:
        count = french.plural(found.project_id.nunique(), "dossier")
        return Note(f"{count} avec un avis de service ; aucun désaccord entre les services.")
    return Table.of(
        caption(v, "Dossiers sur lesquels les avis diffèrent"),
        {
            "Dossier": differ.project_id,
            "Intitulé": differ.title,
            "Service": differ.body_label,
            "Avis": [fields.OPINIONS.get(one, "—") for one in differ.opinion],
            "Financement repéré": [one or "—" for one in differ.funding],
            "Ingénierie repérée": [one or "—" for one in differ.engineering],
        },
    )


CRITERIA = Section("criteres", 120, "Les critères de la feuille de route")


@CRITERIA.sentence()
def inclusion(v: Vivier) -> Text:
    """Les trois critères, et ce que le fichier ne dit pas."""
    silent = ""
    if v.counts["silent"]:
        names = french.join(lower(fields.FIELDS[name].label) for name in v.counts["silent"])
        silent = f" Aucun dossier ne renseigne : {names} ; ces critères restent « à préciser », jamais « non »."
    return Text(
        "Un dossier entre dans la feuille de route s'il remplit les trois critères : cohérence (thème, cibles, "
        "dimension nouvelle), potentiel (effet à l'échelle du levier ou réplicable), avancement (maître d'ouvrage, "
        "autre acteur, prochaines étapes).{}",
        silent,
    )


@CRITERIA.chart(name="inclusion")
def verdicts(v: Vivier) -> alt.LayerChart:
    """Part des dossiers qui remplissent chaque critère d'inclusion, ou qui ne le disent pas. [%]"""
    shares, shades = v.verdicts.to_numpy().tolist(), (theme.HIGHLIGHT, theme.WHITE, "#d5dbed")
    stack = charts.Stack(list(criteria.VERDICTS.values()), list(ANSWERS.values()), shares, shades)
    count = french.plural(v.included, "dossier") if v.included else "Aucun dossier"
    verb = "remplit" if v.included == 1 else "remplissent" if v.included else "ne remplit"
    made = words(
        v,
        f"{count} sur {french.number(len(v.counted), 0)} {verb} les trois critères ; "
        f"{french.percent(shares[-1][-1], 0)} sont à préciser",
        "% des dossiers",
        f"Critères d'inclusion. {stack.said()}",
        "De gauche à droite : rempli, non rempli, à préciser (le dossier ne le dit pas)",
    )
    return stack.chart("part des dossiers (%)", made)


@CRITERIA.table("criteres", sheet="Critères", rank=130, rows=30)
def _criteria(v: Vivier) -> Table:
    found = v.verdict_reasons
    return Table.of(
        caption(v, "Critères d'inclusion : réponses et raisons"),
        {
            "Critère": found.criterion.map(criteria.VERDICTS),
            "Réponse": found.answer.map(ANSWERS),
            "Raison": found.reason,
            "Dossiers": (found.projects, 0),
            "Part (%)": (found.share, 1),
        },
    )
