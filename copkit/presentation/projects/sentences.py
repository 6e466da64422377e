"""The sentences of a document about a vivier, written from its figures, in Markdown; none where there is no project."""

from __future__ import annotations

from copkit import __version__, french
from copkit.presentation import labels
from copkit.presentation.projects.charts import lower
from copkit.presentation.territory.sentences import Text
from copkit.projects import fields
from copkit.projects.vivier import Vivier
from copkit.reference import framework, territories


def heading(v: Vivier) -> Text:
    """Le territoire, le fichier, et en tête « Exemple inventé » quand c'en est un."""
    region = f", région {territories.name(territories.region_of(v.territory))}" if v.level == "departement" else ""
    shown = "" if v.territory == "fr" else f" ({territories.level_label(v.territory)}{region})"
    lines = [f"## {v.name}{shown}"]
    if v.invented:
        lines.append(
            "> **Exemple inventé.** Les dossiers de ce document sont inventés : aucun chiffre ne décrit un territoire, "
            "un projet ou une collectivité réels, même quand une somme est celle d'un document publié."
        )
    if v.public:
        lines.append(
            "**Version publique** : sans commentaire, avis, nom de personne ni coordonnées ; de chaque dossier, "
            "l'intitulé est le seul texte libre."
        )
    objective, step = framework.items("objectifs")[2].label, framework.items("etapes")[1].label
    source = f" Fichier{'s' if len(v.files) > 1 else ''} : {french.join(v.files)}." if v.files else ""
    lines.append(
        f"COP {v.year}.{source} COP régionale : {labels.calendar(v.territory)} selon le SGPE, 2024. Ce document sert "
        f"un des quatre objectifs d'une COP, {lower(objective)}, à l'étape « {lower(step)} » (copkit {__version__})."
    )
    if v.empty:
        lines.append(
            f"**Aucun dossier du fichier n'est situé dans ce territoire** "
            f"({french.plural(v.elsewhere, 'dossier')} d'un autre territoire)."
        )
    return Text("\n\n".join(lines))


def reading(v: Vivier) -> Text:
    """Ce qui a été lu, écarté, retiré."""
    said = v.counts["summary"]
    if v.level != "france" and (v.elsewhere or v.nowhere):
        kept = "comptés, car tous les autres sont de la région" if v.placeless else "hors du compte"
        said += f" Ici : {french.plural(len(v.counted), 'dossier distinct', 'dossiers distincts')} ; "
        said += f"{french.plural(v.elsewhere, 'dossier')} d'un autre territoire, hors du compte"
        said += f" ; {french.plural(v.nowhere, 'dossier')} sans lieu, {kept}." if v.nowhere else "."
    return Text(said)


def balance(v: Vivier) -> Text | None:
    """Le bilan en une phrase : dossiers, catégories."""
    if v.empty:
        return None
    column = v.territory if v.level == "departement" else "total"
    rows = zip(v.categories.label[:-1], v.categories[column][:-1], v.shares[column][:-1], strict=True)
    said = [f"{french.number(n, 0)} « {label} » ({french.percent(share, 1)})" for label, n, share in rows]
    decided = int((v.counted.decision != "").sum())
    verb = "remplace" if decided == 1 else "remplacent"
    more = f" {french.plural(decided, 'décision')} d'analyste {verb} la réponse de la règle." if decided else ""
    whole = french.plural(len(v.counted), "dossier distinct", "dossiers distincts")
    return Text(f"**{whole}** : {french.join(said)}.{more} La catégorie vient de règles lues dans l'ordre.")


def levers(v: Vivier) -> Text | None:
    """Ce que comptent les listes de leviers, et la règle des ex aequo."""
    if v.empty:
        return None
    found = v.ranks
    none = [lower(label) for label in found.label[found["list"] == "none"]]
    closing = found[(found["list"] == "most") & found["rank"].isna()].set_index("lever")
    others, blank = closing.loc["autres"], closing.loc["non_renseigne"]
    missing = f"{len(none)} des 43 leviers n'ont aucun dossier : {french.join(none)}." if none else ""
    return Text(
        f"« Autres leviers » : {french.number(others.projects, 0)} dossiers ({french.percent(others.share, 1)}) ; "
        f"levier non renseigné : {french.number(blank.projects, 0)} ({french.percent(blank.share, 1)}). {missing}\n\n"
        + bullets(rule for rule in found.attrs["rules"] if not _general(rule))
    )


def coverage(v: Vivier) -> Text | None:
    """Comment la couverture est comptée."""
    return None if v.empty else Text(bullets(rule for rule in v.coverage.attrs["rules"] if not _general(rule)))


def inclusion(v: Vivier) -> Text | None:
    """Les trois critères, et ce que le fichier ne dit pas."""
    if v.empty:
        return None
    silent = [fields.FIELDS[name].label for name in v.counts["silent"]]
    said = (
        "Un dossier entre dans la feuille de route s'il remplit les trois critères : cohérence (thème, cibles, "
        "dimension nouvelle), potentiel (effet à l'échelle du levier ou réplicable), avancement (maître d'ouvrage, "
        "autre acteur, prochaines étapes)."
    )
    if silent:
        said += (
            f" Aucun dossier ne renseigne : {french.join(lower(one) for one in silent)} ; ces critères restent "
            "« à préciser », jamais « non »."
        )
    return Text(said)


def crossing(v: Vivier) -> Text | None:
    """Les deux totaux du panorama, et comment l'effet des projets est compté."""
    if v.empty:
        return None
    found = v.crossing.attrs
    without, with_ = (french.number(found["targets"][name], 1) for name in ("sans forêt", "avec forêt"))
    total = v.crossing.iloc[-1]
    said = f"Objectif du panorama : **{without} ktCO2e/an hors forêt**, {with_} avec le levier forêt. "
    if total.declared:
        verb = "déclare" if total.declared == 1 else "déclarent"
        said += (
            f"{french.plural(int(total.declared), 'dossier')} sur {french.number(total.projects, 0)} {verb} une "
            f"quantité qui se convertit, soit {french.quantity(total.kt_identified)} ktCO2e/an identifiées : ce que "
            "les autres dossiers évitent n'est pas connu, et n'est pas zéro."
        )
    else:
        said += "Aucun dossier ne déclare de quantité qui se convertit : ce qu'ils évitent n'est pas connu."
    return Text(said + "\n\n" + bullets(rule for rule in found["rules"] if not _general(rule)))


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
    if v.invented:
        lines.insert(0, "**Exemple inventé** : ce document montre ce que fait le kit, il ne dit rien d'un territoire.")
    return Text(bullets(lines))


def bullets(lines) -> str:
    """A list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def _general(rule: str) -> bool:
    """What the document says once, at its head."""
    return any(words in rule for words in ("Exemple inventé", "distinct", "second dépôt", "seconds dépôts"))
