"""What every test may use: the shared evidence (recordings, samples), databases, and what CI may not skip."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.databases import DATABASES, NoServer, Postgres, postgres_server
from support.fault_counts import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown  # noqa: F401

gc.disable()  # until all tests are collected: what is imported and collected stays, and a seventh of that time is saved
os.environ["COLUMNS"] = "200"  # pytest-xdist tells its workers 80, in which tables fold

SHARED = Path(__file__).resolve().parents[2] / "shared"

CHROMIUM = Path("/usr/bin/chromium")

MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    # every commit of a state database waits for its disk: some 5 ms, hundreds of thousands of times
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

SIDE_BY_SIDE = "PYTEST_XDIST_WORKER" in os.environ

TOGETHER = {
    "browser/": "stacks",
    "deployments/": "stacks",
    "flows/": "flows",
    "a2m/test_demo.py": "wheel",
    "packaging/test_wheel.py": "wheel",
    "faults/test_crashes.py": "forks",
    "connector/acumatica/test_licence_of_many.py": "forks",
    "connector/state/test_workers.py": "forks",
}
"""Tests with a Prefect server and all its processes, one stack at a time, because each would fill both cores; those
that share a server; those that share an environment with the wheel; and those that fork from one process that has
imported everything.
"""

LONGEST_FIRST = (
    *("browser/", "deployments/", "faults/", "flows/", "a2m/test_demo.py", "docs/test_tutorial.py"),
    *("packaging/test_ctrl_c.py", "web/test_in_a_browser.py", "syncs/"),
    *("properties/", "migrated/", "entities/price/", "connector/", "packaging/", "a2m/", "app/", "web/", "sandbox_"),
)
"""What begins first where tests run side by side, so that no worker is left with a long file at the end."""


class FromAnotherFile(pytest.Dir):
    """A folder whose files each worker collects beginning with another one: in a new clone each worker compiles a part
    of them, and finds the others compiled, instead of all workers compiling all.
    """

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        found = list(super().collect())
        worker, workers = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        first = len(found) * worker // workers
        yield from found[first:] + found[:first]


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Dir | None:
    """Collect a folder in a worker's own order."""
    return FromAnotherFile.from_parent(parent, path=path) if SIDE_BY_SIDE else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Bring the tests into the order in which workers take them; it is the same in all of them, whatever the order in
    which they were collected.
    """
    if SIDE_BY_SIDE:
        items.sort(key=lambda item: item.path.parts)
    yield
    if SIDE_BY_SIDE:
        items.sort(key=lambda item: _turn(item.nodeid))


def pytest_collection_finish() -> None:
    """Let Python look for garbage among what the tests make, and no more among all modules and all collected tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _turn(nodeid: str) -> int:
    file = nodeid.removeprefix("tests/")
    return next((turn for turn, begin in enumerate(LONGEST_FIRST) if file.startswith(begin)), len(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where tests run side by side (`make test` without ARGS): a file stays together, and so do those in `TOGETHER`.

    The marker `xdist_group` does not do it: pytest-xdist 3.8 writes it into ids that pytest 9.2 no longer reads.
    """
    from xdist.scheduler import LoadFileScheduling

    class InGroups(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            groups = (group for begin, group in TOGETHER.items() if file.removeprefix("tests/").startswith(begin))
            return next(groups, file)

    return InGroups(config, log)


def required(what: str) -> bool:
    """Whether `A2M_REQUIRE` says that a test for `what` may not be skipped."""
    return what in os.environ.get("A2M_REQUIRE", "").split(",")


def missing(what: str, reason: str) -> None:
    """Skip with the reason, or fail where `A2M_REQUIRE` names `what`."""
    if required(what):
        pytest.fail(f"A2M_REQUIRE names {what}, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `../shared` with the recordings of a real Magento and real Acumatica answers."""
    if not SHARED.is_dir():
        missing("recordings", "the folder ../shared with the recordings is not here")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that lives as long as the tests."""
    try:
        with postgres_server() as server:
            yield server
    except NoServer as error:
        missing("postgres", str(error))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's Chromium, for tests of pages."""
    if find_spec("playwright") is None:
        missing("chromium", "the package playwright is not installed")
    if not CHROMIUM.exists():
        missing("chromium", f"there is no {CHROMIUM}; it is in Debian's package chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def newest_schema(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Gives what a new database of a kind is copied from: a SQLite file, or the name of a PostgreSQL database."""
    from connector.state.engine import open_state

    @cache
    def made(kind: str) -> str:
        if kind == "sqlite":
            template = str(tmp_path_factory.mktemp("newest") / "state.sqlite")
            open_state(f"sqlite:///{template}").close()
        else:
            server: Postgres = request.getfixturevalue("postgres")
            template = server.new_database()
            open_state(server.url(template)).close()
        return template

    return made


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, tmp_path: Path, newest_schema: Callable[[str], str]
) -> Iterator[Callable[..., str]]:
    """Gives the address of one new database after the other: `new_database("postgresql")`, or "sqlite".

    It has the newest schema already, which is quicker, or with `empty=True` nothing at all. `like`: it is a copy of
    this one, a SQLite file or the name of a PostgreSQL database.
    """
    made: list[str] = []
    numbers = count()

    def new(kind: str, *, empty: bool = False, like: str = "") -> str:
        if kind == "sqlite":
            path = tmp_path / f"state-{next(numbers)}.sqlite"
            if not empty:
                shutil.copy(like or newest_schema(kind), path)
            return f"sqlite:///{path}"
        server: Postgres = request.getfixturevalue("postgres")
        made.append(server.new_database("template0" if empty else like or newest_schema(kind)))
        return server.url(made[-1])

    yield new
    if made:
        request.getfixturevalue("postgres").drop(*made)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database: a test with it runs once for each."""
    return str(request.param)


@pytest.fixture
def database_url(database: str, new_database: Callable[..., str]) -> str:
    """The address of a new state database: the test runs once for each kind."""
    return new_database(database)
