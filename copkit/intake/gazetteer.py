"""The official lists of territories, found by a code or by a name as people write it."""

from __future__ import annotations

import re
from functools import lru_cache

from copkit import french, paths
from copkit.errors import TerritoryError, closest
from copkit.files import kept
from copkit.reference import tables, territories

# Collectivités outside the 18 régions, absent from the official list of the kit: counted under their own name.
OUTSIDE = {
    "975": "Saint-Pierre-et-Miquelon",
    "977": "Saint-Barthélemy",
    "978": "Saint-Martin",
    "984": "Terres australes et antarctiques françaises",
    "986": "Wallis-et-Futuna",
    "987": "Polynésie française",
    "988": "Nouvelle-Calédonie",
}
_REGION_NAMES = {"paca": "reg-93", "sud": "reg-93", "region sud": "reg-93", "idf": "reg-11", "grand est": "reg-44"}
_TYPES = (  # as the official list writes them
    ("communaute de communes", "cc"),
    ("communaute d agglomeration", "ca"),
    ("communaute urbaine", "cu"),
    ("com com", "cc"),
    ("comcom", "cc"),
    ("agglo", "ca"),
)
_WHOLE = {"st": "saint", "ste": "sainte", "stes": "saintes"}
_TABLES = ("communes.parquet", "epci.csv", "territories.csv")
_SMALL = {"de", "du", "des", "d", "la", "le", "les", "l", "et", "en"}


class Gazetteer:
    """The official lists, indexed by code and by name."""

    def __init__(self) -> None:
        communes, epci = tables.read("communes.parquet"), tables.read("epci.csv")
        self.communes = {
            code[4:]: (name, departement, region, inside)
            for code, name, departement, region, inside in zip(
                *(communes[one].tolist() for one in ("code", "name", "departement", "region", "epci")), strict=True
            )
        }
        self.by_name: dict[tuple[str, str], list[str]] = {}
        for code, (name, departement, _, _) in self.communes.items():
            self.by_name.setdefault((_bare(name), departement), []).append(code)
        self.epci = {
            code[5:]: (name, departements.split(), regions.split())
            for code, name, departements, regions in zip(
                epci.code, epci.name, epci.departements, epci.regions, strict=True
            )
        }
        self.epci_by_name: dict[str, list[str]] = {}
        for code, (name, _, _) in self.epci.items():
            for label in {_epci(name), _epci(name).partition(" ")[2] if name[:3] in ("CC ", "CA ", "CU ") else ""}:
                if label:
                    self.epci_by_name.setdefault(label, []).append(code)
        named = territories.table()
        self.departements = {code[4:]: code for code in named.code[named.level == "departement"]}
        self.departement_names = {
            _bare(name): code
            for code, name in zip(
                named.code[named.level == "departement"], named.name[named.level == "departement"], strict=True
            )
        }
        regions = named[named.level == "region"]
        self.hints: dict[str, tuple[str, ...]] = {}  # EPCI that nobody knows → the closest, found once
        self.regions = {code[4:]: code for code in regions.code}
        self.region_names = {_bare(n): c for c, n in zip(regions.code, regions.name, strict=True)} | _REGION_NAMES


@kept(maxsize=2)
def lists() -> Gazetteer:
    """The official lists of the kit, read once."""
    for name in _TABLES:
        tables.read(name)  # says what is wrong with it
    return _lists(*(paths.clean_data(name).read_bytes() for name in _TABLES))


@lru_cache(maxsize=2)
def _lists(*_contents: bytes) -> Gazetteer:
    """Half a second of work, done again where one of the three tables changed, and not where another file did."""
    return Gazetteer()


def _bare(label: str) -> str:
    words = [word for word in french.plain(label).split() if word not in _SMALL]
    return " ".join([_WHOLE.get(word, word) for word in words])


def _epci(label: str) -> str:
    text = f" {french.plain(label)} "
    for long, short in _TYPES:
        text = text.replace(f" {long} ", f" {short} ")
    return _bare(text)


# ------------------------------------------------------------------ one label or code of each level


def departement(text: str) -> tuple[str, str, tuple[str, ...]]:
    """(code, name of a collectivité outside the official list, suggestions) from a code or a name.

    >>> departement("59")[0], departement("1")[0], departement("59 – Nord")[0], departement("Côte d'Or (21)")[0]
    ('dep-59', 'dep-01', 'dep-59', 'dep-21')
    >>> departement("988")[1]
    'Nouvelle-Calédonie'
    """
    known, bare = lists(), text.strip().removesuffix(".0")
    found = re.match(r"(?:dep-)?(\d{1,3}|2[AB])(?=$|\s*[-–:]|\s)", bare, re.IGNORECASE) or re.search(
        r"\((\d{1,3}|2[AB])\)$", bare, re.IGNORECASE
    )
    if found:
        code = found[1].upper().lstrip("0").zfill(2)
        if code in OUTSIDE:
            return "", OUTSIDE[code], ()
        if code in known.departements:
            return known.departements[code], "", ()
    name = _bare(re.sub(r"^\w{2,3}\s*[-–]\s*|\(\w+\)$", "", bare)) if found else _bare(bare)
    if name in known.departement_names:
        return known.departement_names[name], "", ()
    return "", _outside(bare), _close(bare, known.departement_names)


def region(text: str) -> tuple[str, str, tuple[str, ...]]:
    """(code, name of a collectivité outside the official list, suggestions) from a code or a name.

    >>> region("Hauts de France")[0], region("PACA")[0], region("Polynésie française")[1], region("32")[0]
    ('reg-32', 'reg-93', 'Polynésie française', 'reg-32')
    """
    known, bare = lists(), text.strip().removesuffix(".0")
    if found := re.match(r"(?:reg-)?(\d{1,2})(?=$|\s*[-–:]|\s)", bare):
        code = found[1].zfill(2)
        if code in known.regions:
            return known.regions[code], "", ()
    name = _bare(re.sub(r"^\d+\s*[-–]\s*|\(\d+\)$", "", bare)).removeprefix("region ")
    if name in known.region_names:
        return known.region_names[name], "", ()
    return "", _outside(bare), _close(bare, known.region_names)


def _outside(text: str) -> str:
    name = _bare(text)
    return next((said for code, said in OUTSIDE.items() if name in (_bare(said), code)), "")


def _close(text: str, names: dict[str, str]) -> tuple[str, ...]:
    return tuple(map(territories.name, closest(_bare(text), names)))


def is_named(text: str, *, communes: bool = False) -> bool:
    """True for the name of a département, of a région, of an EPCI, or of a commune; and for nothing like it.

    >>> is_named("Pas-de-Calais"), is_named("Hauts de France"), is_named("Nor")
    (True, True, False)
    """
    known, name = lists(), _bare(text)
    if communes and name in _by_bare():
        return True
    return name in known.departement_names or name in known.region_names or _epci(text) in known.epci_by_name


def commune(code: str, label: str, departement: str) -> tuple[str, str]:
    """(code, what is wrong) of a commune, from its INSEE code, or from its name and its département or postal code.

    >>> commune("59350", "", ""), commune("1004", "", "")[0], commune("75104", "", "")[0]
    (('com-59350', ''), 'com-01004', 'com-75056')
    >>> commune("", "Lille (59000)", "")[0], commune("", "SAINT OMER", "dep-62")[0]
    ('com-59350', 'com-62765')
    """
    known, text = lists(), code.strip().upper().removeprefix("COM-").removesuffix(".0")
    if text:
        text = whole_commune(text.zfill(5) if text.isdigit() else text)
        if text in known.communes:
            return f"com-{text}", ""
        if re.fullmatch(r"(\d\d|2[AB])\d{3}", text) and departement_of(text) in known.departements:
            return f"com-{text}", (
                "code absent de la liste officielle des communes, gardé tel quel : commune fusionnée depuis, ou code "
                "erroné. Le vérifier sur insee.fr."
            )
        return "", "code INSEE de commune inconnu. Écrire les 5 caractères du code INSEE (pas le code postal)."
    name, _, postal = label.partition("(")
    postal = re.sub(r"\D", "", postal)
    if re.fullmatch(r"(com-)?(\d{5}|2[AB]\d{3})", name.strip(), re.IGNORECASE):
        return commune(name, "", departement)
    bare = _bare(re.sub(r"\b(\d{5}|cedex)\b.*", "", name, flags=re.IGNORECASE))
    where = [departement] if departement else _departements_of_postal(postal, known)
    found = [c for d in where for c in known.by_name.get((bare, d), [])]
    if not where:
        found = [c for (named, _), codes in _by_bare().get(bare, ()) for c in codes]
    if len(found) == 1:
        return f"com-{found[0]}", ""
    if found:
        return "", "plusieurs communes portent ce nom. Ajouter une colonne de code INSEE ou de département."
    return "", "commune inconnue. Écrire son code INSEE, ou son nom officiel et son département."


@kept(maxsize=2)
def _by_bare() -> dict[str, list]:
    out: dict[str, list] = {}
    for at, codes in lists().by_name.items():
        out.setdefault(at[0], []).append((at, codes))
    return out


def whole_commune(code: str) -> str:
    """Paris, Lyon and Marseille are one commune each."""
    if re.fullmatch(r"751(0[1-9]|1\d|20)", code):
        return "75056"
    if re.fullmatch(r"6938[1-9]", code):
        return "69123"
    return "13055" if re.fullmatch(r"132(0[1-9]|1[0-6])", code) else code


def departement_of(commune: str) -> str:
    return commune[:3] if commune[:2] in ("97", "98") else commune[:2]


def _departements_of_postal(postal: str, known: Gazetteer) -> list[str]:
    if len(postal) != 5:
        return []
    if postal.startswith("20"):
        return ["dep-2A", "dep-2B"]
    code = known.departements.get(postal[:3] if postal.startswith("97") else postal[:2])
    return [code] if code else []


def epci(code: str, label: str, departement: str) -> tuple[str, str, tuple[str, ...]]:
    """(code, what is wrong, suggestions) of an EPCI, from its SIREN or from its name.

    >>> epci("200093201", "", "")[0], epci("", "Métropole européenne de Lille", "")[0]
    ('epci-200093201', 'epci-200093201')
    >>> epci("", "Communauté de communes du Pays de Mormal", "")[0]
    'epci-200043321'
    """
    known, text = lists(), re.sub(r"\s", "", code.lower().removeprefix("epci-").removesuffix(".0"))
    if text:
        if text[:9] in known.epci and len(text) in (9, 14):
            return f"epci-{text[:9]}", "", ()
        return "", "SIREN absent de la liste officielle des EPCI à fiscalité propre. Le vérifier.", ()
    if re.fullmatch(r"(epci-)?\d{9}", label.strip(), re.IGNORECASE):
        return epci(label, "", departement)
    found = known.epci_by_name.get(_epci(label), [])
    inside = [c for c in found if departement in known.epci[c][1]] if departement else found
    found = inside or found
    if len(found) == 1:
        return f"epci-{found[0]}", "", ()
    if found:
        return "", "plusieurs EPCI portent ce nom. Ajouter une colonne de SIREN ou de département.", ()
    if label not in known.hints:
        sirens = closest(_epci(label), {name: same[0] for name, same in known.epci_by_name.items()})
        known.hints[label] = tuple(known.epci[siren][0] for siren in sirens)
    return "", "EPCI inconnu de la liste officielle. Écrire son SIREN ou son nom officiel.", known.hints[label]


@kept(maxsize=2)
def _groupements() -> tuple[dict[str, tuple[str, str, str]], dict[str, list[str]]]:
    """Groupements without taxes of their own, by SIREN (name, type, département) and by name."""
    found = tables.rows(tables.read("groupements.parquet"), "code", "name", "type", "departement")
    known = {code[4:]: (name, kind, departement) for code, name, kind, departement in found}
    named: dict[str, list[str]] = {}
    for siren, (label, _, _) in known.items():
        named.setdefault(_groupement(label), []).append(siren)
    return known, named


def _groupement(label: str) -> str:
    """A name without what says its kind: « SM du parc naturel régional de Lorraine », « PNR de Lorraine »."""
    text = f" {french.plain(re.sub(r'[(].*?[)]', '', label))} "
    text = re.sub(r" pole equilibre territorial( et)? rural | pole d equilibre territorial et rural ", " petr ", text)
    text = re.sub(r" (syndicat mixte|smo?|syndicat)(?= )", " ", text)
    text = re.sub(r" (amenagement|gestion|realisation|etude|d|de|du|des|et|pour|l|la|le)(?= )", " ", f" {text} ")
    return " ".join(text.replace(" parc naturel regional ", " pnr ").split())


def groupement(text: str) -> tuple[str, str, tuple[str, ...]]:
    """(code, what is wrong, suggestions) of a PETR, a PNR, a pôle métropolitain or a syndicat, by SIREN or by name.

    >>> groupement("PNR du Lubéron")[0] == groupement("SM du parc naturel régional du Lubéron")[0] != ""
    True
    """
    known, named = _groupements()
    siren = re.sub(r"\s", "", text.lower().removeprefix("grp-"))
    if re.fullmatch(r"\d{9}", siren):
        wrong = "" if siren in known else "SIREN absent de la liste officielle des groupements. Le vérifier."
        return (f"grp-{siren}" if siren in known else ""), wrong, ()
    found = named.get(_groupement(text), [])
    if len(found) == 1:
        return f"grp-{found[0]}", "", ()
    if found:
        return "", "plusieurs groupements portent ce nom. Écrire le SIREN.", ()
    close = closest(_groupement(text), {label: sirens[0] for label, sirens in named.items()})
    hints = tuple(known[siren][0] for siren in close)
    return "", "groupement inconnu de la liste officielle. Écrire son SIREN ou son nom officiel.", hints


def kind_of_groupement(code: str) -> str:
    """« petr », « pnr », « pole_metropolitain » or « syndicat »."""
    return _groupements()[0][code.removeprefix("grp-")][1]


def name(code: str) -> str:
    """The name of a territory of any level; the code itself when the official lists have none.

    >>> name("com-59350"), name("epci-200093201"), name("dep-59")
    ('Lille', 'Métropole Européenne de Lille', 'Nord')
    """
    level, _, number = code.partition("-")
    if level == "grp":
        return _groupements()[0].get(number, (code,))[0]
    if level in ("com", "epci"):
        return (lists().communes if level == "com" else lists().epci).get(number, (code,))[0]
    return territories.name(code)


def territory(text: str) -> tuple[str, str]:
    """(code, what is wrong) of a territory of any level, from its code or from its name.

    The name of an overseas région is also that of its only département: the département is taken.

    >>> territory("Nord")[0], territory("Hauts-de-France")[0], territory("Métropole européenne de Lille")[0]
    ('dep-59', 'reg-32', 'epci-200093201')
    >>> territory("Lille (59000)")[0], territory("com-59350")[0], territory("32")[0]
    ('com-59350', 'com-59350', '')
    """
    known, bare = lists(), text.strip()
    if not bare:
        return "", ""
    if re.fullmatch(r"(reg-|dep-)?(\d{1,3}|2[AB])", bare, re.IGNORECASE):
        try:
            return territories.resolve(bare), ""
        except TerritoryError as error:
            return "", " ".join(str(error).split())
    if re.fullmatch(r"epci-.*|\d{9}", bare, re.IGNORECASE):
        return epci(bare, "", "")[:2]
    if re.fullmatch(r"com-.*|\d{5}|2[AB]\d{3}", bare, re.IGNORECASE):
        return commune(bare, "", "")
    name = _bare(bare)
    for names in (known.departement_names, known.region_names):
        if name in names:
            return names[name], ""
    tried = [epci("", bare, "")[:2]] if _epci(bare) in known.epci_by_name else []  # others: not to look for close ones
    for code, wrong in (*tried, commune("", bare, "")):
        if code or wrong.startswith("plusieurs"):
            return code, wrong
    close = [*_close(bare, known.departement_names), *_close(bare, known.region_names), *epci("", bare, "")[2]]
    near = f" Noms proches : {french.join(f'« {one} »' for one in dict.fromkeys(close))}." if close else ""
    return (
        "",
        f"territoire inconnu.{near} Écrire le nom ou le code d'une région, d'un département, d'un EPCI, d'une commune.",
    )
