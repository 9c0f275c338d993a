"""The lines that `explain` prints about the price of one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.state.sync.records import Stored
from entities.explained import NOW, Known, Line
from entities.price.current_values import DIGITS
from entities.price.from_settings import price_rule
from entities.price.rules import compute
from entities.values import conversion
from entities.values.explain import NOT_PUBLISHED, number, published_of, rule_lines, without_value
from settings import Settings


async def explain_now(client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
    prices = await queries.store_prices(client, known.skus)
    lines = [
        (NOW, f"{price.normalize():f} for {sku} in {'every store' if store == 0 else f'store {store}'}")
        for sku, by_store in prices.items()
        for store, price in sorted(by_store.items())
    ]
    return [*lines, *await without_value(client, [sku for sku in known.skus if sku not in prices], "price")]


def explained(settings: Settings, stored: Sequence[Stored]) -> Iterator[Line]:
    """Yield the prices last read from Acumatica, and the rule's result today."""
    for one in stored:
        facts = one.record.facts
        if facts is not None and facts.default_price is not None:
            yield "Default price", f"{number(facts.default_price, DIGITS)} per {facts.base_uom}"
        for row in one.record.price_rows:
            kind = "promotion" if row.promotion else row.price_type.replace("_", " ")
            days = f"{row.effective or '…'} to {row.expiration or '…'}"
            yield f"Price list, {kind}", f"{number(row.price, DIGITS)} {row.currency} per {row.uom}, {days}"
    published = published_of(settings, stored)
    if published is None:
        yield "Rules", NOT_PUBLISHED
        return
    today = datetime.now(UTC).astimezone(settings.acumatica.zone()).date()
    priced = compute(published.items, conversion.price_rows(stored), price_rule(settings), today)
    yield from rule_lines(published, priced.values, [*priced.problems, *priced.notes], DIGITS)
