"""The bulk of prices that Magento has not worked off yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bulks",
        sa.Column("entity", _text, nullable=False),
        sa.Column("uuid", _text, comment="Magento's number of the bulk; none while it is not known"),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False, comment="whose values it carries, as JSON"),
        sa.Column("stands_still", sa.Boolean(), nullable=False, comment="its values went another way"),
        sa.PrimaryKeyConstraint("entity"),
    )


def downgrade() -> None:
    op.drop_table("bulks")
