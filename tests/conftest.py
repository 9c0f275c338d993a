"""Fixtures for every test (recordings, databases, Chromium), and the order in which pytest-xdist runs the tests.

`support/` holds the helpers; CONTRIBUTING.md says which one a new test needs. A fixture whose program or data is not
there skips its tests, unless `A2M_REQUIRE` names it, as CI does.
"""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from support.databases import DATABASES, NoServer, Postgres, postgres_server
from support.fault_counts import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown  # noqa: F401

gc.disable()  # until all tests are collected: nothing of it can be freed, and collection takes a seventh less time
# on a busy machine it takes long to generate an example, which says nothing about the test
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")
os.environ["COLUMNS"] = "200"  # pytest-xdist sets 80 for its workers, at which tables wrap

SHARED = Path(__file__).resolve().parents[2] / "shared"

CHROMIUM = Path("/usr/bin/chromium")

MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    # on a disk, each of hundreds of thousands of commits takes some 5 ms
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
"""Files, by the beginning of their path, that run in the same worker, by the name of the group.

stacks: a Prefect server with all its processes, one at a time, because each would use both cores. flows: one shared
Prefect server. wheel: one environment with the wheel. forks: processes forked from one that has imported everything.
"""

LONGEST_FIRST = (
    *("browser/", "deployments/", "faults/", "flows/", "a2m/test_demo.py", "docs/test_tutorial.py"),
    *("packaging/test_ctrl_c.py", "web/test_in_a_browser.py", "syncs/"),
    *("properties/", "migrated/", "entities/price/", "connector/", "packaging/", "a2m/", "app/", "web/", "sandbox_"),
)
"""The files that parallel workers start first, so that no worker begins a long file at the end."""


class FromAnotherFile(pytest.Dir):
    """A folder whose files each worker collects from a different starting point.

    In a new clone each worker then compiles a part of the files and finds the others compiled.
    """

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        found = list(super().collect())
        worker, workers = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        first = len(found) * worker // workers
        yield from found[first:] + found[:first]


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Dir | None:
    """Let each parallel worker collect a folder in its own order."""
    return FromAnotherFile.from_parent(parent, path=path) if SIDE_BY_SIDE else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Sort the tests into the order in which they run, which must be the same in all workers."""
    if SIDE_BY_SIDE:
        items.sort(key=lambda item: item.path.parts)
    yield
    if SIDE_BY_SIDE:
        items.sort(key=lambda item: _turn(item.nodeid))


def pytest_collection_finish() -> None:
    """Exclude modules and collected tests from garbage collection, which starts again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _turn(nodeid: str) -> int:
    file = nodeid.removeprefix("tests/")
    return next((turn for turn, begin in enumerate(LONGEST_FIRST) if file.startswith(begin)), len(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run each file, and each group in `TOGETHER`, in one worker (`make test` without ARGS runs workers in parallel).

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
    """Return whether `A2M_REQUIRE` names `what`, so that its tests may not be skipped."""
    return what in os.environ.get("A2M_REQUIRE", "").split(",")


def missing(what: str, reason: str) -> None:
    """Skip with the reason, or fail where `A2M_REQUIRE` names `what`."""
    if required(what):
        pytest.fail(f"A2M_REQUIRE names {what}, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder `../shared` with recorded responses of a real Magento and a real Acumatica."""
    if not SHARED.is_dir():
        missing("recordings", "the folder ../shared with the recordings is not here")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL server for all tests of this process."""
    try:
        with postgres_server() as server:
            yield server
    except NoServer as error:
        missing("postgres", str(error))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the path of Debian's Chromium, for tests of pages."""
    if find_spec("playwright") is None:
        missing("chromium", "the package playwright is not installed")
    if not CHROMIUM.exists():
        missing("chromium", f"there is no {CHROMIUM}; it is in Debian's package chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def newest_schema(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that returns the template for a kind of database: a SQLite file, or a PostgreSQL name."""
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
    """Return a function that makes a database and returns its address: `new_database("postgresql")`, or "sqlite".

    It has the newest schema, copied from a template, which is faster than running migrations. `empty=True`: no schema.
    `like`: a copy of this SQLite file or of the PostgreSQL database with this name.
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
    """Return the kind of database. A test with this fixture runs once for each kind."""
    return str(request.param)


@pytest.fixture
def database_url(database: str, new_database: Callable[..., str]) -> str:
    """Return the address of a new state database. A test with this fixture runs once for each kind."""
    return new_database(database)
