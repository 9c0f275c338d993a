"""The workspace's users, who is logged in, and what each person did there."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", _text, primary_key=True),
        sa.Column("role", _text, nullable=False, comment="viewer, administrator"),
        sa.Column("password", _text, nullable=False, comment="a hash by argon2"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token", _text, primary_key=True, comment="a hash of what the cookie holds"),
        sa.Column("user", _text, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", _text, nullable=False),
        sa.Column("action", _text, nullable=False, comment="a code, such as failed.skip"),
        sa.Column("entity", _text),
        sa.Column("said", _text, nullable=False, comment="what was done, in words"),
    )
    op.create_index("audit_action", "audit", ["action", "id"])


def downgrade() -> None:
    op.drop_index("audit_action", table_name="audit")
    for table in ("audit", "web_sessions", "users"):
        op.drop_table(table)
