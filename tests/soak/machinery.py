"""The processes of a soak: both simulators, and workers that are killed, suspended and started again.

All end with the soak, even if it is killed (on Linux by the kernel, otherwise by `Machinery.close`).
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
from support.processes import wait_until

from a2m.processes import end_with_parent

TESTS = Path(__file__).resolve().parents[1]
GRACE = 60.0


def take_environment(home: Path, settings: dict[str, str]) -> None:
    """Set exactly these settings for this process and its children, and hide those of the user."""
    for name in [one for one in os.environ if one.startswith(("A2M_", "PREFECT_", "PYTHONPATH"))]:
        del os.environ[name]
    os.environ.update({"A2M_HOME": str(home), **settings})
    os.chdir(home)  # an .env of the user's is out of reach


class Worker:
    """One worker process of an entity; `begin` starts it, also after its end."""

    def __init__(self, entity: str, name: str, folder: Path) -> None:
        self.entity = entity
        self.name = name
        self.log = folder / f"{name}.log"
        self._folder = folder
        self.process = self.begin()

    def begin(self) -> subprocess.Popen[bytes]:
        """A new process; its output is added to the log."""
        with self.log.open("ab") as log:
            self.process = _python(["soak.worker", self.entity, self.name], self._folder, log)
        return self.process

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


class Machinery:
    """All processes of the soak.

    `rss`: peak memory of the workers by entity, and of the sandbox. `ended`: descriptions of unexpected ends.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[Worker] = []
        self.rss: Counter[str] = Counter()
        self.ended: list[str] = []
        self._sandbox: subprocess.Popen[bytes] | None = None

    def start_sandbox(self, skus: int, documents: int) -> dict[str, str]:
        """Start both simulators; return the settings that connect to them, once they answer."""
        file = self.folder / "sandbox.env"
        sizes = ["--skus", str(skus), "--documents", str(documents)]
        ports = ["--acumatica-port", "0", "--magento-port", "0", "--env", str(file)]
        with (self.folder / "sandbox.log").open("wb") as log:
            command = ["a2m", "sandbox", *sizes, *ports]
            self._sandbox = _python(command, self.folder, log)
        wait_until(lambda: file.exists() or self._sandbox_ended(), "a sandbox that answers", seconds=600)
        lines = (shlex.split(line)[0].partition("=") for line in file.read_text().splitlines())
        return {name: value for name, _is, value in lines}

    def start_worker(self, entity: str, number: int) -> None:
        """Start another worker of the entity."""
        self.workers.append(Worker(entity, f"{entity}-{number}", self.folder))

    def watch(self) -> None:
        """Measure the memory of all processes; record and restart each worker that ended unexpectedly."""
        for one in self.workers:
            code = one.process.poll()
            if code is None:
                self._measure(one.entity, one.process.pid)
            else:
                message = one.log.read_text(errors="replace").strip()[-2_000:]
                self.ended.append(f"{one.name} ended by itself with {code}: {message}")
                one.begin()
        if self._sandbox is not None and not self._sandbox_ended():
            self._measure("sandbox", self._sandbox.pid)

    def _sandbox_ended(self) -> bool:
        if self._sandbox is not None and self._sandbox.poll() is not None:
            raise AssertionError(f"the sandbox ended by itself: {(self.folder / 'sandbox.log').read_text()[-2000:]}")
        return False

    def _measure(self, kind: str, pid: int) -> None:
        with suppress(psutil.NoSuchProcess):
            self.rss[kind] = max(self.rss[kind], psutil.Process(pid).memory_info().rss)

    def kill(self, worker: Worker) -> None:
        """Kill a worker with SIGKILL and start it again."""
        worker.process.kill()
        worker.process.wait()
        worker.begin()

    def rest(self) -> None:
        """Ask every worker to end its run, and wait."""
        for one in self.workers:
            one.signal(signal.SIGCONT)
            one.signal(signal.SIGINT)
        for one in self.workers:
            try:
                code = one.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.ended.append(f"{one.name} did not end when told to")
                one.process.kill()
                one.process.wait()
            else:
                if code not in (0, -signal.SIGINT):  # by the signal: it had only just been begun, and still imported
                    self.ended.append(f"{one.name} ended with {code} when told to; see {one.log}")
        self.workers.clear()

    def close(self) -> None:
        """End everything at once."""
        for process in [*(one.process for one in self.workers), self._sandbox]:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def _python(module: list[str], folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", *module],
        cwd=folder,
        env=os.environ
        | ({"PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"} if module[0].startswith("soak.") else {}),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
