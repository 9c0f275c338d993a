"""The lines that `explain` prints about a record of values: the rule's result, and what Magento shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.state.sync.records import Stored
from entities.explained import NOW, Line
from entities.from_settings import item_rule
from entities.values import conversion, items
from entities.values.columns import Note, Problem, Values
from entities.values.items import Published
from settings import Settings

NOT_PUBLISHED = "not published: its status, class or export flag is not among those that go to Magento"


def published_of(settings: Settings, stored: Sequence[Stored]) -> Published | None:
    """Return the published items of these records with today's settings; None if none goes to Magento."""
    published = items.published(conversion.items(stored), item_rule(settings))
    return published if published.items.keys or published.problems else None


def rule_lines(published: Published, values: Values, why_not: Sequence[Problem | Note], digits: int) -> Iterator[Line]:
    """Yield the rule's results: the values, and why some items have none."""
    for sku, source, value in zip(values.skus, values.sources, values.values, strict=True):
        yield f"Rules say{at(source)}", f"{number(value, digits)} for {sku}"
    yield from (("Rules say", one.reason) for one in (*published.problems, *why_not))


def number(value: int, digits: int) -> str:
    """Return a scaled whole number as people read it."""
    return f"{Decimal(value) / 10**digits:f}"


def at(source: str) -> str:
    """Return the place of a value, as it follows a line's title."""
    return f" at {source}" if source else ""


async def without_value(client: MagentoClient, skus: Sequence[str], what: str) -> list[Line]:
    """Return lines about products that show no value, because they do not exist or have none of their own."""
    if not skus:
        return []
    types = await queries.product_types(client, list(skus))
    return [
        (NOW, f"no {what} of the {types[sku]} product {sku}" if sku in types else f"no product with the SKU {sku}")
        for sku in skus
    ]
