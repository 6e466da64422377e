"""The engine « copkit » of Papermill gives what the plain engine gives; its limits; where it leaves the place."""

import asyncio
import json
import os
import resource
import sys
import venv
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy
import papermill
import pytest
import zmq.asyncio
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session
from nbclient.exceptions import CellTimeoutError

from copkit.batch import plan, produce
from copkit.batch.forked import client
from copkit.batch.forked import engine as kit
from copkit.errors import RunError

from .conftest import LONG
from .notebooks import COPKIT, PLAIN, Run, assert_same, both, compare, execute, notebook, one_parent
from .terminal import start

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SAID = {path: nbformat.read(path, 4).metadata.copkit.get("essais", ["dep-48", "reg-32"]) for path in NOTEBOOKS}
TRIALS = [(path, codes[-1]) for path, codes in SAID.items() if LONG or path.stem == "diagnostic"]
BATCH = "diagnostic"  # the notebook that a batch executes as well
PICTURES = "prise_en_main"  # the notebook that is executed with the pictures of its charts; they take long
FOREVER = "import time\nwhile True:\n    time.sleep(0.1)"
ONES = "import numpy as np\nnp.ones({}).sum()"  # 8 octets each, all written


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """The parent of the forks has started: that counts in no limit of time."""
    execute(notebook("1"), COPKIT, tmp_path_factory.mktemp("warm"))


def test_the_comparison_sees_what_differs_and_nothing_else(tmp_path):
    source = notebook("print('un')\n2", "import ipywidgets as w\nw.IntSlider(3)")
    run, again = (execute(source, COPKIT, tmp_path / name) for name in ("un", "deux"))
    assert compare(run, again) == []
    text = nbformat.writes(run.notebook)
    for old, new in [
        ("un\\n", "deux\\n"),
        ('"text/plain":', '"text/latex":'),
        ('"execution_count": 1', '"execution_count": 7'),
        ('"exception": false', '"exception": true'),
        ('"status": "completed"', '"status": "failed"'),
        ('"value": 3', '"value": 4'),
        ('"nbconvert_exporter": "python"', '"nbconvert_exporter": "autre"'),
    ]:
        assert old in text
        assert compare(run, Run(nbformat.reads(text.replace(old, new), 4), run.folder)) != [], old


@pytest.mark.cases("carnets", "carnets")
def test_an_awkward_notebook_gives_what_the_plain_engine_gives(case, tmp_path):
    plain, ours = both(notebook(*case["cellules"]), tmp_path, new=LONG or "neuf" in case, **case.get("options", {}))
    assert_same(plain, ours)
    assert ours.failure == case.get("echec")
    expected = case.get("textes", [None] * len(ours.texts))
    assert [said for said, wanted in zip(ours.texts, expected, strict=True) if wanted is not None] == [
        wanted for wanted in expected if wanted is not None
    ]


def batch(name, parameters, folder):
    """What a batch does, which takes the steps of papermill.execute_notebook one by one; it makes a valid notebook."""
    code = parameters["territoire"]
    [task] = plan.plan(name, [code], None, {k: v for k, v in parameters.items() if k != "territoire"})
    folder.mkdir()
    with one_parent():
        run = Run(produce._execute(task, folder), folder)
    nbformat.validate(run.notebook)
    return run


@pytest.mark.parametrize(("path", "code"), TRIALS, ids=lambda x: x if isinstance(x, str) else x.stem)
def test_a_notebook_of_the_kit_gives_what_the_plain_engine_gives(path, code, tmp_path, monkeypatch):
    monkeypatch.setenv("COPKIT_CHARTS", "" if path.stem == PICTURES else "spec")
    written = {"classeur": "classeur.xlsx"} if "classeur" in papermill.inspect_notebook(str(path)) else {}
    parameters = {"territoire": code, **written}
    plain, ours = both(path, tmp_path, new=True, parameters=parameters)
    assert_same(plain, ours)
    if path.stem == BATCH:
        assert_same(plain, batch(path.stem, parameters, tmp_path / "lot"))
    assert ours.failure is None
    assert os.listdir(plain.folder) == os.listdir(ours.folder) == list(written.values())
    shown = {kind for c in ours.notebook.cells for o in c.get("outputs", []) for kind in o.get("data", {})}
    assert shown & {"application/vnd.vegalite.v6+json", "application/vnd.jupyter.widget-view+json"}
    assert "image/png" not in shown


@pytest.mark.parametrize("fork", ["on", "off"])
@pytest.mark.parametrize("before", [None, "png"])
def test_what_the_batch_says_to_a_notebook_is_said_to_no_other(fork, before, tmp_path, monkeypatch):
    monkeypatch.setenv("COPKIT_FORK", fork)
    monkeypatch.delenv("COPKIT_CHARTS", raising=False)
    if before:
        monkeypatch.setenv("COPKIT_CHARTS", before)
    source = nbformat.writes(notebook("territoire = 'reg-06'", "import os\nos.environ['COPKIT_CHARTS']"))
    [task] = plan.plan("diagnostic", ["reg-06"], None, {})
    shown = []
    with one_parent():
        done = Run(produce._execute(replace(task, source=source), tmp_path, shown.append), tmp_path)
    assert done.texts[-1] == "'spec'\n" and os.environ.get("COPKIT_CHARTS") == before
    assert [data["text/plain"] for data in shown] == (["'spec'"] if fork == "on" else [])


def test_a_flood_of_text_arrives_whole(tmp_path):
    lines = "for n in range(10_000):\n    print(f'{n:05d}', 'é' * 47)"
    ours = execute(notebook(lines, "print('x' * 20_000_000)", "print('ensuite')"), COPKIT, tmp_path)
    few, many, after = ours.texts
    assert few == "".join(f"{n:05d} {'é' * 47}\n" for n in range(10_000)) and after == "ensuite\n"
    assert len(many) == 20_000_001 and set(many) == {"x", "\n"}


def test_half_of_a_surrogate_pair_is_shown_as_unknown_and_stops_nothing(tmp_path):
    """No file can hold it; the plain engine loses what is printed with it."""
    shows = "from IPython.display import Markdown\nMarkdown('un \\ud800')"
    fails = {"code": "raise ValueError('\\udcff')", "tags": ["raises-exception"]}
    ours = execute(
        notebook("print('un \\ud800 deux')", shows, "'\\ud800'", fails, "print('ensuite')"), COPKIT, tmp_path
    )
    assert ours.texts[0] == "un � deux\n" and ours.texts[2:] == ["'\\ud800'\n", "ValueError: �\n", "ensuite\n"]
    shown = [o.data for c in ours.notebook.cells for o in c.get("outputs", []) if "data" in o]
    assert shown[0]["text/markdown"] == "un �"


def test_the_text_of_a_notebook_can_be_copied_to_files(tmp_path):
    source = notebook("print('un')", "import sys\nprint('deux', file=sys.stderr)", "print('trois')")
    copies = {}
    for engine in (PLAIN, COPKIT):
        with (tmp_path / f"{engine}.out").open("w") as out, (tmp_path / f"{engine}.err").open("w") as err:
            execute(source, engine, tmp_path / engine, stdout_file=out, stderr_file=err, log_output=True)
        copies[engine] = [(tmp_path / f"{engine}.{kind}").read_text() for kind in ("out", "err")]
    assert copies[COPKIT] == copies[PLAIN] == ["un\ntrois\n", "deux\n"]


def test_a_notebook_imports_the_module_beside_it(tmp_path):
    runs = both(notebook("%%writefile a_cote.py\nx = 'lu'", "import a_cote\na_cote.x"), tmp_path)
    assert_same(*runs)
    assert runs[1].texts == ["Writing a_cote.py\n", "'lu'\n"]


def test_a_kernel_follows_the_settings_of_its_own_environment(tmp_path, monkeypatch):
    source = notebook("'read' in globals()", "import os\nos.environ['TERM'], os.environ['MPLBACKEND']")
    prepared = execute(source, COPKIT, tmp_path / "prepared")
    (home := tmp_path / "home" / "profile_default").mkdir(parents=True)
    (home / "ipython_kernel_config.py").write_text("get_config().InteractiveShellApp.exec_lines = ['read = 1']")
    monkeypatch.setenv("IPYTHONDIR", str(home.parent))
    plain, ours = both(source, tmp_path)
    assert_same(plain, ours)
    assert (prepared.texts[0], ours.texts[0]) == ("False\n", "True\n") and prepared.texts[1] == ours.texts[1]


def test_what_a_notebook_did_not_close_is_written_when_it_ends(tmp_path):
    at_the_end = "import atexit, pathlib\natexit.register(lambda: pathlib.Path('b.txt').write_text('deux'))"
    source = notebook("f = open('a.txt', 'w')\nf.write('un')", at_the_end)
    for run in both(source, tmp_path, shutdown_kernel="graceful"):
        assert {path.name: path.read_text() for path in run.folder.iterdir()} == {"a.txt": "un", "b.txt": "deux"}


def test_quitting_ends_the_process_of_the_notebook(tmp_path):
    waits = "import asyncio\nawait asyncio.Event().wait()"  # if it is begun before the process has ended
    plain, ours = both(notebook("quit()", waits, "print('jamais')"), tmp_path)
    assert plain.failure == ours.failure == "DeadKernelError" and ours.texts[2] == ""


@pytest.mark.parametrize("cells", [[FOREVER], [FOREVER.replace("while True", "for _ in range(25)")] * 3])
def test_a_notebook_that_takes_too_long_is_stopped_and_says_so(cells, tmp_path, warm):
    run = execute(notebook("print('début')", *cells, "print('jamais')"), COPKIT, tmp_path, notebook_timeout=5)
    assert type(run.error) is RunError
    assert str(run.error) == "Le carnet a dépassé sa durée limite de 5 secondes."
    assert run.texts[0] == "début\n" and run.texts[-1] == ""


def test_a_cell_keeps_its_own_limit_within_that_of_the_notebook(tmp_path):
    options = {"execution_timeout": 1, "notebook_timeout": 600}
    run = execute(notebook(FOREVER), COPKIT, tmp_path, **options)
    assert type(run.error) is CellTimeoutError and "1 seconds" in str(run.error)


def test_a_limit_of_time_can_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("COPKIT_NOTEBOOK_TIMEOUT", "1")
    run = execute(notebook(FOREVER), COPKIT, tmp_path)
    assert str(run.error) == "Le carnet a dépassé sa durée limite de 1 seconde."


def test_too_much_memory_is_an_error_of_the_cell_that_asks_for_it(tmp_path, monkeypatch):
    before = resource.getrlimit(resource.RLIMIT_DATA), resource.getrlimit(resource.RLIMIT_AS)
    much = {"code": ONES.format("2**26"), "tags": ["raises-exception"]}
    source = notebook("print('début')", much, ONES.format("2**23"))
    free = execute(source, COPKIT, tmp_path / "libre")
    assert free.failure is None and free.texts == ["début\n", "np.float64(67108864.0)\n", "np.float64(8388608.0)\n"]
    limited = execute(source, COPKIT, tmp_path / "borne", memory_limit=250)
    assert limited.failure == "PapermillExecutionError MemoryError"
    assert limited.texts[0] == "début\n" and limited.texts[1].startswith("MemoryError: Unable to allocate 512. MiB")
    assert limited.texts[2] == "np.float64(8388608.0)\n"  # the cell that is allowed to fail harms no later one
    monkeypatch.setenv("COPKIT_NOTEBOOK_MEMORY", "250")
    assert execute(source, COPKIT, tmp_path / "environnement").failure == limited.failure
    assert (resource.getrlimit(resource.RLIMIT_DATA), resource.getrlimit(resource.RLIMIT_AS)) == before


def test_a_notebook_that_shows_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "OUTPUT", 3)
    run = execute(notebook("while True:\n    print('x' * 10**5)"), COPKIT, tmp_path)
    said = "Le carnet écrit plus de 3 Mio de sorties. En écrire moins, ou dans un fichier."
    assert type(run.error) is RunError and str(run.error) == said


def test_when_memory_runs_out_it_is_the_notebook_that_goes(tmp_path):
    run = execute(notebook("print(open('/proc/self/oom_score_adj').read().strip())"), COPKIT, tmp_path)
    assert run.texts == ["1000\n"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"notebook_timeout": 0}, "Limite illisible : « 0 » (COPKIT_NOTEBOOK_TIMEOUT). Écrire un nombre positif."),
        ({"memory_limit": "deux"}, "Limite illisible : « deux » (COPKIT_NOTEBOOK_MEMORY). Écrire un nombre positif."),
    ],
)
def test_a_limit_that_cannot_be_read_is_refused(options, said, tmp_path):
    run = execute(notebook("print('jamais')"), COPKIT, tmp_path, **options)
    assert type(run.error) is RunError and str(run.error) == said and run.texts == [""]


def test_an_absent_kernel_is_said_as_the_plain_engine_says_it(tmp_path):
    plain, ours = both(notebook("1"), tmp_path, kernel_name="absent")
    assert plain.failure == ours.failure == "NoSuchKernel" and str(plain.error) == str(ours.error)


def add_kernel(folder: Path, monkeypatch, python: Path, env: dict) -> None:
    """A kernelspec named « autre » that Jupyter finds."""
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Autre",
        "language": "python",
        "env": env,
    }
    file = folder / "jupyter" / "kernels" / "autre" / "kernel.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "jupyter"))


def test_a_kernel_of_another_python_is_left_to_it(tmp_path, monkeypatch):
    venv.create(tmp_path / "venv", symlinks=True)
    (site,) = (tmp_path / "venv" / "lib").glob("python3*/site-packages")
    (site / "ici.pth").write_text(str(Path(numpy.__file__).parents[1]))
    add_kernel(tmp_path, monkeypatch, tmp_path / "venv" / "bin" / "python", {})
    source = notebook("import sys\nprint(sys.prefix)", kernel="autre")
    assert execute(source, COPKIT, tmp_path / "run", kernel_name="autre").texts == [f"{tmp_path / 'venv'}\n"]


def test_a_kernel_gets_the_environment_of_its_kernelspec(tmp_path, monkeypatch):
    add_kernel(tmp_path, monkeypatch, Path(sys.executable), {"ESSAI": "oui"})
    source = notebook("import os\nos.environ.get('ESSAI')", kernel="autre")
    runs = both(source, tmp_path, new=True, kernel_name="autre")
    assert_same(*runs)
    assert runs[1].texts == ["'oui'\n"]


def test_without_forks_ordinary_kernels_are_used_and_it_is_said_once(tmp_path):
    source = notebook("import sys\n'ipykernel_launcher' in sys.orig_argv", "1 / 0")
    plain = execute(source, PLAIN, tmp_path / "plain", new=True)
    nbformat.write(source, tmp_path / "in.ipynb")
    (tmp_path / "run").mkdir()
    said = tmp_path / "dit.txt", tmp_path / "erreurs.txt"
    files = [str(tmp_path / name) for name in ("run", "in.ipynb", "out.ipynb")]
    done = start(["--engine", "copkit", "--cwd", *files], *said, os.environ | {"COPKIT_FORK": "off"}, "papermill")
    done.join()
    assert done.exitcode == 1 and said[1].read_text().count("noyaux ordinaires") == 1
    ours = Run(nbformat.read(tmp_path / "out.ipynb", 4), tmp_path / "run", plain.error)
    assert_same(plain, ours)
    assert ours.texts == ["True\n", "ZeroDivisionError: division by zero\n"]


def test_an_ordinary_kernel_that_writes_in_a_widget_ends_each_of_its_cells(tmp_path, monkeypatch):
    """One cell in three or so was seen to end at its time limit alone, which bounds here what is missed."""
    monkeypatch.setenv("COPKIT_FORK", "off")
    zone = "with zone:\n    print('dans la zone')\n    display('montré')\nprint('hors de la zone')"
    source = notebook("import ipywidgets as w\nzone = w.Output()\nzone", *[zone] * 30)
    run = execute(source, COPKIT, tmp_path / "run", execution_timeout=120)
    assert run.error is None and len(run.notebook.cells) == 31
    assert max(one.metadata.papermill.duration for one in run.notebook.cells) < 119


def test_an_answer_that_comes_while_a_widget_is_told_something_is_heard():
    """It was seen at the time limit of the cell, or never; ZeroMQ carries it at once within a process."""

    async def answered() -> dict:
        with (
            zmq.asyncio.Context() as context,
            context.socket(zmq.DEALER) as ours,
            zmq.Context.shadow(context).socket(zmq.DEALER) as kernel,
        ):
            ours.bind("inproc://carnet")
            kernel.connect("inproc://carnet")
            speak, channel = Session(key=b""), AsyncZMQSocketChannel(ours, Session(key=b""))
            kit.hear(channel)
            answer = asyncio.ensure_future(channel.get_msg(timeout=None))
            await asyncio.sleep(0)  # it waits
            speak.send(kernel, "execute_reply")
            channel.send(speak.msg("comm_msg"))
            return await asyncio.wait_for(answer, 60)

    assert asyncio.run(answered())["msg_type"] == "execute_reply"


KINDS = (
    "text/plain",
    "text/html",
    "application/json",
    "application/vnd.vega.v5+json",
    "application/x+json\n",
    "image/json",
)
SHOWN = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({"a": [1, None]})


@given(st.dictionaries(st.sampled_from(KINDS), SHOWN), st.just({}) | st.just({"isolated": True}))
def test_what_is_displayed_is_known_to_be_well_formed_only_where_the_schema_allows_it(data, metadata):
    content = {"data": data, "metadata": metadata}
    if kit._well_formed(content):
        nbformat.validate({"output_type": "display_data", **content}, ref="display_data", version=4)
    usual = all(isinstance(one, str) for one in data.values()) and not metadata
    assert kit._well_formed(content) or not usual
