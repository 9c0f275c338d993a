"""Failures that an earlier version stored as texts are stored by code, and are grouped like new ones."""

from collections.abc import Callable

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from connector.model.failures import FailureCode
from connector.state.engine import open_state
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.revision import MIGRATIONS

MESSAGE = (
    "INSERT INTO messages (entity, key, source, acumatica_key, sku, value, state, live, attempts, cause, reason, "
    "created_at, changed_at) VALUES (:entity, :key, '', :key, :key, 1, :state, true, 1, :cause, :reason, 1, 1)"
)
KEPT = (
    ("price", "unknown SKU", "Unknown SKU: …", FailureCode.UNKNOWN_SKU),
    ("price", "to be sent again", "Negative price: …", FailureCode.SEND_AGAIN),
    ("inventory", "Unknown source west", "Unknown source: …", FailureCode.UNKNOWN_SOURCE),
    ("inventory", "Unknown attribute vendor_qty", "Unknown attribute: …", FailureCode.UNKNOWN_ATTRIBUTE),
    ("inventory", "configurable product", "Configurable product: …", FailureCode.CONFIGURABLE_PRODUCT),
    ("price", "Invalid attribute Price = ….", "Magento refused the row: …", FailureCode.INVALID_PRICE),
    ("price", "invalid attribute price", "Magento refused the row: …", FailureCode.REFUSED_BY_MAGENTO),
    ("price", "Could not save …", "Magento answered … It was tried 5 times. Look into …", FailureCode.OUT_OF_ATTEMPTS),
    ("order", "Unknown state", "Unknown state: …", FailureCode.UNKNOWN_ORDER_STATE),
    ("customer", "Unknown state", "Unknown state: …", FailureCode.UNKNOWN_REGION),
    ("shipment", "Gone after it was sent", "Changed after it was sent: …", FailureCode.CHANGED_AFTER_IT_WAS_SENT),
    ("order", "Something of a module's", "Magento answered …", FailureCode.REFUSED_BY_MAGENTO),
    *(("order", code.label, "…", code) for code in (FailureCode.CLOSED_SHORT, FailureCode.NO_EMAIL)),
)


@pytest.fixture
def url(database: str, new_database: Callable[..., str]) -> str:
    """Return a database of the former schema with a failed message for each cause and two messages that have not
    failed.
    """
    url = new_database(database, empty=True)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0016")
        for number, (entity, cause, reason, _code) in enumerate(KEPT):
            given = {"entity": entity, "key": str(number), "state": "failed", "cause": cause, "reason": reason}
            connection.execute(text(MESSAGE), given)
        for key, cause in (("waiting", "waits"), ("new", None)):
            given = {"entity": "order", "key": key, "state": "pending", "cause": cause, "reason": None}
            connection.execute(text(MESSAGE), given)
    engine.dispose()
    return url


def test_texts_become_codes(url: str) -> None:
    """Each known cause becomes its code; a cause that was only Magento's text becomes the code of a refusal."""
    state = open_state(url)
    with state.read() as connection:
        found = {one.key: one.cause for one in messages.failed(connection)}
        waiting = [one.cause for one in messages.pending(connection, "order")]
        groups = actions.groups(connection)
    state.close()
    assert found == {str(number): code for number, (_entity, _cause, _reason, code) in enumerate(KEPT)}
    assert waiting == [None, None]
    assert all(group.cause in set(FailureCode) for group in groups)


def test_every_label_of_an_earlier_version_is_known(url: str) -> None:
    """A cause that was the label of a code becomes that code."""
    own = [code for code in FailureCode if code not in ADDED]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for code in own:
            entity = "customer" if code is FailureCode.UNKNOWN_REGION else "order"
            given = {"entity": entity, "key": f"of {code}", "state": "failed", "cause": code.label, "reason": "…"}
            connection.execute(text(MESSAGE), given)
    engine.dispose()
    state = open_state(url)
    with state.read() as connection:
        found = {one.key: one.cause for one in messages.failed(connection)}
    state.close()
    assert {f"of {code}": code for code in own}.items() <= found.items()


ADDED = {
    FailureCode.REFUSED_BY_MAGENTO,
    FailureCode.INVALID_PRICE,
    FailureCode.INVALID_SKU,
    FailureCode.NO_PRODUCT,
    FailureCode.STORE_NOT_FOUND,
    FailureCode.SOURCE_NOT_ASSIGNED,
    FailureCode.SOURCE_REFUSED,
    FailureCode.REQUEST_TOO_LARGE,
    FailureCode.OUT_OF_ATTEMPTS,
    FailureCode.TEMPORARY,
    FailureCode.PRICE_TOO_LARGE,
}
"""Codes whose label no earlier version kept as a cause."""
