"""How files that people edit are read: YAML with its line numbers, small CSVs, and their faults in French."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from copkit import files, paths
from copkit.errors import MOST, ParameterError, Problems, unknown
from copkit.received import yaml_excess

Model = TypeVar("Model", bound=BaseModel)
_KEYS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:int")
_NUMBERS = (_KEYS[1], "tag:yaml.org,2002:float")
_AS_WRITTEN = re.compile(
    r"[-+]?(0|[1-9][\d_]{0,30}|(?=\.\d))(\.[\d_]{0,30})?([eE][-+]?\d{1,2})?"
)  # not .nan, 1:30 nor 010
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there


def load_yaml(path: Path, problems: Problems) -> tuple[object, dict[tuple, int]]:
    """The content of a YAML file and the line of each key; a syntax error or a repeated key is a problem."""
    name = paths.shown(path)
    if wrong := files.not_read(path):
        absent = "fichier absent. Le rétablir depuis le dépôt de copkit."
        problems.add(name, wrong if os.path.exists(path) else absent)
        return None, {}
    try:
        content, lines, told = _parsed(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        content, lines, told = None, {}, ["le fichier n'est pas en UTF-8. L'enregistrer en UTF-8."]
    for message in told:
        problems.add(name, message)
    return content, lines


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[object, dict[tuple, int], list[str]]:
    """What ``load_yaml`` gives, and what is wrong: where one file of a hundred changed, the others are not read again.

    Nobody writes in what is given: it is given again.
    """
    told: list[str] = []
    lines: dict[tuple, int] = {}
    try:
        if excess := yaml_excess(text, _Loader):
            return None, {}, ["ligne {} : {}".format(*excess)]
        node = _Loader(text).get_single_node()
        if node is None:
            told.append("le fichier est vide. Le rétablir depuis le dépôt de copkit.")
        _locate(node, (), lines, told)
        return node and _Loader("").construct_document(node), lines, told
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"ligne {mark.line + 1} : " if mark else ""
        told.append(f"{where}le fichier n'est pas du YAML lisible. Vérifier l'indentation et les deux-points.")
    except ValueError as error:  # a date without quotes that no calendar has
        told.append(f"le fichier porte une date impossible ({error}). Écrire AAAA-MM-JJ.")
    return None, {}, told


def _locate(node, at: tuple, lines: dict[tuple, int], told: list[str]) -> None:
    """The line of each value; what would be read otherwise than it is written is a problem."""
    if node is None:
        return
    line = lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag not in _KEYS or (key.tag == _KEYS[1] and not _AS_WRITTEN.fullmatch(key.value)):
                said = f"« {key.value} » " if isinstance(key, yaml.ScalarNode) else ""
                told.append(f"ligne {line} : clé {said}qui n'est pas un texte. L'écrire entre guillemets.")
                continue
            if key.value in seen:
                told.append(f"ligne {line} : « {key.value} » est déjà écrit ligne {seen[key.value]}. En garder un.")
            seen[key.value] = line
            step = (*at, int(key.value.replace("_", "")) if key.tag == _KEYS[1] else key.value)
            _locate(value, step, lines, told)
            lines[step] = line
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _locate(value, (*at, i), lines, told)
    elif node.tag in _NUMBERS and not _AS_WRITTEN.fullmatch(node.value):
        said = f"ligne {line} : « {node.value[:40]} » serait lu comme un autre nombre, ou n'en est pas un"
        told.append(f"{said}. Écrire par exemple 1.5, ou un texte entre guillemets.")


def read_model(path: Path, model: type[Model], context: object = None) -> tuple[Model, dict[tuple, int]]:
    """A YAML file that follows ``model``, and the line of each key; ``context``: what its validators look at.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    problems = Problems()
    content, lines = load_yaml(path, problems)
    problems.raise_if_any(ParameterError)
    try:
        return model.model_validate(content, context=context), lines
    except ValidationError as error:
        for message in explain(error, lines, model):
            problems.add(paths.shown(path), message)
    raise ParameterError(str(problems))


def read_checked(path: Path, model: type[Model], faults: Callable[[Model, dict], Iterable[str | tuple]]) -> Model:
    """A YAML file that follows ``model`` and has none of its ``faults``, which look at it and at the line of each key.

    A fault is a sentence, or a place and a sentence: its line is then said.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    found, lines = read_model(path, model)
    problems = Problems()
    for fault in faults(found, lines):
        at, said = ((), fault) if isinstance(fault, str) else fault
        problems.add(paths.shown(path), f"ligne {_line(lines, at) or 1} : {said}" if at else said)
    problems.raise_if_any(ParameterError)
    return found


def _line(lines: dict[tuple, int], at: tuple, least: int = 1) -> int | None:
    """The line of a place, or of what holds it."""
    return next((lines[at[:n]] for n in range(len(at), least - 1, -1) if at[:n] in lines), None)


def explain(error: ValidationError, lines: dict[tuple, int], model: type[BaseModel]) -> list[str]:
    """The problems of a pydantic error, in French, with their lines and what to write instead."""
    out = []
    for rank, item in enumerate(error.errors()):
        at = tuple(p for p in item["loc"] if p not in ("float", "literal['baseline']", "constrained-int"))
        line = _line(lines, at, 0)
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".") or "le fichier"
        out.append(f"{f'ligne {line} : ' if line else ''}{place} : {_sentence(item, at, model, rank < MOST)}")
    return list(dict.fromkeys(out))


def _sentence(item: dict, at: tuple, model: type[BaseModel], near: bool) -> str:
    """``near``: look for the name that was meant, which takes longer than all the rest."""
    kind, given, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown("clé inconnue", at[-1], _keys(model, at[:-1]) if near else ()) + " Sinon la retirer."
    if kind == "missing":
        return "clé absente. L'ajouter."
    if kind == "literal_error":
        expected = context["expected"].replace("'", "").replace(" or ", ", ")
        return unknown(f"valeur « {given} » inconnue", given, expected.split(", "), "Valeurs admises")
    if kind.startswith(("float", "int", "decimal", "finite")):
        return f"nombre attendu, trouvé « {given} ». Écrire un nombre avec un point décimal."
    if kind.startswith("bool"):
        return f"« {given} » n'est pas un oui/non. Écrire true ou false."
    if kind.startswith("date"):
        return f"date attendue, trouvé « {given} ». Écrire AAAA-MM-JJ."
    if kind == "string_pattern_mismatch" and not str(given).strip():
        return "texte vide. L'écrire."
    if kind == "string_pattern_mismatch":
        return f"« {given} » : lettres minuscules sans accent, chiffres et « _ » seulement."
    if kind == "string_type":
        return f"texte attendu, trouvé « {given} ». L'écrire entre guillemets."
    if kind in ("less_than_equal", "greater_than_equal"):
        return f"{given} est hors des bornes (de 1 à 43)."
    if kind in ("model_type", "dict_type"):
        return f"bloc de lignes « clé: valeur » attendu, trouvé « {given} »."
    if kind.startswith(("list_type", "tuple_type")):
        return f"liste entre crochets attendue, trouvé « {given} »."
    if kind == "too_short":
        return "liste vide : au moins un élément."
    if kind == "value_error":
        return f"{context['error']}."
    return f"valeur « {given} » refusée ({kind})."


def _keys(model: type[BaseModel], at: tuple) -> list[str]:
    """The keys that a block accepts, found by walking the annotations."""
    for step in at:
        if isinstance(step, int) or step not in model.model_fields:
            continue
        found = _models(model.model_fields[step].annotation)
        if found:
            model = found[0]
    return list(model.model_fields)


def _models(annotation) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _models(part)]


def read_table(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """A small CSV of ``parameters/`` (keys, crosswalk), everything as text.

    Raises
    ------
    ParameterError
        If the file is absent, if a column is missing or if a row has a wrong number of cells.
    """
    problems, name = Problems(), paths.shown(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except OSError:
        raise ParameterError(f"{name} : fichier absent. Le rétablir depuis le dépôt de copkit.") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{name} : le fichier n'est pas en UTF-8. L'enregistrer en UTF-8.") from None
    header = rows[0] if rows else []
    if header != columns:
        raise ParameterError(f"{name} : ligne 1 : colonnes attendues : {', '.join(columns)}.")
    for n, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            problems.add(name, f"ligne {n} : {len(row)} cellules au lieu de {len(columns)}. Vérifier les virgules.")
    problems.raise_if_any(ParameterError)
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def check_choices(path: Path, line: int, row: dict, choices: Mapping[str, Iterable[str]], problems: Problems) -> None:
    """Tell the cells of a row that are none of the choices of their column."""
    for column, known in choices.items():
        if row[column] not in known:
            said = f"ligne {line}, colonne {column} : valeur « {row[column]} » inconnue"
            problems.add(paths.shown(path), unknown(said, row[column], known))
