"""The commands about plans: convert, simulate, compensate, compare, dynamics; nomenclatures of levers; the calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit.commands.terminal import (
    Csv,
    Format,
    chosen,
    give,
    number,
    numbers,
    output,
    print_data,
    print_table,
    read_csv,
    say,
)
from copkit.commands.usage import codes, cuts, levers, levers_after_commas, levers_and_value, plans, policies
from copkit.errors import CopkitError, DataError
from copkit.files import read_text, write_whole

YEARS = (("Première année", "Valeur"), ("Dernière année", "Dernière valeur"))
SPARE = (*YEARS, "Indicateur observé", "Unité", "Rythme par an")
Targets = Annotated[
    list[str],
    typer.Option(
        "--target",
        "-t",
        metavar="LEVIER=VALEUR",
        help="Objectif 2030 d'un levier, ce qui est fait compris ; peut se répéter.",
        autocompletion=levers_and_value,
    ),
]
Done = Annotated[
    list[str] | None,
    typer.Option(
        "--done",
        "-d",
        metavar="LEVIER=KT",
        help="Déjà fait, en ktCO2e/an ; peut se répéter.",
        autocompletion=levers_and_value,
    ),
]
Costs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LEVIER=EUROS",
        help="Coût en €/tCO2e, pour moindre_cout ; peut se répéter.",
        autocompletion=levers_and_value,
    ),
]


def convert(
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="reg-32, dep-59…", autocompletion=codes)] = None,
    lever: Annotated[
        str | None, typer.Argument(metavar="LEVIER", help="Identifiant ou libellé.", autocompletion=levers)
    ] = None,
    kt: Annotated[float | None, typer.Option(parser=number, help="Objectif, en ktCO2e/an.")] = None,
    quantity: Annotated[
        float | None, typer.Option(parser=number, help="Quantité en 2030, dans l'unité du levier.")
    ] = None,
    done: Annotated[float, typer.Option(parser=number, help="Déjà fait depuis 2019, en ktCO2e/an.")] = 0.0,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Suivre les règles du simulateur officiel.")
    ] = False,
    batch: Annotated[Path | None, typer.Option(help="CSV de conversions : écrit le même CSV avec « actual ».")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Convertit un objectif en quantité physique, ou l'inverse, pour un levier d'un territoire."""
    import dataclasses

    import pandas as pd

    from copkit.models import conversion

    if batch:
        print_data(conversion.batch(read_csv(batch), as_published=as_published), chosen("csv", csv))
        return
    if not code or not lever:
        raise CopkitError("Donner un territoire et un levier : copkit convert reg-32 vehicules_electriques --kt 500.")
    found = conversion.convert(code, lever, kt=kt, quantity=quantity, done=done, as_published=as_published)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation.territory.scenario import conversion as written

        print_table(written(found))
    else:
        fields = dataclasses.asdict(found) | {"limits": " ; ".join(found.limits)}
        print_data(pd.DataFrame([fields]), form)


def simulate(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32, dep-59…", autocompletion=codes)],
    target: Targets,
    done: Done = None,
    unit: Annotated[
        Literal["ktco2e", "quantity"], typer.Option(help="Unité des objectifs : ktco2e ou quantity.")
    ] = "ktco2e",
    out: Annotated[Path | None, output(help="Fichier JSON à écrire ; sans lui, le scénario est affiché.")] = None,
    pdf: Annotated[
        Path | None,
        output(help="Document PDF à écrire : une page A4 couchée, et tous les leviers derrière."),
    ] = None,
) -> None:
    """Compose un scénario et dit ce qui manque."""
    import copkit
    from copkit.models import gaps, scenario_file

    s = copkit.simulate(copkit.panorama(code), numbers(target), done=numbers(done or []), unit=unit)
    text = scenario_file.to_json(s)
    if pdf:
        from copkit.simulator import exports

        write_whole(pdf, exports.paper(s), new_folder=False)
    if out:
        write_whole(out, text, new_folder=False)
    elif not pdf:
        give(text)
    say(gaps.gap_sentence(s), err=True)


def compensate(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.json", help="Scénario écrit par « copkit simulate ».")],
    using: Annotated[
        str,
        typer.Option(help="Leviers qui compensent, séparés par des virgules.", autocompletion=levers_after_commas),
    ],
    policy: Annotated[
        str, typer.Option(help="effort_egal, prorata ou moindre_cout.", autocompletion=policies)
    ] = "effort_egal",
    cost: Costs = None,
    format: Format = "table",
    csv: Csv = None,
    out: Annotated[Path | None, output(help="Fichier JSON du scénario compensé.")] = None,
) -> None:
    """Répartit un manque sur d'autres leviers, dans leurs bornes physiques."""
    import copkit
    from copkit.models import scenario_file

    s = scenario_file.from_json(read_text(scenario, DataError))
    names = [word.strip() for word in using.split(",") if word.strip()]
    found = copkit.compensate(s, using=names, policy=policy, costs=numbers(cost) if cost else None)
    if out:
        write_whole(out, scenario_file.to_json(found.scenario), new_folder=False)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation.territory.scenario import asks

        print_table(asks(found))
    else:
        print_data(found.asks, form)
    say(found.sentence, err=True)
    raise typer.Exit(0 if found.feasible else 1)


def compare(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32…", autocompletion=codes)],
    a: Annotated[str, typer.Argument(metavar="PLAN_A", help="sgpe, sraddet…", autocompletion=plans)],
    b: Annotated[str, typer.Argument(metavar="PLAN_B", help="sgpe, sraddet…", autocompletion=plans)],
    by: Annotated[str, typer.Option(help="sector, chantier ou lever.", autocompletion=cuts)] = "sector",
    allow_mixed_conventions: Annotated[
        bool,
        typer.Option("--allow-mixed-conventions", help="Comparer malgré deux conventions de comptage différentes."),
    ] = False,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Compare deux plans d'un territoire, hors forêt, et dit si l'écart est compensé."""
    import copkit

    found = copkit.compare(code, a, b, by=by, allow_mixed_conventions=allow_mixed_conventions)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation.territory.comparison import two_plans

        written = two_plans(found)
        print_table(written, [name for name in written.data if name.endswith("(%)")])
    else:
        columns = [found.by, "share_a", "share_b", "kt_a", "kt_b", "difference_kt"]
        print_data(found.table[columns], form)
    say(found.sentence, err=True)
    for caution in found.cautions:
        say(f"  • {caution}", err=True)


def dynamics(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32, dep-59 ou fr.", autocompletion=codes)],
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Dit, levier par levier, ce qui est observé, le rythme, et celui qu'il faudrait."""
    from copkit.models import dynamics as model

    if (form := chosen(format, csv)) == "table":
        from copkit.models.panorama import panorama
        from copkit.presentation.territory import dynamics as written

        p = panorama(code)
        print_table(written.observed(p), SPARE)
        for said in (written.standing(p), written.curves(p), written.dynamics(p)):
            if isinstance(said, str):  # the table says in a note that nothing is observed
                say(said.plain)
    else:
        print_data(model.dynamics(code), form)


def crosswalk(
    nomenclature: Annotated[
        str | None,
        typer.Argument(metavar="NOMENCLATURE", help="projets, rationale, simulateur, schema_projet, adaptation…"),
    ] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Affiche les nomenclatures de leviers côte à côte (43, 47, 30, 50, 22), ou la table de passage d'une seule."""
    from copkit.models import nomenclatures

    found = nomenclatures.crosswalk(nomenclature, wide=nomenclature is None)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation import labels

        print_table(labels.crosswalk(found))
    else:
        print_data(found, form)


def controls(format: Format = "table", csv: Csv = None) -> None:
    """Compare la somme des régions aux totaux nationaux, et montre les écarts tels qu'ils sont."""
    from copkit.refresh import controls as model

    found = model.controls()
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation import refresh

        print_table(refresh.totals(found), ("Unité", "À côté de", "Somme"))
    else:
        print_data(found, form)


def enjeux(
    lever: Annotated[
        list[str] | None,
        typer.Argument(metavar="LEVIER", help="Identifiants ou libellés ; sans levier, les 43.", autocompletion=levers),
    ] = None,
    enjeu: Annotated[
        str | None, typer.Option(help="climat, biodiversite, ressources, adaptation ou sante : ceux qui le servent.")
    ] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Dit quels enjeux servent des leviers, et lesquels agissent sur la même quantité."""
    from copkit.models import enjeux as model

    found = model.enjeux(lever or None, enjeu=enjeu)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation.biodiversity import enjeux as written

        print_table(written.table(found), ("Thème",))
        say(found.sentence)
        for line in written.overlaps(found):
            say(f"  • {line}")
    else:
        print_data(found.table, form)


def pathways(
    territory: Annotated[
        list[str] | None,
        typer.Argument(metavar="CODE", help="reg-32, dep-59 ou fr ; plusieurs sont réunis.", autocompletion=codes),
    ] = None,
    scenario: Annotated[
        list[Path] | None,
        typer.Option(help="Scénario écrit par « copkit simulate », nommé comme son fichier ; peut se répéter."),
    ] = None,
    emissions: Annotated[
        bool, typer.Option("--emissions", help="Sans les quantités physiques : les émissions évitées seules.")
    ] = False,
    out: Annotated[Path | None, output(help="CSV à écrire, que pyam ouvre.")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Donne les trajectoires de territoires au format de l'IAMC : SGPE, autres plans, observé, scénarios."""
    from copkit import escaping
    from copkit.intake import personal
    from copkit.models import pathways as model
    from copkit.models import scenario_file

    form = chosen(format, csv)
    given = [scenario_file.from_json(read_text(path, DataError)) for path in scenario or []]
    named = [s.assign_attrs(label=personal.mask(path.stem)) for path, s in zip(scenario or [], given, strict=True)]
    found = model.pathways(*(territory or []), *named, quantities=not emissions)
    if out:
        write_whole(out, escaping.as_csv(found, exact=True), new_folder=False)
        say(f"Écrit : {out}. Dans pyam : pyam.IamDataFrame({str(out)!r}).", err=True)
    elif form == "table":
        from copkit.presentation.territory.comparison import pathways as written

        print_table(written(found), ("Unité",))
    else:
        print_data(found, form)


def calendar(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="reg-32, dep-59 ; sans code, les 18.", autocompletion=codes)
    ] = "fr",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Affiche le calendrier des COP régionales : lancées, annoncées, en attente."""
    from copkit.reference import calendar as calendars

    found = calendars.calendar(code)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation import labels

        print_table(labels.cops(found))
    else:
        print_data(found, form)


def keys(
    lever: Annotated[str | None, typer.Argument(metavar="LEVIER", help="haies, production_industrielle…")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Affiche ce que vaut la clé de répartition de chaque levier, ou toutes celles qui ont été essayées pour un."""
    from copkit.models import audition

    found = audition.audition(lever)
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation import labels

        print_table(
            labels.auditions(found, lever),
            ("Effort (ktCO2e/an)", "Régions", "Erreur d'avant (%)", "Clé d'avant", "Erreur (%)"),
        )
    else:
        print_data(found, form)


def template(
    code: Annotated[
        str,
        typer.Argument(metavar="CODE", help="reg-32, ou un de ses départements : dep-59.", autocompletion=codes),
    ],
    lever: Annotated[
        str, typer.Option(help="Un seul levier ; sans lui, tous.", autocompletion=levers, show_default=False)
    ] = "",
    out: Annotated[Path, output(help="Classeur à écrire (.xlsx).")] = Path("cles_locales.xlsx"),
) -> None:
    """Écrit le classeur où donner ses propres chiffres à la place d'une clé, pour toute une région."""
    from copkit.local import write_template

    write_template(out, code, lever)
    say(f"Écrit : {out}. Une fois rempli : copkit panorama {code} --local {out}")


def sectors(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32, dep-59, epci-200066926.", autocompletion=codes)],
    effort: Annotated[
        list[str], typer.Option(metavar="SECTEUR=KT", help="Effort d'un secteur [ktCO2e/an] ; peut se répéter.")
    ],
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Répartit l'effort de chaque secteur entre ses leviers comme dans la région, à côté du panorama du kit."""
    from copkit.models.sector_shares import sector_shares

    found = sector_shares(code, numbers(effort))
    if (form := chosen(format, csv)) == "table":
        from copkit.presentation import labels

        print_table(labels.by_sector(found), ("Secteur",))
    else:
        print_data(found, form)


ALL = (convert, simulate, compensate, compare, dynamics, crosswalk, pathways, calendar, keys, enjeux, controls, sectors)
