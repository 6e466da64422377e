"""Hears the allocation keys again (« make keys »): allocation.csv, audition.csv, keys.csv and docs/cles.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit import files, french, paths
from copkit.models import audition, downscaling, panorama, reliability
from copkit.reference import parameters, territories

PAGE = Path(__file__).with_name("cles.md")
ROUNDED = 2  # decimals of the figures that are added up
SOURCE = "sgpe_simulateur_2024"


def allocation() -> str:
    """``data/clean/allocation.csv``: its rows as they are, those that are added up from finer tables made again."""
    table = pd.read_csv(paths.clean_data("allocation.csv"), dtype=str, keep_default_na=False)
    made = audition.computed()
    made["value"] = [repr(round(value, ROUNDED)) for value in made.value]
    made["year"] = [f"{year:.0f}" for year in made.year]
    kept = table[~table.key.isin(set(made.key))]
    return pd.concat([kept, made]).to_csv(index=False, lineterminator="\n")


def keys() -> str:
    """``parameters/keys.csv``: the official keys as they are, the choice of the audition."""
    path = paths.parameters("keys.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("lever", drop=False)
    official = table[["lever", "official_key", "official_producer"]]
    return official.join(audition.choices().drop(columns="lever")).to_csv(index=False, lineterminator="\n")


def by_region() -> str:
    """``data/clean/audition.csv``."""
    return audition.shares_by_region().assign(status="derive", source=SOURCE).to_csv(index=False, lineterminator="\n")


HEAD = """# Les clés de répartition, et ce qu'elles valent

Page écrite par `make keys`, à ne pas modifier à la main ; `copkit keys` et `copkit keys LEVIER` disent la même
chose.

Le SGPE publie l'effort de chaque levier par région, jamais par département. Le kit partage la valeur d'une
région entre ses départements par une **clé** : un chiffre connu par département, ou un mélange de trois
chiffres au plus. Pour savoir ce que vaut une clé, on l'essaie là où la réponse est connue : entre les régions
de métropole. L'**erreur** est la part de l'effort qu'elle y place dans la mauvaise région. **Hors échantillon**
: chaque région est annoncée par un mélange calculé sans elle.

- **Le choix** : la clé officielle du SGPE quand elle existe par département ; sinon l'erreur hors échantillon
  la plus faible, et, à {margin} point près, la clé la plus simple. Un mélange n'est essayé que parmi les
  chiffres qui ont un lien avec le levier (`parameters/audition.yml` dit lequel) ; ses poids sont ceux des
  moindres carrés, aucun négatif, aucun sous {least} %.
- **La note** : A jusqu'à {a:g} % d'erreur hors échantillon, ou clé officielle ; B jusqu'à {b:g} % ; C au-delà.
- **La note L** : un chiffre local, donné par le territoire avec son unité, son année et sa source, a pris la place
  de la clé (`copkit template keys reg-32`, puis `copkit panorama dep-59 --local FICHIER`). Il partage la valeur
  publiée de la région, qui ne change pas. Ce n'est pas un A : rien ne l'a mesuré. Aucune fourchette ne l'entoure,
  et le tirage aléatoire ne le fait pas varier.
- **La fourchette** d'une valeur de département, à {confidence} % : ce que la clé manque d'une région aux
  autres, de part et d'autre de la valeur (intervalle « conforme »), la somme restant celle de la région.
  Essayée entre régions, chacune laissée de côté à son tour, elle contient la part publiée {coverage} fois sur
  cent.
- **La limite** : c'est une mesure entre régions, non à l'intérieur d'une région. Une donnée locale vaut mieux.

Pondérée par l'effort, l'erreur passe de **{before} %** avec les clés d'avant à **{after} %** ({blind} % hors
échantillon). En moyenne, {rough} % de l'effort d'un département de métropole repose sur une clé notée C.

"""
LEVERS = ("levier", "part de l'effort (%)", "clé d'avant", "erreur (%)", "clé retenue", "erreur (%)")


def page() -> str:
    """``docs/cles.md``."""
    found, rule = audition.audition(), audition.settings().rule
    means = {name: audition.national(found[name].to_dict()) for name in ("before_error", "error", "held_out")}
    before, after, blind = (french.number(one, 1) for one in means.values())
    codes = [code for code in territories.codes("departement") if not territories.is_overseas(code)]
    shares = [panorama.rough_share(panorama.shared(code)) for code in codes]
    head = HEAD.format(
        margin=french.number(rule.margin, 1),
        least=f"{100 * rule.least_weight:.0f}",
        a=rule.grades["A"],
        b=rule.grades["B"],
        confidence=rule.confidence,
        coverage=f"{reliability.coverage():.0f}",
        before=before,
        after=after,
        blind=blind,
        rough=f"{sum(shares) / len(shares):.0f}",
    )
    return "".join([head, _levers(found), _apart(), _fallbacks(), _rough(found)])


def _levers(found: pd.DataFrame) -> str:
    said, parts = downscaling.label, 100 * found.effort / found.effort.sum()
    rows = [
        (one.label, part, said(one.before), one.before_error, said(one.key), one.error, one.held_out, one.grade)
        for one, part in zip(found.itertuples(), parts, strict=True)
    ]
    return f"## Les {len(found)} leviers\n\n{_table((*LEVERS, 'hors échantillon (%)', 'note'), rows)}\n"


def _apart() -> str:
    missing: dict[str, list[str]] = {}
    lines = [
        f"- {territories.name(one.territory)}, {_quoted(one.levers)} : {one.reason}"
        for one in audition.settings().apart
    ]
    for hearing in audition.settings().auditions:
        for lever in hearing.levers if not hearing.fixed else []:
            for code, reason in audition.apart(lever).items():
                if reason == audition.NOT_PUBLISHED:
                    missing.setdefault(code, []).append(lever)
    lines += [
        f"- {territories.name(code)} : aucune valeur publiée, donc aucun objectif, pour {_quoted(names)}."
        for code, names in missing.items()
    ]
    gas = audition.settings().figures["gaz_residentiel"].zero
    lines.append(f"- {', '.join(map(territories.name, gas))} : aucune livraison de gaz publiée, comptée pour zéro.")
    text = "## Mis à part\n\nCe qui ne vaut que pour une région n'est pas une erreur de la clé.\n\n"
    return text + "\n".join(lines) + "\n\n"


def _quoted(levers: list[str]) -> str:
    return ", ".join(f"« {parameters.levers()[lever].label} »" for lever in levers)


def _fallbacks() -> str:
    levers = parameters.levers()
    rows = [
        (
            levers[one.lever].label,
            downscaling.label(one.fallback),
            one.fallback_held_out,
            one.fallback_grade,
        )
        for one in downscaling.lines().values()
        if one.fallback
    ]
    text = (
        "## En Corse\n\nNi livraisons de gaz publiées, ni émissions routières et résidentielles, ni réseau Enedis : la "
        "clé y est la meilleure de celles que tous les départements de métropole connaissent.\n\n"
    )
    return text + _table(("levier", "clé de repli", "hors échantillon (%)", "note"), rows) + "\n"


def _rough(found: pd.DataFrame) -> str:
    parts = ["## Ce qui reste noté C, et ce qui a été essayé\n"]
    for lever, one in found[found.grade == "C"].iterrows():
        tried = audition.audition(lever).head(5).itertuples()
        rows = [(downscaling.label(row.key), row.error, row.held_out) for row in tried]
        parts.append(f"\n**{one.label}.** {audition.hearing_of(lever).reason}\n\n")
        parts.append(_table(("clé essayée", "erreur (%)", "hors échantillon (%)"), rows))
    return "".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple]) -> str:
    cells = [[french.number(one, 1) if isinstance(one, float) else one for one in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *cells))


def write() -> None:
    """Write the four files, each from the one before."""
    files.write_whole(paths.clean_data("allocation.csv"), allocation())
    files.reload()
    files.write_whole(paths.parameters("keys.csv"), keys())
    files.write_whole(paths.clean_data("audition.csv"), by_region())
    files.reload()
    files.write_whole(PAGE, page())


if __name__ == "__main__":
    write()
