"""What a terminal shows: French to the last word, no table cut, a table without what it does not need."""

import ast
import contextlib
import io
import re
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

import copkit as ck
from copkit import DATA_VERSION, __version__, paths
from copkit.commands import analyses, cli, projects, strengths, terminal
from copkit.intake import cells
from copkit.models import panorama
from copkit.models.scenario_file import to_json
from copkit.presentation.table import Table

ENGLISH = re.compile(
    r"\b(the|this|and|or|of|to|is|show|exit|install|copy|required|default|missing|command|commands|invalid|value|error|"
    r"try|help|got|unexpected|extra|such|did|you|mean|possible|requires?|does|not|take|input|should|be|valid|unable|"
    r"parse|string|integer|number|greater|less|than|equal|range|str|int|float|path|list|aborted|for|no)\b",
    re.IGNORECASE,
)
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*|<[\w|]+>|\[par défaut[^\]]*\]")  # names stay as they are
WIDTHS = (60, 80, 120)


def commands(command=None, before: tuple = ()):
    """The words of every command, those of the groups too."""
    command = command or get_command(cli.app)
    yield before
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, (*before, name))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_has_no_english_word(command, words):
    code, out, err = command(*words, "--help")
    assert (code, err) == (0, "") and out.startswith("Usage : copkit ")
    assert "Affiche cette aide." in out and "{" not in out and "[[" not in out
    assert not (found := ENGLISH.search(OPTION.sub("", out))), found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("panoram reg-32", "Commande inconnue : « panoram ». Vouliez-vous dire « panorama » ?"),
        ("template map", "Commande inconnue : « map ». Vouliez-vous dire « mapping » ?"),
        ("xyz", "Commande inconnue : « xyz »."),
        ("panorama", "Donner un territoire ou un fichier de périmètres"),
        ("compare reg-32", "Il manque l'argument « PLAN_A »."),
        ("triage", "Il manque l'argument « FICHIER »."),
        ("simulate reg-32", "Il manque l'option « --target » ou « -t »."),
        ("panorama reg-32 --formt csv", "Option inconnue : « --formt ». Vouliez-vous dire « --format » ?"),
        ("-x", "Option inconnue : « -x »."),
        ("panorama reg-32 dep-59", "En trop : « dep-59 »."),
        ("panorama reg-32 --format", "Option « --format » : une valeur est attendue."),
        ("run --pdf=3", "Option « --pdf » : elle ne prend pas de valeur."),
        ("panorama reg-32 --format cvs", "« cvs » inconnu. Vouliez-vous dire « csv » ? Écrire table, csv ou json."),
        ("run --level commune", "Pour l'option « --level » : « commune » inconnu."),
        ("run --jobs deux", "Pour l'option « --jobs » : nombre entier attendu, trouvé « deux »."),
        ("run --jobs 0", "au moins 1 attendu, trouvé « 0 »."),
        ("run --time-limit 0", "au moins 0,1 attendu, trouvé « 0 »."),
        ("run --time-limit 0,05", "au moins 0,1 attendu, trouvé « 0,05 »."),
        ("simulator --port 70000", "au plus 65535 attendu, trouvé « 70000 »."),
        ("convert reg-32 haies --kt deux", "nombre attendu, trouvé « deux ». Écrire par exemple 12,5."),
        ("convert reg-32 haies --quantity 1.2.3", "nombre attendu, trouvé « 1.2.3 »."),
        ("convert reg-32 haies --kt nan", "nombre attendu, trouvé « nan »."),
        ("balance x.csv --year 2024.5", "nombre entier attendu, trouvé « 2024.5 »."),
    ],
)
def test_what_is_typed_wrong_is_said_in_french(command, words, said):
    code, out, err = command(*words.split())
    assert (code, out) == (2, "") and said in err
    typed = re.compile(r"« [^»]* »")
    assert not (found := ENGLISH.search(OPTION.sub("", typed.sub("", err)))), found


PYTHON = re.compile(r"\bck\.|\b[a-z_]{2,}=|\b[a-z_]+\(|[{}]")  # what only a program can write
UNKNOWN = "projets.csv"  # of headers that no mapping has
BARE = "bruts.csv"  # projects that nothing sorts


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files that are typed wrong, and a scenario."""
    folder = tmp_path_factory.mktemp("saisies")
    (folder / UNKNOWN).write_text("numero;intitule\n1;Haies\n", encoding="utf-8")
    (folder / BARE).write_text("Dossier;Intitulé;Département\n1;Haies;59\n", encoding="utf-8")
    scenario = ck.simulate("reg-32", {"vehicules_electriques": 600}, unit="ktco2e")
    (folder / "s.json").write_text(to_json(scenario), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("convert reg-32 haies", "donner --kt ou --quantity, l'un des deux et un seul"),
        ("convert reg-32 haies", "Écrire par exemple copkit convert reg-32 haies --kt 100."),
        ("convert reg-32 haies --kt 4 --done -3", "--done : -3 est négatif."),
        ("convert reg-32 produits_bois --quantity 4", "Donner des ktCO2e/an : --kt …"),
        ("simulate reg-32 -t xyz=4", "Les leviers : copkit panorama reg-32."),
        ("compensate s.json --using ,", "Écrire --using haies,prairies, par exemple."),
        ("compensate s.json --using puits_forestiers", "Le retirer de --using."),
        ("compensate s.json --using haies --policy moindre_cout", "Donner --cost LEVIER=EUROS, avec vos sources."),
        ("compensate s.json --using haies --policy moindre_cout --cost xyz=3", "--cost : levier inconnu : « xyz »."),
        ("compare reg-32 sgpe pcaet", "Plans connus ici : sgpe, sraddet."),
        ("compare reg-32 sgpe sraddet --by lever", "Écrire --by sector."),
        (f"balance {UNKNOWN}", "Donner une correspondance avec --mapping …"),
        (f"balance {BARE} --by crte", "Écrire --perimeters perimetres.csv"),
        (f"balance {BARE} --by category", "donner les décisions des analystes, --decisions FICHIER."),
        (f"balance {BARE} --by lever --crossed", "une ligne par territoire : --listed."),
        (f"triage {BARE} --mapping xyz", "« copkit template mapping FICHIER »"),
        (f"strengths {UNKNOWN}", "Donner une correspondance avec --mapping …"),
        ("run reg-32 --level region", "Donner des codes ou un niveau (--level), pas les deux."),
        ("run reg-32 --out file:///sorties", "demande un cluster : --dask tcp://HÔTE:8786."),
    ],
)
def test_an_error_says_what_to_type_in_a_terminal(files, monkeypatch, command, words, said):
    monkeypatch.chdir(files)
    code, _, err = command(*words.split())
    assert code == 2 and said in " ".join(err.split())
    assert not (found := PYTHON.search(err)), found


TYPED = re.compile(r"\bck\.[a-z]|\b[a-z_]{2,}=|(?<![\w-])--[a-z]")
SENTENCE = re.compile(r"[A-Za-zéàê']{2} [a-zé«]")
ALONE = {  # messages that one of the two alone meets (an object of the wrong kind, a port), or kept in a file for both
    "adaptation/priorities.py": 1,
    "batch/book.py": 1,  # how to get what a book lacks, on its page
    "batch/cluster.py": 1,
    "batch/export.py": 1,
    "batch/pool.py": 1,
    "batch/produce.py": 2,
    "intake/perimeters.py": 1,
    "local.py": 1,
    "models/comparison.py": 1,
    "models/compensation.py": 1,
    "models/conventions.py": 1,
    "models/enjeux.py": 1,
    "models/local.py": 1,
    "models/panorama.py": 3,
    "models/proposals.py": 1,
    "models/scenario.py": 2,
    "presentation/documents.py": 8,  # one for each document
    "presentation/territory/scenario.py": 2,
    "projects/counting/balance.py": 1,
    "projects/counting/ranking.py": 1,
    "refresh/service.py": 1,  # series are refreshed in a terminal
    "refresh/update.py": 3,
    "roadmap/actions.py": 1,
    "simulator/__init__.py": 1,
    "simulator/gate.py": 1,  # a server is started in a terminal
    "simulator/room.py": 1,
    "simulator/room_server.py": 5,  # a session is opened in a terminal
    "simulator/server.py": 1,
    "strengths.py": 1,
    "survey/fields.py": 1,
}


def cited(tree: ast.AST, inside: bool = False):
    """The texts of a module that are not what ``typed`` and ``option`` choose, nor docstrings."""
    for node in ast.iter_child_nodes(tree):
        chosen = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("typed", "option")
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not inside:
            yield node.value
        yield from cited(node, inside or chosen)


def test_a_message_never_writes_itself_what_is_typed_differently_in_a_program_and_in_a_terminal():
    found, root = Counter(), paths.home() / "copkit"
    for path in sorted(root.rglob("*.py")):
        texts = cited(ast.parse(path.read_text(encoding="utf-8"))) if path.parent.name != "commands" else ()
        said = [one for one in texts if TYPED.search(one) and SENTENCE.search(one) and not set("<>\\") & set(one)]
        found[path.relative_to(root).as_posix()] = len(said)
    assert dict(found - Counter(ALONE)) == {}


def test_without_a_word_the_help_is_shown(command):
    code, out, err = command()
    assert (code, out) == (2, "") and re.match(r"Usage\s: ", err) and re.search(r"\nCommandes\s:\n", err)


def test_a_command_that_is_given_up_says_so(command, monkeypatch):
    def given_up(*_, **__):
        raise EOFError

    monkeypatch.setattr(panorama, "panorama", given_up)
    code, out, err = command("panorama", "reg-32")
    assert (code, out, err.strip()) == (1, "", "Interrompu.")


def test_version_says_that_of_the_data_too(command):
    assert command("--version") == (0, f"copkit {__version__}, données {DATA_VERSION}\n", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("copkit pan", '"panorama":"Affiche le panorama d'),
        ("copkit panorama reg-3", '"reg-32":"Hauts-de-France"'),
        ("copkit run dep-2", '"dep-2A":"Corse-du-Sud"'),
        ("copkit panorama reg-32 --format c", '"csv"'),
        ("copkit panorama reg-32 --fo", '"--format":"table, csv ou json."'),
        ("copkit convert reg-32 covoit", '"covoiturage":"Covoiturage"'),
        ("copkit simulate reg-32 -t covoit", '"covoiturage=":"Covoiturage"'),
        ("copkit compensate s.json --using haies,covoit", '"haies,covoiturage":"Covoiturage"'),
        ("copkit strengths --territory reg-1", '"reg-11":"Île-de-France"'),
        ("copkit compensate s.json --policy mo", '"moindre_cout":"le moindre coût total"'),
        ("copkit compare reg-32 sgpe sra", '"sraddet":"SRADDET"'),
        ("copkit compare reg-32 sgpe sraddet --by ch", '"chantier":"par thématique"'),
        ("copkit run --notebook pro", '"projets"'),
        ("copkit triage x.csv --mapping scd", '"scdl_subventions"'),
        ("copkit strengths x.csv --mapping cop", '"copkit"'),
    ],
)
def test_what_is_begun_is_completed_with_its_label(command, monkeypatch, typed, offered):
    monkeypatch.setenv("_COPKIT_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    code, out, err = command()
    assert (code, err) == (0, "") and offered in out


def test_a_plan_is_completed_with_those_of_its_territory_alone(command, monkeypatch):
    monkeypatch.setenv("_COPKIT_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "copkit compare dep-59 s")
    assert "sraddet" not in command()[1]


@pytest.mark.parametrize("typed", ["12,5", "12.5", "1,25e+1"])
def test_a_number_is_typed_with_a_point_or_a_comma(command, typed):
    found = [
        command("convert", "reg-32", "vehicules_electriques", "--kt", one, "--format", "csv") for one in (typed, "12.5")
    ]
    assert found[0] == found[1] and found[0][0] == 0


def test_completion_is_shown_and_installed_in_french(command, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    code, script, _ = command("--show-completion")
    assert code == 0 and "_COPKIT_COMPLETE=complete_bash" in script
    code, out, _ = command("--install-completion")
    assert code == 0 and out.startswith("Complétion de bash installée : ")
    assert (tmp_path / ".bash_completions" / "copkit.sh").read_text().strip() == script.strip()
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("ksh", "/bin/ksh"))
    code, out, err = command("--install-completion")
    assert (code, out) == (2, "") and "Terminal non reconnu" in err


VIVIER = str(paths.home() / "data" / "examples" / "vivier_hauts_de_france.csv")
STRENGTHS = str(paths.home() / "data" / "examples" / "points_forts.csv")
PRINTED = (  # what prints tables, and how many
    ("panorama reg-32", 2),
    ("panorama dep-59", 2),
    ("panorama fr", 2),
    ("convert reg-32 vehicules_electriques --kt 500", 1),
    ("compare reg-32 sgpe sraddet", 1),
    ("dynamics reg-32", 1),
    (f"triage {VIVIER}", 1),
    (f"balance {VIVIER} --by lever", 1),
    (f"strengths {STRENGTHS}", 2),
)


@pytest.fixture(scope="module")
def printed():
    """The tables that each command prints, with what it says of their columns."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for words, _ in PRINTED:
            found[words] = []
            for module in (cli, analyses, projects, strengths):
                patch.setattr(module, "print_table", lambda *args, to=found[words], **named: to.append((args, named)))
            patch.setattr(sys, "argv", ["copkit", *words.split()])
            with pytest.raises(SystemExit):
                cli.main()
    return found


def letters(*texts: str) -> Counter:
    return Counter("".join("".join(texts).split()))


def check_whole(table: Table, out: str, width: int) -> None:
    """Each column is there to the last letter, or named under the table."""
    drawn, _, rest = out.partition("sans place ici : ")
    drawn = drawn.removesuffix("Colonnes ").removesuffix("Colonne ")
    assert max(map(len, drawn.splitlines())) <= width
    hidden = rest.partition(". Pour tout voir")[0].split(", ") if rest else []
    texts = table.texts()
    assert set(hidden) < set(texts)
    shown = [text for name, cells in texts.items() if name not in hidden for text in (name, *cells)]
    assert letters(drawn.replace("─", "")) == letters(table.caption, *shown)
    if rest:
        assert re.search(r"un terminal de \d+ colonnes", rest)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("words", "count"), PRINTED, ids=lambda one: str(one).split("/")[0])
def test_no_table_is_cut_without_a_word(printed, monkeypatch, capsys, words, count, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert len(printed[words]) == count
    for args, named in printed[words]:
        terminal.print_table(*args, **named)
        check_whole(args[0], capsys.readouterr().out, width)


def test_the_width_that_is_said_shows_every_column(printed, monkeypatch, capsys):
    for args, named in (one for found in printed.values() for one in found):
        monkeypatch.setenv("COLUMNS", "60")
        terminal.print_table(*args, **named)
        if said := re.search(r"un terminal de (\d+) colonnes", capsys.readouterr().out):
            monkeypatch.setenv("COLUMNS", said[1])
            terminal.print_table(*args, **named)
            out = capsys.readouterr().out
            assert "sans place" not in out
            check_whole(args[0], out, int(said[1]))


NAMES = st.text("abc é(%)", min_size=1, max_size=30).map(str.strip).filter(bool)
CELLS = st.lists(st.one_of(st.text("abcd é/_-", max_size=60), st.floats(-1e6, 1e6)), min_size=2, max_size=2)


@given(columns=st.dictionaries(NAMES, CELLS, min_size=1, max_size=9), width=st.integers(40, 200))
def test_whatever_a_table_holds_nothing_of_it_is_lost(columns, width):
    table = Table.of("Essai", {name: (cells, str) for name, cells in columns.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            terminal.print_table(table)
    check_whole(table, out.getvalue(), width)


HEAVY = ("altair.vegalite", "dask.array", "IPython", "openpyxl", "pandera", "pint", "scipy", "xlsxwriter")
HEAVIER = ("copkit.intake.cells", "pyarrow.compute", "pyarrow.dataset")  # the grammar of files; all of pyarrow
ALONE_IN_A_PROCESS = (
    "panorama reg-32",
    "compare reg-32 sgpe sraddet",
    "convert reg-32 haies --kt 5",
    "simulate reg-32 -t covoiturage=1,5",
    "dynamics reg-32",  # reads a file of pyarrow
    "panorama epci-200066926 --format csv",
    "panorama dep-48 --plan biodiversite",
)


def test_a_table_loads_nothing_that_it_does_not_need_and_says_the_same_as_with_all_loaded(command):
    code = f"""
import sys
from copkit.commands.cli import main
for words in {ALONE_IN_A_PROCESS}:
    sys.argv = ["copkit", *words.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, words
print("LOADED", *(name for name in {HEAVY + HEAVIER} if name in sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "LOADED"
    assert done.stdout == "".join(command(*words.split()).stdout for words in ALONE_IN_A_PROCESS)


NUMERALS = st.from_regex(r"-?[0-9]{1,11}([.,][0-9]{1,8})?", fullmatch=True)


@given(st.lists(NUMERALS, min_size=10, max_size=10))
def test_a_plain_number_is_read_as_the_grammar_of_files_reads_it(texts):
    for text in texts:
        value, wrong = cells.number(text, decimal="," if "," in text else ".")
        assert terminal._number(text) == (None if wrong else value), text


def test_xarray_that_has_found_dask_goes_on_with_it():
    code = (
        "import xarray, sys; sys.argv = ['copkit', 'panorama', 'reg-32']; from copkit.commands.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and "Panorama des leviers" in done.stdout, done.stderr
