"""Labels of levers, thématiques and choices, turned into ids through the crosswalk and ``parameters/synonyms.csv``.

Case, accents, plural, small words and punctuation never count. A label that matches nothing is reported with the
closest ones, never dropped; a label that means several things is not chosen for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache

from copkit import errors, french, paths
from copkit.errors import ParameterError, Problems
from copkit.files import kept
from copkit.intake.fields import SEPARATOR, Collected, Field
from copkit.models import nomenclatures
from copkit.reference import framework, parameters, reading

SYNONYMS = ["kind", "label", "id", "note"]
_SMALL = {
    *[
        "a",
        "au",
        "aux",
        "d",
        "de",
        "des",
        "du",
        "en",
        "et",
        "l",
        "la",
        "le",
        "les",
        "dans",
        "par",
        "pour",
        "sur",
        "un",
        "une",
    ]
}
_PIECES = 8  # commas and slashes that one label may hold
_EXPLAINED = 5  # unknown labels of one cell whose closest ones are looked for
_CLOSE, _HOLDING = 3, 5  # labels that are suggested for one that is unknown: written almost so, holding its words
_SHORT = 2  # letters of a word that does not tell a label
_YEAR = re.compile(r"\b(20\d\d|n(\+|\s)?1?)\b")


@dataclass(frozen=True, slots=True)
class Found:
    """What a label means: ``ids``; ``unknown``: its parts that mean nothing; ``close``: what they may have meant."""

    ids: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    close: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def key(label: str) -> str:
    """What is compared in a label.

    >>> key("Sobriété dans l'eau"), key("Bio & HVE") == key("bio et HVE"), key("Aires Protégées")
    ('sobriete eau', True, 'aire protegee')
    """
    words = [w for w in french.plain(label).split() if w not in _SMALL]
    return " ".join(w[:-1] if len(w) > 3 and w[-1] in "sx" else w for w in words)


@kept(maxsize=4)
def _read_synonyms() -> tuple[dict[str, dict[str, str]], list[tuple[int, str, str]]]:
    """kind → key of a label → id, and (line, kind, id) of each row.

    Raises
    ------
    ParameterError
        If two rows say the same label differently.
    """
    path, problems = paths.parameters("synonyms.csv"), Problems()
    out: dict[str, dict[str, str]] = {}
    rows = []
    for line, row in enumerate(reading.read_table(path, SYNONYMS), start=2):
        where = f"ligne {line} : "
        rows.append((line, row["kind"], row["id"]))
        if out.setdefault(row["kind"], {}).setdefault(key(row["label"]), row["id"]) != row["id"]:
            other = out[row["kind"]][key(row["label"])]
            problems.add(paths.shown(path), f"{where}« {row['label']} » est déjà « {other} ». Garder une ligne.")
    problems.raise_if_any(ParameterError)
    return out, rows


def synonyms(kind: str) -> dict[str, str]:
    """key of a label → id, from ``parameters/synonyms.csv``."""
    return _read_synonyms()[0].get(kind, {})


def check_synonyms(*kinds: Collected) -> None:
    """Hold ``parameters/synonyms.csv`` against all that it may name.

    Raises
    ------
    ParameterError
        If a sort of label or an id is unknown, or if two rows say the same label differently.
    """
    path, problems = paths.parameters("synonyms.csv"), Problems()
    known: dict[str, set[str]] = {"lever": lever_ids(), "thematique": set(framework.labels("thematiques"))}
    for one in kinds:
        for kind, ids in {"header": one.fields, **one.vocabularies}.items():
            known.setdefault(kind, set()).update(ids)
    for line, kind, id_ in _read_synonyms()[1]:
        if kind not in known:
            wrong = errors.unknown(f"sorte de libellé inconnue « {kind} »", kind, known)
        elif id_ not in known[kind]:
            wrong = errors.unknown(f"identifiant inconnu « {id_} »", id_, sorted(known[kind]))
        else:
            continue
        problems.add(paths.shown(path), f"ligne {line} : {wrong}")
    problems.raise_if_any(ParameterError)


def lever_ids() -> set[str]:
    """What a lever may be: one of the 43, a term of the crosswalk beside them, or nothing."""
    return {*nomenclatures.lever_labels(), ""}


# ------------------------------------------------------------------ levers


@kept(maxsize=4)
def _levers() -> tuple[dict[str, str], dict[str, tuple[str, ...]], dict[str, str]]:
    """key → id; id → levers of the COP; key → label as it is suggested. The first that names a key has it."""
    table, cop = nomenclatures.crosswalk(), nomenclatures.levers("cop")
    by_key: dict[str, str] = {}
    shown: dict[str, str] = {}
    stands: dict[str, tuple[str, ...]] = {lever: (lever,) for lever in cop.lever} | {"autres": (), "": ()}

    def name(label: str, id_: str, *others: str) -> None:
        for known in (label, *others):
            by_key.setdefault(key(known), id_)
            shown.setdefault(key(known), label)

    projects = table[table.nomenclature == "projets"]
    for id_, rows in projects.groupby("id", sort=False):
        target = id_ if rows.relation.iloc[0] != "egal" else rows.lever.iloc[0]
        target = "" if id_ == "non_renseigne" else target
        stands.setdefault(target, tuple(rows.lever[rows.lever != ""]))
        name(rows.label.iloc[0], target, id_)
    for lever, label in zip(cop.lever, cop.label, strict=True):
        name(label, lever, lever)
    said = {target: shown[known] for known, target in reversed(by_key.items())}
    for label, target in synonyms("lever").items():
        by_key.setdefault(label, target)
        shown.setdefault(label, said[target])
    others = table[table.nomenclature.isin(["rationale", "simulateur", "schema_projet"])]
    for label, rows in others[others.lever != ""].groupby("label", sort=False):
        if rows.lever.nunique() == 1:  # « Sobriété et isolation des bâtiments » is two levers: not chosen here
            name(label, rows.lever.iloc[0])
    for label, rows in table[table.nomenclature == "schema_projet"].groupby("label", sort=False):
        name(label, SEPARATOR.join(rows.lever) or nomenclatures.OTHERS)  # a term of several levers stands for them all
    for label in nomenclatures.adaptation_labels().values():
        name(label, nomenclatures.OTHERS)  # the levers of the 43 beside it are not it
    return by_key, stands, shown


def levers_of(lever: str) -> tuple[str, ...]:
    """The levers of the 43 that a lever of a project stands for.

    >>> levers_of("velo"), levers_of("gestion_des_forets"), levers_of("autres")
    (('report_modal',), ('puits_forestiers', 'forets_gestion_durable'), ())
    """
    return _levers()[1].get(lever, ())


@kept(maxsize=1024)
def lever(label: str) -> Found:
    """The levers that a cell names: one, several, or the second part of a linked list whose first is a thématique.

    >>> lever("VÉLOS").ids, lever("Mieux se déplacer / Vélo").ids, lever("Loi Egalim / Climat & Résilience").ids
    (('velo',), ('velo',), ('egalim',))
    >>> lever("Haies / Vélo").ids, lever("Vélo / Licornes").unknown
    (('haies', 'velo'), ('Licornes',))
    >>> lever("Rénovasion tertiaire").unknown, lever("Rénovasion tertiaire").close
    (('Rénovasion tertiaire',), ('Rénovation tertiaire',))
    """
    by_key, _, shown = _levers()
    return _read(label, by_key, shown, _groupings())


def adaptation(label: str) -> tuple[str, ...]:
    """The levers of the 22 of adaptation that a cell names, beside those of the 43.

    >>> adaptation("Réseaux de froid ; Gestion des haies"), lever("Réseaux de froid").ids
    (('reseaux_de_froid',), ('autres',))
    """
    by_key = _adaptation()
    return _read(label, by_key, {}, _levers()[0]).ids if label else ()


@kept(maxsize=4)
def _adaptation() -> dict[str, str]:
    """key of the label of a lever of the 22 → its id."""
    return {key(label): id_ for id_, label in nomenclatures.adaptation_labels().items()}


def thematique_of(label: str) -> Found:
    """The thématiques that a cell names: one, several, or the first part of a linked list whose second is a lever.

    >>> thematique_of("Mieux se loger, Mieux produire").ids, thematique_of("transports").ids
    (('se_loger', 'produire'), ('se_deplacer',))
    >>> thematique_of("Mieux se déplacer / Vélo").ids, thematique_of("Mieux se loger / Mieux produire").ids
    (('se_deplacer',), ('se_loger', 'produire'))
    """
    by_key, shown = _thematiques()
    return _read(label, by_key, shown, _levers()[0])


@kept(maxsize=4)
def _thematiques() -> tuple[dict[str, str], dict[str, str]]:
    by_key, shown = {}, {}
    for item in framework.items("thematiques"):
        for label in (item.id, item.label, item.short or item.label, item.label.removeprefix("Mieux ")):
            by_key[key(label)] = item.id
            shown.setdefault(key(item.label), item.label)
    for label, id_ in synonyms("thematique").items():
        by_key.setdefault(label, id_)
    return by_key, shown


@kept(maxsize=4)
def _groupings() -> set[str]:
    """The keys of what a linked list may write before a lever: a thématique, or a theme of the matrix of the 43."""
    return {*_thematiques()[0], *map(key, nomenclatures.levers("cop").theme)}


def thematiques_of(levers: tuple[str, ...]) -> tuple[str, ...]:
    """The thématiques of levers of the 43, each once, in the order of the levers."""
    known = parameters.levers()
    return tuple(dict.fromkeys(known[one].thematique for one in levers if one in known))


# ------------------------------------------------------------------ choices


def choice(name: str, one: Field, label: str) -> Found:
    """The id of a choice of a form, for a field and its name.

    >>> found = Field("Maturité", "choice", choices={"pret": "prêt", "en_conception": "initié, en conception"})
    >>> choice("maturity", found, "Initié, en conception").ids, choice("maturity", found, "Prêt").ids
    (('en_conception',), ('pret',))
    """
    options, bare = one.options, _bare(label, dated=one.dated)
    id_ = _by_key(tuple(options.items()), dated=one.dated).get(bare) or synonyms(one.vocabulary or name).get(bare)
    if id_ in options:
        return Found((id_,))
    return Found(unknown=(label,), close=close_to(label, {key(said): said for said in options.values()}))


def close_to(label: str, shown: dict[str, str]) -> tuple[str, ...]:
    """What a label that means nothing may have meant: the labels that hold all its words, the shortest first, or else
    those that are written almost the same.

    ``shown``: key → label as it is suggested.

    >>> close_to("Chaudières", {"gestion haie": "Gestion des haies", "chaudiere gaz tertiaire": "Chaudière gaz"})
    ('Chaudière gaz',)
    >>> close_to("Gestion des hais", {"gestion haie": "Gestion des haies", "velo": "Vélo"})
    ('Gestion des haies',)
    """
    words = {word for word in key(label).split() if len(word) > _SHORT}
    holding = sorted((known for known in shown if words and words <= set(known.split())), key=len)
    held = tuple(dict.fromkeys(shown[known] for known in holding))[:_HOLDING]
    return held or errors.closest(key(label), shown, _CLOSE)


def _bare(text: str, *, dated: bool) -> str:
    return key(_YEAR.sub(" ", french.plain(text))) if dated else key(text)


@lru_cache(maxsize=64)
def _by_key(options: tuple[tuple[str, str], ...], *, dated: bool) -> dict[str, str]:
    """The id of each id and of each label, by what is compared."""
    return {_bare(text, dated=dated): id_ for id_, said in options for text in (id_, said)}


# ------------------------------------------------------------------ cells that hold several labels


def _read(text: str, by_key: dict[str, str], shown: dict[str, str], beside: Container[str]) -> Found:
    """``beside``: the keys of labels that a linked list may write around those that are asked for."""
    ids, unknown = [], []
    for part in split(text, by_key):
        pieces = [part] if key(part) in by_key else _longest(re.split(r"\s*/\s*", part), " / ", by_key)
        known = [id_ for piece in pieces if key(piece) in by_key for id_ in by_key[key(piece)].split(SEPARATOR)]
        ids += known
        lost = [piece for piece in pieces if key(piece) not in by_key and key(piece) not in beside]
        unknown += lost if known else [part]
    kept, unknown = tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(unknown))
    close = tuple(dict.fromkeys(name for part in unknown[:_EXPLAINED] for name in close_to(part, shown)))
    return Found(kept if len(kept) < 2 else tuple(i for i in kept if i), unknown, close)


def split(text: str, known: dict[str, str]) -> list[str]:
    """The labels of a cell: known labels first, as a label may hold a comma; then what is left between separators.

    >>> split("Idée, Initié, en conception", {key("Idée"): "", key("Initié, en conception"): ""})
    ['Idée', 'Initié, en conception']
    """
    if not text or key(text) in known:
        return [text] if text else []
    out: list[str] = []
    for block in re.split(r"\s*[;|\n]\s*", text):
        out += _longest([part for part in re.split(r",\s+|,(?=\S)", block) if part.strip()], ", ", known)
    return _joined(out, known)


def _longest(parts: list[str], mark: str, known: Container[str]) -> list[str]:
    """The parts, those that make one known label put together again: the longest one first."""
    out, start = [], 0
    while start < len(parts):
        ends = range(min(len(parts), start + _PIECES), start, -1)
        end = next((e for e in ends if key(mark.join(parts[start:e])) in known), start + 1)
        out.append(mark.join(parts[start:end]).strip())
        start = end
    return out


def _joined(parts: list[str], known: dict[str, str]) -> list[str]:
    """Neighbours that mean nothing were one label with a comma: say them together."""
    out: list[str] = []
    lost = False
    for part in parts:
        here = key(part) not in known and "/" not in part
        if here and lost:
            out[-1] = f"{out[-1]}, {part}"
        else:
            out.append(part)
        lost = here
    return out


def unknown(close: tuple[str, ...]) -> str:
    """What a message says of a label that means nothing."""
    near = " ou ".join(f"« {label} »" for label in close)
    proposed = f"Libellés proches : {near}. " if near else ""
    return f"libellé non reconnu. {proposed}Corriger la cellule, ou ajouter le libellé à la correspondance."
