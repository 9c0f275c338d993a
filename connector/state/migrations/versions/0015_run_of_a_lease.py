"""Which Prefect run holds a lease: Housekeeping ends runs that hold none any more."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("leases", sa.Column("run_id", _text, comment="the Prefect run that holds it"))


def downgrade() -> None:
    op.drop_column("leases", "run_id")
