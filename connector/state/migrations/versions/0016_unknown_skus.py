"""Prices that Magento refused because it had no product any more wait for it, as those of unknown SKUs do.

Earlier versions kept Magento's raw refusal, and the price that it had confirmed before: when the product was made again
nothing was sent.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

REFUSED = (
    "entity = 'price' AND state = 'failed' AND reason LIKE 'In Magento no product that takes a price has the SKU%'"
)


def upgrade() -> None:
    op.execute(f"DELETE FROM ledger WHERE entity = 'price' AND key IN (SELECT key FROM messages WHERE {REFUSED})")
    op.execute(f"UPDATE messages SET cause = 'unknown SKU' WHERE {REFUSED}")


def downgrade() -> None:
    """Nothing to undo: the former version knows this cause too."""
