"""The public services, asked politely: read only, one request at a time, again when they say so.

Retries, their growing waits and « Retry-After » are urllib3's, through requests. The answers are kept a while, each as
the file that it makes: an update that stopped goes on from there. The token goes in one header of one server: it is in
no message, file or kept answer, and is taken off when a server sends elsewhere.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.retry import Retry

from copkit import french
from copkit.errors import DataError, ServiceError
from copkit.files import write_whole
from copkit.received import read_json
from copkit.refresh.settings import Network

AGAIN = (429, 500, 502, 503, 504)
ELSEWHERE = "Réessayer plus tard, ou lire des fichiers : copkit update --offline-dir DOSSIER"
WAIT = "Continue wait"  # what the hub answers while it computes
UNREACHABLE = "serveur injoignable. Vérifier le réseau et l'adresse dans parameters/refresh.yml"
LONGEST_ERROR = 200  # characters of what a server says


class _Cut(ServiceError):
    """An answer that ends before its end."""


class _Token(AuthBase):
    """The token, which requests takes off when a server sends to another one."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Service:
    """A public service. ``network``: how it is asked; ``token``: what it asks for; ``cache``: where answers stay."""

    def __init__(self, url: str, network: Network, *, token: str = "", cache: Path | None = None) -> None:
        self.url, self.network, self.cache, self._secret = url, network, cache, token
        self.host = urlsplit(url).netloc
        if token and urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise ServiceError(
                f"{self.host} : adresse en http, où le jeton partirait en clair. Écrire une adresse en https."
            )
        retry = Retry(
            total=network.retries,
            allowed_methods={"GET"},
            status_forcelist=AGAIN,
            backoff_factor=network.backoff,
            backoff_max=network.longest,
            retry_after_max=int(network.longest),
            raise_on_status=False,
        )
        self._session, self._last = requests.Session(), float("-inf")
        self._session.auth = _Token(token) if token else None
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def json(self, path: str, what: str, **query: str) -> dict:
        """What the service answers to a question, as an object; asked again while it computes or is cut."""
        wrong = ""
        for attempt in range(self.network.retries + 1):
            if attempt:
                time.sleep(min(self.network.backoff * 2 ** (attempt - 1), self.network.longest))
            try:
                content = self._asked(f"{self.url.rstrip('/')}/{path}", what, query)
            except _Cut:
                wrong = "réponse coupée en route"
                continue
            unread: list[str] = []
            found = read_json(content, unread.append)
            if unread:
                wrong = f"réponse illisible après {len(content)} octets, ce n'est pas un JSON entier"
                continue
            if not isinstance(found, dict):
                wrong = "réponse d'une autre forme que celle attendue (objet JSON)"
                break
            if found.get("error") != WAIT:
                return found
            wrong = "le service calcule encore sa réponse"
        raise ServiceError(f"{self.host}, {what} : {wrong}. {ELSEWHERE}.")

    def content(self, what: str) -> bytes:
        """The file at the address of the service."""
        return self._asked(self.url, what, {})

    def kept(self, name: str, make) -> bytes:
        """The content of an answer: as it was kept if it is recent, else made and kept."""
        if self.cache is None:
            return make()
        path = self.cache / hashlib.sha256(self.url.encode()).hexdigest()[:12] / name
        with suppress(OSError):
            if 0 <= time.time() - path.stat().st_mtime < 3600 * self.network.keep:
                return path.read_bytes()
        content = make()
        write_whole(path, content)
        return content

    def _asked(self, url: str, what: str, query: dict[str, str]) -> bytes:
        pause = self._last + self.network.interval - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        with self._faults(what):
            answer = self._session.get(url, params=query, timeout=self.network.timeout)
        self._last = time.monotonic()
        if urlsplit(answer.url).netloc != self.host:
            there = urlsplit(answer.url).netloc
            raise ServiceError(
                f"{self.host}, {what} : le service renvoie vers un autre serveur ({there}), qui n'a pas reçu le jeton. "
                "Vérifier l'adresse dans parameters/refresh.yml."
            )
        if answer.status_code in (401, 403) and self._secret:
            raise ServiceError(
                f"{self.host}, {what} : accès refusé ({answer.status_code}). Vérifier le jeton donné dans "
                "l'environnement, ou en demander un au service."
            )
        if answer.status_code != 200:
            tries = self._tries if answer.status_code in AGAIN else "un essai"
            raise ServiceError(f"{self.host}, {what} : réponse {answer.status_code} après {tries}. {ELSEWHERE}.")
        return answer.content

    @property
    def _tries(self) -> str:
        return french.plural(self.network.retries + 1, "essai")

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        """What goes wrong on the way, in French: the library's own messages are long, and may quote the request."""
        try:
            yield
        except requests.exceptions.ChunkedEncodingError:
            raise _Cut(f"{self.host}, {what} : réponse coupée en route. {ELSEWHERE}.") from None
        except requests.exceptions.SSLError:
            said = "certificat refusé. Vérifier l'adresse et le certificat du réseau (REQUESTS_CA_BUNDLE)"
        except requests.exceptions.ProxyError:
            said = "le relais du réseau refuse. Vérifier HTTPS_PROXY"
        except requests.TooManyRedirects:
            said = "renvois sans fin"
        except requests.RequestException as wrong:
            late = isinstance(wrong, requests.Timeout) or "timed out" in str(wrong)
            said = (
                f"pas de réponse en {french.exact(self.network.timeout)} s, après {self._tries}"
                if late
                else UNREACHABLE
            )
        else:
            return
        raise ServiceError(f"{self.host}, {what} : {said}. {ELSEWHERE}.") from None

    def refused(self, found: dict, what: str) -> DataError:
        """What to raise for a measure that is refused: what the server says, without what it was sent."""
        said = " ".join(str(found["error"]).split())
        said = (said.replace(self._secret, "…") if self._secret else said)[:LONGEST_ERROR]
        return DataError(f"{self.host}, {what} : « {said} ». Vérifier la mesure dans parameters/refresh.yml.")
