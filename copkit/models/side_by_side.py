"""Two to five territories, plans, scenarios or versions side by side: what each asks of each sector and lever.

Everything is without the forest lever, which is not regionalised. Between territories, figures are per inhabitant;
between plans of one territory, they are as they are. Unknown is NaN; what a territory does not have at all is neither
unknown nor zero (``held``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from copkit import files, french
from copkit.display import Displayed
from copkit.errors import LeverError, SimulationError, given
from copkit.models import comparison, plans, scenario_file
from copkit.models import panorama as panoramas
from copkit.models.comparison import Comparison
from copkit.models.conventions import check_conventions
from copkit.models.levers import FOREST
from copkit.models.plans import Plan
from copkit.reference import parameters, territories

MOST = 5  # that a reader compares at a time
TOLD, ALLOCATED = 5, 15  # a gap is told from this part of the mean effort on; where keys share efforts out [%]
HEAD, KT = "kgCO2e/an par habitant", "ktCO2e/an"  # how territories, and plans of one territory, are measured
BY = ("sector", "lever")
SGPE = "SGPE"  # what heads its proposal
_SEPARATORS = str.maketrans({";": ","})


class Gap(NamedTuple):
    """The row on which the columns differ most: ``least`` and ``most`` name columns, ``low`` and ``high`` are values.

    ``share``: how far apart, in parts of their mean effort. [%]
    """

    row: str
    label: str
    least: str
    most: str
    low: float
    high: float
    share: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Column:
    """What is compared: a plan of a territory. ``name``: what heads it; ``version``: of its panorama.

    ``population`` [hab] in ``year``; ``allocated``: the kit shares it out by keys; ``levers``: those of the panorama of
    its territory, the forest apart; ``whole``: its total with the forest lever, NaN where nobody gives it. [ktCO2e/an]
    """

    territory: str
    name: str
    plan: Plan
    version: str
    population: float
    year: int
    allocated: bool
    levers: tuple[str, ...]
    whole: float
    source: object = field(repr=False, default=None)

    @property
    def total(self) -> float:
        """Its effort without the forest lever, what is unknown left out. [ktCO2e/an]"""
        return float(np.nansum(self.plan.rows.kt))

    @property
    def overseas(self) -> bool:
        """Whether its levers are those of the overseas."""
        return territories.is_overseas(self.territory)

    @property
    def forest(self) -> bool:
        """Whether it may have a target for the forest lever: a panorama without that lever has none."""
        return not (isinstance(self.source, xr.Dataset) and np.isnan(self.whole))

    @property
    def by_lever(self) -> bool:
        """Whether it is known lever by lever."""
        return self.plan.level == "lever"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SideBySide(Displayed):
    """Des territoires, plans, scénarios ou versions côte à côte, hors forêt.

    ``columns`` : ce qui est comparé ; ``kt(by)`` [ktCO2e/an], ``values(by)`` dans l'unité de la comparaison (``unit``),
    ``held(by)`` : ce que chacun a, ``by`` valant « sector » ou « lever » ; ``widest(by)`` : où ils s'écartent le plus,
    rien sous le seuil ; ``verdicts`` : pour les plans d'un même territoire, si les moindres efforts sont compensés ;
    ``chosen`` : pourquoi le kit a choisi ce qui est à côté ; ``cautions`` : ce que le lecteur doit savoir.
    """

    columns: tuple[Column, ...]
    chosen: str = ""
    allow_mixed_conventions: bool = False

    @property
    def territory(self) -> str:
        """The territory of the first column."""
        return self.columns[0].territory

    @property
    def names(self) -> list[str]:
        """What heads the columns."""
        return [column.name for column in self.columns]

    @cached_property
    def places(self) -> list[str]:
        """The territories, each once."""
        return list(dict.fromkeys(column.territory for column in self.columns))

    @property
    def told(self) -> int:
        """The part of the mean effort from which a gap is told. [%]"""
        return ALLOCATED if any(one.allocated for one in self.columns) else TOLD

    @property
    def unit(self) -> str:
        """What is compared: per inhabitant between territories, as it is between the plans of one."""
        return HEAD if len(self.places) > 1 else KT

    def kt(self, by: str = "sector") -> pd.DataFrame:
        """A row for each sector or lever, a column for each thing compared. [ktCO2e/an]

        By lever, without the columns that are known by sector only.
        """
        return self._kt[by].copy()

    @cached_property
    def _kt(self) -> dict[str, pd.DataFrame]:
        return {by: self._table(by) for by in BY}

    def _table(self, by: str) -> pd.DataFrame:
        kept = self.compared(by)
        cuts = {column.name: plans.cut(column.plan, by, list(column.levers)).kt for column in kept}
        own = [_group(lever, by) for column in kept for lever in column.levers]
        found = dict.fromkeys([*own, *(row for cut in cuts.values() for row in cut.index)])
        order = panoramas.SECTORS if by == "sector" else list(parameters.levers())
        rows = [*(row for row in order if row in found), *(row for row in found if row not in order)]
        return pd.DataFrame({name: cut.reindex(rows) for name, cut in cuts.items()}, index=pd.Index(rows, name=by))

    def compared(self, by: str) -> list[Column]:
        """The columns that are known by sector, or by lever."""
        return [column for column in self.columns if by == "sector" or column.by_lever]

    def held(self, by: str = "sector") -> pd.DataFrame:
        """What the territory of each column has: elsewhere a cell is neither unknown nor zero."""
        own = {one.name: {_group(lever, by) for lever in one.levers} for one in self.compared(by)}
        kt = self._kt[by]
        return pd.DataFrame({name: kt.index.isin(own[name]) | kt[name].notna() for name in kt}, kt.index)

    def values(self, by: str = "sector") -> pd.DataFrame:
        """The same as ``kt`` in the unit of the comparison."""
        return self.measured(self._kt[by])

    def measured(self, kt: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
        """Efforts of the columns in the unit of the comparison."""
        if self.unit == KT:
            return kt.copy()
        heads = pd.Series({column.name: column.population for column in self.columns})
        return kt * 1e6 / (heads[kt.columns] if isinstance(kt, pd.DataFrame) else heads[kt.index])

    @cached_property
    def totals(self) -> pd.Series:
        """The effort of each column, what is unknown left out. [ktCO2e/an]"""
        return pd.Series({one.name: one.total for one in self.columns})

    @cached_property
    def lacking(self) -> pd.Series:
        """How many levers, or sectors, each total lacks."""
        return pd.Series({one.name: int(one.plan.rows.kt.isna().sum()) for one in self.columns})

    def gaps(self, by: str = "sector", *, kt: bool = False) -> pd.Series:
        """How far apart are the columns that have a row, when there are several; NaN as soon as one does not know.

        In the unit of the comparison, or ``kt``. [ktCO2e/an]
        """
        values, held = self.kt(by) if kt else self.values(by), self.held(by)
        known = (values.notna() | ~held).all(axis=1) & (held.sum(axis=1) > 1)
        return (values.max(axis=1) - values.min(axis=1)).where(known)

    def widest(self, by: str = "sector") -> Gap | None:
        """The row that sets the columns most apart, of those that all have; none when it is not told (``told``)."""
        gaps = self.gaps(by).where(self.held(by).all(axis=1))
        if gaps.isna().all():
            return None
        found = self._gap(self.values(by).loc[gaps.idxmax()], gaps.idxmax(), labels(by)[gaps.idxmax()], by)
        return found if found.share >= self.told else None

    def whole_gap(self) -> Gap:
        """How far apart the totals are."""
        return self._gap(self.measured(self.totals), "", "", "sector")

    def _gap(self, values: pd.Series, row: str, label: str, by: str) -> Gap:
        mean = self.measured(self.totals[[column.name for column in self.compared(by)]]).mean()
        low, high = float(values.min()), float(values.max())
        share = 100 * (high - low) / mean if mean else np.nan
        return Gap(row, label, values.idxmin(), values.idxmax(), low, high, share)

    @cached_property
    def verdicts(self) -> list[Comparison]:
        """Each plan beside the first of the same territory: are its lesser efforts compensated?"""
        first, found = {}, []
        for one in self.columns:
            if (reference := first.setdefault(one.territory, one)) is not one:
                pair = (reference.source, one.source)
                by = "lever" if reference.by_lever and one.by_lever else "sector"
                versions = {"version": one.version, "allow_mixed_conventions": self.allow_mixed_conventions}
                found.append(comparison.compare(one.territory, *pair, by, **versions))
        return found

    @property
    def sources(self) -> list[str]:
        """The sources of the efforts, and of the populations where they count: keys of ``sources.yml``."""
        cells = [cell for one in self.columns for cell in one.plan.rows.source if isinstance(cell, str)]
        known = [key for key in dict.fromkeys(", ".join(cells).split(", ")) if key in parameters.sources()]
        return [*known, *(["insee_cog_2026"] if self.unit == HEAD else [])]

    @cached_property
    def cautions(self) -> list[str]:
        """What a reader has to know, one sentence each."""
        out = [*self.nomenclatures]
        versions = dict.fromkeys(one.version for one in self.columns)
        if len(versions) > 1:
            said = french.join(f"{one.name} : « {one.version} »" for one in self.columns)
            out.append(f"Versions des données différentes ({said}).")
        years = dict.fromkeys(one.year for one in self.columns)
        if self.unit == HEAD and len(years) > 1:
            said = french.join(f"{one.name} : {one.year}" for one in self.columns)
            out.append(f"Populations d'années différentes ({said}).")
        for one in self.columns:
            out += one.plan.cautions
            if lacks := self.lacking[one.name]:
                what = "levier" if one.by_lever else "secteur"
                out.append(f"{one.name} : « n.d. » pour {french.plural(lacks, what)}, hors de son total.")
        out += self.conventions
        out += [said for one in self.verdicts for said in one.printed]
        return list(dict.fromkeys(map(french.capital, out)))

    @cached_property
    def conventions(self) -> list[str]:
        """What has to be known of the conventions of counting. UnitError when two of them do not go together."""
        out, first = [], self.columns[0]
        for one in self.columns[1:]:
            kinds = (first.plan.convention, one.plan.convention)
            named = (f"« {first.name} »", f"« {one.name} »")
            out += check_conventions(*kinds, allow_mixed_conventions=self.allow_mixed_conventions, of=named)
        return out

    @property
    def nomenclatures(self) -> list[str]:
        """Where the levers of two columns are not those of one nomenclature."""
        overseas, mainland = ([one for one in self.columns if one.overseas is side] for side in (True, False))
        if not overseas or not mainland:
            return []
        shared = set.intersection(*(set(one.levers) for one in self.columns))
        named = french.join(f"« {labels('lever')[lever]} »" for lever in sorted(shared)) or "aucun"
        who = french.join(dict.fromkeys(territories.name(one.territory) for one in overseas))
        return [
            f"Deux nomenclatures : les leviers d'outre-mer ({who}) ont leurs propres intitulés, et un secteur n'y "
            f"réunit pas les mêmes leviers qu'en métropole. Levier commun : {named} ; les autres ne se comparent pas."
        ]


def _group(lever: str, by: str) -> str:
    return lever if by == "lever" else parameters.levers()[lever].sector


def labels(by: str) -> dict[str, str]:
    """The labels of the sectors, or of the levers."""
    return comparison.labels(by)


def side_by_side(
    *of: str | xr.Dataset | tuple[str, object],
    version: str = panoramas.LATEST,
    allow_mixed_conventions: bool = False,
) -> SideBySide:
    """Mettre côte à côte deux à cinq territoires, plans, scénarios ou versions : où s'écartent-ils, et de combien ?

    Parameters
    ----------
    of : chacun est un territoire (« reg-32 » : la proposition du SGPE), un plan (« sraddet » : du premier territoire ;
        « reg-32:sraddet »), une version (« reg-32:sgpe-2024-10 »), un scénario (``ck.simulate``, ou le nom d'un
        fichier .json), un panorama, ou un territoire et une table, ``("reg-32", table)``, comme pour ``ck.compare``. Un
        texte peut en nommer plusieurs, séparés par des virgules. Un seul territoire : le kit met à côté ses autres
        plans connus, puis les territoires de population la plus proche.
    version : version du panorama du SGPE ; par défaut la dernière.
    allow_mixed_conventions : accepter des conventions de comptage différentes.

    Returns
    -------
    SideBySide : efforts de 2030 par rapport à 2019, hors forêt, par secteur et par levier [ktCO2e/an], par habitant
        entre territoires [kgCO2e/an] ; écarts, verdicts de compensation, réserves.

    Raises
    ------
    LeverError
        S'il y en a un seul que rien n'accompagne, plus de cinq, ou deux fois le même ; si un plan est inconnu.
    TerritoryError
        Si un territoire est inconnu ou ambigu.
    UnitError
        Si deux conventions de comptage diffèrent.
    SimulationError, DataError
        Si un fichier de scénario ou une table est endommagé.

    References
    ----------
    Efforts : ``sgpe_simulateur_2024`` ; populations : ``insee_cog_2026``.

    Examples
    --------
    >>> found = side_by_side("reg-32", "reg-53")
    >>> found.names, found.unit, found.widest().label
    (['Hauts-de-France', 'Bretagne'], 'kgCO2e/an par habitant', 'Industrie')
    """
    asked = [one for each in of for one in _split(each)]
    if not asked:
        raise LeverError("Rien à comparer. Écrire par exemple « reg-32, reg-53 », ou « reg-32, sraddet ».")
    territory = _territory(asked[0])
    found, chosen = [_read(one, territory, version) for one in asked], ""
    if len(found) == 1:
        others, chosen = beside(territory)
        found += [_read(one, territory, version) for one in others]
    if len(found) < 2:
        raise LeverError(
            f"Rien à mettre à côté de {territories.name(territory)} : ni autre plan connu, ni territoire semblable.\n"
            "Écrire ce qui se compare, par exemple « reg-32, reg-53 »."
        )
    if len(found) > MOST:
        raise LeverError(f"{len(found)} colonnes demandées : {MOST} au plus se comparent d'un regard. En retirer.")
    made = SideBySide(columns=_named(found), chosen=chosen, allow_mixed_conventions=allow_mixed_conventions)
    made.conventions  # noqa: B018  refuses those that do not go together
    return made


def beside(code: str) -> tuple[list[str], str]:
    """What the kit puts beside a territory: its other plans, then two territories like it; and why, in a sentence.

    >>> beside("reg-32")[0], beside("dep-59")[0]
    (['sraddet', 'reg-76', 'reg-75'], ['dep-62', 'dep-60'])
    """
    known = territories.table().set_index("code").population
    others = plans.known(code)[1:]
    peers, why = _peers(code)
    if code == "fr":
        efforts = panoramas.efforts()
        ranked = sorted(peers, key=lambda one: efforts[one] / known[one])
        peers = [ranked[0], ranked[-1]]
    else:
        peers = sorted(peers, key=lambda one: abs(known[one] - known[code]))[:2]
    said = ["ses autres plans connus du kit" if len(others) > 1 else "son autre plan connu du kit"] if others else []
    return [*others, *peers][: MOST - 1], french.join([*said, why])


def _peers(code: str) -> tuple[list[str], str]:
    """The territories that one can be compared to, and how those that are kept are chosen."""
    region, level = territories.region_of(code), territories.level(code)
    inside = [one for one in territories.departements_of(region) if one != code]
    if level == "departement" and inside:
        near = "les deux départements de sa région dont la population est la plus proche"
        return inside, near if len(inside) > 1 else "l'autre département de sa région"
    overseas = code != "fr" and _overseas(code)
    noun, level = ("départements", level) if level == "departement" else ("régions", "region")
    found = [one for one in territories.codes(level) if one != code and _overseas(one) is overseas]
    where = "d'outre-mer" if overseas else "de métropole"
    least = (
        "l'effort par habitant est le moindre et le plus grand" if code == "fr" else "la population est la plus proche"
    )
    return found, f"les deux {noun} {where} dont {least}"


def _overseas(code: str) -> bool:
    return territories.is_overseas(code)


def _split(given_: object) -> Iterable[object]:
    if not isinstance(given_, str):
        return [given_]
    return [one.strip() for one in given_.translate(_SEPARATORS).split(",") if one.strip()]


def _territory(one: object) -> str:
    """The territory of the first of them."""
    if isinstance(one, tuple):
        one = one[0] if one else ""
    if isinstance(one, str) and _is_file(one):
        return _scenario(one).attrs["territory"]
    return territories.resolve(one.partition(":")[0] if isinstance(one, str) else one)


def _is_file(text: str) -> bool:
    return text.lower().endswith(".json")


def _scenario(file: str) -> xr.Dataset:
    """A scenario that was saved, under the name of its file."""
    path = files.sought(file)
    if path is None:
        raise SimulationError(f"Scénario introuvable : « {file} ».\nVérifier son nom, ou donner son chemin complet.")
    found = scenario_file.from_json(files.read_text(path, SimulationError))
    return found.assign_attrs(label=found.attrs.get("label") or f"le scénario « {Path(file).stem} »")


def _read(one: object, territory: str, version: str) -> dict:
    """One of them, as the fields of a column."""
    name, source = "", one
    if isinstance(one, str):
        if _is_file(one):
            source = _scenario(one)
        else:
            code, colon, name = one.partition(":")
            if not colon and one.lower() in {*plans.LABELS, *plans.known(territory), *panoramas.versions()}:
                code, name = territory, one
            return _of_plan(territories.resolve(code), name.strip().lower() or "sgpe", version)
    if isinstance(source, tuple):
        if len(source) != 2 or isinstance(source[1], str | xr.Dataset):
            raise LeverError(
                'Un territoire et une table attendus : ("reg-32", table), de colonnes lever, target_ktco2e.'
            )
        code = territories.resolve(source[0])
        return _column(code, plans.from_frame(source[1], f"plan de {territories.name(code)}"), version, source[1])
    if not isinstance(source, xr.Dataset):
        raise LeverError(f"Territoire, plan ou scénario attendu, et non {given(one)}. Écrire par exemple « reg-32 ».")
    p = panoramas.given(source)
    made = _column(p.attrs["territory"], plans.from_dataset(p), p.attrs["version"], p)
    return made | {"whole": panoramas.total(p, forest=True)} if FOREST in p.lever.values else made


def _of_plan(code: str, name: str, version: str) -> dict:
    """A plan of a territory by its name, or its panorama in a version."""
    if name in panoramas.versions():
        name, version = "sgpe", name
    made = _column(code, plans.named(code, name, version), version, name)
    if name != "sgpe":
        return made
    p = panoramas.panorama(code, version=version)
    return made | {"source": p} | ({"whole": panoramas.total(p, forest=True)} if FOREST in p.lever.values else {})


def _column(code: str, plan: Plan, version: str, source: object) -> dict:
    row = territories.table().set_index("code").loc[code]
    p = panoramas.shared(code) if version == panoramas.LATEST else panoramas.panorama(code, version=version)
    return {
        "territory": code,
        "plan": plan,
        "version": version,
        "population": float(row.population),
        "year": int(row.population_year),
        "allocated": panoramas.allocated(p),
        "levers": tuple(lever for lever in p.lever.values.tolist() if lever != FOREST),
        "whole": np.nan,
        "source": source,
    }


def _named(found: list[dict]) -> tuple[Column, ...]:
    """The columns, each under the least name that tells it from the others."""
    places = [one["territory"] for one in found]
    several, versions = len(set(places)) > 1, {one["version"] for one in found}
    names: list[str] = []
    for one in found:
        short, place = _short(one["plan"]), territories.name(one["territory"])
        told = [short] if not several or places.count(one["territory"]) > 1 or short != SGPE else []
        told += [one["version"]] if len(versions) > 1 else []
        name = f"{place} ({', '.join(told)})" if several and told else ", ".join(told) or place
        if name in names:
            raise LeverError(f"Deux fois la même chose à comparer : {place}, {short}. N'en garder qu'une.")
        names.append(name)
    return tuple(Column(name=name, **one) for name, one in zip(names, found, strict=True))


def _short(plan: Plan) -> str:
    """« SGPE », « SRADDET », « Scénario « recharge » »."""
    own = {label: name.upper() for name, label in plans.LABELS.items()}
    return own.get(plan.label) or french.capital(plan.label.removeprefix("la ").removeprefix("le "))
