"""Links are found by their Magento id: two Acumatica customers must not become one account."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("links_magento_id", "links", ["entity", "magento_id"])


def downgrade() -> None:
    op.drop_index("links_magento_id", "links")
