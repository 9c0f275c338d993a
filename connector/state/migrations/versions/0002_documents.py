"""Documents and their links, what the next look reads first, and when late changes were last looked for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# compared by code point in every language
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("document", sa.LargeBinary(), nullable=True, comment="what Magento is told of a document, as JSON"),
    )
    op.create_table(
        "links",
        sa.Column("entity", _text, nullable=False),
        sa.Column("key", _text, nullable=False, comment="the document's key, as its messages have it"),
        sa.Column("acumatica_key", _text, nullable=False, comment="the Acumatica record that it tells of"),
        sa.Column("magento_id", _text, nullable=False),
        sa.Column(
            "document",
            sa.LargeBinary(),
            nullable=True,
            comment="what Magento was last told of the document, as JSON",
        ),
        sa.Column("made_by", _text, nullable=False, comment="sent, found, hand"),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("links_acumatica_key", "links", ["entity", "acumatica_key"])
    op.create_table(
        "asked",
        sa.Column("entity", _text, nullable=False),
        sa.Column(
            "acumatica_key", _text, nullable=False, comment="the next look reads this record again, first of all"
        ),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "acumatica_key"),
        sqlite_with_rowid=False,
    )
    op.add_column(
        "watermarks",
        sa.Column(
            "looked_back_at", sa.BigInteger(), nullable=True, comment="when what was saved late was last looked for"
        ),
    )


def downgrade() -> None:
    op.drop_column("watermarks", "looked_back_at")
    op.drop_table("asked")
    op.drop_table("links")
    op.drop_column("messages", "document")
