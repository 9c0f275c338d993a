"""How far the run that holds a lease is, and how many requests a site was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("leases", sa.Column("progress", _text, comment="how far its sync is, as JSON"))
    requests = sa.Column(
        "requests", sa.BigInteger, nullable=False, server_default="0", comment="how many were sent to it"
    )
    op.add_column("hosts", requests)


def downgrade() -> None:
    op.drop_column("hosts", "requests")
    op.drop_column("leases", "progress")
