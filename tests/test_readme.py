"""Each command of the README is one that works as it is written: read by the real command line, or executed."""

import ast
import re
import shlex
from operator import attrgetter
from pathlib import Path

import pytest

import copkit as ck
from copkit.commands import usage

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [
    shlex.split(line, comments=True)
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
COPKIT = [words[words.index("copkit") + 1 :] for words in LINES if words[0] == "copkit" or words[:2] == ["uv", "run"]]
QUICK = ("panorama", "dynamics", "compare", "convert", "simulate", "compensate")  # the others have tests of their own


@pytest.fixture
def run(command, monkeypatch, tmp_path):
    """A command line in a folder that has the examples: its exit code, and what it says when that is not zero."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)

    def made(words: list[str]) -> tuple[int, str]:
        said = command(*words)
        return said.returncode, said.stderr if said.returncode else ""

    return made


def test_every_command_is_one_that_the_command_line_reads(run, monkeypatch):
    read = []
    monkeypatch.setattr(usage.Command, "invoke", lambda command, ctx: read.append(command.name))
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    monkeypatch.setenv("HOME", str(Path.cwd()))
    for words in COPKIT:
        assert run(words) == (0, ""), words
    assert len(read) > 20 and set(QUICK) <= set(read)


def test_the_quick_commands_give_what_they_say_one_after_the_other(run):
    quick = [words for words in COPKIT if words[:1] and words[0] in QUICK]
    assert len(quick) > len(QUICK)
    for words in quick:
        assert run(words) == (0, ""), words


def test_the_other_commands_name_files_and_targets_that_are_there():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in LINES:
        if words[0] == "make":
            assert words[1] in targets
        for word in words:
            if word.endswith(".ipynb") and "/" in word:
                assert (ROOT / word).is_file()
    for example in re.findall(r"data/examples/[\w.]+", README):
        assert (ROOT / example).is_file()
    for link in re.findall(r"\]\(((?!https?:)[^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_program_of_the_readme_calls_what_exists():
    (code,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    called = [node.func for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    assert len(called) > 8
    for one in called:
        assert callable(attrgetter(ast.unparse(one).removeprefix("ck."))(ck))
