"""The server of the simulator: one page and nothing else, so many sessions, and no trace when it stops."""

import gzip
import json
import os
import re
import signal
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from select import select
from urllib.parse import quote

import psutil
import pytest
import typer
import websocket
from ipykernel.ipkernel import IPythonKernel
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.web import HTTPError
from typer.testing import CliRunner

from copkit import french
from copkit.commands.simulator import simulator
from copkit.errors import RunError, TerritoryError
from copkit.simulator import handlers, server, sessions

from .conftest import LONG
from .processes import alive, wait_until
from .serving import WARM, Server, message, reply, write_notebook

SAYS_PID = 'print("pid", os.getpid())'
POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    environment = {"SECRET_API_KEY": "clé", "AWS_SECRET_ACCESS_KEY": "clé", "DATABASE_URL": "clé"}
    constants = {"ARRIVAL": 600, "CLOSING": 600}  # the tests share one page, and take their time
    with Server(
        tmp_path_factory.mktemp("server"), environment=environment, constants=constants, max_sessions=40
    ) as running:
        yield running


@pytest.fixture(scope="module")
def visit(served):
    page = served.visit("?territoire=dep-59")
    with closing(page.connect()) as socket:
        socket.send(message("comm_info_request", {"target_name": "jupyter.widget"}))
        page.comms = [*reply(socket, "comm_info_reply")["content"]["comms"]]
    return page


def test_page_is_the_notebook_in_french_without_its_sources(visit):
    text = visit.page.text
    assert '<html lang="fr">' in text and "Le simulateur se prépare…" in text
    assert "<title>Simulateur de la planification écologique</title>" in text
    assert visit.said("territoire") == "dep-59"
    assert "import anywidget" not in text and "ck.notebook.parameter" not in text
    assert "Running" not in text and "Executing" not in text


def test_page_has_no_inline_script_and_names_no_other_address(visit):
    for opening, body in re.findall(r"<script([^>]*)>(.*?)</script>", visit.page.text, re.S):
        assert "json" in opening or not body.strip()
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", visit.page.text) == []


@pytest.mark.parametrize("path", ["", "sante", "nulle-part", "api/contents", "carnet/"])
def test_every_answer_has_the_headers(served, path):
    headers = served.get(path).headers
    policy = headers["Content-Security-Policy"]
    if path == "carnet/":
        assert policy == POLICY
    else:  # no script nor style but those that the server knows, and no address but its own
        assert re.sub(r"'sha256-[\w+/=]{44}'", "sha", policy) == (
            "default-src 'none'; script-src sha sha; style-src sha sha; img-src data:; base-uri 'none'; "
            "form-action 'none'; connect-src 'self'; frame-ancestors 'self'"
        )
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers.get("Cross-Origin-Opener-Policy") == ("same-origin" if path == "carnet/" else None)
    assert "Server" not in headers


def test_only_the_cookie_of_the_session_is_set(visit):
    cookies = visit.page.headers.get_all("Set-Cookie")
    assert len(cookies) == 1 and cookies[0].startswith("_xsrf=") and "SameSite=Strict" in cookies[0]
    assert "expires" not in cookies[0]


def test_kernels_are_forked_from_the_warm_parent(visit):
    command = psutil.Process(int(visit.said("pid"))).parent().cmdline()
    assert "copkit.batch.forked.server" in command and command[-1] == WARM


def test_kernels_know_no_secret(visit):
    names = re.search(r"noms (.*)", visit.page.text)[1].split()
    assert {"PATH", "QUERY_STRING"} <= set(names)
    assert not [name for name in names if "SECRET" in name or "DATABASE" in name]
    environment = Path(f"/proc/{visit.said('pid')}/environ").read_bytes()
    assert "clé".encode() not in environment


def shape(pattern):
    """The address of a routing table as acces.yml writes it."""
    for written, read in ((server.KERNEL, "<noyau>"), ("(.+)", "<fichier>")):
        pattern = pattern.replace(written, read)
    return pattern.removeprefix("/").removesuffix("$")


def test_every_address_of_the_server_is_listed_with_its_reason(served, cases):
    known = cases("acces")["simulateur"]
    assert {shape(one["pattern"]): one["methods"] for one in served.routes} == {
        row["adresse"]: [row["verbe"]] for row in known
    }
    assert all(row["pourquoi"] for row in known)


def test_every_file_comes_from_a_listed_folder_and_is_of_a_listed_kind(served, cases):
    known, version = cases("acces")["fichiers"], server.files_version()
    starts = {row["debut"].replace("<version>", version) for row in known["dossiers"]}
    files = [file for one in served.routes for file in one["files"]]
    assert {start for start in starts for file in files if file.startswith(start)} == starts
    assert [file for file in files if not file.startswith(tuple(starts))] == []
    assert {Path(file).suffix for file in files} <= {*known["sortes"]} == handlers.KINDS


def test_a_link_that_leads_out_of_a_folder_is_no_file_of_it(tmp_path):
    (tmp_path / "dehors").mkdir()
    inside = tmp_path / "static"
    inside.mkdir()
    for file in (tmp_path / "secret.js", tmp_path / "dehors" / "autre.js", inside / "page.js", inside / "essai.py"):
        file.write_text("1")
    (inside / "lien.js").symlink_to(tmp_path / "secret.js")
    (inside / "dossier").symlink_to(tmp_path / "dehors")
    (inside / "passwd.txt").symlink_to("/etc/passwd")
    assert handlers.table({"a": [inside, tmp_path / "absent"]}) == {"a/page.js": inside / "page.js"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_every_other_verb_is_refused_in_french(served, cases, method):
    for row in cases("acces")["simulateur"]:
        if method != row["verbe"]:
            got = served.raw("/" + row["exemple"], method, b"{}")
            assert got.status in (403, 404, 405), (row, got.status)
            assert method == "HEAD" or "<h1>Accès refusé" in got.text or "<h1>Demande refusée" in got.text, row
            assert "Traceback" not in got.text and "Access-Control-Allow-Origin" not in got.headers


@pytest.mark.cases("acces", "chemins")
def test_nothing_else_is_reachable(served, case):
    path = case["chemin"].replace("<voila>", f"voila/{server.files_version()}")
    for method in ("GET", "POST"):
        got = served.raw(path, method, b"{}" if method == "POST" else None)
        assert got.status in (400, 404), (method, got.status)
        assert "<h1>Page introuvable</h1>" in got.text or "<h1>Demande illisible</h1>" in got.text
        assert not re.search(r"root:|cells|base_template|Traceback|site-packages", got.text)


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    limits = replace(server.PUBLIC, rate=0)  # however slow the machine, what is asked at once is counted alone
    where = tmp_path_factory.mktemp("public")
    with Server(where, demonstration=True, base_url="demo", constants={"PUBLIC": limits}) as running:
        yield running


def test_a_public_demonstration_has_no_kernel_and_says_what_it_leaves_out(public, cases):
    known = [row for row in cases("acces")["simulateur"] if "demo" in row]
    assert {shape(one["pattern"]).removeprefix("demo/") for one in public.routes} == {
        *(row["adresse"] for row in known),
        "demo",  # leads to « demo/ »
    }
    for path in ("carnet", "api/kernels/a-b-c-d-e/channels", "voila/templates/copkit/static/page.js"):
        assert public.get(path).status == 404
    for page in (public.get(), public.get("?territoire=reg-32")):
        assert f">{french.typeset(server.PUBLIC_NOTE)}<" in page.text
    assert not any("forked" in " ".join(one.cmdline()) for one in public.children())
    for kind, ok in (("json", True), ("xlsx", False), ("png", False), ("svg", False), ("pdf", False)):
        found = json.loads(ask(public, {"do": "export", "format": kind, "state": {"territory": "reg-32"}}).text)
        assert found["ok"] is ok and ("démonstration publique" in found["message"]) is not ok, kind


def test_one_address_is_told_to_wait_and_the_others_are_not(public):
    """As a proxy says who asks; the burst of a demonstration is of 60."""
    one, other = {"X_Forwarded_For": "203.0.113.5"}, {"X_Forwarded_For": "203.0.113.6"}
    got = [public.get("sante", **one) for _ in range(62)]
    assert [each.status for each in got] == [200] * 60 + [429] * 2 and got[-1].headers["Retry-After"] == "5"
    assert got[-1].text == "Trop de demandes viennent de cette adresse à la fois. Attendre, puis recommencer."
    assert json.loads(ask(public, {}, **one).text) == {"ok": False, "message": got[-1].text}
    assert public.get("sante", **other).status == 200 == public.get("sante").status


def test_page_is_only_read(served):
    got = served.get(method="POST", data=b"a=1")
    assert got.status in (403, 405) and "<h1>" in got.text and "Traceback" not in got.text


def test_home_offers_119_territories_and_a_territory_is_a_whole_page_without_a_kernel(served):
    before = served.health()["sessions"]
    home = served.get()
    assert len(re.findall(r"<li data-words=", home.text)) == 119 and "<svg" in home.text
    page = served.get("?territoire=dep-59", Accept_Encoding="gzip")
    text = gzip.decompress(page.content).decode("utf-8")
    assert page.headers["Content-Encoding"] == "gzip" and len(page.content) < 60_000
    data = json.loads(re.search(r'id="donnees">(.*?)</script>', text, re.S)[1])
    assert data["territory"]["code"] == "dep-59" and len(data["levers"]) >= 29
    assert "Véhicules électriques" in re.sub("<script.*?</script>", "", text, flags=re.S)  # before any script
    policy = page.headers["Content-Security-Policy"]
    for sent in (home.text, text, served.get("nulle-part").text):
        assert not re.search(r"""(?:src=|<link rel="stylesheet)""", re.sub("<script.*?</script>", "", sent, flags=re.S))
        for body in re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", sent, re.S):
            assert f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" in policy
    assert served.health()["sessions"] == before


@pytest.mark.parametrize(("given", "said"), [("32", "« 32 » désigne"), ("reg-99", "inconnu")])
def test_an_unknown_territory_leads_to_the_home_page_that_says_so(served, given, said):
    got = served.get(f"?territoire={given}")
    assert got.status == 404 and said in got.text and "data-words" in got.text


def test_a_link_of_the_official_simulator_opens_here(served):
    official = "https://planification-territoires.ecologie.gouv.fr/territoire/bretagne/ambition?t-augm_haies=9"
    got = served.get(f"?lien={quote(official)}")
    page = served.get("?territoire=reg-53")
    assert got.status == page.status == 200 and got.text == page.text


def ask(served, asked, **headers):
    sent = {"Content_Type": "application/json"} | headers
    return served.get("api/demande", method="POST", data=json.dumps(asked).encode(), **sent)


def test_what_needs_python_is_answered_without_a_session_and_outlives_the_processes_that_answer(served):
    before = served.health()["sessions"]
    state = {"territory": "reg-32", "levers": {"haies": {"value": 50.0}}}
    found = json.loads(ask(served, {"do": "export", "format": "json", "state": state}).text)
    assert found["ok"] and found["file"]["name"].endswith("-brouillon.json")
    for one in served.children():
        if "spawn_main" in " ".join(one.cmdline()):
            one.kill()
    again = json.loads(ask(served, {"do": "export", "format": "json", "state": state}).text)
    assert again == found and served.health()["sessions"] == before
    refused = json.loads(ask(served, {"do": "export", "format": "xls", "state": state}).text)
    assert not refused["ok"] and "Vouliez-vous dire" in refused["message"]
    unknown = json.loads(ask(served, {"do": "détruire"}).text)
    assert not unknown["ok"] and "Demande inconnue. Recharger la page." in unknown["message"]


def test_another_site_cannot_ask_and_what_is_not_json_is_refused(served):
    assert ask(served, {"do": "open"}, Origin="https://ailleurs.example").status == 403
    assert ask(served, {"do": "open"}, Sec_Fetch_Site="cross-site").status == 403
    assert served.get("api/demande", method="POST", data=b"a=1").status == 403
    assert ask(served, [1]).status == 400
    deep = served.get("api/demande", method="POST", data=b"[" * 100_000, Content_Type="application/json")
    assert deep.status == 400 and json.loads(deep.text)["message"] == "L’adresse ou la demande est mal formée."
    long = ask(served, {"a": "a" * server.LIMITS.body})
    assert long.status == 413 and json.loads(long.text)["message"].startswith("La demande dépasse ce que le serveur")


@pytest.mark.parametrize(
    "query", ["&".join(["a=1"] * 400), "lien=%3Fetape%3D²", "territoire=reg-32&etape=" + "9" * 5000]
)
def test_a_link_that_does_not_read_leads_to_a_page(served, query):
    got = served.get("?" + quote(query, safe="=&%"))
    assert got.status in (200, 302, 400) and (got.status != 400 or "<h1>Demande illisible</h1>" in got.text)


def test_a_link_too_long_is_refused_with_what_to_do(served):
    before = served.health()["sessions"]
    got = served.get("?etat=" + "a" * handlers.LONGEST_QUERY)
    assert got.status == 414 and "<h1>Lien trop long</h1>" in got.text
    assert "8\u202f192\u202fcaractères" in got.text and "enregistrer le scénario dans un fichier" in got.text
    assert served.health()["sessions"] == before


def sent(kind, content, channel, version):
    """A message in one of the two protocols of Jupyter."""
    text = message(kind, content, channel)
    if not version:
        return text
    read = json.loads(text)
    parts = [json.dumps(read[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
    return serialize_msg_to_ws_v1(parts, channel)


def received(socket, version):
    """The type of the next message."""
    got = socket.recv()
    parts = deserialize_msg_from_ws_v1(got)[1] if version else None
    return (json.loads(parts[0]) if version else json.loads(got)["header"])["msg_type"]


@pytest.mark.parametrize("version", ["", "v1.kernel.websocket.jupyter.org"], ids=["legacy", "v1"])
def test_code_sent_by_a_page_is_not_run_and_nothing_of_the_program_comes_back(visit, tmp_path, cases, version):
    known = cases("acces")["messages"]
    refused, passed = known["refuses"], [row["nom"] for row in known["passent"]]
    assert {*passed} == {*sessions.MESSAGES} and {*known["reponses"]} == sessions.ANSWERS
    assert {*IPythonKernel.msg_types, *IPythonKernel.control_msg_types} <= {*refused, *passed}
    written = tmp_path / "écrit"
    code = f"open({str(written)!r}, 'w').write('non')"
    everything = {"code": code, "silent": False, "user_expressions": {"a": code}, "cursor_pos": 3, "detail_level": 0}
    everything |= {"hist_access_type": "tail", "n": 9, "output": False, "raw": True, "restart": False}
    with closing(visit.connect(subprotocols=[version] if version else None)) as socket:
        for kind in refused:
            for channel in ("shell", "control", "stdin", "iopub"):
                socket.send(*framed(sent(kind, everything | {"command": "initialize"}, channel, version)))
        for data in ({"method": "update", "state": {"asked": "zz"}}, {"buffer_paths": [["a", 5]]}, 5, None):
            socket.send(*framed(sent("comm_msg", {"comm_id": "absent", "data": data}, "shell", version)))
            for comm in visit.comms:
                socket.send(*framed(sent("comm_msg", {"comm_id": comm, "data": data}, "shell", version)))
        for target in ("jupyter.widget", "copkit", code):
            socket.send(
                *framed(sent("comm_open", {"comm_id": "x", "target_name": target, "data": {}}, "shell", version))
            )
        socket.send(*framed(sent("comm_info_request", {}, "shell", version)))
        seen = set()
        while "comm_info_reply" not in seen:  # the session lives, and speaks of its widgets
            seen.add(received(socket, version))
    assert seen <= sessions.ANSWERS
    assert not written.exists()
    assert visit.server.get(visit.session).status == 200


def framed(content):
    """What the client of the tests is given to send."""
    return (content, websocket.ABNF.OPCODE_BINARY if isinstance(content, bytes) else websocket.ABNF.OPCODE_TEXT)


@pytest.mark.cases("acces", "trames")
def test_what_is_no_message_ends_the_connection_and_not_the_session(visit, case):
    content = bytes.fromhex(case["hexa"]) if "hexa" in case else case["texte"] * case.get("fois", 1)
    protocols = ["v1.kernel.websocket.jupyter.org"] if "v1" in case else None
    logged = visit.server.log.read_text()
    with closing(visit.connect(subprotocols=protocols)) as socket:
        socket.send(*framed(content))
        while (frame := socket.recv_frame()).opcode != websocket.ABNF.OPCODE_CLOSE:
            pass
    assert frame.data[2:].decode() == "Message illisible. Recharger la page."
    assert visit.server.get(visit.session).status == 200
    assert "Traceback" not in visit.server.log.read_text()[len(logged) :]


def test_a_page_that_sends_too_much_or_opens_too_much_is_stopped(served):
    page = served.visit()
    sockets = [page.connect() for _ in range(sessions.SOCKETS)]
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
        page.connect()
    sent, frame = 0, None
    while frame is None or frame.opcode != websocket.ABNF.OPCODE_CLOSE:  # on a slow machine, what it may send grows
        sockets[0].send(message("execute_request", {}))
        sent, frame = sent + 1, sockets[0].recv_frame() if select([sockets[0].sock], [], [], 0)[0] else None
    assert sent > sessions.BURST and frame.data[2:].decode() == "Trop de messages. Recharger la page."
    for socket in sockets:
        socket.close()
    assert served.get(page.session).status == 200


def test_one_address_takes_its_part_of_the_sessions():
    kept = sessions.Sessions(limit=12)
    for name in ("1", "2", "3"):
        kept.enter("a")
        kept._kernels[name], kept._whose[name] = object(), "a"
    with pytest.raises(HTTPError, match="429"):
        kept.enter("a")
    kept.enter("b")
    kept.enter("")  # this machine
    del kept._kernels["1"]
    kept.enter("a")
    kept._kernels.update({str(n): object() for n in range(12)})
    with pytest.raises(HTTPError, match="503"):
        kept.enter("b")


def test_connections_cut_without_a_word_leave_no_trace_and_give_their_places_back(served):
    """Bursts of what a session allows, and more that are refused, each cut as by a lost network."""
    page, logged = served.visit(), served.log.read_text()
    for _ in range(25 if LONG else 5):
        sockets = []
        for _ in range(2 * sessions.SOCKETS):
            with suppress(websocket.WebSocketBadStatusException):
                sockets.append(page.connect())
                sockets[-1].send(message("kernel_info_request", {}))
        for socket in sockets:
            socket.sock.close()

    def let_in():
        with suppress(websocket.WebSocketBadStatusException), closing(page.connect()):
            return True

    assert wait_until(let_in)
    assert served.log.read_text()[len(logged) :].count("Traceback") == 0


def test_a_page_moves_its_widget(visit):
    with closing(visit.connect()) as socket:
        for comm in visit.comms:
            data = {"method": "update", "state": {"asked": 41}, "buffer_paths": []}
            socket.send(message("comm_msg", {"comm_id": comm, "data": data}))
        while True:
            state = reply(socket, "comm_msg")["content"]["data"].get("state", {})
            if "shown" in state:
                break
    assert state["shown"] == "dep-59 : 41"


def test_too_large_a_message_closes_the_connection(served):
    socket = served.visit().connect()
    with pytest.raises((websocket.WebSocketException, OSError)):
        socket.send(message("comm_msg", {"comm_id": "a", "data": "a" * server.LARGEST_MESSAGE}))
        reply(socket, "nothing")
    socket.close()


def test_another_site_cannot_open_the_connection(visit):
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        visit.connect(origin="https://ailleurs.example")


def test_a_session_is_ended_by_its_page_and_by_nobody_else(served):
    page = served.visit()
    assert served.get(page.session, method="DELETE").status in (403, 405)
    shutdown = f"voila/api/shutdown/{page.kernel}"
    assert served.get(shutdown, method="POST", data=b"").status == 403
    assert served.get(shutdown, method="POST", data=b"", Origin="https://ailleurs.example").status in (403, 404)
    assert served.get(page.session).status == 200
    cookie = page.page.headers["Set-Cookie"].split(";")[0]
    form = cookie.encode().replace(b"|", b"%7C")
    assert served.get(shutdown, method="POST", data=form, Cookie=cookie).status == 204
    assert served.get(page.session).status == 404
    assert wait_until(lambda: not alive(int(page.said("pid"))))


def test_files_are_sent_compressed_and_kept_a_year(served, visit):
    address = re.search(r'src="([^"]+/static/voila-style.js)"', visit.page.text)[1]
    plain, small = served.get(address), served.get(address, Accept_Encoding="gzip")
    assert plain.headers["Content-Encoding"] is None and b"css" in plain.content
    assert small.headers["Content-Encoding"] == "gzip" and gzip.decompress(small.content) == plain.content
    assert len(small.content) < len(plain.content) / 2
    for got in (plain, small):
        assert got.headers["Cache-Control"] == "max-age=31536000" and got.headers["Vary"] == "Accept-Encoding"
        assert "javascript" in got.headers["Content-Type"]


def test_a_cell_that_fails_says_what_to_do_and_nothing_of_the_program(tmp_path):
    cell = "import sys\nprint('avertissement', file=sys.stderr)\nsecret = 'mot de passe'\n1 / 0"
    with Server(tmp_path, cell) as running:
        text = running.get("carnet").text
    assert "Le simulateur n’a pas pu s’afficher. Recharger la page" in text
    for word in (
        "ZeroDivisionError",
        "Traceback",
        "avertissement",
        "mot de passe",
        "There was an error",
        "Voil&agrave;",
    ):
        assert word not in text


def test_a_kernel_that_dies_while_the_page_is_made_is_said(tmp_path):
    with Server(tmp_path, "import os\nos._exit(1)") as running:
        text = running.get("carnet").text
    assert "Le simulateur n’a pas pu s’afficher. Recharger la page" in text and "exception" not in text


def test_visitors_beyond_the_limit_are_told_to_wait_and_places_are_freed(tmp_path):
    with Server(tmp_path, "import os", SAYS_PID, max_sessions=2, constants={"ARRIVAL": 600, "CLOSING": 5}) as running:
        pages = [running.visit() for _ in range(2)]
        sockets = [page.connect() for page in pages]
        full = running.get("carnet?territoire=reg-76")
        assert full.status == 503 and full.headers["Retry-After"] == "60"
        assert "<h1>Le simulateur est complet</h1>" in full.text and "Réessayer dans quelques minutes" in full.text
        assert running.health() == {"sessions": 2, "limite": 2}
        sockets[0].close()  # a tab is closed
        assert wait_until(lambda: running.health()["sessions"] == 1)
        assert running.get(pages[0].session).status == 404 and running.get(pages[1].session).status == 200
        third = running.visit()
        third.connect().close()
        with closing(third.connect()):  # a page that comes back keeps its session
            sockets[1].close()  # left later: when its session has ended, the other's time has passed too
            assert wait_until(lambda: running.get(pages[1].session).status == 404)
            assert running.get(third.session).status == 200


def test_many_at_once_never_pass_the_limit(tmp_path):
    with Server(tmp_path, "1", max_sessions=3) as running, ThreadPoolExecutor(10) as pool:
        statuses = sorted(got.status for got in pool.map(lambda _: running.get("carnet"), range(10)))
        assert statuses == [200] * 3 + [503] * 7
        assert running.health() == {"sessions": 3, "limite": 3}


def test_sessions_that_nobody_uses_end(tmp_path):
    constants = {"ARRIVAL": 5, "CLOSING": 600, "IDLE": 2, "LOOK": 1}
    with Server(tmp_path, "import os", SAYS_PID, constants=constants) as running:
        idle = running.visit()
        with closing(idle.connect()):
            never = running.visit()
            for page in (never, idle):
                assert wait_until(lambda page=page: running.get(page.session).status == 404)
                assert wait_until(lambda page=page: not alive(int(page.said("pid"))))
        assert running.health()["sessions"] == 0


def test_a_kernel_that_dies_gives_its_place_back(tmp_path):
    with Server(tmp_path, "import os", SAYS_PID, max_sessions=1) as running:
        os.kill(int(running.visit().said("pid")), signal.SIGKILL)
        assert wait_until(lambda: running.health()["sessions"] == 0)
        assert running.get("carnet").status == 200


@pytest.mark.parametrize(
    ("number", "fork"),
    [(signal.SIGINT, "on"), (signal.SIGTERM, "off"), (signal.SIGHUP, "on"), (signal.SIGKILL, "on")],
)
def test_nothing_is_left_when_it_stops(tmp_path, number, fork):
    environment = {"COPKIT_FORK": "" if fork == "on" else "off", "TMPDIR": str(tmp_path)}
    with Server(tmp_path, "import os", SAYS_PID, environment=environment) as running:
        running.visit().connect()
        running.visit()
        if number == signal.SIGKILL:  # which leaves nobody to end what answers
            ask(running, {"do": "détruire"})
        started = running.children()
        assert len(started) >= 2
        assert ("spawn_main" in str([one.cmdline() for one in started])) == (number == signal.SIGKILL)
        running.stop(number)
        assert running.process.exitcode == (-number if number == signal.SIGKILL else 0)
        assert psutil.wait_procs(started, timeout=120)[1] == []
    folders = [path for path in tmp_path.iterdir() if path.name.startswith(("voila_", "copkit_"))]
    assert len(folders) == (number == signal.SIGKILL)
    if folders:  # nobody could take it away: the next server does, and leaves that of one which lives
        for kept in ("autre", "vivant"):
            (tmp_path / f"voila_{kept}").mkdir()
        held = [server._hold(tmp_path / "voila_vivant"), server._hold(tmp_path / "voila_autre")]
        assert sorted(path.name for path in tmp_path.glob("voila_*")) == ["voila_autre", "voila_vivant"]
        for file in held:
            file.close()


def test_behind_a_proxy_everything_is_under_its_path(tmp_path):
    with Server(tmp_path, base_url="simulateur") as running:
        assert running.url.endswith("/simulateur/")
        page = running.visit()
        addresses = re.findall(r'(?:src|href)="(/[^"]*)"', page.page.text)
        assert addresses and all(address.startswith("/simulateur/") for address in addresses)
        assert all(running.get(address).status == 200 for address in addresses)
        home = running.get("/")
        assert home.status == 404 and 'href="/simulateur/"' in home.text
        assert running.get("/simulateur").headers["Location"] == "/simulateur/"
        with closing(page.connect()) as socket:
            socket.send(message("kernel_info_request", {}))
            assert reply(socket, "kernel_info_reply")["content"]["status"] == "ok"


def test_territory_of_the_server_gives_way_to_that_of_the_address(tmp_path):
    with Server(tmp_path, territory="Hauts-de-France") as running:
        assert running.visit().said("territoire") == "reg-32"
    (tmp_path / "b").mkdir()
    with Server(tmp_path / "b", territory="dep-59") as running:
        assert running.visit().said("territoire") == "dep-59"
        assert running.visit("?territoire=reg-76").said("territoire") == "reg-76"


def test_a_port_already_taken_is_said(served, tmp_path):
    port = int(served.root.rpartition(":")[2])
    with pytest.raises(AssertionError) as refused:
        Server(tmp_path, "1", max_sessions=1, port=port)
    assert f"RunError: Impossible d'écouter à l'adresse 127.0.0.1, port {port}" in str(refused.value)
    assert "Choisir un autre port, ou --port 0 pour un port libre." in str(refused.value)


def test_a_missing_notebook_and_an_unknown_territory_are_said(tmp_path):
    with pytest.raises(
        RunError, match=r"Carnet absent : .*absent\.ipynb\. Réinstaller copkit, ou corriger COPKIT_HOME"
    ):
        server.serve(notebook=tmp_path / "absent.ipynb")
    with pytest.raises(TerritoryError, match="Territoire ambigu : « 32 »"):
        server.serve(notebook=write_notebook(tmp_path, "1"), territory="32")


def test_default_limit_follows_the_memory_and_the_limits_of_the_service(tmp_path, monkeypatch):
    read = psutil.virtual_memory()  # once: it changes while the test looks
    monkeypatch.setattr(psutil, "virtual_memory", lambda: read)
    free = read.available
    groups, own = tmp_path / "groups", tmp_path / "own"
    service = groups / "system.slice" / "copkit.service"
    service.mkdir(parents=True)
    own.write_text("0::/system.slice/copkit.service\n")
    monkeypatch.setattr(sessions, "CONTROL_GROUPS", groups)
    monkeypatch.setattr(sessions, "OWN_GROUP", own)
    assert sessions.default_limit(10 * free) == 1  # never none
    assert sessions.default_limit(free // 10) == 8  # 80 %
    for folder, limit in ((service, "max"), (groups / "system.slice", "1000000000"), (groups, "3000000000")):
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("200000000\n")
    assert sessions.default_limit(10_000_000) == 64  # 80 % of 800 MB
    (service / "memory.max").write_text("300000000\n")
    assert sessions.default_limit(10_000_000) == 8


def test_environment_is_cleaned_by_an_allow_list():
    known = {"PATH": "/bin", "LC_ALL": "fr_FR.UTF-8", "COPKIT_HOME": "/kit", "PYTHONPATH": "/a", "JUPYTER_PATH": "/j"}
    secret = {"JUPYTER_TOKEN": "a", "PGPASSWORD": "b", "http_proxy": "c", "MY_PATH": "d", "SSH_AUTH_SOCK": "e"}
    assert sessions.without_secrets(known | secret) == known


@pytest.fixture(scope="module")
def command():
    app = typer.Typer()
    app.command()(simulator)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_command_writes_one_file(command, tmp_path):
    done = command("--static", "reg-32", "--out", str(tmp_path / "s.html"))
    assert done.exit_code == 0 and done.output == f"Écrit : {tmp_path / 's.html'}\n"
    assert "<html" in (tmp_path / "s.html").read_text(encoding="utf-8")


def test_command_refuses_a_file_without_a_territory(command):
    done = command("--out", "s.html")
    assert isinstance(done.exception, RunError)
    assert "--out va avec --static" in str(done.exception)


def test_command_help_is_in_french(command):
    text = " ".join(command("--help").output.split())
    assert "Ouvre le simulateur dans le navigateur" in text
    for option in (
        "--port",
        "--host",
        "--base-url",
        "--territoire",
        "--max-sessions",
        "--demonstration",
        "--proxy",
        "--no-browser",
        "--static",
        "--out",
    ):
        assert option in text
