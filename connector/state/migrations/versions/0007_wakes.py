"""What wakes an entity's next look: a person, or a notification of Acumatica."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "wakes",
        sa.Column("entity", _text, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False, comment="a look that began before this does not count"),
        sa.Column("full_asked_at", sa.BigInteger(), comment="the same for a full look"),
        sa.PrimaryKeyConstraint("entity"),
    )
    op.create_table(
        "notifications",
        sa.Column("query", _text, nullable=False),
        sa.Column("id", _text, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("query", "id"),
    )


def downgrade() -> None:
    op.drop_table("notifications")
    op.drop_table("wakes")
