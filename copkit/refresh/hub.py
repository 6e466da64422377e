"""A file of the public hub of indicators, as its interface answers and as it is kept in copies: series of régions."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import pandas as pd

from copkit import french
from copkit.errors import DataError
from copkit.received import read_json
from copkit.reference import territories
from copkit.refresh.rules import Watch, listed
from copkit.refresh.service import Service
from copkit.refresh.settings import Indicator, Settings

KEYS = ("cubeName", "measureName", "timeDimension", "data", "measureMeta")
REGION = re.compile(r"\d{2}")
COLUMNS = ["territory", "indicator", "year", "value", "unit", "status"]
FILE = "parameters/refresh.yml"
REDO = "Demander de nouveau le fichier entier."


def series(points: list[tuple]) -> pd.DataFrame:
    """Points as a table: COLUMNS."""
    return pd.DataFrame(points, columns=COLUMNS).astype({"year": "int64", "value": "float64"})


@dataclass
class _Row:
    """One line of the file, where it is and what it says."""

    number: int
    code: str
    label: str
    year: int | None
    value: float | None
    part: str


def read(content: bytes, number: str, known: Settings, watch: Watch) -> pd.DataFrame:
    """The series of one file of the hub, in the unit of the kit: COLUMNS; faults go to ``watch``.

    ``number``: the number of the indicator, a key of ``indicators`` in parameters/refresh.yml.
    """
    one = known.indicators[number]
    found = _opened(content, one, known.hub.rows, watch)
    if found is None:
        return series([])
    lines = [_row(n, line, one, watch) for n, line in enumerate(found["data"], start=1)]
    watch.tell_rows()
    rows = _chosen([line for line in lines if line], one, watch)
    rows = _placed(rows, one, known, watch)
    rows = _dated(rows, one, known, watch)
    points = _joined(rows, one, watch)
    if one.largest and points:
        check_size(max(abs(value) for value in points.values()), one, watch)
    status = "derive" if one.sum else "publie"
    table = [
        (place, one.indicator, year, value * one.factor, one.unit, status) for (place, year), value in points.items()
    ]
    return series(table).sort_values(["territory", "year"], ignore_index=True)


def ask(service: Service, number: str, known: Settings) -> bytes:
    """The file of an indicator, as the copies of the hub write it, made from what its interface answers.

    Raises
    ------
    ServiceError
        If the service does not answer, or refuses.
    DataError
        If it does not know the measure, or answers of it in another shape.
    """
    one, what = known.indicators[number], f"indicateur {number}"
    cube = one.measure.partition(".")[0]
    dimensions = [f"{cube}.libelle_region", f"{cube}.geocode_region", *([f"{cube}.{one.split}"] if one.split else [])]
    time = f"{cube}.date_mesure"
    query = {
        "measures": [one.measure],
        "dimensions": dimensions,
        "timeDimensions": [{"dimension": time, "granularity": "year"}],
        "limit": known.hub.rows,
        "timezone": "UTC",
    }
    found = service.json("load", what, query=json.dumps(query, ensure_ascii=False))
    if "error" in found:
        raise service.refused(found, what)
    try:
        meta = found["annotation"]["measures"][one.measure]["meta"]
        kept = {"cubeName": cube, "measureName": one.measure, "timeDimension": time, "data": found["data"]}
    except (KeyError, TypeError):
        raise DataError(
            f"{service.host}, {what} : la réponse n'a plus la forme attendue (data, et annotation.measures de "
            f"« {one.measure} » avec son unité). Vérifier si le hub a changé, puis {FILE}."
        ) from None
    return json.dumps(kept | {"measureMeta": meta}, ensure_ascii=False, indent=1).encode()


def check_size(largest: float, one, watch: Watch) -> None:
    """Hold the highest value against the order of size that a wrong label of unit asks to verify."""
    low, high = one.largest
    if low <= largest <= high:
        watch.note("unite_trompeuse", 1, f"« {one.declared} » dans la source ; {one.unit} ici.")
        return
    watch.fault(
        "ordre_de_grandeur",
        f"la plus forte valeur est {french.exact(largest)}, hors de {french.exact(low)} à {french.exact(high)} "
        f"{one.unit} : la source a peut-être corrigé son unité (« {one.declared} »). Vérifier, puis corriger {FILE}.",
    )


def _opened(content: bytes, one: Indicator, limit: int, watch: Watch) -> dict | None:
    wrong: list[str] = []
    found = read_json(content, wrong.append, f"Le fichier est peut-être coupé. {REDO}")
    for said in wrong:
        watch.fault("json_illisible", said)
    if wrong:
        return None
    if not isinstance(found, dict) or (lost := [key for key in KEYS if key not in found]):
        said = f"clé absente {listed(lost)}" if isinstance(found, dict) else "un objet JSON est attendu"
        watch.fault("schema", f"{said}. Clés attendues : {', '.join(KEYS)}. Vérifier si le hub a changé de forme.")
        return None
    if not isinstance(found["data"], list) or not found["data"] or not isinstance(found["measureMeta"], dict):
        what = "measureMeta" if not isinstance(found["measureMeta"], dict) else "data"
        watch.fault("schema", f"« {what} » est vide ou n'a pas la forme attendue. {REDO}")
        return None
    if len(found["data"]) >= limit > 0:
        said = f"{len(found['data'])} lignes, autant que demandé : la réponse est peut-être coupée"
        watch.fault("reponse_tronquee", f"{said}. Relever rows dans {FILE}.")
        return None
    if found["measureName"] != one.measure:
        watch.fault("schema", f"mesure « {found['measureName']} » au lieu de « {one.measure} ». Vérifier le fichier.")
        return None
    if (unit := found["measureMeta"].get("unite")) != one.declared:
        watch.fault(
            "unite_declaree",
            f"unité « {unit} » au lieu de « {one.declared} ». Vérifier ce que la source compte, puis corriger "
            f"declared, unit et factor dans {FILE}.",
        )
        return None
    return found


def _row(number: int, line: object, one: Indicator, watch: Watch) -> _Row | None:
    cube = one.measure.partition(".")[0]
    names = {"code": f"{cube}.geocode_region", "label": f"{cube}.libelle_region", "year": f"{cube}.date_mesure.year"}
    names |= {"value": one.measure} | ({"part": f"{cube}.{one.split}"} if one.split else {})
    lost = [name for name in names.values() if not isinstance(line, dict) or name not in line]
    if lost:
        watch.fault_of_row("schema", number, f"colonne absente {listed(lost)}. Vérifier si le hub a changé de forme.")
        return None
    cells = {short: line[name] for short, name in names.items()}
    return _Row(
        number,
        cells["code"] if isinstance(cells["code"], str) else f"{cells['code']}",
        str(cells["label"]),
        _year(number, cells["year"], cells["value"], watch),
        _number(number, cells["value"], watch),
        str(cells.get("part", "")),
    )


def _year(number: int, given: object, value: object, watch: Watch) -> int | None:
    if given is None and value is None:  # a territory without any value
        return None
    if isinstance(given, str) and (found := re.match(r"(\d{4})-\d\d-\d\dT", given)):
        return int(found[1])
    watch.fault_of_row("annee_illisible", number, f"année « {given} ». Écrire par exemple 2024-01-01T00:00:00.000.")
    return None


def _number(number: int, given: object, watch: Watch) -> float | None:
    if given is None:
        watch.note("valeur_absente")
        return None
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        given = json.dumps(given)
    if isinstance(given, str):
        if not re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", given):
            watch.fault_of_row("nombre_illisible", number, f"valeur « {given} ». {REDO}")
            return None
        watch.note("nombre_en_texte")
    value = float(given)
    if value != value or value in (float("inf"), float("-inf")):
        watch.fault_of_row("nombre_illisible", number, f"valeur « {given} ». {REDO}")
        return None
    return value


def _chosen(rows: list[_Row], one: Indicator, watch: Watch) -> list[_Row]:
    """The rows of the mode that is kept."""
    if not one.keep:
        return rows
    kept = [row for row in rows if row.part == one.keep]
    if not kept:
        found = listed(dict.fromkeys(row.part for row in rows))
        said = f"aucune ligne « {one.keep} » dans {one.split}. Valeurs trouvées : {found}"
        watch.fault("schema", f"{said}. Corriger keep dans {FILE}.")
    watch.note("ventilation_choisie", len(rows) - len(kept), f"Gardé : « {one.keep} ».")
    return kept


def _placed(rows: list[_Row], one: Indicator, known: Settings, watch: Watch) -> list[_Row]:
    """The rows of régions; the codes that the kit knows to be none are set aside, any other one is a fault."""
    names = dict(territories.territories("region")[["code", "name"]].itertuples(index=False, name=None))
    aside = {code: rule for rule, codes in known.aside.items() for code in codes}
    kept, labels, wrong = [], defaultdict(set), Counter()
    for row in rows:
        place = f"reg-{row.code}"
        rule = aside.get(row.code)
        if rule and (one.foreign or rule == "collectivites_outre_mer"):
            watch.note(rule)
            labels[row.code].add(row.label)
        elif place in names:
            if french.plain(row.label) != french.plain(names[place]):
                wrong[
                    "libelle_et_code", f"code « {row.code} » avec le nom « {row.label} », et non « {names[place]} »"
                ] += 1
            kept.append(row)
        elif re.fullmatch(r"\d", row.code):
            wrong["code_sans_zero", f"code « {row.code} » : le zéro de tête est perdu (« 0{row.code} » ?)"] += 1
        else:
            wrong["territoire_inconnu", f"code « {row.code} » ({row.label}) qui n'est pas celui d'une région"] += 1
    for (rule, said), count in wrong.items():
        watch.fault(
            rule,
            f"{french.plural(count, 'ligne')} : {said}. Vérifier le fichier, ou aside dans {FILE}.",
        )
    for code, said in labels.items():
        if len(said) > 1:
            watch.note("code_a_deux_libelles", 1, f"« {code} » : {listed(sorted(said))}.")
    return [row for row in kept if row.value is not None]


def _dated(rows: list[_Row], one: Indicator, known: Settings, watch: Watch) -> list[_Row]:
    """The rows of the years that the kit keeps; a zero overseas is left out where it stands for nothing."""
    first = one.first_year or known.first_year
    kept = [row for row in rows if row.year is not None and row.year >= first]
    early = sum(row.year is not None for row in rows) - len(kept)
    watch.note("serie_cumulee" if one.cumulative else "annees_anciennes", early, f"Avant {first}.")
    if one.zero == "absent_outre_mer":
        lost = [row for row in kept if row.value == 0 and territories.is_overseas(f"reg-{row.code}")]
        sure = [row for row in kept if row not in lost]
        watch.note(
            "zero_outre_mer", len(lost), f"{', '.join(sorted({str(row.year) for row in lost}))}." if lost else ""
        )
        kept = sure
    return kept


def _joined(rows: list[_Row], one: Indicator, watch: Watch) -> dict[tuple[str, int], float]:
    """One value for each territory and year."""
    found: dict[tuple[str, int], dict[str, list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[f"reg-{row.code}", row.year][row.part if one.split else ""].append(row)
    points, short = {}, 0
    for (place, year), parts in found.items():
        if twice := [part for part, lines in parts.items() if len(lines) > 1]:
            lines = french.join(str(line.number) for line in parts[twice[0]])
            part = f", {twice[0]}" if twice[0] else ""
            watch.fault("doublon", f"lignes {lines} : plusieurs valeurs pour {place}, {year}{part}. {REDO}")
        if one.sum:
            if strange := sorted(set(parts) - set(one.sum)):
                watch.fault(
                    "schema",
                    f"type inconnu {listed(strange)} dans {one.split}. L'ajouter à sum dans {FILE}.",
                )
            if set(parts) < set(one.sum):
                short += 1
                continue
        points[place, year] = sum(lines[0].value for lines in parts.values())
    if one.sum:
        watch.note("ventilation_sommee", len(rows), f"{len(one.sum)} types de {one.split}.")
        watch.note("ventilation_incomplete", short)
    return points
