"""Actions in the import workbook of Territoires en transitions: what has a place there, and what has none."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from copkit import __version__, files, french
from copkit.errors import ProjectError
from copkit.intake import gazetteer
from copkit.intake.fields import YES, counted, ids
from copkit.intake.workbook import laid
from copkit.models import nomenclatures
from copkit.projects.exchange import INVENTED
from copkit.projects.fields import UNKNOWN_LEVER
from copkit.reference import framework
from copkit.roadmap.actions import FIELDS, taken
from copkit.roadmap.assessment import STANDINGS
from copkit.roadmap.plan_template import MARK, TITLES, Template, template

LEFT = ["action_id", "title", "what", "reason"]
WIDTHS = {"description": 48, "title": 40, "notes": 60}  # of the columns that are filled
WIDTH = 24
CUT = " […]"


def write_tet(actions: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Écrit des actions dans le classeur d'import de Territoires en transitions, à ses feuilles, en-têtes et listes.

    Le thème est l'axe, le levier le sous-axe. Ce que le modèle n'a pas (quantité, maturité, plan de travail…) est dans
    sa colonne « Notes », que ``ck.roadmap.read_actions`` relit et que la plateforme n'importe pas. Nulle personne n'est
    nommée : la lecture des actions les retire. Ce qui n'a pas de place, ou en change, est rendu, non deviné.

    Parameters
    ----------
    actions : actions lues par ``ck.roadmap.read_actions``, évaluées ou non ; un doublon n'est pas écrit.
    path : classeur .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.

    Returns
    -------
    DataFrame : action_id, title, what, reason : ce que la plateforme n'aura pas tel quel, action par action.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des actions, ou si le fichier ne peut pas être écrit.
    ParameterError
        Si parameters/territoires_en_transitions.yml est endommagé.

    References
    ----------
    ``tet_modele_import``.
    """
    table, model = taken(actions), template()
    path = files.path_of(path, ProjectError)
    if path.suffix.lower() != ".xlsx":
        raise ProjectError(f"« {path} » : Territoires en transitions lit un classeur. Écrire un nom en .xlsx.")
    left = [(one.action_id, one.title, "action", "doublon : non écrite.") for one in _twice(table).itertuples()]
    rows = [_row(one, model, left) for one in counted(table).itertuples()]
    laid.write(_sheets(model, rows), path, "Plan d'action, modèle d'import de Territoires en transitions")
    return pd.DataFrame(left, columns=LEFT)


def _twice(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(index=counted(table).index)


def _row(one, model: Template, left: list[tuple]) -> list[str | float]:
    """An action in the columns of the template; what is not there as it was is added to ``left``."""

    def lacks(what: str, reason: str) -> None:
        left.append((one.action_id, one.title, what, reason))

    made = {name: getattr(one, name) for name in ("theme", "description", "indicators", "engineering", "funding")}
    made["title"] = _title(one, model.longest_title, lacks)
    made["holder"], made["partners"] = (_list(getattr(one, name)) for name in ("holder", "partners"))
    known = nomenclatures.lever_labels()
    made["lever"] = " / ".join(known[lever] for lever in ids(one.lever) if lever != UNKNOWN_LEVER)
    if UNKNOWN_LEVER in ids(one.lever):
        lacks("levier", "libellé non reconnu : à corriger dans le fichier d'origine.")
    made["status"] = model.statuses.get(one.progress, "")
    made["cost"] = _cost(one.cost, lacks)
    made["notes"] = _notes(one, model, lacks)
    return [made.get(column.source, "") for column in model.columns]


def _title(one, longest: int, lacks) -> str:
    mark = INVENTED if one.invented == YES and "invent" not in one.title else ""
    if len(one.title) + len(mark) <= longest:
        return one.title + mark
    lacks("intitulé", f"plus de {longest} caractères, que la plateforme refuse : coupé. Le raccourcir.")
    return one.title[: longest - len(CUT) - len(mark)] + CUT + mark


def _list(text: str) -> str:
    """Several bodies, as the platform parts them: by commas.

    >>> _list("Chambre d'agriculture ; Région")
    "Chambre d'agriculture, Région"
    """
    return re.sub(r"\s*[;\n]\s*", ", ", text)


def _cost(cost: float, lacks) -> str | float:
    if pd.isna(cost):
        return ""
    if round(cost) <= 0:
        lacks("coût", "le modèle n'admet qu'un nombre entier positif : non écrit.")
        return ""
    lacks("coût", "écrit sous « € HT » : la fiche ne dit pas s'il est hors taxes. Le vérifier.")
    return float(round(cost))


def _notes(one, model: Template, lacks) -> str:
    """What has no column, a line each; where the action stands, when it was assessed."""
    said = {label: _text(name, getattr(one, name)) for name, label in model.notes.items()}
    filled = {label: text for label, text in said.items() if text}
    for label in filled:
        if label not in (model.notes["action_id"], model.notes["invented"]):
            lacks(label, "sans colonne que la plateforme importe : gardé dans « Notes ».")
    lines = [f"{label}{MARK}{text}" for label, text in filled.items()]
    if standing := STANDINGS.get(getattr(one, "standing", "")):
        lines.append(f"Évaluation{MARK}{standing}. {one.why}")
    return "\n".join(lines)


def _text(name: str, value: object) -> str:
    """A value as it reads back: labels of choices, a comma for decimals, on one line."""
    field = FIELDS[name]
    if field.kind == "territory":
        said = gazetteer.name(str(value)) if value else ""
        return said if gazetteer.territory(said)[0] == value else str(value)
    if field.kind == "ids":
        return " / ".join(framework.labels("thematiques")[one] for one in ids(value))
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.15g}".replace(".", ",")
    return " ".join(str(field.options.get(str(value), value)).split())


def _sheets(model: Template, rows: list[list[str | float]]) -> list[laid.Laid]:
    lists = list(model.lists)
    deepest = max(map(len, model.lists.values()))
    choices = {
        n: (model.choices, lists.index(column.list), len(model.lists[column.list]))
        for n, column in enumerate(model.columns)
        if column.list
    }
    heads = [[getattr(column, name) for column in model.columns] for name in ("group", "header", "type")]
    blank: list[list[str | float]] = [[]] * (model.first_row - 1 - len(heads))
    columns = [[name, *model.lists[name], *[""] * (deepest - len(model.lists[name]))] for name in lists]
    return [
        laid.Laid(model.guide, [[], *([french.typeset(line)] for line in _guide(model, len(rows)))], (110,), (1,)),
        laid.Laid(
            model.plan,
            [*heads, *blank, *rows],
            [WIDTHS.get(column.source, WIDTH) for column in model.columns],
            heads=(0, 1, 2),
            choices=choices,
            first=model.first_row,
            frozen=(model.first_row - 1, 4),
        ),
        laid.Laid(model.choices, list(zip(*columns, strict=True)), [34] * len(lists), heads=(0,), hidden=True),
    ]


def _guide(model: Template, count: int) -> list[str]:
    """What to know of the workbook: the words are the kit's."""
    return [
        "Plan d'action au modèle d'import de Territoires en transitions",
        f"{french.plural(count, 'action')}, feuille « {model.plan} », à partir de la ligne {model.first_row}. "
        f"Écrit par copkit {__version__}.",
        "Ne changer ni les en-têtes ni l'ordre des colonnes : la plateforme les compare au caractère près. Selon sa "
        f"version, elle attend en D2 « {TITLES[0]} », écrit ici, ou « {TITLES[1]} » : écrire celui qu'elle demande.",
        "Une colonne dont la ligne 3 dit « non importé » n'est pas reprise par la plateforme. « Notes » garde ce qui "
        "n'a pas d'autre place.",
        "Ce que les fiches ne disent pas est vide, ainsi que les noms de personnes : à remplir sur la plateforme.",
    ]
