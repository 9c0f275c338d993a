"""Which messages a person acted on, so that what became of them can be told."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("audit", sa.Column("messages", _text, comment="the messages that it was about, as JSON, if few"))


def downgrade() -> None:
    op.drop_column("audit", "messages")
