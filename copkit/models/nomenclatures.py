"""The levers and their nomenclatures: the 43 of the COP, the simulator's, the 47 rationales, the State's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from copkit import french, paths
from copkit.errors import LeverError, given, unknown
from copkit.files import kept
from copkit.reference import parameters, reading

if TYPE_CHECKING:
    import xarray as xr

NOMENCLATURES = ("cop", "simulateur", "simulateur_outre_mer", "rationale", "tous")
BLANK, OTHERS = "non_renseigne", "autres"  # of the crosswalk: what stands for a blank, and for no lever in particular
CROSSWALK = ["nomenclature", "id", "label", "relation", "lever", "note"]
MATRIX = "feuille_de_route_hauts_de_france_2025"  # where the 43 levers and the enjeux that they serve come from


def levers(nomenclature: str = "cop", *, enjeu: str | None = None, a_la_main: str | None = None) -> pd.DataFrame:
    """Les leviers d'une nomenclature, avec thématique, secteur, enjeux et rationnel physique.

    Parameters
    ----------
    nomenclature : « cop » (les 43, par défaut), « simulateur » (30 en métropole), « simulateur_outre_mer »,
        « rationale » (les 47 lignes de sous-jacents physiques) ou « tous ».
    enjeu : ne garder que les leviers qui servent cet enjeu (climat, biodiversite, ressources, adaptation, sante).
    a_la_main : ne garder que les leviers qu'un acteur tient (region, infra, etat, entreprises) ; hypothèse du kit.

    Raises
    ------
    LeverError
        Si la nomenclature, l'enjeu ou l'acteur est inconnu.

    References
    ----------
    Matrice des 43 leviers : ``feuille_de_route_hauts_de_france_2025`` ; sous-jacents : ``sgpe_point_de_sortie``.

    Examples
    --------
    >>> len(levers()), len(levers(enjeu="adaptation")), len(levers("rationale"))
    (43, 11, 47)
    """
    _known(nomenclature, NOMENCLATURES, "Nomenclature inconnue")
    table = _table(nomenclature)
    if enjeu is not None:
        _known(enjeu, ("climat", "biodiversite", "ressources", "adaptation", "sante"), "Enjeu inconnu")
        table = table[table.enjeux.map(lambda cell: enjeu in cell)]
    if a_la_main is not None:
        _known(a_la_main, ("region", "infra", "etat", "entreprises"), "Acteur inconnu")
        table = table[table.a_la_main.map(lambda cell: a_la_main in cell)]
    return table.reset_index(drop=True)


@kept(maxsize=8)
def _table(nomenclature: str) -> pd.DataFrame:
    return _rationale_rows() if nomenclature == "rationale" else pd.DataFrame(map(_row, _chosen(nomenclature)))


def _known(word: str, known: tuple[str, ...], what: str) -> None:
    if not isinstance(word, str) or word not in known:
        raise LeverError(unknown(f"{what} : {given(word)}", str(word), known, "Valeurs admises"))


def _chosen(nomenclature: str) -> list[parameters.Lever]:
    found = list(parameters.levers().values())
    if nomenclature == "cop":
        return sorted((lv for lv in found if lv.nomenclatures.cop), key=lambda lv: lv.nomenclatures.cop)
    if nomenclature == "tous":
        return found
    where = "metropole" if nomenclature == "simulateur" else "outre_mer"
    return [lv for lv in found if lv.nomenclatures.simulateur and where in lv.valid.territories]


def _row(lever: parameters.Lever) -> dict:
    return {
        "lever": lever.id,
        "label": lever.label,
        "thematique": lever.thematique,
        "theme": lever.theme,
        "sector": lever.sector,
        "enjeux": list(lever.enjeux),
        "kind": lever.kind,
        "a_la_main": list(lever.a_la_main.actors),
        "cop_rank": lever.nomenclatures.cop,
        "simulateur_id": lever.nomenclatures.simulateur,
        "rationale": " ; ".join(target.text for row in lever.rationale for target in row.targets),
        "note": lever.note.strip(),
    }


def _rationale_rows() -> pd.DataFrame:
    """The 47 rows of the physical rationale, one per row of the source, with the lever that each belongs to."""
    return pd.DataFrame(
        {
            **_row(lever),
            "label": row.label,
            "rationale": " ; ".join(target.text for target in row.targets),
            "kinds": [target.kind for target in row.targets],
            "targets": [target.model_dump() for target in row.targets],
            "source": row.source,
            "locator": row.locator,
        }
        for lever in _chosen("cop")
        for row in lever.rationale
    )


def crosswalk(nomenclature: str | None = None, *, wide: bool = False) -> pd.DataFrame:
    """La table de passage entre nomenclatures : nomenclature, id, label, relation, lever (un des 43), note.

    Relations : ``egal``, ``groupe`` (le terme réunit plusieurs leviers), ``partie`` (le terme est une part d'un
    levier), ``voisin`` (le terme n'est pas dans les 43, et ces leviers le servent aussi), ``absent`` (le levier n'est
    pas dans la nomenclature), ``sans_equivalent`` (le terme n'est pas dans les 43).

    Parameters
    ----------
    nomenclature : « projets », « rationale », « simulateur », « simulateur_outre_mer », « schema_projet » (les 50 du
        schéma de l'État, mars 2025), « adaptation » (les 22 leviers d'adaptation) ; toutes si None.
    wide : côte à côte : une ligne par levier des 43, puis par terme sans équivalent ; cop_rank, lever, label, une
        colonne par nomenclature (les termes qui mènent au levier, et leur relation), note (pourquoi sans équivalent).

    Raises
    ------
    LeverError
        Si la nomenclature est inconnue.
    ParameterError
        Si ``parameters/crosswalk.csv`` est endommagé.

    References
    ----------
    ``sgpe_simulateur_2024``, ``sgpe_point_de_sortie``, ``schema_projet_etat_2025``, ``leviers_adaptation_sgpe``.
    """
    table = _crosswalk()
    if nomenclature is not None:
        _known(nomenclature, tuple(table.nomenclature.unique()), "Nomenclature inconnue")
        table = table[table.nomenclature == nomenclature].reset_index(drop=True)
    return _side_by_side(table) if wide else table.copy(deep=False)


def _side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    said = table.label.where(table.relation == "egal", table.label + " (" + table.relation + ")")
    table = table.assign(said=said)[table.relation != "absent"]
    alone = table[table.relation == "sans_equivalent"]
    names = list(dict.fromkeys(table.nomenclature))
    own = table.pivot_table("said", "lever", "nomenclature", aggfunc=" ; ".join).reindex(columns=names)
    rows = levers()[["cop_rank", "lever", "label"]].join(own, on="lever")
    beside = pd.DataFrame(
        {"label": alone.label, "note": alone.note}
        | {name: alone.label.where(alone.nomenclature == name) for name in names}
    )
    found = pd.concat([rows, beside], ignore_index=True)
    found["cop_rank"] = found.cop_rank.astype("Int64")
    columns = [one for one in found.columns if one != "cop_rank"]
    found[columns] = found[columns].fillna("")
    return found[["cop_rank", "lever", "label", *names, "note"]]


def terms() -> pd.DataFrame:
    """The terms of project files that are not one of the 43: id, label, relation, lever (a member, or empty), note."""
    table = crosswalk("projets")
    return table[(table.relation != "egal") & (table.id != BLANK)]


def cop_labels() -> dict[str, str]:
    """The 43 levers and their labels, in their order."""
    table = levers("cop")
    return dict(zip(table.lever.to_list(), table.label.to_list(), strict=True))


def adaptation_labels() -> dict[str, str]:
    """The 22 adaptation levers of the SGPE and their labels, in their order."""
    table = crosswalk("adaptation").drop_duplicates("id")
    return dict(zip(table.id, table.label, strict=True))


def lever_labels() -> dict[str, str]:
    """Lever that a project may have → its label: the 43, then the terms beside them, « autres » last."""
    return dict(_lever_labels())


@kept(maxsize=4)
def _lever_labels() -> dict[str, str]:
    own, beside = levers(), terms()
    last = dict(zip(beside.id, beside.label, strict=True))
    others = {OTHERS: last.pop(OTHERS)} if OTHERS in last else {}
    return {**dict(zip(own.lever, own.label, strict=True)), **last, **others}


@kept(maxsize=4)
def _crosswalk() -> pd.DataFrame:
    return pd.DataFrame(reading.read_table(paths.parameters("crosswalk.csv"), CROSSWALK))


def rationale(lever: str) -> str:
    """The national rationale of a lever in a sentence; that of its members when it is a group or a part of them.

    >>> rationale("velo_transports_en_commun").split(" ; ")[1]
    "Quatre fois plus d'usage du vélo en 2030 qu'en 2019"
    """
    known = parameters.levers()
    rows = known[lever].rationale or [row for member in members(lever) for row in known[member].rationale]
    return " ; ".join(target.text for row in rows for target in row.targets)


def members(lever: str) -> list[str]:
    """The levers of the COP that a lever of the simulator stands for; none for another.

    >>> members("velo_transports_en_commun")
    ['report_modal']
    """
    return _members().get(parameters.levers()[lever].nomenclatures.simulateur or "", [])


@kept(maxsize=4)
def _members() -> dict[str, list[str]]:
    """Lever of the simulator → the levers of the COP that it stands for."""
    table = _crosswalk()
    table = table[table.nomenclature == "simulateur"]
    return {id_: levers.to_list() for id_, levers in table.groupby("id").lever}


def find(p: xr.Dataset, word: str) -> str:
    """The id of a lever of the panorama, from its id, its id in the official simulator or one of its labels.

    Raises
    ------
    LeverError
        If the word is unknown, names several levers, or names a lever without figures in this panorama.

    >>> from copkit.models.panorama import panorama
    >>> find(panorama("reg-32"), "augm_voitelec"), find(panorama("reg-32"), "Gestion des haies")
    ('vehicules_electriques', 'haies')
    """
    here, known = p.lever.values.tolist(), parameters.levers()
    if word in here:
        return word
    ids = {known[lever].nomenclatures.simulateur: lever for lever in here if known[lever].nomenclatures.simulateur}
    rows = crosswalk()
    rows = rows[rows.nomenclature.isin(["simulateur", "simulateur_outre_mer"]) & rows.id.isin(list(ids))]
    names = [(name, lever.id) for lever in known.values() for name in (lever.id, lever.label)]
    names += [*ids.items(), *((label, ids[sgpe]) for label, sgpe in zip(rows.label, rows.id, strict=True))]
    wanted = french.plain(str(word))
    found = sorted({lever for name, lever in names if french.plain(name) == wanted})
    present = [lever for lever in found if lever in here]
    if len(present) == 1:
        return present[0]
    if present:
        raise LeverError(f"Levier ambigu : « {word} » désigne {french.join(present)}. Écrire l'un de ces identifiants.")
    if found:
        carried = [ids[sgpe] for sgpe in rows.id[rows.lever == found[0]]]
        hint = f" Ses ktCO2e sont comptées dans « {carried[0]} »." if carried else ""
        wrong = f"Levier « {found[0]} » : aucun objectif dans le panorama de « {p.attrs['name']} ».{hint}"
    else:
        wrong = unknown(f"Levier inconnu : « {word} »", word, [name for name, lever in names if lever in here])
    raise LeverError(f"{wrong}\nLeviers de ce panorama : {', '.join(here)}.")
