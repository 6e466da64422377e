"""The gate of both servers: how many may come, how much each may send or leave unread, and what every answer says.

What it refuses is said in French (413, 429, 503), before anything of the kit has seen it. « One » is one address, as
the proxy of this machine gives it (``X-Forwarded-For``), or its /64 network in IPv6. This machine itself is not
counted: the proxy is on it, and whoever is on it has nothing to gain.
"""

from __future__ import annotations

import json
import time
from asyncio import Task, create_task
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import SHUT_WR

from tornado import gen, httputil, iostream, web
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback

from copkit.errors import RunError

Networks = Sequence[IPv4Network | IPv6Network]
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server takes before it refuses."""

    connections: int = 1000  # open at once, for all: some 60 kB each, and half of the files that a service may open
    of_one: int = 100  # of them, from one address: an office behind one address, a browser opens up to six
    rate: float = 20  # requests of one address in a second, in the long run…
    burst: int = 200  # …and at once: the notebook asks for thirty files, and an office opens it together
    body: int = MEBIBYTE // 2  # what a page sends: a scenario to read again (200 kB), and what is entered
    headers: int = 32 * 1024  # a link of 8 192 characters that comes as address and as « Referer », and cookies
    slow_headers: float = 20  # s for a request to come, from the opening of a connection or from the answer before
    slow_body: float = 30  # s for a body to come: half a MiB by a poor telephone network
    unread: int = 8 * MEBIBYTE  # that wait for one who does not read: more than the largest answer, a workbook
    stuck: float = 30  # s without a byte read, while some wait: the connection ends
    look: float = 5  # s between two looks at who is stuck


# Every answer of both servers. What differs (policy, referrer, cache, who opened it) is said by each, with its reason.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ALONE = {"Cross-Origin-Opener-Policy": "same-origin"}  # where a session or a key is to keep from who opened the page
ERRORS = {
    400: ("Demande illisible", "L’adresse ou la demande est mal formée."),
    403: ("Accès refusé", "Cette demande n’est pas permise."),
    404: ("Page introuvable", "Cette adresse ne mène à rien."),
    405: ("Demande refusée", "Cette adresse se lit, elle ne s’écrit pas."),
    413: ("Demande trop longue", "La demande dépasse ce que le serveur accepte. Enlever ce qui n’y est pas utile."),
    429: ("Trop de demandes", "Trop de demandes viennent de cette adresse à la fois. Attendre, puis recommencer."),
    500: (
        "Le serveur ne répond pas",
        "Une erreur s’est produite sur le serveur. Réessayer dans un instant\u202f; si cela recommence, prévenir la "
        "personne qui tient le serveur.",
    ),
    503: (
        "Le serveur est complet",
        "Toutes les places sont prises. Réessayer dans quelques minutes\u202f: le lien garde le scénario.",
    ),
}
RETRY = {429: "5", 503: "60"}  # s
_LEAVING = 100  # that are told why at once, at most; the others are only closed
_GOODBYE = timedelta(seconds=2)  # for one who still sends to hear why it is refused


class Headers(web.OutputTransform):
    """The headers of every answer, whoever writes it."""

    def __init__(self, request: httputil.HTTPServerRequest) -> None:
        """``request``: what is answered."""
        self.request = request

    def own(self) -> Mapping[str, str]:
        """What a server adds: its policy, and what a link tells other sites."""
        raise NotImplementedError

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        """Add them, and do not say which server this is."""
        headers.update(HEADERS | dict(self.own()))
        headers.pop("Server", None)
        return status_code, headers, chunk


class Bucket:
    """How many demands may still come at once; it fills up again with time."""

    def __init__(self, rate: float, burst: int) -> None:
        """``rate``: per second; ``burst``: at once."""
        self.rate, self.burst = rate, burst
        self._left, self._at = float(burst), time.monotonic()

    def take(self) -> bool:
        """Whether one more may come now."""
        now = time.monotonic()
        self._left, self._at = min(self.burst, self._left + (now - self._at) * self.rate), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Buckets:
    """One for each who asks; those that asked longest ago are forgotten first."""

    MOST = 10_000

    def __init__(self, rate: float, burst: int) -> None:
        """``rate``: per second; ``burst``: at once; of each."""
        self.rate, self.burst = rate, burst
        self._kept: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str) -> bool:
        """Whether one more of theirs may come now."""
        self._kept[who] = bucket = self._kept.pop(who, None) or Bucket(self.rate, self.burst)
        if len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return bucket.take()


def one(address: str) -> str:
    """Who is counted together, from an address; nobody (an empty text) for this machine.

    >>> one("203.0.113.5"), one("2001:db8::1") == one("2001:db8::2"), one("127.0.0.1")
    ('203.0.113.5', True, '')
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return ""
    return str(IPv6Address(int(found) >> 64 << 64)) if isinstance(found, IPv6Address) else str(found)


class Gate(HTTPServer):
    """A server of HTTP that counts who comes, and ends what neither asks nor reads."""

    def initialize(self, app: web.Application, limits: Limits, proxies: Networks = ()) -> None:  # type: ignore[override]
        """``proxies``: other machines that say who asks, as a proxy of this one does."""
        self.proxies = proxies
        self.limits, self.most = limits, min(limits.connections, _files() // 2)
        self.asked = Buckets(limits.rate, limits.burst)
        self._streams: dict[iostream.IOStream, _Seen] = {}
        self._leaving: set[Task] = set()
        self._looks = PeriodicCallback(self.look, limits.look * 1000)
        super().initialize(
            _Door(app, self),
            max_body_size=limits.body,
            max_header_size=limits.headers,
            idle_connection_timeout=limits.slow_headers,
            body_timeout=limits.slow_body,
        )

    def add_sockets(self, sockets) -> None:
        """Listen, and look."""
        super().add_sockets(sockets)
        self._looks.start()

    def stop(self) -> None:
        """No more."""
        self._looks.stop()
        super().stop()

    def handle_stream(self, stream: iostream.IOStream, address: tuple) -> None:
        """Somebody connects."""
        who = self.who(str(address[0])) if address else ""
        if len(self._streams) >= self.most or who:
            self._streams = {stream: seen for stream, seen in self._streams.items() if not stream.closed()}
        if len(self._streams) >= self.most:
            self.refuse(stream, 503)
        elif who and Counter(seen.who for seen in self._streams.values())[who] >= self.limits.of_one:
            self.refuse(stream, 429)
        else:
            stream.max_write_buffer_size = self.limits.unread
            self._streams[stream] = _Seen(who, IOLoop.current().time())
            super().handle_stream(stream, address)

    def start_request(self, server_conn, request_conn):
        """A proxy says who asks; anybody else who would is not believed."""
        self.xheaders = not self.who(request_conn.context.remote_ip)
        return super().start_request(server_conn, request_conn)

    def who(self, address: str) -> str:
        """Who is counted together; nobody for this machine and for a proxy."""
        found = one(address)
        return "" if found and any(ip_address(address.partition("%")[0]) in each for each in self.proxies) else found

    def look(self) -> None:
        """Forget who has left, and end who reads nothing of what waits for them."""
        now = IOLoop.current().time()
        for stream, seen in list(self._streams.items()):
            if stream.closed():
                del self._streams[stream]
            elif not stream.writing() or stream._total_write_done_index != seen.read:  # Tornado tells it no other way
                seen.read, seen.at = stream._total_write_done_index, now
            elif now - seen.at > self.limits.stuck:
                stream.close()

    def refuse(self, stream: iostream.IOStream, status: int, *, as_json: bool = False) -> None:
        """Say why in French, and close."""
        if len(self._leaving) >= _LEAVING:
            stream.close()
            return
        told = create_task(_leave(stream, refusal(status, as_json=as_json)))
        self._leaving.add(told)
        told.add_done_callback(self._leaving.discard)


def networks(given: Sequence[str]) -> Networks:
    """Machines and networks, as they are typed. Raises RunError when one is neither."""
    found = []
    for one in given:
        try:
            found.append(ip_network(one, strict=False))
        except ValueError:
            raise RunError(
                f"--proxy : « {one} » n'est pas une adresse IP ni un réseau. Écrire par exemple --proxy 10.0.0.0/8"
            ) from None
    return found


@dataclass(slots=True)
class _Seen:
    """One connection: whose, when it last took a byte, and how many it had taken."""

    who: str
    at: float
    read: int = 0


class _Door(httputil.HTTPServerConnectionDelegate):
    """Between the server and the application."""

    def __init__(self, app: web.Application, gate: Gate) -> None:
        self.app, self.gate = app, gate

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        return _Demand(self.app.start_request(server_conn, request_conn), self.gate, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.app.on_close(server_conn)


class _Demand(httputil.HTTPMessageDelegate):
    """A request: refused on its headers, or handed over."""

    def __init__(self, to: httputil.HTTPMessageDelegate, gate: Gate, connection) -> None:
        self.to, self.gate, self.connection = to, gate, connection

    def headers_received(self, start_line, headers: httputil.HTTPHeaders) -> Awaitable[None] | None:
        who, length = self.gate.who(self.connection.context.remote_ip), headers.get("Content-Length", "")
        status = 0
        if length.isdecimal() and (len(length) > 12 or int(length) > self.gate.limits.body):
            status = 413
        elif who and not self.gate.asked.take(who):
            status = 429
        if not status:
            return self.to.headers_received(start_line, headers)
        self.gate.refuse(self.connection.detach(), status, as_json=asks_json(headers))
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self.to.data_received(chunk)

    def finish(self) -> None:
        self.to.finish()

    def on_connection_close(self) -> None:
        self.to.on_connection_close()


def asks_json(headers: httputil.HTTPHeaders) -> bool:
    """Whether a script asks, and not a person who follows a link."""
    return "application/json" in headers.get("Accept", "") + headers.get("Content-Type", "")


def refusal(status: int, *, as_json: bool = False) -> bytes:
    """A whole answer that refuses, as it is sent."""
    text = ERRORS[status][1]
    body = (json.dumps({"ok": False, "message": text}) if as_json else text).encode("utf-8")
    kind = "application/json" if as_json else "text/plain; charset=utf-8"
    lines = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", "Cache-Control": "no-store"}
    lines |= HEADERS | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    lines |= {"Retry-After": RETRY[status]} if status in RETRY else {}
    head = [f"HTTP/1.1 {status} {httputil.responses[status]}", *(f"{name}: {said}" for name, said in lines.items())]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


async def _leave(stream: iostream.IOStream, said: bytes) -> None:
    """What is still being sent is read for a moment: otherwise nobody hears the answer."""
    with suppress(iostream.StreamClosedError, TimeoutError, OSError):
        await stream.write(said)
        stream.socket.shutdown(SHUT_WR)
        await gen.with_timeout(_GOODBYE, _drained(stream), quiet_exceptions=iostream.StreamClosedError)
    stream.close()


async def _drained(stream: iostream.IOStream) -> None:
    for _ in range(64):  # 4 MiB
        await stream.read_bytes(64 * 1024, partial=True)


def _files() -> int:
    """How many files this process may open; as many as it can be allowed."""
    try:
        import resource
    except ImportError:  # Windows
        return 2 * Limits.connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8 * Limits.connections if hard == resource.RLIM_INFINITY else min(hard, 8 * Limits.connections)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return 8 * Limits.connections if soft == resource.RLIM_INFINITY else soft
