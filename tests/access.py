"""What a machine can say of the access to a page: axe, and what axe does not look at.

    make access          (Chromium; docs/accessibilite.md is written again, and any fault ends it by 1)

``faults(page)`` is what each test of a page calls; the command does the same for every document of the kit, and
counts, by criterion of the RGAA, the pages where it was checked. axe names the tests of the RGAA that its rules serve.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from .browser.conftest import CHROMIUM

PAGE = Path(__file__).parents[1] / "docs" / "accessibilite.md"
MARKS = ("<!-- tableau : make access -->\n", "<!-- fin du tableau -->\n")
NARROW, ZOOM = (320, 256), (640, 360)  # what a window of 1 280 × 720 has left at 400 and at 200 % [px]
# Text spaced as a reader may set it: lines 1.5, letters 0.12, words 0.16, paragraphs 2 times the size.
SPACED = """:root *:not(svg *) { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important } p { margin-bottom: 2em !important }"""

SPACE = """text => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text);
    document.adoptedStyleSheets = [sheet] }"""  # an element of style would be refused by the policy of the page
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter(one => one.checkVisibility()).map(one => [Number(one.tagName[1]), one.textContent.trim()])"""
CHARTS = """() => [...document.querySelectorAll('[role=img]:not([aria-hidden=true] *), svg[role=graphics-document]')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height > 60)
    .map(one => one.getAttribute('aria-label') || document.getElementById(one.getAttribute('aria-labelledby'))
        ?.textContent || '')"""
UNTOLD = """() => [...document.querySelectorAll('figure')].filter(one => {
        if (!one.checkVisibility() || !one.querySelector('[role=img]')) return false;
        const part = [one];  // all that stands between the two headings
        for (const way of ['nextElementSibling', 'previousElementSibling'])
            for (let it = one[way]; it && !/^H[12]$/.test(it.tagName); it = it[way]) part.push(it);
        return !(one.querySelector('ul, ol, dl') || part.some(it => it.matches('table') || it.querySelector('table')));
    }).map(one => one.textContent.trim().slice(0, 60))"""
OUTSIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOVING = "() => document.getAnimations().filter(one => one.playState === 'running').length"
FOCUS = """() => { const one = document.activeElement, look = getComputedStyle(one);
    return one === document.body || one.checkVisibility() &&
        (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0 || look.boxShadow !== 'none') }"""
BARE = """() => [...document.querySelectorAll(
        'input:not([type=radio], [type=checkbox], [type=range]), select, textarea')]
    .filter(one => one.checkVisibility() && !parseFloat(getComputedStyle(one).borderBottomWidth))
    .map(one => one.outerHTML.slice(0, 90))"""  # where colours are those of the reader, a field is its border
KIND = "() => ['role', 'class'].map(name => document.activeElement.getAttribute(name)).join()"
# Of the rows, the list items and the links of a drawing that have the same elements, classes and styles, two are left:
# axe takes a minute to look at a thousand times the same.
ALIKE = """() => {
    const of = one => [one.tagName, one.getAttribute('class'), one.getAttribute('style'), one.getAttribute('role'),
        one.getAttribute('fill')];
    for (const parent of new Set([...document.querySelectorAll('tr, li, svg *')].map(one => one.parentNode))) {
        const seen = {};
        for (const one of [...parent.children].filter(one => one.matches('tr, li, svg *'))) {
            const kind = [one, ...one.querySelectorAll('*')].map(of).join();
            seen[kind] = (seen[kind] || 0) + 1;
            if (seen[kind] > 2) one.remove();
        }
    }
}"""
KEYS = 30  # presses of Tab that each page is tried with

# Our own checks, and the criteria of the RGAA that they serve; axe says its own.
OURS = {
    "langue": ("8.3", "la page est en français, et le dit"),
    "titre": ("8.5", "la page a un titre"),
    "titres": ("9.1", "un seul titre de premier niveau, aucun niveau sauté"),
    "graphiques": ("1.1", "chaque graphique a une alternative textuelle"),
    "tables": ("1.6", "chaque graphique a ses chiffres en table ou en liste"),
    "zoom": ("10.4", "à 200 %, rien ne dépasse de la largeur"),
    "étroit": ("10.11", "à 320 px de large, rien ne dépasse"),
    "espacement": ("10.12", "texte espacé : rien ne dépasse"),
    "focus": ("10.7", "ce que la touche Tab atteint est visible et entouré"),
    "champs": ("", "couleurs du lecteur (contraste élevé) : chaque champ garde son bord"),
    "mouvement": ("13.8", "aucun mouvement quand le lecteur n'en veut pas"),
}
TITLES = {
    "1.1": "Alternative textuelle des images",
    "1.6": "Description détaillée des images",
    "2.1": "Titre des cadres",
    "2.2": "Pertinence du titre des cadres",
    "3.2": "Contraste du texte",
    "4.3": "Sous-titres des médias",
    "4.10": "Son déclenché automatiquement",
    "5.2": "Résumé des tableaux complexes",
    "5.4": "Titre des tableaux de données",
    "5.7": "En-têtes des tableaux de données",
    "6.1": "Liens explicites",
    "6.2": "Intitulé des liens",
    "7.1": "Scripts et technologies d'assistance",
    "7.3": "Scripts au clavier",
    "8.2": "Code source valide",
    "8.3": "Langue par défaut",
    "8.4": "Code de langue",
    "8.5": "Titre de page",
    "8.8": "Changements de langue",
    "9.1": "Titres",
    "9.2": "Structure du document",
    "9.3": "Listes",
    "10.4": "Texte agrandi à 200 %",
    "10.6": "Liens visibles dans le texte",
    "10.7": "Prise de focus visible",
    "10.8": "Contenus cachés",
    "10.11": "Contenus à 320 px de large",
    "10.12": "Espacement du texte",
    "11.1": "Étiquette des champs",
    "11.2": "Pertinence des étiquettes",
    "11.9": "Intitulé des boutons",
    "11.13": "Finalité des champs",
    "12.7": "Lien d'accès au contenu",
    "12.8": "Ordre de tabulation",
    "13.1": "Limites de temps",
    "13.8": "Contenus en mouvement",
    "13.9": "Orientation de l'écran",
}


def faults(page) -> list[str]:
    """What is found on a page, in its own words; nothing when all is well. Rows all alike are left out of it."""
    found = told(ours(page))
    page.evaluate(ALIKE)
    return told(axe(page)[1]) + found


def told(found: dict[str, list[str]]) -> list[str]:
    return [f"{name} : {what}" for name, said in found.items() for what in said]


def axe(page) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What axe says: by criterion of the RGAA, « passes » or « incomplete »; by rule, what it blames."""
    said = Axe().run(page).response
    by = {}
    for kind in ("passes", "incomplete", "violations"):  # the worst is kept
        for rule in said[kind]:
            for tag in rule["tags"]:
                if named := re.fullmatch(r"RGAA-(\d+\.\d+)\.\d+", tag):
                    by[named[1]] = kind
    return by, {f"axe, {rule['id']}": [node["html"][:120] for node in rule["nodes"]] for rule in said["violations"]}


def ours(page) -> dict[str, list[str]]:
    """What axe does not look at, by check of ``OURS``; the page is left as it was found, at its first size."""
    found: dict[str, list[str]] = defaultdict(list)
    if not page.evaluate("document.documentElement.lang").startswith("fr"):
        found["langue"].append("non dite")
    if not page.title().strip():
        found["titre"].append("absent")
    levels = page.evaluate(HEADINGS)
    if [level for level, _ in levels].count(1) != 1:
        found["titres"].append(f"{[text for level, text in levels if level == 1]}")
    found["titres"] += [
        f"« {text} » au niveau {level} après le niveau {before}"
        for (before, _), (level, text) in pairwise(levels)
        if level > before + 1
    ]
    found["graphiques"] += ["un graphique sans alternative" for said in page.evaluate(CHARTS) if not said.strip()]
    found["tables"] += page.evaluate(UNTOLD)
    size = page.viewport_size
    for name, (width, height) in (("étroit", NARROW), ("zoom", ZOOM)):
        page.set_viewport_size({"width": width, "height": height})
        if (over := page.evaluate(OUTSIDE)) > 0:
            found[name].append(f"{over} px de trop à {width} px")
    page.set_viewport_size(size)
    page.evaluate(SPACE, SPACED)
    if (over := page.evaluate(OUTSIDE)) > 0:
        found["espacement"].append(f"{over} px de trop")
    page.evaluate("() => { document.adoptedStyleSheets = [] }")
    page.emulate_media(reduced_motion="reduce")
    if moving := page.evaluate(MOVING):
        found["mouvement"].append(f"{moving} animations")
    page.emulate_media(reduced_motion="no-preference", forced_colors="active")
    found["champs"] += page.evaluate(BARE)
    page.emulate_media(forced_colors="none")
    looked = set()
    for _ in range(KEYS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS) or (kind := page.evaluate(KIND)) in looked:
            continue
        looked.add(kind)
        shown = page.screenshot()  # drawn another way than by its own outline: what changes when it is left?
        what = page.evaluate("() => document.activeElement.outerHTML.slice(0, 90)")
        page.evaluate("() => document.activeElement.blur()")
        if page.screenshot() == shown:
            found["focus"].append(what)
    return {name: said for name, said in found.items() if said}


def documents(folder: Path) -> list[Path]:
    """Every kind of page that the kit makes: a région's whole book, territories of each level, the simulator."""
    for said in (
        ["run", "reg-32", "--all", "--exemple", "--out", folder / "livre"],
        ["run", "dep-59", "dep-75", "reg-04", "reg-06", "epci-200093201", "--out", folder / "territoires"],
        ["simulator", "--static", "dep-59", "--out", folder / "simulateur.html"],
    ):
        subprocess.run([sys.executable, "-m", "copkit", *map(str, said)], check=True, capture_output=True)
    return sorted(folder.rglob("*.html"))


def table(pages: list[tuple[str, dict[str, str], dict[str, list[str]]]]) -> str:
    """One row a criterion: on how many pages it was checked, by what, and what is left to be looked at by a person."""
    by: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, said, found in pages:
        for criterion, kind in said.items():
            by[criterion]["axe"].add(name)
            by[criterion][kind].add(name)
        for check, (criterion, _) in OURS.items():
            by[criterion][check].add(name)
            if check in found:
                by[criterion]["violations"].add(name)
    head = ["critère", "ce qu'il regarde", "vérifié par", "pages", "en défaut", "à regarder"]
    rows = [f"| {' | '.join(head)} |", "|---|---|---|---:|---:|---:|"]
    for criterion in sorted(filter(None, by), key=lambda one: [*map(int, one.split("."))]):
        counts = by[criterion]
        how = ["axe"] * bool(counts["axe"]) + [what for served, what in OURS.values() if served == criterion]
        seen = set().union(*(counts[name] for name in ("axe", *OURS)))
        numbers = [len(seen), len(counts["violations"]), len(counts["incomplete"])]
        rows.append(f"| {criterion} | {TITLES[criterion]} | {' ; '.join(how)} | {' | '.join(map(str, numbers))} |")
    never = [f"{one} ({TITLES[one].lower()})" for one in TITLES if one not in by]
    return "\n".join([*rows, "", f"Sans objet sur ces pages, d'après axe : {', '.join(never)}.", ""])


def main() -> int:
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        read, faulty = [], 0
        for path in documents(Path(folder)):
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(path.as_uri())
            said, blamed = axe(page)
            found = ours(page)
            for fault in told(blamed) + told(found):
                print(f"{path.relative_to(folder)} : {fault}")
                faulty += 1
            read.append((str(path), said, found))
            page.close()
        browser.close()
    before, _, after = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    count = f"{len(read)} pages, axe {re.search('axe v([.0-9]+)', Axe().axe_script)[1]}.\n\n"
    made = f"{before}{MARKS[0]}{count}{table(read)}{MARKS[1]}{after.partition(MARKS[1])[2]}"
    PAGE.write_text(made, encoding="utf-8")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
