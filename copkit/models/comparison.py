"""Two plans for one territory: what each asks of each sector or lever, and whether lesser efforts are compensated.

Everything is without the forest lever, which is not regionalised. Unknown is NaN: a sector that lacks a lever is
unknown, never smaller.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.errors import LeverError, TerritoryError, option, typed, unknown
from copkit.files import kept
from copkit.models import local, plans, proposals
from copkit.models import panorama as panoramas
from copkit.models.conventions import check_conventions
from copkit.models.levers import FOREST
from copkit.models.plans import Plan
from copkit.reference import framework, parameters, territories

BY = ("sector", "lever", "chantier")
ROUNDING = 0.02  # a printed share may differ by as much from what the figures, themselves printed, give [points]
NOUNS = {"sector": "secteur", "lever": "levier", "chantier": "thématique"}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison(Displayed):
    """La comparaison de deux plans : ``b`` face à ``a``, hors forêt.

    ``table`` : une ligne par secteur, levier ou thématique, avec part [%] et effort [ktCO2e/an] de chacun, écart b − a,
    part imprimée par la source quand elle existe, statut et source ; ``below`` et ``above`` : les lignes où ``b``
    demande moins, ou plus ; ``deficit``, ``surplus``, ``net`` [ktCO2e/an] ; ``verdict`` : « compensé » ou
    « non compensé de X kt » ; ``sentence`` : le tout en une phrase ; ``cautions`` : ce que le lecteur doit savoir, dont
    ``printed``, les parts que la source imprime autrement que ses chiffres ne les donnent.
    """

    territory: str
    by: str
    a: str
    b: str
    table: pd.DataFrame
    conventions: tuple[str, str]
    cautions: list[str] = field(default_factory=list)
    printed: tuple[str, ...] = ()

    @property
    def below(self) -> list[str]:
        """The rows where ``b`` asks less than ``a``, the largest gap first."""
        return self._sided(-1)

    @property
    def above(self) -> list[str]:
        """The rows where ``b`` asks more than ``a``, the largest gap first."""
        return self._sided(1)

    @property
    def missing(self) -> list[str]:
        """The rows that one of the plans does not know: they are in no total."""
        return self.table.loc[self.table.difference_kt.isna(), self.by].to_list()

    @property
    def deficit(self) -> float:
        """The sum of the lesser efforts, positive. [ktCO2e/an]"""
        return float(-self.table.difference_kt.clip(upper=0).sum())

    @property
    def surplus(self) -> float:
        """The sum of the greater efforts. [ktCO2e/an]"""
        return float(self.table.difference_kt.clip(lower=0).sum())

    @property
    def net(self) -> float:
        """Surplus minus deficit. [ktCO2e/an]"""
        return self.surplus - self.deficit

    @property
    def verdict(self) -> str:
        """« compensé », or « non compensé de X kt »."""
        if self.net >= -self._noise():
            return "compensé"
        return f"non compensé de {_kt(-self.net)} kt"

    @property
    def sentence(self) -> str:
        """The comparison in French, deficits and surpluses both said."""
        name = territories.name(self.territory)
        if len(self.missing) == len(self.table):
            return f"{name} : aucun {NOUNS[self.by]} n'est connu des deux plans."
        less, more = (self._side(side) for side in (self.below, self.above))
        if not less and not more:
            return f"{name}, hors forêt : {self.b} demande le même effort que {self.a}."
        parts = []
        if less:
            parts.append(f"{_kt(self.deficit)} ktCO2e/an de moins ({less})")
        if more:
            parts.append(f"{_kt(self.surplus)} de plus ({more})")
        start = f"{name}, hors forêt : {self.b} demande {' et '.join(parts)} que {self.a}"
        if not less:
            return f"{start}."
        if not more:
            return f"{start} : rien ne le compense."
        verdict = "l'effort moindre est compensé" if self.verdict == "compensé" else "il n'est pas compensé"
        side = "plus" if self.net > 0 else "moins"
        whole = f"{_kt(abs(self.net))} ktCO2e/an de {side}" if abs(self.net) > self._noise() else "le même effort"
        return f"{start}. Au total, {whole} : {verdict}."

    def _noise(self) -> float:
        return 1e-9 * max(1.0, float(self.table.kt_a.abs().sum()))

    def _sided(self, sign: int) -> list[str]:
        gaps = self.table.set_index(self.by).difference_kt * sign
        return gaps[gaps > self._noise()].sort_values(ascending=False, kind="stable").index.to_list()

    def _side(self, rows: list[str]) -> str:
        labels = self.table.set_index(self.by).label
        shown = [labels[row] for row in rows[:4]]
        more = [f"{french.number(len(rows) - 4, 0)} autres"] if len(rows) > 4 else []
        return " ; ".join([*shown, *more])


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 10 else 1 if abs(value) >= 0.05 else 4


def _kt(value: float) -> str:
    return french.number(value, _decimals(value))


@local.followed
def compare(
    code: str | xr.Dataset,
    a: str | pd.DataFrame | xr.Dataset,
    b: str | pd.DataFrame | xr.Dataset,
    by: str = "sector",
    *,
    version: str = panoramas.LATEST,
    allow_mixed_conventions: bool = False,
) -> Comparison:
    """Comparer deux plans d'un territoire : parts, écarts, efforts moindres, compensation.

    Parameters
    ----------
    code : le territoire, par exemple « reg-32 », ou un panorama.
    a, b : le plan de référence et le plan qui lui est comparé. Chacun est un nom (« sgpe », « sraddet »…), un scénario
        (``simulate``), un panorama, ou une table de colonnes ``lever`` ou ``sector``, ``target_ktco2e`` [ktCO2e/an], et
        si l'on veut ``convention``, ``status``, ``source``.
    by : « sector », « lever » ou « chantier ».
    version : version du panorama du SGPE ; par défaut la dernière.
    allow_mixed_conventions : accepter de comparer deux plans de conventions de comptage différentes.

    Returns
    -------
    Comparison : ``table`` [ktCO2e/an et %], ``deficit``, ``surplus``, ``net`` [ktCO2e/an], ``verdict``, ``sentence``.

    Raises
    ------
    LeverError
        Si un plan est inconnu pour ce territoire, ou n'est pas connu au niveau demandé.
    UnitError
        Si les deux plans comptent les émissions selon deux conventions différentes.
    DataError
        Si une table donnée est endommagée : tous ses problèmes d'un coup.
    TerritoryError
        Si le code est inconnu, ou si un scénario est celui d'un autre territoire.

    References
    ----------
    Hauts-de-France : ``feuille_de_route_hauts_de_france_2025`` (SRADDET), ``sgpe_simulateur_2024`` (SGPE).

    Examples
    --------
    >>> c = compare("reg-32", "sgpe", "sraddet")
    >>> round(c.deficit), round(c.surplus), round(c.net), c.verdict
    (2671, 5648, 2977, 'compensé')
    """
    full = territories.resolve(code)
    if by not in BY:
        raise LeverError(unknown(f"Découpage inconnu : « {by} »", by, BY, "Découpages"))
    if isinstance(a, str) and isinstance(b, str):
        found = _named(full, a, b, by, version, allow_mixed_conventions)
        return replace(found, table=found.table.copy(deep=False), cautions=[*found.cautions])
    return _compare(full, a, b, by, version, allow_mixed_conventions)


@local.followed
def with_another(p: xr.Dataset) -> Comparison | None:
    """A panorama, or a scenario, against the first other plan of its territory, by sector; None when there is none.

    Without another plan, a scenario against its reference.
    """
    code, reference = p.attrs["territory"], p.attrs["reference"]
    others = [plan for plan in plans.known(code) if plan != reference]
    if proposals.composed(p):
        pair = (p, others[0]) if others else (reference, p)
        return compare(code, *pair, version=p.attrs["version"])
    return compare(code, reference, others[0]) if others else None


@kept(maxsize=128)
def _named(*asked) -> Comparison:
    """Two plans known by their names, compared once."""
    return _compare(*asked)


def _compare(full: str, a, b, by: str, version: str, allow_mixed_conventions: bool) -> Comparison:
    first, second = (_plan(full, given, rank, version) for given, rank in ((a, "premier plan"), (b, "second plan")))
    for plan in (first, second):
        _check_level(plan, by)
    caution = check_conventions(
        first.convention,
        second.convention,
        allow_mixed_conventions=allow_mixed_conventions,
        of=(first.label, second.label),
    )
    table = _table(full, first, second, by, version)
    printed = [*_printed(table, "a", first), *_printed(table, "b", second)]
    cautions = [*caution, *first.cautions, *second.cautions, *_unknown(table, first, second), *printed]
    cautions += plans.mentions(full) if by == "sector" else []
    return Comparison(
        territory=full,
        by=by,
        a=first.label,
        b=second.label,
        table=table,
        conventions=(first.convention, second.convention),
        cautions=[french.capital(text) for text in dict.fromkeys(cautions)],
        printed=tuple(printed),
    )


def _plan(code: str, given, rank: str, version: str) -> Plan:
    if isinstance(given, str):
        return plans.named(code, given.strip().lower(), version)
    if isinstance(given, xr.Dataset):
        if (other := given.attrs.get("territory")) != code:
            raise TerritoryError(
                f"Le {rank} est celui de « {other} », la comparaison porte sur « {code} ».\n"
                f'Écrire ck.compare("{other}", …), ou donner un plan de « {code} ».'
            )
        plan = plans.from_dataset(given)
        if (its := given.attrs.get("version")) != version:
            plan.cautions.append(f"{plan.label} : version « {its} » des données, comparée à « {version} ».")
        return plan
    return plans.from_frame(given, rank)


def _check_level(plan: Plan, by: str) -> None:
    """A plan by sector cannot be cut finer: a sector is never split between levers without a key."""
    if plan.level == "sector" and by != "sector":
        other = typed(", ou donner une table avec les colonnes lever et target_ktco2e", "")
        raise LeverError(
            f"{plan.label} n'est connu que par secteur : pas de comparaison par {NOUNS[by]}.\n"
            f"Écrire {option('by', 'sector')}{other}."
        )


def _table(code: str, a: Plan, b: Plan, by: str, version: str) -> pd.DataFrame:
    """One row per sector, lever or chantier, in the order of the panorama."""
    p = panoramas.panorama(code, version=version)
    expected = [lever for lever in p.lever.values.tolist() if lever != FOREST]
    cut = {plan: plans.cut(plan, by, expected) for plan in (a, b)}
    found = list(dict.fromkeys([*cut[a].index, *cut[b].index]))
    order = {"sector": panoramas.SECTORS, "lever": expected, "chantier": list(framework.labels("thematiques"))}[by]
    rows = [*(row for row in order if row in found), *(row for row in found if row not in order)]
    table = pd.DataFrame({by: rows, "label": [labels(by)[row] for row in rows]})
    for side, plan in (("a", a), ("b", b)):
        part = cut[plan].reindex(rows)
        kt = part.kt.to_numpy(float)
        table[f"share_{side}"] = 100 * kt / np.nansum(kt) if np.nansum(kt) else np.nan
        table[f"kt_{side}"] = kt
        table[f"share_{side}_printed"] = [plan.printed.get(row, np.nan) if by == "sector" else np.nan for row in rows]
        table[f"status_{side}"] = part.status.fillna("").to_list()
        table[f"source_{side}"] = part.source.fillna("").to_list()
    table["difference_kt"] = table.kt_b - table.kt_a
    first = [by, "label", "share_a", "share_b", "kt_a", "kt_b", "difference_kt", "share_a_printed", "share_b_printed"]
    return table[[*first, "status_a", "status_b", "source_a", "source_b"]]


@kept(maxsize=8)
def labels(by: str) -> dict[str, str]:
    if by == "lever":
        return {lever.id: lever.label for lever in parameters.levers().values()}
    return framework.labels({"sector": "secteurs", "chantier": "thematiques"}[by])


def _unknown(table: pd.DataFrame, a: Plan, b: Plan) -> list[str]:
    out = []
    for side, plan in (("a", a), ("b", b)):
        unknown = table.loc[table[f"kt_{side}"].isna(), "label"].to_list()
        if unknown:
            out.append(f"{plan.label} : « n.d. » pour {french.join(unknown)}, hors de tout total ; parts du reste.")
    return out


def _printed(table: pd.DataFrame, side: str, plan: Plan) -> list[str]:
    """Where the printed shares do not add up to 100, or are further than a rounding from what the figures give."""
    printed, computed = table[f"share_{side}_printed"], table[f"share_{side}"]
    if printed.isna().all():
        return []
    total = printed.sum()
    out = [f"somme {french.percent(total, 2)}"] if abs(total - 100) > ROUNDING else []
    off = (printed - computed).abs() > ROUNDING
    out += [
        f"{label} {french.percent(own, 2)} au lieu de {french.percent(other, 2)}"
        for label, own, other in zip(table.label[off], printed[off], computed[off], strict=True)
    ]
    return [f"Parts imprimées ({plan.label}) : {' ; '.join(out)}."] if out else []
