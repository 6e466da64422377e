"""The gate of the servers: who comes in too great a number, sends too much or too slowly, or reads nothing."""

import asyncio
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from tornado.web import Application, RequestHandler

from copkit.errors import RunError
from copkit.simulator import gate, pool

from .processes import wait_until
from .serving import Threaded

ROOT = Path(__file__).parents[1]
LIMITS = gate.Limits(
    connections=4,
    of_one=2,
    rate=0,
    burst=3,
    body=1000,
    headers=2000,
    slow_headers=0.3,
    slow_body=0.3,
    stuck=0.3,
    look=0.05,
)


class Large(RequestHandler):
    """More than the system keeps for one who does not read."""

    def get(self):
        self.finish(b"a" * 7 * gate.MEBIBYTE)

    def post(self):
        self.finish({"ok": True})


class Headers(gate.Headers):
    def own(self):
        return {"Referrer-Policy": "no-referrer"}


@contextmanager
def made(_root):
    yield gate.Gate(Application([("/", Large)], transforms=[Headers]), LIMITS, gate.networks(["192.0.2.0/24"]))


@pytest.fixture(scope="module")
def served():
    running = Threaded(made)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def alone(served):
    """Nobody is left of the test before."""
    assert wait_until(lambda: not served.server._streams)


@contextmanager
def opened(served, said=b""):
    """A connection that has said this."""
    with closing(socket.create_connection(("127.0.0.1", int(served.root.rpartition(":")[2])), timeout=60)) as made:
        made.sendall(said)
        yield made


def heard(connection):
    """All that it is told until it is closed."""
    parts = []
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


def test_one_connection_too_many_is_told_and_the_place_is_given_back(served, monkeypatch):
    with opened(served), opened(served), opened(served), opened(served) as last:
        assert wait_until(lambda: len(served.server._streams) == 4)
        with opened(served) as one:
            told = heard(one)
        assert (
            told.startswith("HTTP/1.1 503 ") and "Retry-After: 60" in told and "Toutes les places sont prises" in told
        )
        last.close()
        assert wait_until(lambda: len(served.server._streams) < 4)
    assert served.raw("/", "POST").status == 200


def test_one_address_takes_its_part_and_no_more(served, monkeypatch):
    monkeypatch.setattr(gate, "one", lambda address: address)  # this machine is counted as any other
    with opened(served), opened(served):
        assert wait_until(lambda: len(served.server._streams) == 2)
        with opened(served) as one:
            told = heard(one)
    assert told.startswith("HTTP/1.1 429 ") and "Retry-After: 5" in told
    assert "Trop de demandes viennent de cette adresse" in told


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na"]
)
def test_one_who_never_ends_is_closed(served, said):
    with opened(served, said) as one:
        assert heard(one) == ""


def test_headers_too_long_close_the_connection(served):
    with opened(served, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 2 * LIMITS.headers) as one:
        assert heard(one) == ""
    assert served.server.limits is LIMITS and served.raw("/", "POST", X="a" * (LIMITS.headers - 500)).status == 200


def test_one_who_reads_nothing_is_closed_and_what_waits_is_dropped(served):
    with opened(served, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
        assert wait_until(lambda: any(one.writing() for one in [*served.server._streams]))
        assert wait_until(lambda: not served.server._streams)
    with opened(served, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as one:
        assert len(heard(one)) > 7 * gate.MEBIBYTE  # one who reads has it whole


def test_a_body_too_long_is_refused_before_it_is_read(served):
    got = served.raw("/", "POST", b"a" * 1001, Accept="application/json")
    assert got.status == 413 and json.loads(got.content)["message"].startswith("La demande dépasse")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    with opened(served, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 500 + b"\r\n\r\n") as one:
        assert heard(one).startswith("HTTP/1.1 413 ")
    assert served.raw("/", "POST", b"a" * 1000).status == 200


def test_requests_of_one_address_are_counted_and_not_those_of_the_others(served):
    one = [served.raw("/", "POST", X_Forwarded_For="198.51.100.7").status for _ in range(4)]
    assert one == [200, 200, 200, 429]
    near = [served.raw("/", "POST", X_Forwarded_For=f"2001:db8::{n}").status for n in range(4)]
    assert near == [200, 200, 200, 429]  # one network
    assert served.raw("/", "POST", X_Forwarded_For="198.51.100.8").status == 200
    assert {served.raw("/", "POST").status for _ in range(8)} == {200}  # this machine


def test_addresses_are_forgotten_when_they_are_many(monkeypatch):
    monkeypatch.setattr(gate.Buckets, "MOST", 3)
    kept = gate.Buckets(0, 1)
    assert [kept.take(who) for who in "aabcd"] == [True, False, True, True, True]
    assert kept.take("a") and not kept.take("d")


def test_only_a_proxy_that_was_named_says_who_asks(served):
    who = served.server.who
    assert (who("192.0.2.9"), who("192.0.3.9"), who("127.0.0.1")) == ("", "192.0.3.9", "")
    with pytest.raises(RunError, match=r"--proxy : « mandataire » n'est pas une adresse IP .* --proxy 10.0.0.0/8"):
        gate.networks(["10.0.0.1", "mandataire"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.9.1", "::ffff:127.0.0.1", "::1%lo"])
def test_this_machine_is_not_counted(address):
    assert gate.one(address) == ""


class Recorded(pool.Pool):
    """Its turns, without its processes: each lasts until it is told to end."""

    def __init__(self):
        super().__init__(of_one=3)
        self.begun, self.ends = [], {}

    async def _run(self, turn, work, *given):
        self.begun.append(work)
        self.ends[work] = asyncio.get_running_loop().create_future()
        self._end(turn, await self.ends[work])

    async def ask(self, work, **options):
        """Ask, and let everybody move."""
        asked = asyncio.ensure_future(self.do(work, **options))
        await self.moved()
        return asked

    async def moved(self, ended="", took=1.0):
        """End one, and let everybody move."""
        if ended:
            self.ends[ended].set_result(took)
        for _ in range(9):
            await asyncio.sleep(0)


def test_what_costs_leaves_a_process_to_the_others_and_who_had_least_comes_first():
    async def tried():
        waits = Recorded()
        for name in ("a1", "a2", "a3", "a4"):
            await waits.ask(name, who="a", costs=True)
        assert waits.begun == ["a1"]
        with pytest.raises(pool.Full):
            await (await waits.ask("a5", who="a"))
        await waits.ask("b1", who="b")
        assert waits.begun == ["a1", "b1"]  # light: it waits for nothing that costs
        left = await waits.ask("b2", who="b", costs=True)
        await waits.ask("c1", who="c", costs=True)
        await waits.moved("b1", took=0.5)
        assert waits.begun == ["a1", "b1"]
        left.cancel()  # a page that leaves waits no more
        await waits.moved("a1")
        assert waits.begun[2:] == ["c1"]  # came last, and had nothing
        await waits.moved("c1", took=9)
        assert waits.begun[3:] == ["a2"]
        await waits.ask("all")
        assert waits.begun[4:] == ["all"]

    with ThreadPoolExecutor(1) as alone:  # a browser of another test may hold the loop of this one
        alone.submit(asyncio.run, tried()).result()


def test_each_guarantee_names_a_test_that_exists():
    text = (ROOT / "docs" / "securite.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 25
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
