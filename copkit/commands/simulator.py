"""``copkit simulator``: serve the simulator, write it as one file, or open a live session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.terminal import output, say
from copkit.commands.usage import codes
from copkit.errors import RunError


def simulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port ; 0 pour un port libre.")] = 8866,
    host: Annotated[str, typer.Option(help="Adresse d'écoute ; par défaut cette machine seulement.")] = "127.0.0.1",
    base_url: Annotated[
        str, typer.Option(help="Chemin derrière un serveur mandataire, par exemple /simulateur/.")
    ] = "/",
    territoire: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Territoire proposé d'abord : reg-32, dep-59, EPCI…", autocompletion=codes),
    ] = None,
    max_sessions: Annotated[
        int | None,
        typer.Option(min=1, help="Sessions à la fois au plus ; par défaut selon la mémoire libre.", show_default=False),
    ] = None,
    demonstration: Annotated[
        bool, typer.Option("--demonstration", help="Ouvert à tous : sans carnet ni fichier qui coûte, limites serrées.")
    ] = False,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADRESSE",
            help="Mandataire d'une autre machine, ou son réseau : il dit de quelle adresse vient une demande.",
            show_default=False,
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Ne pas ouvrir le navigateur.")] = False,
    static: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Ne rien servir : écrire le simulateur de ce territoire.", autocompletion=codes
        ),
    ] = None,
    session: Annotated[
        bool, typer.Option("--session", help="Ouvrir une séance : une salle propose depuis ses téléphones.")
    ] = False,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="ADRESSE", help="Avec --session : l'adresse que la salle ouvre.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        output(help="Fichier à écrire avec --static, ou qui garde la séance (--session).", show_default=False),
    ] = None,
) -> None:
    """Ouvre le simulateur dans le navigateur ; ou l'écrit dans un fichier (--static) ; ou ouvre une séance (--session).

    Le fichier de --static est une page HTML qui s'ouvre sans serveur. Dans une séance, une salle propose depuis ses
    téléphones.
    """
    if session and static:
        raise RunError("--session et --static ne vont pas ensemble. Garder l'un des deux.")
    if demonstration and (session or static):
        raise RunError("--demonstration va sans --session ni --static. Garder l'un des deux.")
    if demonstration and max_sessions:
        raise RunError("--max-sessions borne le carnet, que --demonstration n'ouvre pas. Garder l'un des deux.")
    if public_url and not session:
        raise RunError("--public-url va avec --session. Écrire par exemple : copkit simulator --session --public-url …")
    if session:
        from copkit.simulator import room_server

        room_server.serve(
            path=out,
            territory=territoire,
            port=port,
            host=host,
            base_url=base_url,
            address=public_url,
            proxies=proxy or (),
            browser=not no_browser,
            say=say,
        )
        return
    if static:
        from copkit.simulator.static import write

        path = out or Path(f"simulateur-{static}.html")
        write(static, path)
        say(f"Écrit : {path}")
        return
    if out:
        raise RunError(
            "--out va avec --static ou --session. Écrire par exemple : copkit simulator --static reg-32 --out s.html"
        )
    from copkit.simulator.server import serve

    serve(
        port=port,
        host=host,
        base_url=base_url,
        territory=territoire,
        max_sessions=max_sessions,
        demonstration=demonstration,
        proxies=proxy or (),
        browser=not no_browser,
        say=say,
    )
