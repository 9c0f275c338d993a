"""By how much Magento's salable quantities are too high, because orders that it never reserved were shipped."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "compensations",
        sa.Column("document", _text, nullable=False, comment="the shipment's key, as its messages have it"),
        sa.Column("key", _text, nullable=False, comment="the SKU as Magento compares it"),
        sa.Column("source", _text, nullable=False),
        sa.Column(
            "quantity",
            sa.BigInteger(),
            nullable=False,
            comment="in 1/10,000: Magento's salable quantity is too high by it",
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document", "key", "source"),
        sqlite_with_rowid=False,
    )
    op.create_index("compensations_key", "compensations", ["key"])


def downgrade() -> None:
    op.drop_table("compensations")
