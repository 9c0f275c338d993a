"""Prices that an earlier version stored as refused, because the product was missing in Magento, wait for
the product.
"""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from connector.state.revision import MIGRATIONS

MESSAGE = (
    "INSERT INTO messages (entity, key, source, acumatica_key, sku, value, state, live, attempts, cause, reason, "
    "created_at, changed_at) VALUES ('price', :key, '', :key, :key, 1, 'failed', true, 1, 'x', :reason, 1, 1)"
)
LEDGER = "INSERT INTO ledger VALUES ('price', :key, '', :key, :key, 1, NULL, 1)"


def test_a_price_refused_for_a_missing_product_becomes_an_unknown_sku(
    database: str, new_database: Callable[..., str]
) -> None:
    """It has the cause of unknown SKUs, and its confirmed value is forgotten; other failures stay."""
    url = new_database(database, empty=True)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
        refused = 'In Magento no product that takes a price has the SKU "A": Invalid attribute SKU = A.'
        for key, reason in (("A", refused), ("B", "Magento refused the row: no")):
            connection.execute(text(MESSAGE), {"key": key, "reason": reason})
            connection.execute(text(LEDGER), {"key": key})
        command.upgrade(config, "0017")
        causes = dict(connection.execute(text("SELECT key, cause FROM messages")).all())
        kept = connection.execute(text("SELECT key FROM ledger")).scalars().all()
    engine.dispose()
    assert causes == {"A": "unknown_sku", "B": "refused_by_magento"}
    assert kept == ["B"]
