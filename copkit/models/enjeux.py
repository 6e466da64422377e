"""A set of levers read by enjeu: what they serve together, what nothing serves, which of them act on the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.errors import LeverError, given, unknown
from copkit.models import groups, nomenclatures
from copkit.models import panorama as panoramas
from copkit.models.panorama import panorama
from copkit.models.proposals import asked
from copkit.reference import framework, parameters

COLUMNS = ["lever", "label", "theme"]
TENSIONS = ["label", "levers", "reason", "status"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Served(Displayed):
    """Les enjeux que sert un ensemble de leviers.

    ``table`` : une ligne par levier, une colonne par enjeu (vrai : servi) ; ``counts`` : leviers par enjeu, et parmi
    les 43 ; ``tensions`` : leviers de l'ensemble dont les effets se recouvrent.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    tensions: pd.DataFrame

    @property
    def sentence(self) -> str:
        """En une phrase : combien de leviers servent chaque enjeu, et les enjeux que rien ne sert."""
        served = self.counts[self.counts.served > 0]
        parts = french.join(f"{row.label.lower()} ({row.served})" for row in served.itertuples())
        left = self.counts.label[self.counts.served == 0].str.lower()
        missing = f" Aucun ne sert : {french.join(left)}." if len(left) else ""
        count = french.plural(len(self.table), "levier")
        return f"{count}, qui {'sert' if len(self.table) == 1 else 'servent'} : {parts or 'aucun enjeu'}.{missing}"


def enjeux(levers: xr.Dataset | str | Iterable[str] | None = None, *, enjeu: str | None = None) -> Served:
    """Les enjeux que sert un ensemble de leviers : co-bénéfices de chacun, recouvrements entre eux.

    Parameters
    ----------
    levers : identifiants ou libellés ; ou un panorama, un scénario (« reg-32 » : celui de la région), dont les leviers
        à objectif non nul sont pris ; à défaut les 43 leviers de la COP.
    enjeu : ne garder que les leviers qui servent cet enjeu (climat, biodiversite, ressources, adaptation, sante).

    Returns
    -------
    Served : table (lever, label, theme et une colonne par enjeu), counts (enjeu, label, served, of_43 et, d'un panorama
        du climat ou d'un scénario, target : ce qu'évitent ensemble les leviers qui servent l'enjeu [ktCO2e/an], sans
        que les enjeux s'additionnent, un levier en servant plusieurs), tensions (label, levers, reason, status) :
        seulement les recouvrements de parameters/interactions.yml, une hypothèse du kit. Les sources ne déclarent pas
        d'autre tension entre leviers, et le kit n'en suppose pas.

    Raises
    ------
    LeverError
        Si un levier ou l'enjeu est inconnu ; si ce qui est donné n'est ni des leviers, ni un panorama.

    References
    ----------
    Matrice des 43 leviers : ``feuille_de_route_hauts_de_france_2025``.

    Examples
    --------
    >>> enjeux().counts.served.to_list()
    [34, 21, 27, 11, 20]
    >>> len(enjeux(enjeu="adaptation").table)
    11
    >>> enjeux(["haies", "covoiturage"]).sentence
    '2 leviers, qui servent : climat (2), biodiversité (1), ressources (1), adaptation (1) et santé (1).'
    """
    names, known = framework.labels("enjeux"), parameters.levers()
    if enjeu is not None and enjeu not in names:
        raise LeverError(unknown(f"Enjeu inconnu : {given(enjeu)}", str(enjeu), names, "Enjeux"))
    if not isinstance(levers, str | Iterable | None):
        raise LeverError(
            f'Leviers attendus, et non {given(levers)}.\nÉcrire ck.enjeux(["haies", "covoiturage"]), ou « reg-32 ».'
        )
    if isinstance(levers, xr.Dataset) and not levers.attrs.get("plan"):
        levers = panoramas.given(levers)
    kt = _efforts(levers)
    chosen = [lever for lever in _chosen(levers) if enjeu is None or enjeu in known[lever].enjeux]
    table = pd.DataFrame(
        [
            [lever, known[lever].label, known[lever].theme, *(one in known[lever].enjeux for one in names)]
            for lever in chosen
        ],
        columns=[*COLUMNS, *names],
    )
    every = nomenclatures.levers("cop").enjeux
    counts = pd.DataFrame(
        {
            "enjeu": list(names),
            "label": list(names.values()),
            "served": [int(table[one].sum()) for one in names],
            "of_43": [sum(one in cell for cell in every) for one in names],
            "target": [_effort(kt, table.lever[table[one].astype(bool)]) for one in names],
        }
    )
    return Served(table=table, counts=counts, tensions=_tensions(chosen))


def _efforts(levers: xr.Dataset | str | Iterable[str] | None) -> dict[str, float]:
    """What each lever of a climate panorama, or of a scenario, avoids; nothing for names. [ktCO2e/an]"""
    p = panorama(levers) if isinstance(levers, str) and french.plain(levers) not in _names() else levers
    if not isinstance(p, xr.Dataset) or p.attrs.get("plan"):
        return {}
    return dict(zip(p.lever.values.tolist(), asked(p).target.values.tolist(), strict=True))


def _effort(kt: dict[str, float], levers: Iterable[str]) -> float:
    return float(np.nansum([kt[lever] for lever in levers])) if kt else np.nan


def _chosen(levers: xr.Dataset | str | Iterable[str] | None) -> list[str]:
    """The ids of the levers asked for, each once."""
    if levers is None:
        return nomenclatures.levers("cop").lever.to_list()
    if isinstance(levers, str) and french.plain(levers) not in _names():
        levers = panorama(levers)
    if isinstance(levers, xr.Dataset):
        if levers.attrs.get("plan"):
            return levers.lever.values.tolist()
        kept = np.nan_to_num(asked(levers).target.values) > 0
        return levers.lever.values[kept].tolist()
    words, names = [levers] if isinstance(levers, str) else [*levers], _names()
    wrong = [word for word in words if french.plain(str(word)) not in names]
    if wrong:
        labels = [lever.label for lever in parameters.levers().values()]
        raise LeverError("\n".join(unknown(f"Levier inconnu : {given(one)}", str(one), labels) for one in wrong))
    return list(dict.fromkeys(names[french.plain(str(word))] for word in words))


def _names() -> dict[str, str]:
    """Every way to name a lever, without accents, and its id; one of the 43 before another of the same label."""
    known = sorted(parameters.levers().values(), key=lambda lever: lever.nomenclatures.cop is not None)
    return {french.plain(name): lever.id for lever in known for name in (lever.label, lever.id)}


def _tensions(chosen: list[str]) -> pd.DataFrame:
    """The groups of ``parameters/interactions.yml`` that two at least of the levers belong to."""
    rows, known = [], parameters.levers()
    for group in groups.groups():
        held = [lever for lever in chosen if any(_same(lever, one) for one in group.levers())]
        if len(held) > 1:
            names = [known[lever].label for lever in held]
            rows.append([group.label, names, " ".join(group.reason.split()), group.status])
    return pd.DataFrame(rows, columns=TENSIONS)


def _same(lever: str, other: str) -> bool:
    """Whether a lever is another one, or one of those that it stands for in the simulator."""
    return lever == other or lever in nomenclatures.members(other)
