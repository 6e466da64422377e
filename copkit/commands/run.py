"""``copkit run``: the batch from a terminal, its progress, its failures, where its time goes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit.commands import usage
from copkit.commands.terminal import output, parameters, print_table, say, seconds

Level = Literal["region", "departement", "epci"]


def run(
    codes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CODE",
            autocompletion=usage.codes,
            help="Codes des territoires (reg-32, dep-59, epci-200066926, fr) ; sans code : les 18 régions et les 101 "
            "départements. Avec --perimeter : des noms de périmètres ; sans nom, tous.",
        ),
    ] = None,
    level: Annotated[Level | None, typer.Option(help="Seulement un niveau : régions, départements ou EPCI.")] = None,
    perimeter: usage.Perimeters = None,
    notebook: Annotated[
        str | None,
        typer.Option(
            help="Carnet de notebooks/, sans « .ipynb », ou chemin d'un carnet ; par défaut diagnostic.",
            show_default=False,
            autocompletion=usage.notebooks,
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--all", help="Tout le livre de la COP : les documents de tous les carnets, et leur index."),
    ] = False,
    examples: Annotated[
        bool,
        typer.Option(
            "--exemple", help="Avec --all : les documents sans fichiers sont faits d'exemples inventés, marqués ainsi."
        ),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Documents menés de front ; par défaut deux par cœur.")
    ] = None,
    out: Annotated[
        str,
        output(folder=True, help="Dossier des sorties ; avec --dask, aussi une adresse partagée (s3://…, file://…)."),
    ] = "outputs",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NOM=VALEUR",
            help="Paramètre du carnet (de tout le livre : reponses=…, projets=…) ; peut se répéter.",
        ),
    ] = None,
    local: usage.LocalFigures = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Écrire aussi chaque document en PDF accessible.")] = False,
    docx: Annotated[
        bool, typer.Option("--docx", help="Écrire aussi chaque document pour Word ou LibreOffice.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--force",
            help="--resume : ne pas refaire les documents complets dont rien n'a changé ; --force : tout refaire.",
        ),
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Dire où passe le temps.")] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(parser=seconds, help="Durée permise à un carnet, au moins 0,1 [s].", show_default=False),
    ] = None,
    memory_limit: Annotated[
        int | None, typer.Option(min=1, help="Mémoire permise à un carnet [Mio].", show_default=False)
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="tcp://HÔTE:8786", help="Exécuter sur un cluster dask.distributed.")
    ] = None,
) -> None:
    """Produit les documents d'un carnet pour des territoires : HTML, classeur et carnet exécuté, et leur index."""
    from copkit import french
    from copkit.batch.plan import Limits
    from copkit.batch.run import run as batch

    if local:
        from copkit.local import read

        read(local)  # what is wrong with it is said once, before anything is made
    limits = Limits(notebook_seconds=time_limit, memory_mib=memory_limit)
    started = time.perf_counter()
    try:
        with _cluster(dask) as client, _progress() as progress:
            report = batch(
                notebook,
                codes or [],
                whole=whole,
                examples=examples,
                level=level,
                perimeters=perimeter,
                out=out,
                jobs=jobs,
                parameters=parameters([*(parameter or []), *([f"cles_locales={local}"] if local else [])]),
                pdf=pdf,
                docx=docx,
                resume=resume,
                limits=limits,
                client=client,
                progress=progress,
            )
    except KeyboardInterrupt:
        say("\nInterrompu : ce qui est fait est gardé. Pour finir : la même commande avec --resume.", err=True)
        raise typer.Exit(130) from None
    good = len(report.results) - len(report.failures)
    kept = f", dont {report.resumed} déjà à jour" if report.resumed else ""
    say(f"{french.plural(good, 'document')}{kept} dans {out} ; à ouvrir : {_shown(out, report if whole else None)}")
    if report.missing:
        _say_missing(report.missing)
    if profile:
        _profile(report, notebook, time.perf_counter() - started)
    if listed := report.listed():
        say("\n".join(listed), err=True)
        raise typer.Exit(1)


def _shown(out: str, book=None) -> str:
    """What to open: the index of the territory when a whole book was made for one, else that of them all."""
    codes = {result.territory for result in book.results} if book else ()
    name = f"{next(iter(codes))}/index.html" if len(codes) == 1 else "index.html"
    return f"{out.rstrip('/')}/{name}" if "://" in out else str(Path(out) / name)


def _say_missing(missing: list) -> None:
    """The documents that lack their files, each once, and how to give them."""
    needs = {one.title: one.needs for one in missing}
    say("Sans leurs fichiers, pas faits :")
    for title, names in needs.items():
        say(f"  • {title} : {' '.join(f'-p {name}=FICHIER' for name in names)}")
    say("Pour voir ce qu'ils donnent, avec des exemples inventés : --exemple.")


@contextmanager
def _cluster(address: str | None):
    if address is None:
        yield None
        return
    from copkit.batch import cluster

    with cluster.connect(address) as client:
        yield client


@contextmanager
def _progress():
    """A bar with the rate and the time left; the rate does not count what was already there."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from copkit import french

    class Rate(ProgressColumn):
        def render(self, task) -> Text:
            made = task.fields["made"]
            return Text(f"{french.number(60 * made / task.elapsed, 0)} par minute" if made else "")

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), left)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        line, made = bar.add_task("Vérification", total=None, made=0), count(1)

        def progress(result, done: int, total: int) -> None:
            mark = "" if result.status == "ok" else " (échec)"
            said = f"{result.territory:<8}{mark}"
            bar.update(line, total=total, completed=done, made=next(made), description=said)

        yield progress
        bar.update(line, description="Terminé")


def _profile(report, notebook: str | None, wall: float) -> None:
    from copkit.batch import plan, profile

    names = [notebook] if notebook else {result.notebook for result in report.results}
    sources = {(path := plan.find(name)).stem: path.read_text(encoding="utf-8") for name in names}
    for table in profile.tables(report.results, sources, wall, report.jobs):
        print_table(table, other="")
