"""A Prefect server of its own, as an administrator starts one, with its scheduler."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import environment
from support.processes import answers, running, wait_until


@pytest.fixture(scope="module", autouse=True)
def environment_of_this_process() -> Iterator[None]:
    """What starts processes for runs sets variables for all of them; other tests here inherit none."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server's API: one for each file, because the next one would do the runs that are left."""
    home = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-ui",
    ]
    log = home / "server.log"
    with running(command, folder=home, environ=environment(home, {}), log=log) as process:
        url = f"http://127.0.0.1:{port}/api"
        wait_until(lambda: process.poll() is not None or answers(f"{url}/health"), "a Prefect server that answers")
        assert process.poll() is None, log.read_text()
        yield url


@pytest.fixture
def hole() -> Iterator[str]:
    """The address of a host that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with foreign modules, which nothing may import."""
    for name in ("tasks", "settings", "flows"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the foreign {name} was imported')\n")
    return tmp_path
