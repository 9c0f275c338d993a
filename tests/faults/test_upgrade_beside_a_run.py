"""A newer version brings the state database to its schema while runs of the older one still work."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from support.stories import STORIES, Scene
from support.world import World

from connector import failpoints
from connector.state import revision
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.engine import open_state
from connector.state.revision import MIGRATIONS, newest_schema

ADDS = (
    "op.add_column('targets', sa.Column('of_tomorrow', sa.Text(), nullable=True))",
    "op.drop_column('targets', 'of_tomorrow')",
)
RENAMES = "op.rename_table('requests', 'of_tomorrow')", "op.rename_table('of_tomorrow', 'requests')"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{before}"


def upgrade():
    {up}


def downgrade():
    {down}
"""


class NewerVersion:
    """A version of tomorrow, with one migration more."""

    def __init__(self, folder: Path, change: tuple[str, str]) -> None:
        self._folder, self._newest = folder / "migrations", newest_schema()
        shutil.copytree(MIGRATIONS, self._folder, ignore=shutil.ignore_patterns("__pycache__"))
        up, down = change
        text = MIGRATION.format(before=self._newest, up=up, down=down)
        (self._folder / "versions" / "9999_of_tomorrow.py").write_text(text)

    def start(self, url: str) -> None:
        """Open the state, as its first command does."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(revision, "MIGRATIONS", self._folder)
            revision.known_schemas.cache_clear()
            open_state(url).close()
        revision.known_schemas.cache_clear()

    def undo(self, url: str) -> None:
        """Bring the database back, so that this version can go on in the place of the newer one."""
        engine = create_engine(url)
        with engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(self._folder))
            command.downgrade(config, self._newest)
        engine.dispose()


@pytest.mark.over_both
@pytest.mark.parametrize(
    ("entity", "step", "change"),
    [
        pytest.param("price", "claimed", ADDS, id="price, before its request, a new column"),
        pytest.param("price", "delivered", RENAMES, id="price, after its request, a table of another name"),
        pytest.param("order", "claimed", RENAMES, id="order, before its request, a table of another name"),
        pytest.param("order", "delivered", ADDS, id="order, after its request, a new column"),
    ],
)
async def test_a_newer_version_starts_while_a_run_works(
    make_world: Callable[..., World],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    step: str,
    change: tuple[str, str],
) -> None:
    """The run of the older version stops with a sentence about the newer one and writes nothing more, before its
    request and after it; what it was sending is neither lost nor made twice.
    """
    story, reached = STORIES[entity], Counter[str]()
    scene = Scene(make_world(story.products), story.sections)
    here, tomorrow = scene.here, NewerVersion(tmp_path, change)
    await story.begin(scene)

    def upgrade_at(name: str) -> None:
        reached[name] += 1
        if (name, reached[name]) == (step, 1):
            tomorrow.start(here.database_url)

    monkeypatch.setattr(failpoints, "hit", upgrade_at)
    older = await here.sync(entity, scene.settings)
    monkeypatch.undo()
    assert older.fault is not None
    assert "the schema 9999 by a newer version of the connector" in older.fault
    assert "Start it again with the newer version" in older.fault

    tomorrow.undo(here.database_url)
    here.clock.advance(LEASE_SECONDS + 1)
    for one in story.syncs_afterwards():
        await scene.sync(one)
        here.clock.advance(LEASE_SECONDS + 1)
    here.assert_converged(scene.settings, entities=story.entities())
