"""A Prefect server of its own, as an administrator starts one, with its scheduler."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import environment
from support.prefect_server import prefect_server


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
    with prefect_server(home, environment(home, {}), "--no-ui") as url:
        yield f"{url}/api"


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
