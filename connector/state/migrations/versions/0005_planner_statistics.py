"""SQLite's planner is told how the tables look when they are full: without it, it reads all of an entity for each key.

Measured: with no statistics SQLite 3.40 searches the ledger by its primary key's first column where an index over both
columns of the question stands ready. The figures are those of ANALYZE over 200,000 rows an entity. PostgreSQL keeps its
own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATISTICS = (
    ("ledger", "ledger", "1000000 200000 2 1"),
    ("ledger", "ledger_acumatica_key", "1000000 200000 2"),
    ("links", "links", "1000000 200000 1"),
    ("links", "links_acumatica_key", "1000000 200000 1"),
    ("links", "links_magento_id", "1000000 200000 1"),
    ("messages", "messages_live", "520000 104000 2"),
    ("messages", "messages_live_acumatica_key", "520000 104000 2"),
    ("messages", "messages_pending", "500000 100000 2 1"),
    ("messages", "messages_sending", "1000 200 1 1"),
    ("messages", "messages_state", "1000000 200000 50000"),
    ("rechecks", "rechecks", "1000000 200000 2 1"),
    ("records", "records", "1000000 200000 1"),
    ("records", "records_key", "1000000 200000 1"),
    ("records", "records_next_change", "10000 2000 1"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("ANALYZE")
    told = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.execute(told.delete())
    op.bulk_insert(told, [{"tbl": table, "idx": index, "stat": stat} for table, index, stat in STATISTICS])
    op.execute("ANALYZE sqlite_schema")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS sqlite_stat1")
