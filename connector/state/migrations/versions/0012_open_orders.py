"""Magento's open orders, what is added back for them, and when its reservations were last repaired."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "open_orders",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Magento's id"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="the order as Magento last showed it, as JSON"),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("demands", sa.LargeBinary(), comment="what Acumatica's orders with its number take, as JSON"),
        sa.Column("acumatica_orders", _text, comment="Acumatica's orders with its number and their status, as JSON"),
        sa.Column("asked_at", sa.BigInteger(), comment="when Acumatica was last asked for it"),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_table(
        "open_order_items",
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", _text, nullable=False, comment="the SKU as Magento compares it"),
        sa.Column("sku", _text, nullable=False),
        sa.Column(
            "ordered", sa.BigInteger(), nullable=False, comment="in 1/10,000 of Magento's unit, as the next three"
        ),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("canceled", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column(
            "added",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="added back, in 1/10,000 of the base unit",
        ),
        sa.PrimaryKeyConstraint("order_id", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("open_order_items_key", "open_order_items", ["key"])
    op.create_table(
        "reservation_repairs",
        sa.Column("stock_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "repaired_at", sa.BigInteger(), comment="orders of ours that were made before are reserved by Magento"
        ),
        sa.Column("read_at", sa.BigInteger(), comment="when the salable quantities were last read"),
        sa.Column("unclear", sa.LargeBinary(), comment="SKUs whose reservations fit nothing known, as JSON"),
        sa.PrimaryKeyConstraint("stock_id"),
    )
    op.add_column(
        "compensations",
        sa.Column(
            "order_made_at",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="when its order came to Magento",
        ),
    )
    op.execute("UPDATE compensations SET order_made_at = made_at")


def downgrade() -> None:
    op.drop_column("compensations", "order_made_at")
    op.drop_table("reservation_repairs")
    op.drop_index("open_order_items_key", table_name="open_order_items")
    op.drop_table("open_order_items")
    op.drop_table("open_orders")
