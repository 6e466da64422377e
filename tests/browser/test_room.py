"""A live session whole: sixty people over HTTP and three browsers, the server killed in the middle."""

import asyncio
import json
import os
import random
import re
import signal
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from pypdf import PdfReader
from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

import copkit as ck
from copkit.models.limits import limits

from .. import terminal
from ..processes import wait_until
from .conftest import HANG

PEOPLE, EACH = 60, 5
FLEET, HEDGES = "vehicules_electriques", "haies"
ROLES = ["", "elu", "etat", "habitant"]
LOST = "net::ERR_"  # what a browser itself says of a server that is down


class Session:
    """« copkit simulator --session » in its own process."""

    def __init__(self, path, port=0):
        words = ["simulator", "--session", "--territoire", "dep-59", "--out", path, "--port", port, "--no-browser"]
        said = path.with_name("dit.txt")
        said.write_text("")
        self.process = terminal.start(map(str, words), said, path.with_name("erreurs.txt"), dict(os.environ))
        wait_until(lambda: self.process.exitcode is not None or said.read_text().count("\n") >= 5)
        self.link = re.search(r"Lien de la salle : (\S+)", said.read_text())[1]
        self.host_link = re.search(r"Lien de l'animation .*: (\S+)", said.read_text())[1]
        self.base, self.code = self.link.rsplit("/", 1)
        self.port = int(self.base.rsplit(":", 1)[1])

    def end(self, how):
        terminal.send(self.process, how)
        self.process.join(100)


class Crowd(threading.Thread):
    """Sixty people, each with a connection of their own. One of them kills the server when half has been received."""

    def __init__(self, session, asked):
        super().__init__(daemon=True)
        self.session, self.asked, self.received, self.told, self.keys = session, asked, [], [], []
        self.killed, self.down = threading.Event(), False

    def run(self):
        asyncio.run(self._all())

    def go_on(self):
        """Once the server is back."""
        self.down = False
        self.loop.call_soon_threadsafe(self.back.set)

    async def _all(self):
        self.loop, self.back = asyncio.get_running_loop(), asyncio.Event()
        self.back.set()
        self.client = SimpleAsyncHTTPClient(force_instance=True, max_clients=PEOPLE)
        entered = await asyncio.gather(*(self._ask("entree", "POST", {"role": role}) for role, _ in self.asked))
        self.keys = [json.loads(one)["key"] for one in entered]
        pairs = zip(self.keys, self.asked, strict=True)
        await asyncio.gather(*(self._propose(key, wanted) for key, (_, wanted) in pairs))
        self.client.close()

    async def _propose(self, key, wanted):
        for one in wanted:
            self.told.append(await self._ask("proposition", "PUT", one, key))
            self.received.append(one)
            if len(self.received) == PEOPLE * EACH // 2:
                self.down = True
                terminal.send(self.session.process, signal.SIGKILL)
                self.killed.set()
        self.told.append(await self._ask("etat", key=key))

    async def _ask(self, path, method="GET", body=None, key=""):
        said = {"Content-Type": "application/json", "Accept": "application/json", "X-Copkit-Key": key}
        about = {"method": method, "headers": said, "body": body and json.dumps(body)}
        address = f"{self.session.base}/api/{self.session.code}/{path}"
        while True:
            await self.back.wait()
            try:
                got = await self.client.fetch(address, connect_timeout=100, request_timeout=100, **about)
                return got.body.decode()
            except (OSError, HTTPClientError) as error:  # no answer: the same again, once the server is back
                assert self.down or isinstance(error, OSError) or error.code == 599, error
                if self.down:
                    self.back.clear()


@pytest.fixture
def visitors(chromium):
    """Three who share nothing: the host's screen, two telephones."""
    sizes = [(1280, 720), (390, 844), (390, 844)]
    contexts = [chromium.new_context(viewport={"width": width, "height": height}) for width, height in sizes]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.set_default_timeout(HANG)
        page.said = []
        page.on("console", lambda message, page=page: page.said.append(message.text))
        page.on("pageerror", lambda error, page=page: page.said.append(str(error)))
    yield pages
    for context in contexts:
        context.close()


def quartile(values, part):
    """By hand: in a straight line between the two values around its place."""
    values, place = sorted(values), (len(values) - 1) * part
    low, high = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    return low + (place - int(place)) * (high - low)


def wanted(known):
    """What sixty people ask: five levers each, in one unit or the other, within what the levers accept."""
    draw, levers = random.Random(7), [one for one in known.values() if not one.closed and one.target > 0]
    people = []
    for n in range(PEOPLE):
        asks = []
        for limit in draw.sample(levers, EACH):
            kt = min(limit.kt_max, limit.target * draw.choice([0.2, 0.6, 0.9, 1, 1, 1.1, 1.4]))
            physical = limit.translated and draw.random() < 0.5
            said = (limit.quantity_of(kt), "quantity") if physical else (kt, "ktco2e")
            asks.append({"lever": limit.lever, "value": said[0], "unit": said[1]})
        people.append((ROLES[n % len(ROLES)], asks))
    return people


def propose(page, name, value):
    """With the keyboard alone: search, choose, type, send."""
    page.get_by_label("Chercher un levier").fill(name)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # from the name of the lever to its first field
    page.keyboard.press("Control+A")
    page.keyboard.type(value)
    page.get_by_role("button", name="Envoyer ma proposition").press("Enter")


def findings(page):
    """What axe has to say, and whether the page is wider than its screen."""
    before = list(page.said)
    found = [one["id"] for one in Axe().run(page).response["violations"]]
    page.said[:] = before  # axe's own styles and requests are not the page's
    return found + ["trop large"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_sixty_people_three_browsers_and_a_killed_server(visitors, tmp_path, says):
    host, first, second = visitors
    panorama = ck.panorama("dep-59")
    known, path = limits(panorama), tmp_path / "seance.sqlite"
    session = Session(path)
    try:
        host.goto(session.host_link)
        expect(host.get_by_role("img", name="QR code")).to_be_visible()
        assert host.url == f"{session.base}/animation"  # what a projected screen shows holds no key
        for page in (first, second):
            page.goto(session.link)
            page.get_by_role("button", name="Entrer dans la séance").click()
            expect(page.get_by_label("Chercher un levier")).to_be_visible()
        propose(first, "vehicules elec", "99999")
        says(first.locator("#refus").inner_text(), "pas plus de voitures électriques que de voitures dans le parc")
        assert findings(first) == []
        first.get_by_label("Voitures électriques").fill("150")
        first.get_by_role("button", name="Envoyer").click()
        expect(first.locator("main > [role=status]")).to_have_text("Proposition reçue : Véhicules électriques.")

        crowd = Crowd(session, wanted(known))
        crowd.start()
        assert crowd.killed.wait(HANG / 1000)
        session.end(signal.SIGKILL)
        propose(second, "haies", "0,5")
        expect(second.locator("main > [role=status]")).to_contain_text("La proposition attend")
        session = Session(path, session.port)
        crowd.session = session
        crowd.go_on()
        crowd.join()
        expect(second.locator("main > [role=status]")).to_have_text("Proposition reçue : Gestion des haies.")

        expect(host.locator(".head")).to_contain_text("62 personnes entrées, 62 ont proposé")
        assert host.locator(".results").count() == 0  # nobody sees the others before the end of the round
        assert "median" not in "".join(crowd.told)
        host.get_by_role("button", name="Clore le tour 1").click()
        host.get_by_role("heading", name="Scénario médian du tour 1").wait_for()

        values = {FLEET: [known[FLEET].kt_of(150)], HEDGES: [known[HEDGES].kt_of(0.5)]}
        for one in crowd.received:
            kt = known[one["lever"]].kt_of(one["value"]) if one["unit"] == "quantity" else one["value"]
            values.setdefault(one["lever"], []).append(kt)
        assert len(crowd.received) == PEOPLE * EACH
        key = session.host_link.split("#")[1]
        whole = host.request.get(f"{session.base}/api/animation/etat", headers={"X-Copkit-Key": key}).json()
        for one in whole["results"]:
            by_hand = [quartile(values[one["lever"]], part) for part in (0.25, 0.5, 0.75)]
            assert [one["low"], one["median"], one["high"]] == pytest.approx(by_hand, rel=1e-12), one["lever"]
            assert one["values"] == pytest.approx(sorted(values[one["lever"]]), rel=1e-12)
        assert {one["lever"] for one in whole["results"]} == {*values}
        medians = {lever: quartile(found, 0.5) for lever, found in values.items()}
        total = sum(medians.get(lever, one.target) for lever, one in known.items() if lever != "puits_forestiers")
        assert whole["totals"]["hors forêt"]["proposed"] == pytest.approx(total, rel=1e-12)
        shown = host.locator(".sums dd").nth(1).inner_text()
        assert int(re.sub(r"\D", "", shown.split("ktCO")[0])) == round(total)
        apart = {lever: quartile(found, 0.75) - quartile(found, 0.25) for lever, found in values.items()}
        order = [known[lever].label for lever in sorted(apart, key=lambda lever: -apart[lever])]
        assert host.locator(".results h3").all_inner_texts()[:8] == order[:8]

        expect(first.locator(".results .mine")).to_have_count(1)
        assert findings(first) == []
        host.get_by_role("button", name="Retenir un scénario").click()
        host.get_by_label("Véhicules électriques", exact=True).select_option("reference")
        host.get_by_label("Motif de la décision").fill("Médiane de la salle, le parc à sa référence")
        assert findings(host) == []
        host.get_by_role("button", name="Retenir ce scénario").click()
        expect(second.get_by_role("heading", name="Scénario retenu")).to_be_visible()
        taken = {}
        for name in ("Scénario (JSON)", "Compte rendu (PDF)"):
            with host.expect_download() as download:
                host.get_by_role("button", name=name).click()
            taken[name] = Path(download.value.path())
        s = ck.from_json(taken["Scénario (JSON)"].read_text(encoding="utf-8"))
        kept = medians | {FLEET: float(panorama.target.sel(lever=FLEET))}
        assert {lever: float(s.proposed.sel(lever=lever)) for lever in kept} == pytest.approx(kept, rel=1e-12)
        minutes = "\n".join(one.extract_text() for one in PdfReader(taken["Compte rendu (PDF)"]).pages)
        says(minutes, "62 personnes sont entrées", "Médiane de la salle, le parc à sa référence", "Élu ou élue")

        host.get_by_role("button", name="Ouvrir le tour 2").click()
        expect(first.get_by_text("Vos propositions du tour précédent sont reprises")).to_be_visible()
        expect(first.locator(".own")).to_contain_text("soit 150 milliers de véhicules (du tour précédent)")

        secrets = {*crowd.keys, *(sha256(one.encode()).hexdigest() for one in crowd.keys), key}
        given = "\n".join(
            [*crowd.told, json.dumps(whole), minutes, taken["Scénario (JSON)"].read_text(encoding="utf-8")]
        )
        assert not any(one in given for one in secrets)
        assert not any(label in "".join(crowd.told) for label in ("Élu ou élue", "role"))
        assert [text for page in visitors for text in page.said if LOST not in text] == []
    finally:
        session.end(signal.SIGTERM)
    assert sorted(one.name for one in tmp_path.glob("seance*")) == ["seance.sqlite"]  # nothing beside the file
