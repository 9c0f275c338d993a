"""Indexes that hold all that pages count: failed messages by cause, and what requests brought by time."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_PUT_ASIDE = "state IN ('failed', 'skipped')"


def upgrade() -> None:
    op.create_index(
        "targets_causes",
        "targets",
        ["state", "entity", "cause", "changed_at"],
        sqlite_where=sa.text(_PUT_ASIDE),
        postgresql_where=sa.text(_PUT_ASIDE),
    )
    op.drop_index("requests_sent_at", "requests")
    op.create_index("requests_sent_at", "requests", ["entity", "sent_at", "sent", "failed"])


def downgrade() -> None:
    op.drop_index("requests_sent_at", "requests")
    op.create_index("requests_sent_at", "requests", ["entity", "sent_at"])
    op.drop_index("targets_causes", "targets")
