"""The warm parent and the kernels forked from it, for JupyterLab, Voilà and any Jupyter client."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from copkit.batch.forked import forks
from copkit.batch.forked.forks import Forked, ForkServer
from copkit.batch.forked.kernels import is_ours
from copkit.errors import RunError

from .notebooks import by_files
from .processes import alive, wait_until


def gone(pid: int) -> bool:
    return wait_until(lambda: not alive(pid))


@contextmanager
def kernel():
    """A kernel, started as JupyterLab would start it, and its client."""
    with tempfile.TemporaryDirectory() as sockets:
        manager = KernelManager(kernel_name="python3", config=by_files(sockets))
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            yield manager, client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


@pytest.fixture
def forked(monkeypatch):
    """A kernel from the provisioner, and its client."""
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "copkit-fork")
    with kernel() as started:
        yield started


def said(client, code: str) -> str:
    texts = []
    client.execute_interactive(code, timeout=120, output_hook=lambda m: texts.append(m["content"].get("text", "")))
    return "".join(texts).strip()


def test_provisioner_is_found_by_name_and_forks_the_kernel(forked):
    manager, client = forked
    assert isinstance(manager.provisioner.process, Forked)
    pid = int(said(client, "import os; print(os.getpid())"))
    assert pid == manager.provisioner.pid and os.getpgid(pid) == pid
    assert "pandas" in said(client, "import sys; print([m for m in sys.modules if m == 'pandas'])")
    assert said(client, "print(1 + 1)") == "2"


def test_kernel_can_be_interrupted_restarted_and_is_gone_after_shutdown(forked):
    manager, client = forked
    first = manager.provisioner.pid
    long = "import time\ntry:\n    print('commencé', flush=True)\n    time.sleep(600)\nexcept KeyboardInterrupt:\n"
    texts = []

    def hear(message):
        texts.append(message["content"].get("text", ""))
        if "commencé" in texts[-1]:
            manager.interrupt_kernel()

    client.execute_interactive(f"{long}    print('interrompu')", timeout=120, output_hook=hear)
    assert "".join(texts) == "commencé\ninterrompu\n" and said(client, "print('suite')") == "suite"
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=120)
    assert manager.provisioner.pid != first and gone(first)
    last = manager.provisioner.pid
    manager.shutdown_kernel(now=True)
    assert gone(last)


def test_only_this_python_is_forked():
    ipykernel = ["-m", "ipykernel_launcher", "-f", "/x.json"]
    assert is_ours([sys.executable, *ipykernel]) and is_ours(["python", "-Xfrozen_modules=off", *ipykernel])
    assert not is_ours(["/usr/bin/autre-python", *ipykernel])
    assert not is_ours([sys.executable, "-m", "autre_noyau", "-f", "/x.json"])


def test_server_and_its_kernels_end_with_the_program_that_started_them():
    code = (
        "import os, time\n"
        "from copkit.batch.forked.forks import ForkServer\n"
        "server = ForkServer.get('copkit.warm:nothing')\n"
        "a, b = __import__('socket').socketpair()\n"
        "child = server.fork([], os.getcwd(), dict(os.environ), b)\n"
        "print(server.process.pid, child.pid, flush=True)\n"
        "time.sleep(600)"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    server, child = map(int, program.stdout.readline().split())
    assert alive(server) and alive(child)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert gone(server) and gone(child)


def test_kernels_end_when_their_server_is_killed():
    server = ForkServer(forks.NOTHING)
    ours, theirs = socket.socketpair()
    child = server.fork([], os.getcwd(), dict(os.environ), theirs)
    server.process.kill()
    server.process.wait()
    assert gone(child.pid) and not server.alive()
    with pytest.raises(RunError, match=r"s'est arrêté. Relancer ; si cela recommence : COPKIT_FORK=off"):
        server.fork([], os.getcwd(), dict(os.environ), theirs)
    for end in (ours, theirs):
        end.close()


def test_another_process_shares_the_server_through_its_address(monkeypatch):
    server = ForkServer(forks.NOTHING)
    monkeypatch.setenv(forks.ADDRESS, server.address)
    guest = ForkServer.get("partagé")
    assert guest.process is None
    ours, theirs = socket.socketpair()
    child = guest.fork([], os.getcwd(), dict(os.environ), theirs)
    assert child.poll() is None
    guest.close()  # the guest leaves: its kernels end, the server stays
    assert gone(child.pid) and server.alive()
    server.close()
    assert server.process.returncode == 0
    for end in (ours, theirs):
        end.close()
    with pytest.raises(RunError, match="Relancer"):
        ForkServer(address=server.address)


def test_a_changed_parameter_or_data_file_is_read_again(tmp_path, monkeypatch):
    """A warm parent has read the files once: when one changes, a new parent reads them."""
    from copkit.batch import versions

    monkeypatch.setenv("COPKIT_HOME", str(tmp_path))
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "leviers.yml").write_text("a")
    first = versions.stamp()
    assert versions.stamp() == first
    (tmp_path / "parameters" / "leviers.yml").write_text("ab")
    assert versions.stamp() != first


def test_threads_that_ask_at_the_same_time_get_a_kernel_each():
    """One thread that waits for its answer must not look, to the others, as a server that is gone."""
    ends = [socket.socketpair() for _ in range(24)]

    def ask(pair):
        server = ForkServer.get(forks.NOTHING)
        return server, server.fork([], os.getcwd(), dict(os.environ), pair[1])

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, ends))
    assert len({id(server) for server, _ in found}) == 1
    assert len({child.pid for _, child in found}) == 24
    for end in itertools.chain.from_iterable(ends):
        end.close()
    for _, child in found:
        child.kill()
        assert gone(child.pid)


def test_retired_server_waits_for_its_last_kernel():
    server = ForkServer(forks.NOTHING)
    ours, theirs = socket.socketpair()
    child = server.fork([], os.getcwd(), dict(os.environ), theirs)
    server.retire()
    assert server.ready.moved == ""  # it answers after having heard that
    child.kill()
    server.process.wait(timeout=120)
    for end in (ours, theirs):
        end.close()


def test_without_fork_a_kernel_is_an_ordinary_one_and_one_line_says_it(monkeypatch, caplog):
    monkeypatch.setenv(forks.OFF, "off")
    forks.say_ordinary.cache_clear()
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "copkit-fork")
    for _ in range(2):
        with kernel() as (manager, client):
            assert not isinstance(manager.provisioner.process, Forked)
            assert said(client, "print('ordinaire')") == "ordinaire"
    assert [r.getMessage() for r in caplog.records if r.name == "copkit"] == [
        "copkit : noyaux ordinaires, plus lents (pas de processus dérivé : COPKIT_FORK=off)."
    ]
