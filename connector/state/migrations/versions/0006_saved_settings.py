"""Setup Parameters saved from the Prefect UI, every version with who and when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "saved_settings",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("saved_by", _text, nullable=False),
        sa.Column("said", _text, nullable=False, comment="what changed, in words"),
        sa.Column("settings", _text, nullable=False, comment="all values of this version by section and field, as JSON"),
        sa.PrimaryKeyConstraint("version"),
    )


def downgrade() -> None:
    op.drop_table("saved_settings")
