"""The room of a live session: spreads, rounds, decisions, what is refused, and that nobody is named."""

import json
import re
import stat
from contextlib import closing, contextmanager
from urllib.request import Request

import pytest
import segno

import copkit as ck
from copkit.commands.simulator import simulator
from copkit.errors import RunError, SimulationError, TerritoryError
from copkit.models.scenario import Entry
from copkit.models.spread import by_disagreement, spread
from copkit.presentation import minutes
from copkit.presentation.writers import paper
from copkit.simulator import exports, gate, room_server
from copkit.simulator.room import MOST_PEOPLE, Room

from .serving import Threaded, answer, routes

FLEET, HEDGES, SHARING = "vehicules_electriques", "haies", "covoiturage"
REASON = "**Parc** réaliste <b>selon</b> la salle"  # what is typed is shown as it is typed


@pytest.fixture
def room(tmp_path):
    with closing(Room.make(tmp_path / "seance.sqlite", "dep-59")) as made:
        yield made


def enter(room, role=""):
    return room.person(room.enter(role))


# ---- The spread of a lever


@pytest.mark.cases("seance", "repartition")
def test_spread_is_what_a_hand_computes(case):
    found = spread(case["valeurs"], case["reference"])
    assert [found.low, found.median, found.high] == pytest.approx(case["quartiles"], rel=1e-12)
    assert [found.below, found.at, found.above] == case["sous_a_dessus"]
    assert list(found.values) == sorted(case["valeurs"])


def test_levers_come_from_the_most_disputed():
    spreads = {"a": spread([1, 1], 1), "b": spread([0, 10], 5), "c": spread([1, 1, 1], 1), "d": spread([0, 4], 2)}
    assert list(by_disagreement(spreads)) == ["b", "d", "c", "a"]


# ---- Rounds and proposals


def test_a_proposal_takes_the_place_of_the_one_before_and_can_be_taken_back(room):
    one, other = enter(room), enter(room)
    room.propose(one, HEDGES, 10, "ktco2e")
    room.propose(one, HEDGES, 12, "ktco2e")
    room.propose(other, HEDGES, 20, "ktco2e")
    assert room.spreads(1)[HEDGES].values == (12, 20) and room.speakers(1) == 2
    room.propose(other, HEDGES, None, "ktco2e")
    assert room.spreads(1)[HEDGES].values == (12,) and room.own(other) == {}


def test_quantities_and_kt_are_spread_together(room):
    limit = room.limits[FLEET]
    room.propose(enter(room), FLEET, 200, "quantity")
    room.propose(enter(room), FLEET, 300, "ktco2e")
    assert room.spreads(1)[FLEET].values == tuple(sorted([limit.kt_of(200), 300.0]))


@pytest.mark.cases("seance", "borne")
def test_bounds_of_a_lever_are_those_of_the_kit(tmp_path, case, says):
    room = Room.make(tmp_path / "seance.sqlite", "reg-32")  # its figures are published: no key moves them
    with closing(room):
        _try_bound(room, case, says)


def _try_bound(room, case, says):
    person, what = enter(room), (case["levier"], case["valeur"], case["unite"])
    if "refus" not in case:
        room.propose(person, *what)
        assert room.own(person)[case["levier"]]["value"] == case["valeur"]
        return
    with pytest.raises(SimulationError) as refused:
        room.propose(person, *what)
    says(refused.value, case["refus"])
    assert room.own(person) == {}


def test_a_second_round_begins_where_the_first_ended(room):
    stays, moves = enter(room), enter(room)
    room.propose(stays, HEDGES, 10, "ktco2e")
    room.propose(moves, HEDGES, 30, "ktco2e")
    with pytest.raises(SimulationError, match="Le tour 1 est encore ouvert"):
        room.open_round()
    room.close_round()
    with pytest.raises(SimulationError, match="Le tour 1 est déjà clos"):
        room.close_round()
    with pytest.raises(SimulationError, match="Le tour 1 est clos : la proposition n'est pas prise"):
        room.propose(moves, HEDGES, 20, "ktco2e")
    room.open_round()
    room.propose(moves, HEDGES, 20, "ktco2e")
    assert room.own(stays) == {HEDGES: {"value": 10, "unit": "ktco2e", "carried": True}}
    assert room.own(moves)[HEDGES]["carried"] is False
    assert room.spreads(1)[HEDGES].values == (10, 30)  # a closed round moves no more
    assert room.spreads(2)[HEDGES].values == (10, 20)


# ---- What is kept, and what leaves


@pytest.fixture
def decided(room):
    """Three people, a closed round, a scenario with a median, a value of the room, and a reference."""
    for role, kt in (("elu", 10), ("elu", 14), ("", 40)):
        person = enter(room, role)
        room.propose(person, HEDGES, kt, "ktco2e")
        room.propose(person, SHARING, 100, "ktco2e")
        room.propose(person, FLEET, 150, "quantity")
    with pytest.raises(SimulationError, match="Le clore avant de retenir"):
        room.decide({HEDGES: None}, "")
    room.close_round()
    room.decide({HEDGES: None, FLEET: Entry(160, "quantity")}, REASON)
    return room


def test_the_kit_reads_the_scenario_that_was_kept(decided):
    s = ck.from_json(decided.scenario())
    hand = ck.simulate(ck.panorama("dep-59"), {HEDGES: 14.0})
    assert float(s.proposed.sel(lever=HEDGES)) == 14.0
    assert float(s.proposed_quantity.sel(lever=FLEET)) == 160
    assert float(s.proposed.sel(lever=SHARING)) == float(s.target.sel(lever=SHARING))
    lacks = float(s.target.sel(lever=FLEET) - s.proposed.sel(lever=FLEET)) + float(ck.shortfall(hand).deficit.iloc[1])
    assert float(ck.shortfall(s).deficit.iloc[1]) == pytest.approx(lacks, rel=1e-9)
    assert str(s.justification.sel(lever=FLEET).values) == REASON
    assert re.search(r"tour 1 : médiane, 3 propositions$", str(s.justification_source.sel(lever=HEDGES).values))
    assert "valeur retenue par la salle" in str(s.justification_source.sel(lever=FLEET).values)
    state, notes = exports.import_json(decided.scenario())  # and so does the page of the simulator
    assert ({*state.levers}, notes) == ({HEDGES, FLEET}, [])


def test_a_decision_is_followed_by_another_and_never_erased(decided):
    first = decided.decision()
    decided.decide({}, "Retour à la référence")
    assert decided.decision().number == first.number + 1 and decided.decision().entries == {}
    assert decided._one("select count(*) from decisions") == (2,)
    assert json.loads(decided.scenario())["targets"] == {}


def test_a_decision_says_all_that_it_cannot_keep(decided, says):
    with pytest.raises(SimulationError) as refused:
        decided.decide({"prairies": None, FLEET: Entry(1e6, "quantity"), "vignes": None}, "")
    says(
        refused.value,
        "prairies : aucune proposition, donc pas de médiane",
        "au-delà de la borne",
        "inconnu : « vignes »",
    )


def test_no_scenario_leaves_before_one_is_kept(room):
    with pytest.raises(SimulationError, match="Aucun scénario n'est retenu"):
        room.scenario()


def test_minutes_say_roles_rounds_and_decision(decided):
    decided.open_round()
    said = json.dumps(paper.read(minutes.document(decided.minutes())), ensure_ascii=False, default=str)
    for words in (REASON, "Élu ou élue", "Sans rôle indiqué", "à l’issue du tour 1", "Tour 2",
                  "9 propositions de 3 personnes sur 3 leviers", "9 propositions viennent du tour précédent",
                  "Les avis s’écartent le plus sur : Gestion des haies", "encore ouvert"):  # fmt: skip
        assert words in said.replace("\u00a0", " "), words


def test_minutes_of_an_empty_room(room):
    said = json.dumps(paper.read(minutes.document(room.minutes())), ensure_ascii=False, default=str)
    assert "Aucun scénario n’a été retenu" in said and "0 personne est entrée dans la séance" in said


# ---- The file


def test_the_file_is_its_owner_s_alone_and_keeps_no_key_of_a_participant(room):
    keys = [room.enter("elu") for _ in range(3)]
    assert stat.S_IMODE(room.path.stat().st_mode) == 0o600
    held = b"".join(one.read_bytes() for one in room.path.parent.iterdir())
    assert not any(key.encode() in held for key in keys)


def test_another_server_finds_everything(room):
    key = room.enter("elu")
    room.propose(room.person(key), HEDGES, 11, "ktco2e")
    with pytest.raises(RunError, match=r"séance déjà ouverte par un autre serveur. L'arrêter d'abord"):
        Room(room.path)
    room.close()
    with closing(Room(room.path)) as again:
        assert again.own(again.person(key))[HEDGES]["value"] == 11
        assert (again.code, again.host, again.roles()) == (room.code, room.host, {"elu": 1})


def test_a_full_room_and_an_unknown_role_are_said(room):
    with pytest.raises(SimulationError, match="Rôle inconnu : « maire »"):
        room.enter("maire")
    room._people |= {str(n) for n in range(MOST_PEOPLE)}
    with pytest.raises(SimulationError, match="La séance est complète : 300 personnes"):
        room.enter()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ("pragma user_version = 2", RunError, "séance d'une autre version de copkit (format 2)"),
        ("pragma application_id = 1", RunError, "ce fichier n'est pas une séance de copkit"),
        ("update room set version = 'sgpe-1900-01'", SimulationError, "version « sgpe-1900-01 » des données, inconnue"),
    ],
)
def test_another_file_is_refused(room, says, change, error, said):
    room._file.execute(change)
    room.close()
    with pytest.raises(error) as refused:
        Room(room.path)
    says(refused.value, str(room.path), said)


def test_what_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Relevé de décisions\n" * 200)
    with pytest.raises(RunError, match=r"notes.txt : ce fichier n'est pas une séance de copkit"):
        Room(path)
    with pytest.raises(RunError, match=r"illisible \(unable to open"):
        Room(tmp_path)
    assert path.read_text() == "Relevé de décisions\n" * 200


# ---- The command


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, RunError, "Séance sans territoire. Écrire par exemple : copkit simulator --session --territoire dep-59"),
        ({"territoire": "dep-5900"}, TerritoryError, "dep-5900"),
        ({"territoire": "reg-32", "out": "seance.sqlite"}, RunError, "séance sur dep-59, et non sur reg-32"),
        ({"out": "seance.sqlite", "host": "0.0.0.0"}, RunError, "Ajouter --public-url"),
        ({"out": "seance.sqlite", "public_url": "seance.fr"}, RunError, "n'est pas une adresse de page"),
        ({"territoire": "dep-59", "out": "nulle/part.sqlite"}, RunError, "écriture impossible"),
        ({"static": "dep-59"}, RunError, "--session et --static ne vont pas ensemble"),
        ({"demonstration": True}, RunError, "--demonstration va sans --session ni --static"),
        ({"session": False, "demonstration": True, "max_sessions": 3}, RunError, "--max-sessions borne le carnet"),
        (
            {"territoire": "dep-59", "out": "b.sqlite", "proxy": ["ici"]},
            RunError,
            "Écrire par exemple --proxy 10.0.0.0",
        ),
        ({"session": False, "public_url": "http://a.fr/"}, RunError, "--public-url va avec --session"),
    ],
)
def test_the_command_says_what_to_type(room, monkeypatch, says, options, error, said):
    monkeypatch.chdir(room.path.parent)
    room.close()
    if "out" in options:
        options = {**options, "out": room.path.parent / options["out"]}
    with pytest.raises(error) as refused:
        simulator(**{"session": True, "port": 0, "no_browser": True, **options})
    says(refused.value, said)


# ---- The server, over HTTP


class Served(Threaded):
    """A room served by a thread of this process."""

    def __init__(self, path):
        self.path = path
        super().__init__(self._room)

    @contextmanager
    def _room(self, root):
        self.base = f"{root}/salle/"
        with closing(Room.make(self.path, "dep-59")) as self.room:
            self.hall = room_server.Hall(self.room, self.base)
            self.code, self.host = self.room.code, self.room.host
            yield gate.Gate(room_server.application(self.hall, "/salle/"), room_server.LIMITS)

    def ask(self, path, method="GET", body=None, key="", **headers):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(self.base + path, data=data, method=method)
        said = {"Accept": "application/json", "Content-Type": "application/json", "X-Copkit-Key": key, **headers}
        for name, value in said.items():
            request.add_header(name.replace("_", "-"), value)
        return answer(request)

    def person(self):
        return json.loads(self.ask(f"api/{self.code}/entree", "POST", {"role": "elu"}).text)["key"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("salle") / "s.sqlite")
    yield running
    running.stop()


def said(got):
    """The sentence of a refusal, in French and alone."""
    (name, text), *others = json.loads(got.text).items()
    assert name == "message" and not others and "Traceback" not in text
    return text.replace("\u00a0", " ")


@pytest.mark.cases("seance", "message")
def test_a_malformed_message_gets_a_french_sentence(served, case):
    key = served.person()
    body = b" " * case["corps_long"] if "corps_long" in case else case["corps"].encode()
    got = served.ask(f"api/{served.code}/proposition", "PUT", body, key)
    assert got.status == case["statut"] and case["dit"] in said(got)
    assert json.loads(served.ask(f"api/{served.code}/etat", key=key).text)["own"] == {}


def test_a_form_of_another_site_is_refused(served):
    got = served.ask(f"api/{served.code}/entree", "POST", b"{}", Content_Type="text/plain")
    assert got.status == 415 and "doit être du JSON" in said(got)


def test_each_has_their_own_key(served):
    person, other = served.person(), "x" * 22
    own, whole = f"api/{served.code}/etat", "api/animation/etat"
    assert [served.ask(own, key=key).status for key in (person, served.host, other, "")] == [200, 403, 403, 403]
    assert [served.ask(whole, key=key).status for key in (served.host, person, served.code, "")] == [200, 403, 403, 403]
    assert "n’est pas celle de cette séance" in said(served.ask(whole, key=person))
    for path, body in (("tour", {"open": False}), ("decision", {"levers": {}})):
        assert served.ask(f"api/animation/{path}", "POST", body, person).status == 403
    for path in ("scenario", "compte-rendu", "territoire"):
        assert served.ask(f"api/animation/{path}", key=person).status == 403


@pytest.mark.parametrize("path", ["", "ZZZZZZZZ", "api/ZZZZZZZZ/etat", "api/animation", "s.sqlite", "../salle", "etat"])
def test_nothing_else_answers(served, path):
    got = served.ask(path, key=served.host)
    assert got.status == 404 and "ne mène à aucune séance" in said(got)
    page = served.ask(path, Accept="text/html")
    assert page.status == 404 and '<html lang="fr">' in page.text and "ne mène à aucune séance" in page.text


@pytest.mark.cases("acces", "chemins")
def test_no_path_leads_to_a_file(served, case):
    for method in ("GET", "POST"):
        got = served.raw(case["chemin"].replace("<voila>", "salle/.."), method)
        assert got.status == 404 and "root:" not in got.text and "Traceback" not in got.text


def test_every_address_is_listed_with_its_reason_and_takes_one_verb(served, cases):
    known = cases("acces")["seance"]
    table = {one["pattern"]: one["methods"] for one in routes(room_server.application(None, "/"))}
    listed = {row["adresse"]: [row["verbe"]] for row in known}
    assert {shape(pattern): methods for pattern, methods in table.items()} == listed
    for row in known:
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - {row["verbe"]}:
            got = served.ask(row["exemple"].format(code=served.code), method, b"{}", served.host)
            assert got.status == 405 and (method == "HEAD" or "ne répond pas à cette demande" in said(got)), row


def shape(pattern):
    """The address of a routing table as acces.yml writes it."""
    for part, read in (
        (r"\.(css|js)", ".<js ou css>"),
        (r"\w{12}", "<empreinte>"),
        ("([A-Za-z0-9]{8}|animation)", "<code ou animation>"),
        ("([A-Za-z0-9]{8})", "<code>"),
        (r"\.", "."),
    ):
        pattern = pattern.replace(part, read)
    return pattern.removeprefix("/").removesuffix("$")


def test_pages_hold_no_secret_and_every_answer_has_the_headers(served):
    for path in (served.code, served.code.lower(), "animation", f"{served.code}.svg", "nulle-part"):
        got = served.ask(path, Accept="text/html")
        assert served.host not in got.text
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy and "unsafe" not in policy
        assert got.headers["Referrer-Policy"] == "no-referrer" and got.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in got.headers and "Server" not in got.headers
    for script, body in re.findall(r"<script([^>]*)>(.*?)</script>", served.ask("animation").text, re.S):
        assert "src=" in script and not body


def test_the_qr_code_is_that_of_the_link(served):
    drawn = served.ask(f"{served.code}.svg").text
    wanted = segno.make(served.base + served.code, error="m", micro=False).svg_inline(border=4, omitsize=True)
    assert re.search(r' d="([^"]+)"', drawn)[1] == re.search(r' d="([^"]+)"', wanted)[1]


def test_one_person_cannot_flood_the_room(served, monkeypatch):
    monkeypatch.setattr(served.hall, "buckets", gate.Buckets(0, 3))
    key, other = served.person(), served.person()
    path, body = f"api/{served.code}/proposition", {"lever": HEDGES, "value": 12}
    got = [served.ask(path, "PUT", body, key) for _ in range(4)]
    assert [one.status for one in got] == [200, 200, 200, 429]
    assert "Trop de demandes" in said(got[-1]) and got[-1].headers["Retry-After"] == "5"
    assert served.ask(path, "PUT", {"lever": HEDGES, "value": None}, other).status == 200
    served.ask(path, "PUT", {"lever": HEDGES, "value": None}, key)


def test_bucket_fills_up_with_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(gate.time, "monotonic", lambda: now[0])
    bucket = gate.Bucket(2, 3)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] += 0.4
    assert not bucket.take()
    now[0] += 0.1
    assert bucket.take() and not bucket.take()
    now[0] += 1000
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_page_that_has_all_is_told_so(served):
    key = served.person()
    path = f"api/{served.code}/etat"
    version = json.loads(served.ask(path, key=key).text)["version"]
    assert served.ask(f"{path}?vu={version}", key=key).status == 204
    whole = json.loads(served.ask("api/animation/etat", key=served.host).text)["version"]
    assert served.ask(f"api/animation/etat?vu={whole}", key=served.host).status == 204
    served.person()
    assert served.ask(f"api/animation/etat?vu={whole}", key=served.host).status == 200
    assert served.ask(f"{path}?vu={version}", key=key).status == 204  # who enters is no news for the others
