"""Trying damaged files on readers, in a process that has bounds: what it says, its time, its memory."""

from __future__ import annotations

import os
import pickle
import random
import re
import resource
import signal
import time
import traceback
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from copkit.errors import CopkitError

MEMORY = 1 << 30  # bytes that a reading may add to those of the process
HANG = 30  # s of processor beyond which a reading does not end
ENGLISH = re.compile(r"\b(Error|Exception|expected|invalid|Input should|could not|cannot|object is|Traceback)\b")


@dataclass(frozen=True)
class Outcome:
    """``verdict``: read, refused, or what went wrong; ``memory``: bytes added, the pages of the process; time [s]."""

    case: str
    reader: str
    verdict: str
    seconds: float
    memory: int

    @property
    def wrong(self) -> bool:
        return self.verdict not in ("read", "refused")


def seed(*parts: object) -> int:
    """The same draw at each run, another one for each case."""
    return zlib.crc32(" ".join(map(str, parts)).encode())


def tried(case: str, reader: str, read: Callable[[], object], name: str = "") -> Outcome:
    """What one reading gives; ``name``: what a message has to name."""
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read()
        verdict = "read"
    except CopkitError as error:
        verdict = unsaid(str(error), name) or "refused"
    except MemoryError:
        verdict = "mémoire épuisée"
    except Exception:
        verdict = "".join(traceback.format_exc(limit=-4))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Outcome(case, reader, verdict, time.process_time() - start, used * 1024)


def unsaid(message: str, name: str, content: str = "") -> str:
    """What a message of refusal lacks; nothing for a good one. What it cites of the content may be English."""
    cited = set(re.findall(r"« ?([^»]*?) ?»", message))
    for one in cited:
        message = message.replace(one, "…") if one and one in content else message
    if name and name.partition(".")[0] not in message:
        return f"le message ne nomme pas le fichier : {message[:300]}"
    if found := ENGLISH.search(message):
        return f"le message n'est pas en français (« {found[0]} ») : {message[:300]}"
    if len(message) > 100_000:
        return f"message de {len(message)} caractères : {message[:300]}"
    return "" if message.strip().endswith((".", "?", "!", ")", "…")) else f"message sans fin : {message[-300:]}"


Case = tuple[str, str, Callable[[], object], str]


def bounded(cases: list[Case]) -> Iterable[Outcome]:
    """The outcomes of cases, tried in a process of bounded memory; another one goes on where one is lost."""
    done = 0
    while done < len(cases):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            _try(cases[done:], write)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            while True:
                try:
                    yield pickle.load(stream)
                except EOFError:
                    break
                done += 1
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if done < len(cases):
            case, reader, *_ = cases[done]
            said = {-signal.SIGXCPU: "ne finit pas", -signal.SIGALRM: "attend sans fin"}.get(
                status, f"le processus meurt ({status})"
            )
            yield Outcome(case, reader, said, 0.0, 0)
            done += 1


def _try(cases: list[Case], write: int) -> None:
    own = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (own + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with os.fdopen(write, "wb") as stream:
        for case in cases:
            signal.alarm(5 * HANG)
            spent = int(time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (spent + HANG, resource.RLIM_INFINITY))
            pickle.dump(tried(*case), stream)
            stream.flush()
    os._exit(0)


def drawn(*parts: object) -> random.Random:
    return random.Random(seed(*parts))
