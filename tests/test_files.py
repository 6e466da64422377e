"""Files are there whole or not at all, and nothing else is left beside them."""

import inspect
import os
import signal
import subprocess
import sys
import threading
import typing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from typer.main import get_command

import copkit as ck
from copkit import clock, files
from copkit.batch import store
from copkit.commands import cli
from copkit.errors import CopkitError, DataError, Problems, ProjectError, RunError
from copkit.intake import delimited
from copkit.reference import framework, units


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_replaces_the_earlier_one_and_makes_its_folder(tmp_path):
    path = tmp_path / "nouveau" / "texte.txt"
    files.write_whole(path, "été\n")
    assert path.read_bytes() == "été\n".encode()
    files.write_whole(path, b"\x00")
    assert path.read_bytes() == b"\x00" and names(path.parent) == ["texte.txt"]
    plain = tmp_path / "ordinaire.txt"
    plain.write_text("a")
    assert path.stat().st_mode == plain.stat().st_mode


def test_the_draft_has_the_suffix_of_the_file_and_any_length_of_name_fits(tmp_path):
    path = tmp_path / f"{'é' * 120}.xlsx"
    with files.draft(path) as made:
        assert made.suffix == ".xlsx" and made.parent == tmp_path and made.name.startswith(".")
        made.write_text("a")
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("wrong", [ValueError("calcul"), KeyboardInterrupt()])
def test_whatever_is_raised_the_earlier_files_stay_and_no_draft_is_left(tmp_path, wrong):
    (tmp_path / "a.csv").write_text("avant")
    with pytest.raises(type(wrong)), files.drafts(tmp_path / "a.csv", tmp_path / "b.csv") as made:
        made[0].write_text("après")
        raise wrong
    assert names(tmp_path) == ["a.csv"] and (tmp_path / "a.csv").read_text() == "avant"


def test_several_files_are_replaced_together_or_not_at_all(tmp_path):
    (tmp_path / "a.csv").write_text("avant")
    (tmp_path / "b.csv").mkdir()
    with (
        pytest.raises(ProjectError) as refused,
        files.drafts(tmp_path / "a.csv", tmp_path / "b.csv", error=ProjectError),
    ):
        raise AssertionError("refused before anything is computed")
    assert str(refused.value) == f"{tmp_path} : écriture impossible (c'est un dossier). Choisir un autre dossier."
    assert (tmp_path / "a.csv").read_text() == "avant" and names(tmp_path) == ["a.csv", "b.csv"]


def test_what_cannot_be_written_is_said_in_french_with_the_error_of_the_caller(tmp_path):
    (tmp_path / "fichier").write_text("un fichier, pas un dossier")
    for path in (tmp_path / "fichier" / "a.txt", tmp_path / "absent" / "a.txt"):
        with pytest.raises(CopkitError) as refused:
            files.write_whole(path, "a", new_folder=False)
        assert f"{path} : écriture impossible (" in str(refused.value)
        assert str(refused.value).endswith("). Choisir un autre fichier.")
    with pytest.raises(ProjectError):
        files.write_whole(tmp_path / "fichier" / "a.txt", "a", error=ProjectError)
    assert names(tmp_path) == ["fichier"]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path, ready = tmp_path / "a.txt", threading.Barrier(2)

    def write(letter):
        with files.draft(path) as made:
            made.write_text(letter * 1000)
            ready.wait()
            assert made.read_text() == letter * 1000

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert path.read_text() in ("a" * 1000, "b" * 1000) and names(tmp_path) == ["a.txt"]


def test_the_draft_of_a_killed_process_is_cleared_by_the_next_writer_and_only_that_one(tmp_path):
    path = tmp_path / "a [1].txt"
    code = (
        "import os, sys, time\nfrom copkit import files\n"
        "with files.draft(sys.argv[1]) as made:\n    print(flush=True)\n    time.sleep(600)"
    )
    killed, alive = (
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) for _ in range(2)
    )
    try:
        assert killed.stdout.readline() and alive.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(names(tmp_path)) == 2
        files.write_whole(path, "entier")
        [left, whole] = names(tmp_path)
        assert whole == path.name and f".{alive.pid}-" in left
    finally:
        for one in (killed, alive):
            one.kill()
            one.wait()
    files.write_whole(path, "entier")
    assert names(tmp_path) == [path.name]


def test_a_text_that_cannot_be_read_is_said_with_the_error_of_the_caller(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffété".encode())
    assert files.read_text(tmp_path / "a.txt") == "été"
    (tmp_path / "latin.txt").write_bytes("été".encode("latin-1"))
    for name, said in (("absent.txt", "fichier illisible (absent)"), ("latin.txt", "pas en UTF-8")):
        with pytest.raises(ProjectError) as refused:
            files.read_text(tmp_path / name, ProjectError)
        assert str(refused.value).startswith(f"{tmp_path / name} : ") and said in str(refused.value)


def test_a_zip_without_hours_holds_the_same_and_is_the_same_at_any_time(tmp_path):
    made = []
    for hour in ((1999, 1, 1, 1, 1, 2), (2026, 11, 27, 14, 30, 0)):
        with ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in ("un.xml", "dossier/é.xml"):
                archive.writestr(ZipInfo(name, hour), f"contenu de {name}")
        made.append(files.steadied((tmp_path / "a.zip").read_bytes()))
    assert made[0] == made[1]
    with ZipFile(BytesIO(made[0])) as archive:
        assert archive.testzip() is None and archive.read("dossier/é.xml").decode() == "contenu de dossier/é.xml"


def test_what_would_be_waited_for_is_refused(tmp_path):
    os.mkfifo(tmp_path / "tube")
    for read in (lambda path: files.read_text(path, ProjectError), lambda path: delimited.whole(path, "", Problems())):
        with pytest.raises(ProjectError, match=r"tube : ce n'est pas un fichier .tube ou périphérique"):
            read(tmp_path / "tube")


def test_the_date_of_what_is_made_can_be_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764028800")
    assert clock.now() == datetime(2025, 11, 25, tzinfo=UTC) and clock.today() == datetime(2025, 11, 25)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "hier")
    with pytest.raises(CopkitError, match=r"SOURCE_DATE_EPOCH illisible : « hier »\. Écrire un nombre de secondes"):
        clock.now()


# ------------------------------------------------------------------ what is kept follows the files


def target(code, lever):
    return float(ck.panorama(code).target.sel(lever=lever))


KEY = "haies,surface agricole utile,Agreste,surface_agricole,2.8,2.8"
EDITED = {
    "levier": ("parameters/leviers/haies.yml", "label: Gestion des haies", "label: Haies et bocage"),
    "clé": ("parameters/keys.csv", f"{KEY},A", f"{KEY},C"),
    "table": ("data/clean/panorama.csv", "reg-84,haies,160.8566", "reg-84,haies,170.8566"),
    "territoire": ("data/clean/territories.csv", "Hauts-de-France", "Picardie et Nord"),
    "cadre": ("parameters/cadre.yml", "label: Mieux préserver", "label: Préserver mieux"),
    "unité": ("parameters/units.txt", "# milliers de km", "# km, en milliers"),
    "passage": ("parameters/crosswalk.csv", "augm_haies,Gestion des haies", "augm_haies,Haies plantées"),
    "groupe": ("parameters/interactions.yml", "label: Voitures particulières", "label: Toutes les voitures"),
}
SHOWN = {
    "levier": lambda: str(ck.panorama("reg-84").label.sel(lever="haies").values),
    "clé": lambda: str(ck.panorama("dep-59").grade.sel(lever="haies").values),
    "table": lambda: (
        target("reg-84", "haies"),
        ck.totals(ck.panorama("reg-84")).total.iloc[0],
        target("dep-69", "haies"),
    ),
    "territoire": lambda: (ck.table(ck.panorama("reg-32")).caption, ck.place(ck.panorama("reg-32")).name["reg-32"]),
    "cadre": lambda: framework.items("thematiques")[-1].label,
    "unité": lambda: units.label("millier_km"),
    "passage": lambda: set(ck.crosswalk("simulateur").label),
    "groupe": lambda: ck.interactions(ck.panorama("reg-32")).iloc[0].to_list(),
}


@pytest.fixture
def edited(damaged, monkeypatch):
    """Edit a copy of the kit, whose files are looked at when they were edited and never else."""
    monkeypatch.setattr(files, "_EVERY", float("inf"))
    return damaged.replace


@pytest.mark.parametrize("what", EDITED)
def test_an_edited_file_is_seen_in_an_open_session(edited, what):
    before = SHOWN[what]()
    assert SHOWN[what]() == before
    edited(*EDITED[what])
    after = SHOWN[what]()
    assert after != before
    file, old, new = EDITED[what]
    edited(file, new, old)
    assert SHOWN[what]() == before


def test_a_damaged_file_then_mended_is_said_and_then_read(edited):
    assert target("reg-84", "haies") == 160.8566
    edited("data/clean/panorama.csv", "160.8566", "beaucoup")
    with pytest.raises(DataError, match="nombre attendu, trouvé « beaucoup »"):
        target("reg-84", "haies")
    edited("data/clean/panorama.csv", "beaucoup", "161")
    assert target("reg-84", "haies") == 161


def test_what_was_read_is_kept_until_the_next_look_and_reload_forgets_it(damaged, monkeypatch):
    monkeypatch.setattr(files, "_EVERY", float("inf"))
    assert SHOWN["levier"]() == "Gestion des haies"
    file, old, new = EDITED["levier"]
    text = damaged.read(file).replace(old, new)
    damaged.home.joinpath(file).unlink()  # it is a link
    damaged.home.joinpath(file).write_text(text, encoding="utf-8")
    assert SHOWN["levier"]() == "Gestion des haies"
    ck.reload()
    assert SHOWN["levier"]() == "Haies et bocage"


def test_a_file_that_is_none_of_the_kit_counts_by_what_it_holds(tmp_path):
    made = []
    read = files.kept()(lambda path: made.append(path) or path.read_text())
    path = tmp_path / "texte.txt"
    path.write_text("avant")
    assert read(path) == read(path) == "avant" and len(made) == 1
    path.write_text("après, et plus long")
    assert read(path) == "après, et plus long" and len(made) == 2


def test_a_folder_counts_by_what_all_its_files_hold(tmp_path):
    read = files.kept()(lambda folder: [path.read_text() for path in sorted(folder.rglob("*.txt"))])
    inside = tmp_path / "dedans"
    inside.mkdir()
    (inside / "a.txt").write_text("avant")
    assert read(tmp_path) == ["avant"]
    (inside / "a.txt").write_text("après, et plus long")
    assert read(tmp_path) == ["après, et plus long"]


def test_nothing_is_read_when_modules_are_imported():
    code = "import copkit, copkit.doctor, copkit.simulator.widget; from copkit import files; print(files._looks)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{}"


# ------------------------------------------------------------------ names to write under

READ = {  # the files that commands are given, and the journal, that they read before they add to it
    "actions", "after", "answers", "batch", "before", "bodies", "decisions", "file", "files", "folder", "groups",
    "issues", "journal", "offline_dir", "perimeters", "projects", "projects_after", "projects_before", "returned",
    "scenario", "themes",
}  # fmt: skip


def paths_of(command, before=()):
    """Each option of the command line that is a path: the words of its command, itself, whether it is written."""
    for name, one in getattr(command, "commands", {}).items():
        yield from paths_of(one, (*before, name))
    hints = typing.get_type_hints(inspect.unwrap(command.callback)) if command.callback else {}
    for one in command.params:
        check = inspect.unwrap(one.callback) if one.callback else None
        written = getattr(check, "__qualname__", "").startswith("output.")
        if written or "Path" in str(hints.get(one.name)):
            yield before, one, written


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """Where a name is asked for: « dossier » and « fichier » are there, and « tube »."""
    folder = tmp_path_factory.mktemp("ici")
    (folder / "dossier").mkdir()
    (folder / "fichier").write_text("avant")
    os.mkfifo(folder / "tube")
    return folder


@pytest.fixture(scope="module")
def command():
    return get_command(cli.app)


def asked(case, around):
    return str(around / (case["chemin"] * case.get("fois", 1)))


def test_every_path_that_a_command_takes_is_read_or_checked_before_it_is_written(command):
    found = list(paths_of(command))
    assert {one.name for _, one, written in found if not written} == READ
    assert {one.name for _, one, written in found if written} == {"out", "pdf", "lists", "schema", "carry", "tet"}


@pytest.mark.cases("chemins_de_sortie", "refuses")
def test_a_name_that_nothing_can_have_is_refused_before_anything_is_computed(case, around, command, monkeypatch):
    """By each command that writes, by what writes a file, and by the output folder of a batch."""
    monkeypatch.chdir(around)
    before, path = names(around), asked(case, around)
    said = f"{path} : écriture impossible ({case['dit']}). Choisir un autre "
    for words, one, written in paths_of(command):
        sort = "dossier" if one.name == "lists" or words == ("run",) else "fichier"
        either = words == ("template", "survey") and Path(path).name in ("dossier", "..")  # with --each
        if not written or case.get("sorte", sort) != sort or either or "\0" in path:  # that no command line can hold
            continue
        with pytest.raises(CopkitError) as refused:
            command.main([*words, one.opts[0], path], prog_name="copkit", standalone_mode=False)
        assert str(refused.value) == f"{said}{sort}.", (words, one.name)
    if case.get("sorte") != "dossier":
        with pytest.raises(ProjectError, match="écriture impossible"):
            files.write_whole(path, "a", error=ProjectError)
    if case.get("sorte") != "fichier":
        with pytest.raises(RunError, match="Choisir un autre dossier avec out=…"):
            store.open_store(path)
    assert names(around) == before and names(around / "dossier") == []
    assert (around / "fichier").read_text() == "avant"


@pytest.mark.cases("chemins_de_sortie", "admis")
def test_a_name_that_any_machine_can_have_is_written_under(case, around):
    path, sort = Path(asked(case, around)), case.get("sorte", "fichier")
    assert files.barred(path, folder=sort == "dossier") == ""
    if sort == "fichier":
        before = path.read_text() if path.exists() else None
        files.write_whole(path, "après")
        assert path.read_text() == "après"
        path.unlink() if before is None else path.write_text(before)


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "ailleurs").mkdir()
    (tmp_path / "ailleurs" / "vrai.csv").write_text("avant")
    (tmp_path / "lien.csv").symlink_to(tmp_path / "ailleurs" / "vrai.csv")
    files.write_whole(tmp_path / "lien.csv", "après")
    assert not (tmp_path / "lien.csv").is_symlink() and (tmp_path / "lien.csv").read_text() == "après"
    assert (tmp_path / "ailleurs" / "vrai.csv").read_text() == "avant"


def test_no_document_leaves_the_output_folder_by_a_link(tmp_path):
    """A folder of a territory that is a link: nothing is put where it leads."""
    (tmp_path / "ailleurs").mkdir()
    out = store.Folder(tmp_path / "sorties")
    out.prepare()
    (out.root / "dep-59").symlink_to(tmp_path / "ailleurs")
    for name in ("dep-59/index.html", "dep-59/diagnostic.html"):
        with pytest.raises(OSError, match="un lien est à la place d'un dossier"):
            out.write(name, b"a")
    out.release()
    assert names(tmp_path / "ailleurs") == [] and names(out.root) == ["dep-59"]
