"""The book of a COP: what the notebooks say of themselves decides what is made, and the index says what is missing."""

import html
import json
import re
import shutil
import tokenize
from io import StringIO

import nbformat
import pypdf
import pytest

import copkit as ck
from copkit import french, paths
from copkit.batch import book, plan
from copkit.errors import RunError, TerritoryError
from copkit.reference import framework

from .conftest import LONG
from .terminal import copkit

NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))
STEPS = [item.id for block in ("etapes", "suites") for item in framework.items(block)]
SHOWN = "from IPython.display import Markdown\nMarkdown({!r})"


def add(kit, name, cells, parameters=(), **about):
    """A notebook of the kit: its parameters, what its cells do, what its metadata say."""
    tagged = "\n".join(['territoire: str = "reg-32"', *parameters])
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# {name}\n\nQue dit « {name} » ?", id="titre"),
            nbformat.v4.new_code_cell(tagged, metadata={"tags": ["parameters"]}, id="parametres"),
            *(nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)),
        ]
    )
    made.metadata |= {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made.metadata.copkit = about
    nbformat.write(made, kit / "notebooks" / f"{name}.ipynb")


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """A kit whose notebooks are small: six in the book, three that are not."""
    home = tmp_path_factory.mktemp("kit")
    for folder in ("parameters", "data/clean"):
        shutil.copytree(paths.home() / folder, home / folder)
    (home / "notebooks").mkdir()
    add(home, "diagnostic", ["print(territoire)"], etape="diagnostic", titre="Diagnostic")
    add(
        home,
        "questionnaire",
        [SHOWN.format("> **Exemple inventé.** Rien de réel.") + " if not reponses else print(reponses, publique)"],
        ['reponses: str = ""', "publique: bool = False"],
        etape="diagnostic",
        titre="Questionnaire",
        besoins={"reponses": "les réponses des collectivités"},
    )
    add(home, "bilan", ["print(reponses, seuil)"], ['reponses: str = ""', "seuil: float = 0.5"], etape="debat")
    add(home, "suite", ["print(1)"], ['classeur: str = ""'], etape="suivi", titre="Suivi")
    add(home, "plan_regional", ["print(2)"], etape="feuille_de_route", titre="Plan", niveaux=["region"])
    add(home, "bancal", ["assert territoire != 'reg-06', 'pas de chiffres ici'"], etape="debat", titre="Bancal")
    add(home, "outil", ["print(3)"], etape="debat", livre=False)
    add(home, "brouillon", ["print(4)"])
    add(home, "sans_territoire", ["print(5)"], etape="debat")
    path = home / "notebooks" / "sans_territoire.ipynb"
    path.write_text(path.read_text().replace("territoire: str", "autre: str"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPKIT_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def out(kit, tmp_path_factory):
    """The book of a région and of a département without any file, then that of another with invented examples."""
    out = tmp_path_factory.mktemp("livre") / "sorties"
    first = ck.run(codes=["reg-06", "dep-59"], whole=True, out=out, jobs=2)
    ck.run(codes=["reg-04"], whole=True, examples=True, out=out, jobs=2, parameters={"seuil": "0,7"}, pdf=True)
    return out, first


def words(text):
    """As a page says it, whatever its spaces."""
    return " ".join(french.typeset(text).split())


def text_of(out, code):
    """What the index of a territory says, without tags."""
    page = (out / code / "index.html").read_text(encoding="utf-8").split("<main", 1)[1]
    page = re.sub(r"</?(?:a|b|strong|code|span)\b[^>]*>", "", page)
    return words(html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_book_is_what_the_notebooks_say_of_themselves_by_step_then_by_name(kit):
    assert [one.stem for one in book.chapters()] == [
        "diagnostic", "questionnaire", "bancal", "bilan", "plan_regional", "suite",
    ]  # fmt: skip


def test_a_book_makes_what_it_can_and_says_what_it_lacks(out):
    out, report = out
    made = {(r.territory, r.notebook): r.status for r in report.results}
    both = ["bancal", "bilan", "diagnostic", "suite"]
    assert [one for code, one in made if code == "dep-59"] == both  # the plan is made for régions
    assert [one for code, one in made if code == "reg-06"] == sorted([*both, "plan_regional"])
    assert [key for key, status in made.items() if status == "failed"] == [("reg-06", "bancal")]
    assert [(one.territory, one.title, one.needs) for one in report.missing] == [
        ("reg-06", "Questionnaire", ("reponses",)),
        ("dep-59", "Questionnaire", ("reponses",)),
    ]
    assert not (out / "dep-59" / "questionnaire.html").exists()


def test_the_index_goes_through_the_steps_of_a_cop_and_what_follows(out):
    said = text_of(out[0], "reg-06")
    labels = [words(item.label) for block in ("etapes", "suites") for item in framework.items(block)]
    places = [said.rindex(label) for label in labels]
    assert places == sorted(places)
    titles = ["Diagnostic — Que dit « diagnostic »", "Questionnaire —", "Bancal —", "Bilan —", "Plan —", "Suivi —"]
    found = [said.index(words(title)) for title in titles]
    assert found == sorted(found)
    assert "Outil" not in said and "Brouillon" not in said


def test_the_index_says_how_to_get_what_is_missing_and_why_a_document_failed(out):
    said = text_of(out[0], "reg-06")
    asked = (
        "Pas encore fait. Il faut : les réponses des collectivités. Pour l'avoir : copkit run reg-06 --all -p reponses="
    )
    assert words(asked) in said
    assert "Le dernier calcul a échoué" in said and "AssertionError" in said and "pas de chiffres ici" in said
    assert words("Diagnostic partagé des actions faites et en cours 1 sur 2 Questionnaire") in said
    assert "0 sur 5" not in said  # Mayotte has no département but itself


def test_a_region_says_which_of_its_departements_have_their_documents(kit, out, tmp_path):
    runs = json.loads((out[0] / "manifest.json").read_text(encoding="utf-8"))["runs"]
    page = book.render(
        "reg-32", [*runs, runs[0] | {"territory": "reg-32", "level": "region", "name": "Hauts-de-France"}]
    )
    assert '<a href="../dep-59/diagnostic.html">Nord</a>' in page and "1 sur 5" in page
    assert "<code>copkit run dep-02 dep-60 dep-62 dep-80</code>" in page


def test_invented_examples_are_made_when_they_are_asked_for_and_marked_wherever_they_are(out):
    out, _ = out
    runs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["runs"]
    assert {run["notebook"] for run in runs if run["invented"]} == {"questionnaire"}
    made = {path.stem: path.read_text(encoding="utf-8") for path in (out / "reg-04").glob("*.html")}
    mark = '<p class="invented"><strong>Contient des exemples inventés</strong></p>'
    assert {stem for stem, page in made.items() if mark in page} == {"questionnaire", "index"}
    assert "<title>Questionnaire — La Réunion (contient des exemples inventés)</title>" in made["questionnaire"]
    assert words("« Questionnaire » contient des exemples inventés, marqués comme tels") in text_of(out, "reg-04")
    assert re.search(r"Questionnaire</a></strong> — <strong>Exemples inventés\.</strong>", made["index"])
    assert "inventé" not in made["diagnostic"] and "inventé" not in text_of(out, "reg-06")


def test_each_page_of_an_invented_paper_says_so(out):

    pages = [page.extract_text() for page in pypdf.PdfReader(out[0] / "reg-04" / "questionnaire.pdf").pages]
    assert pages and all("contient des exemples inventés" in page for page in pages)
    bare = [page.extract_text() for page in pypdf.PdfReader(out[0] / "reg-04" / "suite.pdf").pages]
    assert "inventé" not in "".join(bare)


def test_documents_lead_to_their_book_and_the_book_to_all(out):
    out, _ = out
    page = (out / "reg-04" / "diagnostic.html").read_text(encoding="utf-8")
    assert '<a href="index.html">Tous les documents du territoire</a>' in page and '<a href="../index.html">' in page
    assert '<a href="../index.html">' in (out / "reg-04" / "index.html").read_text(encoding="utf-8")
    front = (out / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'href="([\w-]+)/index.html"', front)) == {"reg-06", "reg-04", "dep-59"}
    row = front[front.index('data-code="reg-04"') :].split("</tr>")[0]
    assert re.findall(r'href="reg-04/(\w+).html"', row) == [
        "diagnostic",
        "index",
        "diagnostic",
    ]  # the rest is in the book
    assert "échec, voir la raison" in front[front.index('data-code="reg-06"') :].split("</tr>")[0]
    for target in re.findall(r'href="([^"#.][^"#]*)"', (out / "reg-04" / "index.html").read_text(encoding="utf-8")):
        assert (out / "reg-04" / target).exists(), target


def test_a_parameter_goes_to_the_notebooks_that_declare_it_as_what_each_takes(kit):
    given = {"reponses": "r.csv", "publique": "oui", "seuil": "0,7"}
    made, missing = book.tasks(["reg-06"], None, given)
    assert missing == []
    asked = {task.stem: {k: v for k, v in task.parameters.items() if k != "territoire"} for task in made}
    assert asked["questionnaire"] == {"reponses": "r.csv", "publique": True}
    assert asked["bilan"] == {"reponses": "r.csv", "seuil": 0.7}
    assert asked["diagnostic"] == {} and asked["suite"] == {"classeur": "suite.xlsx"}


def test_a_later_run_of_one_notebook_brings_the_index_up_to_date(out, tmp_path):
    again = shutil.copytree(out[0], tmp_path / "sorties")
    file = tmp_path / "retours.csv"
    file.write_text("a")
    ck.run("questionnaire", ["dep-59"], out=again, jobs=1, parameters={"reponses": str(file)})
    said = text_of(again, "dep-59")
    assert "Fait avec reponses : retours.csv" in said
    assert "pas encore fait" not in said.lower() and str(tmp_path) not in said


def test_a_book_that_is_whole_is_not_made_again(kit, out, tmp_path):
    again = shutil.copytree(out[0], tmp_path / "sorties")
    report = ck.run(codes=["dep-59"], whole=True, out=again, jobs=2, resume=True)
    assert report.resumed == len(report.results) == 4
    page = (again / "dep-59" / "index.html").read_text(encoding="utf-8")
    assert page == (out[0] / "dep-59" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"notebook": "diagnostic"}, RunError, ["Donner un carnet (notebook) ou tout le livre, pas les deux."]),
        ({"whole": False, "examples": True}, RunError, ["pour tout le livre : whole=True, examples=True."]),
        (
            {"parameters": {"reponse": "x"}},
            RunError,
            ["Aucun carnet du livre n'a de paramètre « reponse »", "Vouliez-vous dire « reponses »", "seuil"],
        ),
        ({"parameters": {"publique": "peut-être"}}, RunError, ["Paramètre « publique »", "oui ou non attendu"]),
        ({"parameters": {"territoire": "dep-02"}}, RunError, ["vaut « dep-02 », et le carnet est demandé pour dep-59"]),
        ({"codes": ["59"]}, TerritoryError, ["Écrire « dep-59 »"]),
        (
            {"codes": ["epci-200066926"]},
            RunError,
            ["Le livre d'une COP n'est pas fait pour les EPCI. Niveaux : france"],
        ),
    ],
)
def test_what_is_no_book_is_refused_before_anything_is_written(kit, tmp_path, says, call, error, words):
    with pytest.raises(error) as refused:
        ck.run(**{"codes": ["dep-59"], "whole": True, "out": tmp_path / "sorties", **call})
    says(refused.value, *words)
    assert not (tmp_path / "sorties").exists()


def test_a_workbook_is_of_one_document(kit):
    with pytest.raises(RunError, match=r"« classeur » ne peut pas valoir « tout.xlsx » pour tout un livre"):
        book.tasks(["reg-32"], None, {"classeur": "tout.xlsx"})
    made, _ = book.tasks(["reg-32"], None, {"classeur": ""})
    assert {task.parameters.get("classeur", "") for task in made} == {""}


def test_the_terminal_says_what_is_missing_and_how_to_give_it(kit, tmp_path):
    done = copkit("run", "reg-06", "--all", "--out", str(tmp_path / "sorties"), "--jobs", "2")
    assert done.returncode == 1, done.stderr  # one of its documents fails
    index = tmp_path / "sorties" / "reg-06" / "index.html"
    assert f"4 documents dans {tmp_path / 'sorties'} ; à ouvrir : {index}" in " ".join(done.stdout.split())
    assert "• Questionnaire : -p reponses=FICHIER" in done.stdout and "--exemple" in done.stdout
    assert "• reg-06, bancal : cellule" in done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_says_its_step_and_the_files_that_it_stands_on(path):
    one = plan.Notebook.read(path)
    assert one.step in STEPS or not nbformat.read(path, 4).metadata.copkit.get("livre", True)
    assert one.question, "what it answers, under its title"
    cell = next(c for c in nbformat.read(path, 4).cells if "parameters" in c.metadata.get("tags", []))
    comments = [t.line for t in tokenize.generate_tokens(StringIO(cell.source).readline) if t.type == tokenize.COMMENT]
    examples = {line.partition(":")[0].strip() for line in comments if re.search("exemples? inventés?", line)}
    assert examples <= set(one.needs) <= set(one.declared), "metadata copkit.besoins: parameter, the file to give"


@pytest.mark.skipif(not LONG, reason="the whole chain of the kit on invented examples: make long")
def test_the_book_of_hauts_de_france_is_whole_and_says_what_is_invented(tmp_path):
    report = ck.run(codes=["reg-32"], whole=True, examples=True, out=tmp_path, pdf=True)
    assert report.failures == [] == report.missing
    asked = {one.stem: bool(one.needs) for one in book.chapters()}
    assert {r.notebook: r.invented for r in report.results} == asked  # what needs files, and nothing else
    for stem, invented in asked.items():
        pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "reg-32" / f"{stem}.pdf").pages]
        assert all("contient des exemples inventés" in page for page in pages) is invented
    said = text_of(tmp_path, "reg-32")
    assert "Pas encore fait." not in said and "échoué" not in said
