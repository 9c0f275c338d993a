"""A backup is consistent and private, and can be restored into a database of either kind."""

import stat
from datetime import timedelta

import pytest
from sqlalchemy import select
from support.moment import NOW

from connector.state.coordination import lease, wakeups
from connector.state.engine import State, open_state
from connector.state.operator.backup import OF_PROCESSES, BackupUnusable, back_up, open_copy, restore
from connector.state.schema import metadata
from connector.state.sync import entities, links
from connector.state.sync.links import Link


def contents(state: State) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows except those of processes and of requested syncs."""
    with state.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in (*OF_PROCESSES, "wakes")
        }


@pytest.fixture
def filled(state: State) -> State:
    """Return a state that holds something and on which a run works."""
    with state.write() as connection:
        rows = [Link(f"SO {number:06d}", f"SO {number:06d}", str(number), b"{}") for number in range(200)]
        links.write(connection, "order", rows, NOW)
    entities.pause(state, ["price"], paused=True)
    lease.acquire(state, "order", "run nimble-otter", NOW, 3600)
    return state


def test_a_backup_is_restored(filled, tmp_path, database, new_database):
    """A restored state has all rows except those of processes, and a full sync is requested."""
    file = tmp_path / "backups" / "state.sqlite"
    made = back_up(filled, file)
    assert (made.size, stat.S_IMODE(file.stat().st_mode)) == (file.stat().st_size, 0o600)
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    before = file.read_bytes()
    url = new_database(database, empty=True)
    restore(file, url, ["price", "order"], NOW + timedelta(days=1))
    assert file.read_bytes() == before, "the backup stays as it is"
    again = open_state(url)
    assert contents(again) == contents(filled)
    with again.read() as connection:
        assert lease.holder_of(connection, "order", NOW) is None
        assert wakeups.read(connection, "order").full_asked_at == NOW + timedelta(days=1)
    with again.write() as connection:
        links.write(connection, "order", [Link("SO 1", "SO 1", "1")], NOW)
    again.close()


def test_a_copy_to_work_on(filled, tmp_path):
    """A copy has the rows of the state, except those of tables that are left out; changes in it stay in it."""
    copy = open_copy(filled, tmp_path / "copy.sqlite", without=("leases", "links"))
    assert contents(copy) == {**contents(filled), "links": []}
    taken = lease.acquire(copy, "order", "a dry run", NOW, 3600)
    entities.pause(copy, ["price"], paused=False)
    copy.close()
    with filled.read() as connection:
        assert isinstance(taken, lease.Lease)
        assert lease.holder_of(connection, "order", NOW).holder == "run nimble-otter"
        assert entities.read(connection, "price").paused


def test_nothing_is_overwritten(filled, tmp_path, database_url):
    """A backup does not overwrite a state, and a backup file is not overwritten by another."""
    file = tmp_path / "state.sqlite"
    back_up(filled, file)
    with pytest.raises(BackupUnusable, match=r"There is a state already in .* Nothing was changed\."):
        restore(file, database_url, [], NOW)
    with pytest.raises(BackupUnusable, match=r"There is a file .* already\. Nothing was written\."):
        back_up(filled, file)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "There is no file"), (b"no database" * 1000, "is no backup of a state"), (b"", "it holds none")],
)
def test_a_file_that_is_not_a_backup(tmp_path, content, words):
    """It is refused with a message, and nothing is created."""
    file, target = tmp_path / "file", tmp_path / "target.sqlite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BackupUnusable, match=words):
        restore(file, f"sqlite:///{target}", [], NOW)
    assert not target.exists()
