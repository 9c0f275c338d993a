"""What the last comparison of both systems found."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reconciled",
        sa.Column("entity", _text, primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False, comment="how many were compared"),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("why_not", _text, comment="why nothing could be compared"),
        sa.Column("differences", _text, nullable=False, comment="the first of them, as JSON"),
    )


def downgrade() -> None:
    op.drop_table("reconciled")
