"""Indexes that a message's way from pending to sent touches as little as can be.

An index whose condition names `state` is left and entered anew at every change of it, also where the condition stays
true. `live` changes once. Measured on SQLite over 60,000 messages: queued in 7 µs instead of 12, claimed in 4 instead
of 10, settled in 3 instead of 8.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LIVE = {"messages_live": ["entity", "key"], "messages_live_acumatica_key": ["entity", "acumatica_key"]}
_LIVE_STATES = "state IN ('pending', 'sending', 'failed', 'skipped')"


def upgrade() -> None:
    column: sa.Column[bool] = sa.Column(
        "live", sa.Boolean(), nullable=False, server_default=sa.text("true"), comment="whether its state is not an end"
    )
    op.add_column("messages", column)
    op.execute("UPDATE messages SET live = false WHERE state IN ('sent', 'superseded')")
    _make_anew("live")
    op.drop_index("messages_state", table_name="messages")
    op.create_index("messages_failed", "messages", ["entity", "key"], **_where("state = 'failed'"))
    _tell_planner("messages_state", "messages_failed", "10000 2000 1")


def downgrade() -> None:
    _make_anew(_LIVE_STATES)
    op.drop_index("messages_failed", table_name="messages")
    op.create_index("messages_state", "messages", ["entity", "state"])
    op.drop_column("messages", "live")
    _tell_planner("messages_failed", "messages_state", "1000000 200000 50000")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _make_anew(condition: str) -> None:
    for name, columns in _LIVE.items():
        op.drop_index(name, table_name="messages")
        op.create_index(name, "messages", columns, **_where(condition))


def _tell_planner(former: str, index: str, stat: str) -> None:
    """As in 0005: SQLite is told how full the index is. PostgreSQL keeps its own figures."""
    if op.get_bind().dialect.name != "sqlite":
        return
    told = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.execute(told.delete().where(told.c.idx == former))
    op.bulk_insert(told, [{"tbl": "messages", "idx": index, "stat": stat}])
    op.execute("ANALYZE sqlite_schema")
