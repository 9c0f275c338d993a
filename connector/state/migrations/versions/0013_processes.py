"""Which process holds a lease or a session of Acumatica, and the last fault of an entity."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("leases", "sessions"):
        op.add_column(table, sa.Column("machine", _text, comment="where its process runs"))
        op.add_column(table, sa.Column("pid", sa.BigInteger()))
        op.add_column(table, sa.Column("process_started", _text, comment="tells it from a later process of that pid"))
    op.add_column("sessions", sa.Column("holder", _text, comment="who uses it, in words"))
    op.add_column("sessions", sa.Column("heard_at", sa.BigInteger(), comment="when its process last said that it lives"))
    op.add_column("entities", sa.Column("last_fault", _text, comment="what ended the last run, until one ends well"))
    op.add_column("entities", sa.Column("last_fault_at", sa.BigInteger()))
    op.add_column("entities", sa.Column("fault_since", sa.BigInteger(), comment="when the first run in a row failed"))


def downgrade() -> None:
    for column in ("fault_since", "last_fault_at", "last_fault"):
        op.drop_column("entities", column)
    op.drop_column("sessions", "heard_at")
    op.drop_column("sessions", "holder")
    for table in ("sessions", "leases"):
        for column in ("process_started", "pid", "machine"):
            op.drop_column(table, column)
