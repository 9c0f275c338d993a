"""What a message waits for, since when, and whether that was told."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name, kind, comment in (
        ("wait", _text, "the code of what a pending message waits for; null where it waits for its turn"),
        ("waiting_since", sa.BigInteger(), "since when it waits for that"),
        ("waits_for", _text, "the record whose sending ends the wait, as entity and Acumatica key"),
        ("wait_told_at", sa.BigInteger(), "when a person was told that it waits for long"),
    ):
        column: sa.Column[Any] = sa.Column(name, kind, comment=comment)
        op.add_column("messages", column)
    condition = sa.text("state = 'pending' AND waits_for IS NOT NULL")
    where: dict[str, Any] = {"sqlite_where": condition, "postgresql_where": condition}
    op.create_index("messages_waiting", "messages", ["waits_for"], **where)


def downgrade() -> None:
    op.drop_index("messages_waiting", table_name="messages")
    for name in ("wait_told_at", "waits_for", "waiting_since", "wait"):
        op.drop_column("messages", name)
