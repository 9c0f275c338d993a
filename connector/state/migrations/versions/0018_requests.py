"""A request is one row, which is the claim of its messages; they are not written for it any more.

What was on its way becomes one open request for each run and instant that claimed it. Its attempt is that of the
request from now on, and its row waits as it did before, unless a newer message has its place in the queue by now.
"""

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_is_open = sa.text("state = 'sending'")


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("entity", _text, nullable=False),
        sa.Column("state", _text, nullable=False, comment="sending, settled"),
        sa.Column("fence", sa.BigInteger(), nullable=False, comment="the run that sent it"),
        sa.Column("message_ids", _text, nullable=False, comment="JSON, as the lists that follow, place by place"),
        sa.Column("new_values", _text, nullable=False, comment="what the messages said"),
        sa.Column("new_in_stock", _text),
        sa.Column("old_values", _text, nullable=False, comment="what Magento had confirmed before"),
        sa.Column("old_in_stock", _text),
        sa.Column("left_open", _text, comment="the messages without an outcome, where only some have none"),
        sa.Column("sent", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger(), comment="when its answer was lost"),
        sa.Column("settled_at", sa.BigInteger()),
    )
    op.create_index("requests_open", "requests", ["entity"], sqlite_where=_is_open, postgresql_where=_is_open)
    op.add_column("messages", sa.Column("request", sa.BigInteger(), comment="the last request that it was in"))
    _claims_become_requests()
    op.drop_column("messages", "fence")


_ON_THEIR_WAY = """
    SELECT m.entity, m.fence, m.changed_at, m.id, m.value, m.in_stock, l.value, l.in_stock FROM messages m
    LEFT JOIN ledger l ON l.entity = m.entity AND l.key = m.key AND l.source = m.source
    WHERE m.state = 'sending' ORDER BY m.entity, m.fence, m.changed_at, m.key, m.source
"""
_KEPT = """
    INSERT INTO requests (entity, state, fence, message_ids, new_values, new_in_stock, old_values, old_in_stock, sent_at)
    VALUES (:entity, 'sending', :fence, :message_ids, :new_values, :new_in_stock, :old_values, :old_in_stock, :sent_at)
    RETURNING id
"""


def _claims_become_requests() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text(_ON_THEIR_WAY)).all()
    for (entity, fence, sent_at), claimed in groupby(rows, key=lambda row: row[:3]):
        ids, new, in_stock, old, was_in_stock = zip(*(row[3:] for row in claimed), strict=True)
        given = {
            "entity": entity,
            "fence": fence or 0,
            "message_ids": json.dumps(ids),
            "new_values": json.dumps(new),
            "new_in_stock": _truths(in_stock),
            "old_values": json.dumps(old),
            "old_in_stock": _truths(was_in_stock),
            "sent_at": sent_at,
        }
        request = connection.execute(sa.text(_KEPT), given).scalar_one()
        used = sa.text("UPDATE messages SET attempts = attempts - 1, request = :request WHERE id = :id")
        connection.execute(used, [{"request": request, "id": number} for number in ids])
    op.execute("""
        UPDATE messages SET state = 'pending' WHERE state = 'sending' AND NOT EXISTS (
            SELECT 1 FROM messages newer WHERE newer.entity = messages.entity AND newer.key = messages.key
            AND newer.source = messages.source AND newer.state = 'pending'
        )
    """)


def _truths(values: tuple[object, ...]) -> str | None:
    if all(value is None for value in values):
        return None
    return json.dumps([None if value is None else int(bool(value)) for value in values])


def downgrade() -> None:
    op.add_column("messages", sa.Column("fence", sa.BigInteger(), comment="the run that claimed it"))
    connection = op.get_bind()
    query = "SELECT fence, message_ids, left_open, sent_at, lost_at FROM requests WHERE state = 'sending'"
    for fence, ids, left, sent_at, lost_at in connection.execute(sa.text(query)).all():
        claimed = sa.text(
            "UPDATE messages SET state = 'sending', attempts = attempts + 1, fence = :fence, changed_at = :at, "
            "not_before = NULL WHERE id = :id"
        )
        given = [{"fence": fence, "at": lost_at or sent_at, "id": number} for number in json.loads(left or ids)]
        connection.execute(claimed, given)
    op.drop_column("messages", "request")
    op.drop_index("requests_open", table_name="requests")
    op.drop_table("requests")
