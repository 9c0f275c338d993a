"""A price or quantity without an answer is decided by what Magento shows at its place."""

from types import SimpleNamespace
from typing import Any

import pytest
from support.messages import message

from connector.model.failures import FailureCode
from entities.base import QueueRule
from entities.registry import ENTITIES


@pytest.mark.parametrize(
    ("value", "in_stock", "current", "stored"),
    [
        (10, None, (10, None), "sent"),
        (10, None, (10, True), "sent"),  # a price has no stock status, whatever stands beside it
        (10, None, (11, None), "pending"),
        (10, None, None, "pending"),
        (0, False, (0, False), "sent"),
        (0, False, (0, True), "pending"),
        (0, True, (0, False), "pending"),
    ],
)
@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_what_magento_shows_was_sent(
    monkeypatch: pytest.MonkeyPatch, entity: str, value: int, in_stock: bool | None, current: Any, stored: str
) -> None:
    """Everything else is tried again: the value, and with a quantity the stock status too."""

    async def current_values(_context: object, _client: object, places: Any) -> Any:
        assert [(place.key, place.source, place.sku) for place in places] == [("A", "east", "A")]
        return {} if current is None else {("A", "east"): current}

    monkeypatch.setattr(ENTITIES[entity], "current_values", current_values)
    context: Any = SimpleNamespace(queue=QueueRule(25, 100, 3))
    claimed = message(entity=entity, source="east", value=value, in_stock=in_stock)
    (became,) = await ENTITIES[entity].settle(context, None, [claimed])  # type: ignore[arg-type]
    assert became.state == stored


async def test_the_last_attempt_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent once more often than the settings say."""

    async def current_values(*_asked: object) -> Any:
        return {}

    monkeypatch.setattr(ENTITIES["price"], "current_values", current_values)
    context: Any = SimpleNamespace(queue=QueueRule(25, 100, 3))
    (became,) = await ENTITIES["price"].settle(context, None, [message(attempts=3)])  # type: ignore[arg-type]
    assert (became.state, became.cause) == ("failed", FailureCode.STOPPED)
