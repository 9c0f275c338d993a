"""How many differences have which cause, and how far a comparison is that works now."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    causes = sa.Column("causes", _text, comment="how many differences have which cause, as JSON")
    op.add_column("reconciled", causes)
    op.create_table(
        "comparing",
        sa.Column("entity", _text, primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False, comment="when its process last said that it works"),
        sa.Column("progress", _text, comment="how far it is, as JSON"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("comparing")
    op.drop_column("reconciled", "causes")
