"""A mapping proposed from the headers of a file, for an analyst to read over: each choice with its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

from copkit.errors import ProjectError, closest
from copkit.files import kept
from copkit.intake import headers, labels, personal, spreadsheets
from copkit.intake import mapping as mappings
from copkit.intake.fields import PLACES, Collected
from copkit.intake.sheet import Sheet

DS = "demarches_simplifiees"
ENOUGH = 3  # known headers in a row: below, the next rows may be the header
_BESIDE = re.compile(r"\s*\((Code INSEE|Code|Département)\)$")
_CODES = {
    "commune": ("code commune", "code insee", "code insee commune", "insee", "commune code", "insee commune"),
    "epci": ("code epci", "siren epci", "epci code"),
    "departement": ("code departement", "departement code", "num departement", "dep", "dept"),
    "region": ("code region", "region code"),
}


def propose(file: str | Path, kind: Collected) -> str:
    """The text of a mapping proposed from the headers of a file, in YAML, to be read over and saved.

    Each header is matched to a standard field (the reason is a comment), or listed as personal, or as ignored with
    the closest field. The proposal is a valid mapping of the file.

    Raises
    ------
    ProjectError
        If the file cannot be read.
    """
    path = Path(file)
    sheet, row = _main(path, kind)
    names = list(dict.fromkeys(h for h in sheet.headers if h))
    heads = set(map(headers.head, names))
    is_export = {"id", "etat du dossier"} <= heads and DS in mappings.names(kind)
    base = mappings.load(DS, kind) if is_export else None
    chosen: dict[str, dict[str, list[str]]] = {}
    reasons: dict[str, str] = {}
    named, ignored = [], []
    skipped = _of_base(base) if base else set()
    for name in names:
        if headers.head(name) in skipped:
            continue
        if headers.is_personal(name, base):
            named.append(name)
            continue
        found = _field(name, names, kind)
        if found is None:
            ignored.append(name)
            continue
        field, role, reason = found
        chosen.setdefault(field, {}).setdefault(role, []).append(name)
        reasons.setdefault(field, reason)
    if not set(kind.key) & set(chosen) and not base:
        first = ignored.pop(0) if ignored else names[0]
        named = [name for name in named if name != first]
        chosen[kind.key[-1]] = {"headers": [first]}
        reasons[kind.key[-1]] = "À CORRIGER : aucun intitulé reconnu, première colonne prise"
    return _yaml(path, sheet, row, base is not None, chosen, reasons, named, ignored, kind)


def _main(path: Path, kind: Collected) -> tuple[Sheet, int | None]:
    """The table to read and the row of its header when it is not the first: where the most headers are known."""
    best: tuple[int, Sheet, int | None] | None = None
    for row in (None, 2, 3):
        try:
            book = spreadsheets.read(path, row)
        except ProjectError:
            if best is None:
                raise
            break
        for name, sheet in book.items():
            if headers.head(name) == "dossiers":
                return sheet, row
            known = sum(_field(h, sheet.headers, kind) is not None for h in sheet.headers if h)
            if best is None or (known, len(sheet)) > (best[0], len(best[1]) if best[2] == row else 10**9):
                best = known, sheet, row
        if best[0] >= ENOUGH:
            break
    return best[1], best[2]


def _of_base(base: mappings.Mapping) -> set[str]:
    said = [h for where in base.fields.values() for h in where.headers]
    return set(map(headers.head, [*said, *base.ignored, *personal.system_headers()]))


@kept(maxsize=4)
def _known(kind: Collected) -> dict[str, tuple[str, str]]:
    """key of a header → (field, reason)."""
    out: dict[str, tuple[str, str]] = {}
    for name, one in kind.given.items():
        out[labels.key(one.label)] = (name, f"libellé du champ « {one.label} »")
        out.setdefault(labels.key(name), (name, "nom court du champ"))
    for key, name in labels.synonyms("header").items():
        if name in kind.given:
            out.setdefault(key, (name, "en-tête connu (parameters/synonyms.csv)"))
    for source in mappings.names(kind):
        for name, where in mappings.load(source, kind).fields.items():
            for header in where.headers:
                out.setdefault(labels.key(header), (name, f"en-tête de la correspondance « {source} »"))
    return out


def _field(header: str, names: list[str], kind: Collected) -> tuple[str, str, str] | None:
    """(field, role, reason) of a header, or nothing."""
    known, bare = _known(kind), headers.head(header)
    for place, codes in _CODES.items():
        if bare in codes and place in kind.fields:
            return place, "codes", "code du territoire"
    beside = _BESIDE.search(header)
    base = _BESIDE.sub("", header)
    if beside and base in names:
        found = _field(base, names, kind)
        if found and found[0] in PLACES:
            role = "departements" if beside[1] == "Département" else "codes"
            return found[0], role, f"colonne voisine de « {base} »"
    key = labels.key(header)
    if key in known:
        return known[key][0], "headers", known[key][1]
    words = set(key.split())
    inside = [k for k in known if words.issuperset(k.split()) and 2 * len(k.split()) >= len(words)]
    if inside:
        best = max(inside, key=lambda k: (len(k.split()), len(k)))
        return known[best][0], "headers", f"contient les mots « {best} », à vérifier"
    return None


def _yaml(
    path: Path,
    sheet: Sheet,
    row: int | None,
    is_ds: bool,
    chosen: dict[str, dict[str, list[str]]],
    reasons: dict[str, str],
    named: list[str],
    ignored: list[str],
    kind: Collected,
) -> str:
    file = personal.mask(path.name)
    where = f", feuille « {sheet.name} »" if sheet.name else ""
    lines = [
        f"# Correspondance proposée par copkit d'après les en-têtes de « {file} »{where}.",
        "# À relire : chaque colonne est soit un champ, soit personnelle (retirée à la lecture), soit ignorée.",
        "# Plusieurs en-têtes pour un champ : le premier rempli l'emporte, écrire le plus récent d'abord.",
        f"label: {_quoted(f'Correspondance de {file}')}",
    ]
    if is_ds:
        lines.append(f"base: {DS}  # numéro, porteur, SIRET, état et dates du dossier")
    elif sheet.name:
        lines.append(f"sheet: {_quoted(sheet.name)}")
    if row:
        lines.append(f"header_row: {row}  # les colonnes sont nommées à la ligne {row}")
    wanted = [h for roles in chosen.values() for h in roles.get("headers", [])][:4]
    if wanted:
        lines.append(f"recognise: {_list(wanted)}  # en-têtes auxquels ce fichier se reconnaît")
    if not is_ds and "project_id" not in chosen:
        lines.append("deduplicate: []  # aucun numéro de dossier : toutes les lignes comptent")
    lines.append("fields:" if chosen else "fields: {}")
    for name in sorted(chosen, key=list(kind.fields).index):
        roles = chosen[name]
        if name in PLACES and set(roles) != {"headers"}:
            said = "{" + ", ".join(f"{role}: {_list(roles[role])}" for role in roles) + "}"
        else:
            said = _list(roles["headers"])
        lines.append(f"  {name}: {said}  # {kind.fields[name].label} : {reasons[name]}")
    if named:
        lines += [
            "personal:  # semblent nommer ou joindre une personne : jamais lues",
            *(f"  - {_quoted(p)}" for p in named),
        ]
    if ignored:
        lines += [
            "ignored:  # à déplacer dans fields: si la colonne est utile",
            *(_ignored(one, kind) for one in ignored),
        ]
    return "\n".join(lines) + "\n"


def _ignored(header: str, kind: Collected) -> str:
    known = _known(kind)
    near = [
        f"champ le plus proche : {name} ({kind.fields[name].label})"
        for name, *_ in closest(labels.key(header), known, least=0.5)
    ]
    return f"  - {_quoted(header)}  # {''.join(near) or 'aucun champ proche'}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(texts: list[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
