"""The batch on real notebooks: Papermill, HTML that loads nothing, workbook, manifest, failures that stop nobody."""

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import psutil
import pytest

import copkit as ck
from copkit import french, paths
from copkit.batch import manifest as manifest_file
from copkit.batch import plan
from copkit.batch.store import Folder
from copkit.errors import CopkitError, DataError, ParameterError, RunError, TerritoryError
from copkit.models import reliability
from copkit.presentation import theme
from copkit.presentation.table import Table
from copkit.presentation.territory.document import DOCUMENT
from copkit.reference import parameters

from .notebooks import notebook
from .processes import below, command

CODES = ["reg-06", "dep-59", "dep-2A"]
BESIDE = ["datapackage.json", "figures.csv", "figures.parquet", "glossaire.html"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    out = tmp_path_factory.mktemp("outputs")
    seen, processes = [], set()

    def look(_, *step):
        seen.append(step)
        processes.add(sum("spawn_main" in command(one) for one in below(psutil.Process(), recursive=False)))

    report = ck.run("diagnostic", CODES, out=out, jobs=2, progress=look)
    assert seen == [(1, 3), (2, 3), (3, 3)] and processes == {2}  # the one that makes both documents, its painter
    assert report.failures == [] and report.index == str(out / "index.html")
    return out


class Loads(HTMLParser):
    """Every address that a page would load, and every script."""

    def __init__(self):
        super().__init__()
        self.loaded, self.scripts, self.links, self.text = [], 0, [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.scripts += tag == "script"
        for name in ("src", "srcset", "data", "poster", "xlink:href", "background"):
            if attrs.get(name):
                self.loaded.append(attrs[name])
        if tag in ("link", "use", "image") and attrs.get("href"):
            self.loaded.append(attrs["href"])
        elif attrs.get("href"):
            self.links.append(attrs["href"])
        if "style" in attrs:
            self.loaded += re.findall(r"url\(([^)]*)\)", attrs["style"])

    def handle_data(self, data):
        self.text.append(data)


def read_page(path: Path) -> Loads:
    page = Loads()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.mark.parametrize("code", CODES)
def test_report_loads_no_network_address_and_runs_no_script(outputs, code):
    text = (outputs / code / "diagnostic.html").read_text(encoding="utf-8")
    page = read_page(outputs / code / "diagnostic.html")
    assert [address for address in page.loaded if not address.startswith("data:")] == []
    assert page.scripts == 0
    assert "default-src 'none'" in text and "@import" not in text
    assert re.findall(r"url\((?!#)[^)]*\)", text) == []
    official = {source.url for source in parameters.sources().values() if source.url}
    assert all(link.startswith(("#", "../")) or link in official for link in page.links)


@pytest.mark.parametrize("code", CODES)
def test_report_shows_charts_and_tables_but_no_code(outputs, code):
    text = (outputs / code / "diagnostic.html").read_text(encoding="utf-8")
    figures = re.findall(r"<div class=\"drawing[^\"]*\" ([^>]*)>", text)
    assert len(figures) == text.count("<svg ")
    assert all('role="img"' in figure and 'aria-label="' in figure for figure in figures)
    parts = [part for name in DOCUMENT.sections for part in ck.section(ck.panorama(code), name).parts]
    assert text.count("<svg ") == sum(isinstance(part, theme.drawing()) for part in parts) >= 3
    assert text.count("<table>") == sum(isinstance(part, Table) for part in parts) >= 4
    assert not re.search(r"\bck\.", text)
    for code_word in ("import copkit", "In&nbsp;[", "Out[", "Traceback", "PosixPath", "NaN"):
        assert code_word not in text
    assert '<html lang="fr">' in text
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert french.typeset("base de discussion, non prescriptive") in text


def test_report_ids_are_unique(outputs):
    text = (outputs / "dep-59" / "diagnostic.html").read_text(encoding="utf-8")
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_report_gives_the_figures_of_the_panorama(outputs):
    text = (outputs / "dep-59" / "diagnostic.html").read_text(encoding="utf-8")
    p = ck.panorama("dep-59")
    without, with_ = (french.rough(total) for total in ck.totals(p).total[["sans forêt", "avec forêt"]])
    assert f"environ {without}\u00a0ktCO₂e/an hors forêt" in text and f"{with_} avec le levier forêt" in text
    share = french.share(reliability.error(p))
    assert text.index(f"placent en moyenne {share}") < text.index("<svg "), "how sure it is comes before any figure"


def test_executed_notebook_opens_elsewhere_with_its_charts_and_names_no_machine(outputs):
    raw = (outputs / "dep-59" / "diagnostic.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(raw, 4)
    nbformat.validate(notebook)
    bundles = [o.data for c in notebook.cells for o in c.get("outputs", []) if theme.MIME in o.get("data", {})]
    assert len(bundles) == 5 and all(
        "data:image/svg+xml" in data["text/html"] and "text/plain" in data for data in bundles
    )
    assert notebook.metadata.copkit.territoire == "dep-59"
    assert notebook.metadata.copkit.donnees == "sgpe-2024-10"
    assert notebook.metadata.papermill.parameters.territoire == "dep-59"
    assert str(outputs) not in raw and str(paths.home()) not in raw


def test_workbook_holds_numbers_with_their_formats_and_sources(outputs):
    book = openpyxl.load_workbook(outputs / "dep-59" / "diagnostic.xlsx")
    assert book.sheetnames == [
        "Synthèse", "Lisez-moi", "Panorama", "Secteurs", "Quantités", "Leviers", "Clés", "Place", "Dynamiques",
        "Biodiversité et ressources", "Interactions", "Cohérence", "Diagnostic", "Sources",
    ]  # fmt: skip
    sheet = book["Panorama"]
    heads = {cell.value: cell.column for cell in sheet[3]}
    column = heads["Émissions évitées (ktCO₂e/an)"]
    first = sheet.cell(4, column)
    assert isinstance(first.value, float) and first.number_format == "#,##0.0"
    values = [sheet.cell(row, column).value for row in range(4, 4 + 30)]
    shown = sum(v for v in values if isinstance(v, float))
    p = ck.panorama("dep-59")
    assert shown == pytest.approx(float(p.target[p.shown].sum()), rel=1e-12)
    assert values.count("non affiché") == 1
    assert {row[0].value for row in book["Sources"].iter_rows(min_row=4)} >= {"sgpe_simulateur_2024", "insee_cog_2026"}
    formulas = [c.value for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []


def test_manifest_says_parameters_versions_durations_and_hashes(outputs):
    manifest = json.loads((outputs / "manifest.json").read_text(encoding="utf-8"))
    assert [r["territory"] for r in manifest["runs"]] == sorted(CODES)
    for entry in manifest["runs"]:
        assert entry["status"] == "ok" and entry["error"] is None and entry["duration_s"] > 0
        assert entry["parameters"]["territoire"] == entry["territory"] and entry["title"] == "Diagnostic"
        assert entry["version"] | {"code": "", "contenu": ""} == {
            "copkit": ck.__version__, "donnees": "sgpe-2024-10", "code": "", "contenu": "",
        }  # fmt: skip
        assert all(len(entry["version"][name]) == 16 for name in ("code", "contenu"))
        assert list(entry["phases"]) and all(seconds >= 0 for seconds in entry["phases"].values())
        assert set(entry["hash"]) == set(entry["files"]) == {"html", "ipynb", "xlsx", "page", "diapositive"}
        assert all((outputs / file).is_file() for file in entry["files"].values())


def test_nothing_but_outputs_is_left_in_the_folder(outputs):
    assert sorted(p.name for p in outputs.iterdir()) == sorted([*CODES, "index.html", "manifest.json", *BESIDE])
    assert set(pd.read_parquet(outputs / "figures.parquet").territory) == set(CODES)
    assert sorted(p.name for p in (outputs / "dep-59").iterdir()) == [
        ".diagnostic.json", "diagnostic.html", "diagnostic.ipynb", "diagnostic.xlsx", "diapositive.html", "page.html",
    ]  # fmt: skip


def test_every_link_of_the_pages_leads_to_a_file_of_the_folder(outputs):
    for page in [*outputs.glob("*.html"), *outputs.glob("*/*.html")]:
        found = Loads()
        found.feed(page.read_text(encoding="utf-8"))
        inside = [link for link in found.links if not link.startswith(("http", "#"))]
        absent = [link for link in inside if not (page.parent / link.partition("#")[0]).is_file()]
        assert absent == [], page.name


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A copy of the kit that a test may damage."""
    home = tmp_path / "kit"
    for folder in ("parameters", "data/clean", "notebooks"):
        shutil.copytree(paths.home() / folder, home / folder)
    monkeypatch.setenv("COPKIT_HOME", str(home))
    return home


def test_a_failing_territory_stops_no_other_and_keeps_its_earlier_files(tmp_path):
    out = tmp_path / "outputs"
    (out / "reg-06").mkdir(parents=True)
    for kind in ("html", "xlsx", "ipynb"):
        (out / "reg-06" / f"leger.{kind}").write_text("plus ancien")
    fails = {
        "reg-06": ("assert not 1, 'pas celui-ci'", "cellule 3 du carnet : AssertionError : pas celui-ci"),
        "reg-04": ("os._exit(1)", "le noyau du carnet s'est arrêté net (mémoire insuffisante ?)."),
        "dep-60": (  # without pandas, that the whole kit asks for
            "__import__('copkit.reference.territories').reference.territories.resolve('reg-99')",
            "cellule 3 du carnet : Territoire inconnu : « reg-99 »",
        ),
    }
    tests = "".join(f"if territoire == {code!r}:\n    {source}\n" for code, (source, _) in fails.items())
    cells = {"code": 'territoire = "reg-32"', "tags": ["parameters"]}, f"import os\n{tests}"
    nbformat.write(notebook(*cells), tmp_path / "leger.ipynb")
    report = ck.run(str(tmp_path / "leger.ipynb"), ["reg-06", "reg-03", "reg-04", "dep-60"], out=out, jobs=2)
    assert {r.territory: r.status for r in report.results} == {**dict.fromkeys(fails, "failed"), "reg-03": "ok"}
    errors = {r.territory: r.error for r in report.failures}
    assert [code for code, (_, said) in fails.items() if not errors[code].startswith(said)] == []
    assert "--jobs 1" in errors["reg-04"]
    assert {p.read_text() for p in (out / "reg-06").glob("leger.*")} == {"plus ancien"}
    assert "pas celui-ci" in (out / "index.html").read_text(encoding="utf-8")
    again = {r["territory"]: r for r in manifest_file.read(Folder(out))["runs"]}
    assert again["reg-06"]["error"] == errors["reg-06"] and again["reg-03"]["status"] == "ok"


def test_a_later_batch_keeps_the_entries_of_the_earlier_one(tmp_path):
    store = Folder(tmp_path / "outputs")
    for code in ("reg-06", "dep-59"):
        [task] = plan.plan("diagnostic", [code], None, {})
        done = manifest_file.Result(
            code, "diagnostic", "ok", task.parameters, 1.0, files={"html": f"{code}/diagnostic.html"}
        )
        manifest_file.record(task, store, done)
        manifest_file.publish(store, {})
    assert [r["territory"] for r in manifest_file.read(store)["runs"]] == ["dep-59", "reg-06"]


def test_an_unreadable_manifest_is_set_aside(tmp_path):
    (tmp_path / "manifest.json").write_text("{pas du json")
    manifest_file.publish(Folder(tmp_path), {})
    assert (tmp_path / "manifest.illisible.json").read_text() == "{pas du json"
    assert manifest_file.read(Folder(tmp_path))["runs"] == []


def test_a_document_that_cannot_be_rendered_leaves_the_earlier_index(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("plus ancien")

    def fail(*args, **kwargs):
        raise OSError("disque plein")

    monkeypatch.setattr(manifest_file, "render", fail)
    with pytest.raises(OSError, match="disque plein"):
        manifest_file.publish(Folder(tmp_path), {})
    assert (tmp_path / "index.html").read_text() == "plus ancien"


def test_a_file_that_cannot_be_put_in_place_leaves_the_earlier_one_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("plus ancien")

    def fail(*args):
        raise OSError("disque plein")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disque plein"):
        Folder(tmp_path).write("index.html", b"nouveau")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "plus ancien"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"notebook": "diagnostik"}, RunError, ["Carnet inconnu : « diagnostik »", "« diagnostic »"]),
        (
            {"parameters": {"classeurs": "x"}},
            RunError,
            ["n'a pas de paramètre « classeurs »", "« classeur »", "territoire"],
        ),
        ({"level": "departements"}, RunError, ["Niveau inconnu", "« departement »"]),
        (
            {"notebook": "projets", "level": "epci"},
            RunError,
            ["« projets » n'est pas fait pour le niveau « epci »", "departement"],
        ),
        ({"notebook": "projets", "codes": ["epci-200066926"]}, RunError, ["pas fait pour les EPCI"]),
        ({"perimeters": "p.csv", "whole": True}, RunError, ["il ne prend pas de périmètres"]),
        ({"notebook": "absent.ipynb"}, RunError, ["introuvable", "« absent.ipynb »"]),
        ({"out": "file:///partage/sorties"}, RunError, ["demande un cluster", 'client=distributed.Client("tcp://']),
        ({"codes": ["reg-32"], "level": "region"}, RunError, ["pas les deux"]),
        (
            {"codes": ["reg-32"], "parameters": {"territoire": "dep-59"}},
            RunError,
            ["« territoire » vaut « dep-59 », et le carnet est demandé pour reg-32.", "Retirer ce paramètre"],
        ),
        ({"parameters": {"territoire": "dep-59"}}, RunError, ["demandé pour 119 territoires"]),
        (
            {"parameters": {"classeur": "../../a.xlsx"}},
            RunError,
            ["« ../../a.xlsx »", "sans dossier, ou l'écrire vide"],
        ),
        ({"parameters": {"classeur": "nul.xlsx"}}, RunError, ["Donner un nom de fichier"]),
        ({"out": "con"}, RunError, ["écriture impossible (Windows réserve le nom « con »)", "avec out=…"]),
        (
            {"notebook": "projets", "codes": ["reg-32"], "parameters": {"publique": "peut-être"}},
            RunError,
            ["Paramètre « publique », valeur « peut-être » : oui ou non attendu. Écrire « oui » ou « non »"],
        ),
        ({"codes": ["32"]}, TerritoryError, ["ambigu", "« reg-32 » ou « dep-32 »"]),
        ({"codes": ["reg-99", "dep-00"]}, TerritoryError, ["« reg-99 »", "« dep-00 »"]),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(tmp_path, call, error, words):
    out = tmp_path / "outputs"
    with pytest.raises(error) as refused:
        ck.run(**{"out": out, **call})
    assert all(word in str(refused.value) for word in words)
    assert not out.exists()


def test_a_parameter_that_says_the_territory_again_changes_nothing():
    [task], [same] = (plan.plan("diagnostic", ["dep-59"], None, said) for said in ({}, {"territoire": "dep-59"}))
    assert task == same and task.parameters["territoire"] == "dep-59"


def test_a_parameter_is_of_the_kind_that_the_notebook_declares():
    given = {"publique": "non", "annee": "2025", "projets": "2025.csv"}
    [task] = plan.plan("projets", ["reg-32"], None, given)
    assert {name: task.parameters[name] for name in given} == {"publique": False, "annee": 2025, "projets": "2025.csv"}


def test_a_notebook_without_territory_parameter_is_refused(kit, tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), kit / "notebooks" / "vide.ipynb")
    with pytest.raises(RunError, match=r"« vide » ne déclare pas le paramètre « territoire »"):
        ck.run("vide", ["reg-06"], out=tmp_path / "outputs")


def digest(folder: Path) -> dict:
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("file", "old", "new", "error", "words", "fork"),
    [
        (
            "parameters/leviers/haies.yml",
            "kind: uptake",
            "kidn: uptake",
            ParameterError,
            ["haies.yml", "ligne", "kidn"],
            "on",
        ),
        (
            "data/clean/panorama.csv",
            "reg-32,haies,113.4236",
            "reg-32,haies,cent",
            DataError,
            ["panorama.csv", "« cent »"],
            "off",  # found by the batch itself, that no warm parent has read for
        ),
    ],
)
def test_a_damaged_file_stops_the_batch_and_leaves_outputs_as_they_were(
    kit, outputs, tmp_path, monkeypatch, file, old, new, error, words, fork
):
    monkeypatch.setenv("COPKIT_FORK", fork)
    out = tmp_path / "copie"
    shutil.copytree(outputs, out)
    before = digest(out)
    text = (kit / file).read_text(encoding="utf-8")
    assert old in text
    (kit / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(error) as refused:
        ck.run("diagnostic", ["reg-06"], out=out, jobs=1)
    assert all(word in str(refused.value) for word in words)
    assert digest(out) == before


def test_a_workbook_that_cannot_be_written_leaves_the_earlier_one(tmp_path, monkeypatch):
    path = tmp_path / "classeur.xlsx"
    path.write_text("plus ancien")

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:100])
        raise OSError("disque plein")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CopkitError, match=r"écriture impossible \(disque plein\)\. Choisir un autre fichier"):
        ck.write_workbook(ck.panorama("reg-06"), path)
    assert path.read_text() == "plus ancien" and os.listdir(tmp_path) == ["classeur.xlsx"]


def test_every_territory_has_a_document_that_can_be_planned():
    tasks = plan.plan("diagnostic", [], None, {})
    assert len(tasks) == 119 and len({t.territory for t in tasks}) == 119
    assert len({t.fingerprint for t in tasks}) == 119
    assert len(plan.plan("diagnostic", [], "region", {})) == 18
    assert tasks[0].parameters == {"territoire": tasks[0].territory, "classeur": "diagnostic.xlsx"}
