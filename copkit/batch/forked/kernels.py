"""The kernel provisioner that gives JupyterLab and Voilà processes forked from one warm parent.

``JUPYTER_DEFAULT_PROVISIONER_NAME=copkit-fork jupyter lab`` (or a kernelspec that names it) is all that is needed;
with ``COPKIT_WARM=on`` the parent has also loaded copkit and its data, theme of the charts included: for a server
that runs the kit's notebooks only.
"""

from __future__ import annotations

import asyncio
import os
import sys

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from copkit.batch.forked.forks import FOR_THE_KIT, WARM, Forked, ForkServer, available, say_ordinary
from copkit.errors import RunError


def is_ours(command: list[str]) -> bool:
    """Whether a kernelspec's command starts ipykernel with this very Python."""
    same = os.path.realpath(os.path.dirname(command[0])) == os.path.realpath(os.path.dirname(sys.executable))
    return (command[0] in ("python", "python3") or same) and "ipykernel_launcher" in command and "-f" in command


def _fork(warm: str, argv: list[str], cwd: str, env: dict) -> Forked:
    server = ForkServer.get(warm)
    if server.ready.moved:
        raise RunError(server.ready.moved)
    return server.fork(argv, cwd, env)


class ForkProvisioner(LocalProvisioner):
    """Kernels forked from the warm parent; ordinary ones where that cannot be."""

    async def launch_kernel(self, cmd: list[str], **kwargs):
        """Launch a kernel."""
        if not (available() and is_ours(cmd)):
            if not available():
                say_ordinary()
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = str(kwargs.get("cwd") or os.getcwd())
        env = kwargs.get("env") or dict(os.environ)
        start = asyncio.get_running_loop().run_in_executor
        try:
            warm = WARM if os.environ.get(FOR_THE_KIT, "").lower() == "on" else ""
            self.process = await start(None, _fork, warm, cmd[cmd.index("-f") :], self.cwd, env)
        except Exception as error:
            say_ordinary(str(error))
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Until the kernel ends; a pidfd tells at once where the stock method looks ten times a second."""
        if not isinstance(self.process, Forked):
            return await super().wait()
        await self.process.ended()
        self.process = None
        return 0
