"""What the command line says of itself, in French: usage, help, and what is wrong in what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from copkit import DATA_VERSION, __version__, french, paths
from copkit.commands.terminal import give, say
from copkit.errors import CopkitError, suggestion

COMPLETE = "_COPKIT_COMPLETE"  # the variable through which a shell asks
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
KINDS = {"str": "TEXTE", "int": "ENTIER", "float": "NOMBRE", "path": "CHEMIN"}
EXTRAS = (
    (r"; ", " ; "),
    (r"\bdefault: ", "par défaut : "),
    (r"\brequired\b", "obligatoire"),
    (r"\bx>=(\S+?)(?=[ \]])", r"au moins \1"),
    (r"(\S+?)<=x<=(\S+?)(?=[ \]])", r"de \1 à \2"),
)


class _French:
    """The help of a command, every word of it."""

    def format_usage(self, ctx, formatter) -> None:
        pieces = (re.sub(r"^\{(.*)\}", r"\1", piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix="Usage : ")

    def format_options(self, ctx, formatter) -> None:
        records = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if param.name == "help":
                param.help = "Affiche cette aide."
            if record := param.get_help_record(ctx):
                records[param.param_type_name].append((_names(record[0], param), _extras(record[1])))
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if records[kind]:
                with formatter.section(f"{title}\u00a0"):
                    formatter.write_dl(records[kind])

    def get_short_help_str(self, limit: int = 0) -> str:
        """The first sentence, whole."""
        return (self.help or "").partition("\n\n")[0]


class Command(_French, TyperCommand):
    """A command; interrupted, it says so."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("Interrompu.", err=True)
            raise typer.Exit(130) from None


class Group(_French, TyperGroup):
    """A command that holds others."""

    def format_options(self, ctx, formatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Commandes\u00a0"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str()) for name in self.list_commands(ctx)])


def _names(written: str, param) -> str:
    """The names of a parameter and what it takes: an argument is named after that already."""

    def kind(found: re.Match) -> str:
        return "" if param.param_type_name == "argument" else f" {KINDS[found[1].lower()]}"

    return re.sub(r" <(?:list\[)?(str|int|float|path)(?: range)?\]?>", kind, written, flags=re.IGNORECASE)


def _extras(text: str) -> str:
    """The help of a parameter; what stands in brackets at the end is Typer's: its default, its bounds."""
    help, start, extras = text.rpartition("  [")
    for english, said in EXTRAS if start or text.startswith("[") else ():
        extras = re.sub(english, said, extras)
    return french.typeset(f"{help}{start}{extras}").replace("’", "'")


def explain(error: TyperException) -> str:
    """What is wrong in what was typed, and how to write it."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.message
    said, ctx = _problem(error), getattr(error, "ctx", None)
    return f"{ctx.get_usage()}\n\n{said}\nAide : {ctx.command_path} --help" if ctx else said


def _problem(error: TyperException) -> str:
    kind, param, ctx = type(error).__name__, getattr(error, "param", None), getattr(error, "ctx", None)
    named = f"{'argument' if param.param_type_name == 'argument' else 'option'} {_said(param)}" if param else ""
    if kind == "NoSuchOption":
        known = [name for one in ctx.command.get_params(ctx) for name in (*one.opts, *one.secondary_opts)]
        hint = suggestion(error.option_name, [name for name in known if name.startswith("-")])
        return f"Option inconnue : « {error.option_name} ».{hint}"
    if kind == "MissingParameter":
        return f"Il manque l'{named}."
    if kind == "BadOptionUsage":
        wrong = "une valeur est attendue" if "requires" in error.message else "elle ne prend pas de valeur"
        return f"Option « {error.option_name} » : {wrong}."
    if kind == "BadParameter":
        return f"Pour l'{named} : {_wrong(error)}"
    if found := re.search(r"extra argument\(s\) \((.*)\)", error.message):
        return f"En trop : « {found[1]} »."
    if found := re.match(r"No such command '(.*?)'", error.message):
        return f"Commande inconnue : « {found[1]} ».{suggestion(found[1], list(ctx.command.commands))}"
    return "Il manque une commande." if error.message.startswith("Missing command") else error.message


def _said(param) -> str:
    return " ou ".join(f"« {name} »" for name in param.opts if name.startswith("-")) or f"« {param.metavar} »"


def _wrong(error: TyperException) -> str:
    """What was refused in a value, by the kit or by pydantic."""
    if not error.__cause__ and "'" not in error.message:
        return error.message
    item = error.__cause__.errors(include_url=False)[0] if error.__cause__ else {"type": "", "input": ""}
    kind, given, ctx = item["type"], item["input"], item.get("ctx", {})
    if kind.startswith("int"):
        return f"nombre entier attendu, trouvé « {given} »."
    if kind.startswith(("greater", "less")):
        bound, word = next(iter(ctx.values())), "au moins" if kind.startswith("greater") else "au plus"
        return f"{word} {bound} attendu, trouvé « {given} »."
    given, *allowed = re.findall(r"'([^']*)'", error.message) or [given]
    if allowed:
        return f"« {given} » inconnu.{suggestion(given, allowed)} Écrire {', '.join(allowed[:-1])} ou {allowed[-1]}."
    return f"valeur « {given} » refusée."


def install(ctx: typer.Context, asked: bool) -> None:
    """Install the completion of the shell that runs this."""
    if asked and not ctx.resilient_parsing:
        from typer.completion import install

        shell, path = install(**_shell())
        say(f"Complétion de {shell} installée : {path}. Elle vaut dès le prochain terminal ouvert.")
        raise typer.Exit()


def show(ctx: typer.Context, asked: bool) -> None:
    """Print what ``install`` installs."""
    if asked and not ctx.resilient_parsing:
        from typer.completion import get_completion_script

        give(get_completion_script(**_shell()))
        raise typer.Exit()


def _shell() -> dict[str, str]:
    import shellingham

    try:
        shell, _ = shellingham.detect_shell()
    except shellingham.ShellDetectionFailure:
        shell = ""
    if shell not in SHELLS:
        raise CopkitError(f"Terminal non reconnu. La complétion existe pour {french.join(SHELLS)}.")
    return {"shell": shell, "prog_name": "copkit", "complete_var": COMPLETE}


def versions(ctx: typer.Context, asked: bool) -> None:
    """Print the version of copkit and that of its data."""
    if asked and not ctx.resilient_parsing:
        say(f"copkit {__version__}, données {DATA_VERSION}")
        raise typer.Exit()


Perimeters = Annotated[
    str | None,
    typer.Option(
        "--perimeter",
        metavar="FICHIER",
        help="Fichier de périmètres (CRTE, PETR, PNR, SCoT…) : CSV ou classeur, une colonne de codes de communes ou "
        "d'EPCI et, au besoin, une colonne qui nomme les périmètres.",
        show_default=False,
    ),
]


def codes(incomplete: str) -> list[tuple[str, str]]:
    """The codes of territories that start so, with their names."""
    from copkit.reference import territories

    return [(code, territories.name(code)) for code in ("fr", *territories.codes()) if code.startswith(incomplete)]


def levers(incomplete: str) -> list[tuple[str, str]]:
    """The levers that start so, with their labels."""
    from copkit.reference import parameters

    return [(name, one.label) for name, one in parameters.levers().items() if name.startswith(incomplete)]


def levers_and_value(incomplete: str) -> list[tuple[str, str]]:
    """The same, for « levier=valeur »."""
    return [(f"{name}=", label) for name, label in levers(incomplete)]


def levers_after_commas(incomplete: str) -> list[tuple[str, str]]:
    """The same, for a list of levers."""
    before, comma, last = incomplete.rpartition(",")
    return [(before + comma + name, label) for name, label in levers(last)]


def policies(incomplete: str) -> list[tuple[str, str]]:
    """The rules of compensation that start so, with what they share."""
    from copkit.models.compensation import POLICIES

    return [(name, label) for name, label in POLICIES.items() if name.startswith(incomplete)]


def cuts(incomplete: str) -> list[tuple[str, str]]:
    """How two plans can be compared."""
    from copkit.models.comparison import NOUNS

    return [(name, f"par {noun}") for name, noun in NOUNS.items() if name.startswith(incomplete)]


def plans(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The plans of the territory that is typed, those that start so, with their labels."""
    from copkit.models import plans
    from copkit.reference import territories

    if (code := ctx.params.get("code")) not in territories.codes():
        return []
    return [(name, plans.label_of(name)) for name in plans.known(code) if name.startswith(incomplete)]


def notebooks(incomplete: str) -> list[str]:
    """The notebooks of the kit that start so."""
    return sorted(path.stem for path in paths.notebooks().glob(f"{incomplete}*.ipynb"))


def mappings(kind: str) -> Callable[[str], list[str]]:
    """The mappings of a kind of thing that start so."""

    def named(incomplete: str) -> list[str]:
        return sorted(path.stem for path in paths.parameters("mappings", kind).glob(f"{incomplete}*.yml"))

    return named


LocalFigures = Annotated[
    str | None,
    typer.Option(
        "--local",
        metavar="FICHIER",
        help="Chiffres locaux qui prennent la place de clés : un classeur de « copkit template keys », rempli.",
        show_default=False,
    ),
]
