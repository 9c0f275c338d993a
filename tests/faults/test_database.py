"""The state database fails during a sync: the sync ends with a clear message, and after the repair all converges."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from support.databases import Postgres
from support.stories import STORIES, Scene
from support.world import World

from connector import failpoints
from connector.failpoints import STEPS
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.engine import open_state
from connector.state.faults import StateError

NEVER_WRITES = {"computed", "queued", "confirmed", "remembered"}
"""Steps after which no write can fail, because the step before has failed already."""
PARAMETERS = [pytest.param(entity, marks=[] if entity == "price" else pytest.mark.soak) for entity in STORIES]


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
    """Call a function when a sync next reaches a step."""

    def when(step: str, happens: Callable[[], object]) -> None:
        reached: Counter[str] = Counter()

        def reach(name: str) -> None:
            reached[name] += 1
            if (name, reached[name]) == (step, 1):
                happens()

        monkeypatch.setattr(failpoints, "hit", reach)

    return when


async def mended(scene: Scene, story_entity: str) -> None:
    """Run the syncs that continue after a fault, and assert the invariant."""
    story, here = STORIES[story_entity], scene.here
    here.clock.advance(LEASE_SECONDS + 1)
    story.change_again(scene, 1)
    for entity in story.syncs_afterwards():
        await scene.sync(entity)
        here.clock.advance(LEASE_SECONDS + 1)
    here.assert_converged(scene.settings, entities=story.entities())


async def begun(make_world: Callable[..., World], entity: str, url: str) -> Scene:
    """Make a world in which the entity has something to send."""
    story = STORIES[entity]
    scene = Scene(make_world(story.products, database_url=url), story.sections)
    await story.begin(scene)
    return scene


@pytest.mark.parametrize("entity", PARAMETERS)
@pytest.mark.parametrize("step", STEPS)
async def test_a_server_that_restarts_in_the_middle_of_a_sync(
    make_world: Callable[..., World],
    new_database: Callable[..., str],
    postgres: Postgres,
    at_step: Callable[[str, Callable[[], object]], None],
    entity: str,
    step: str,
) -> None:
    """Whatever the step at which PostgreSQL is killed, the sync continues with the new server or reports that it went
    away, and the next syncs converge.
    """
    scene = await begun(make_world, entity, new_database("postgresql"))
    at_step(step, postgres.restart)
    outcome = await scene.here.sync(STORIES[entity].entity, scene.settings)
    at_step("never", lambda: None)
    if outcome.fault is not None:
        assert "went away in the middle of the work" in outcome.fault, outcome.fault
    assert scene.here.failed() == []
    await mended(scene, entity)


@contextmanager
def full_disk(here: World) -> Iterator[None]:
    """The state file may not grow by another page, as on a full disk; with room again at the end."""

    def limit(connection: Connection, pages: int | None = None) -> None:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages or size}")

    event.listen(here.state.engine, "begin", limit)
    yield
    event.remove(here.state.engine, "begin", limit)
    with here.state.read() as connection:
        limit(connection, 1_073_741_823)


async def test_a_disk_that_fills_up(make_world: Callable[..., World], new_database: Callable[..., str]) -> None:
    """The sync ends with what is full and what to do; no message is lost, none is half-written, and none fails."""
    here = make_world(400, database_url=new_database("sqlite"))
    settings = here.settings(queue={"batch_count": 1000})
    with full_disk(here):
        fault = (await here.sync("price", settings)).fault
        assert fault is not None
        assert "because the disk is full: make room on it" in fault
        assert here.failed() == []
        here.assert_watermark_is_behind("price")
    here.clock.advance(LEASE_SECONDS + 1)
    assert (await here.sync("price", settings)).fault is None
    here.assert_converged(settings, entities=["price"])


@pytest.mark.parametrize("step", [step for step in STEPS if step not in NEVER_WRITES and step != "chunk_written"])
async def test_somebody_who_locks_the_database_for_too_long(
    make_world: Callable[..., World],
    database_url: str,
    at_step: Callable[[str, Callable[[], object]], None],
    step: str,
) -> None:
    """A sync waits for the lock, then reports it; when the lock is gone the next sync converges."""
    scene = await begun(make_world, "price", database_url)
    here, other = scene.here, open_state(database_url)
    here.state.close()
    here.state = open_state(database_url, lock_timeout=0.05)
    with other.engine.connect() as locking:

        def lock() -> None:
            locking.exec_driver_sql("UPDATE leases SET holder = holder WHERE entity = 'price'")

        at_step(step, lock)
        fault = (await here.sync("price", scene.settings)).fault
        locking.rollback()
    other.close()
    assert fault is not None
    assert "is kept locked by another program" in fault
    at_step("never", lambda: None)
    assert here.failed() == []
    await mended(scene, "price")


async def test_a_file_that_may_only_be_read(make_world: Callable[..., World], new_database: Callable[..., str]) -> None:
    """The sync ends with what to do before it asks anybody anything; with the right to write it works."""
    here = make_world(3, database_url=new_database("sqlite"))

    def only_read(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")  # as root every file may be written

    event.listen(here.state.engine, "begin", only_read)
    with pytest.raises(StateError, match="may only be read: give this user the right to write the file and its folder"):
        await here.sync("price")
    event.remove(here.state.engine, "begin", only_read)
    here.state.close()
    assert here.faults.seen == []
    here.state = open_state(here.database_url)
    assert (await here.sync("price")).fault is None
    here.assert_converged(entities=["price"])


def spoil(file: Path) -> bytes:
    """Damage the file; return its new content."""
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"\xee" * (len(content) - 100))
    return file.read_bytes()


def move(one: Path, other: Path) -> None:
    """As a person does it."""
    one.replace(other)


def assert_refused(here: World, file: Path, damaged: bytes) -> None:
    """The message says what to do, and the file is unchanged."""
    with pytest.raises(StateError, match=r"is damaged.*Put a backup in its place, or move the file away and start"):
        open_state(here.database_url)
    assert file.read_bytes() == damaged


@pytest.mark.parametrize(("mend", "repeated"), [("a backup", 1), ("moved away", 0)])
async def test_a_damaged_file(
    make_world: Callable[..., World], new_database: Callable[..., str], mend: str, repeated: int
) -> None:
    """A file that was damaged between two syncs is refused and kept. With a backup in its place, the sync sends again
    what was sent after the backup; with no file, it reads what Magento shows and writes nothing.
    """
    here = make_world(30, database_url=new_database("sqlite"))
    file, settings = Path(here.database_url.removeprefix("sqlite:///")), here.settings(queue={"batch_count": 1000})
    await here.sync("price", settings)
    backup = file.with_name("backup.sqlite")
    with closing(sqlite3.connect(file)) as kept, closing(sqlite3.connect(backup)) as copy:
        kept.backup(copy)
    here.clock.advance(61)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "77"}})
    await here.sync("price", settings)
    written = len(here.writes())
    here.state.close()
    assert_refused(here, file, spoil(file))
    move(backup, file) if mend == "a backup" else move(file, backup)
    here.clock.advance(LEASE_SECONDS + 1)
    here.state = open_state(here.database_url)
    assert (await here.sync("price", settings)).fault is None
    assert len(here.writes()) == written + repeated
    here.assert_converged(settings, entities=["price"])
