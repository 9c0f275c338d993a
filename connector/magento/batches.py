"""Prices, quantities and attribute values in requests of many records, and the outcome of each record.

In: rows of one request. Out: a `Delivery` with one outcome per row, in order. Guarantees: one bad row fails alone. A
request that Magento refuses as a whole is halved until the row is found; one that is above the shop's array limit is
cut again; a row that cannot be singled out is sent again alone. None of this is an attempt of its own.
Source of the rules: magento-observed.md, "Base prices", "Source items", "Input limits", "400 is not always permanent".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import msgspec

from connector.magento import causes
from connector.magento.client import MagentoClient
from connector.magento.error_messages import kind_of, message_of, template_of
from connector.magento.errors import (
    HostUnavailable,
    NoAnswer,
    RequestRefused,
    RequestTooLarge,
    TemporaryFault,
)
from connector.model.comparison import comparison_key
from connector.model.failures import FailureCode

Kind = Literal["accepted", "refused", "temporary", "unknown", "not_sent", "waits"]
TOO_MANY = "Maximum items of type"
UNKNOWN_ATTRIBUTE = "Invalid attribute %fieldName = %fieldValue."


Number = Decimal | float
"""A float only where JSON writes it as the very decimal that is meant."""


class PriceRow(msgspec.Struct, frozen=True, gc=False):
    """A base price of a SKU in a store (0: every store), by the names that Magento's route has for them."""

    sku: str
    price: Number
    store_id: int = 0


class SourceItemRow(msgspec.Struct, frozen=True, gc=False):
    """A quantity of a SKU at a source, by the names that Magento's route has for them; status: 1 is in stock."""

    sku: str
    source_code: str
    quantity: Number
    status: int


class StockItemRow(msgspec.Struct, frozen=True, gc=False):
    """A quantity of a SKU where MSI is off; with `in_stock` none the stock status is left alone."""

    sku: str
    quantity: Number
    in_stock: bool | None


class AttributeRow(msgspec.Struct, frozen=True, gc=False):
    """A value of a product attribute, for every store."""

    sku: str
    attribute: str
    value: str


@dataclass(frozen=True)
class RowResult:
    """What became of one row.

    accepted: Magento has it. refused: for good, `reason` says why. temporary: worth another attempt, after
    `retry_after` seconds where Magento asks for it. unknown: the answer was lost, Magento may have it. not_sent: it
    never left, because the connection failed before its turn. waits: it waits for something else, and was not sent.
    `code`: of a refusal. `wait`: the code of what is waited for; `waits_for`: the record whose sending ends that.
    `left_out`: it is refused by a setting that leaves it out, which is no failure.
    """

    kind: Kind
    reason: str | None = None
    retry_after: float | None = None
    code: FailureCode | None = None
    wait: str | None = None
    waits_for: str | None = None
    left_out: bool = False


ACCEPTED = RowResult("accepted")
NOT_SENT = RowResult("not_sent")


@dataclass
class Delivery:
    """The outcomes of the rows, in order. `array_limit`: the shop's own, where it was met. `wrote`: whether anything
    that changes Magento left.
    """

    outcomes: list[RowResult]
    array_limit: int | None = None
    fault: HostUnavailable | None = None
    wrote: bool = True

    def not_accepted(self) -> list[RowResult]:
        """Return the outcomes of the rows that Magento did not take; nearly always there are none."""
        if self.outcomes.count(ACCEPTED) == len(self.outcomes):
            return []
        return [outcome for outcome in self.outcomes if outcome is not ACCEPTED]


Row = TypeVar("Row", PriceRow, SourceItemRow, StockItemRow, AttributeRow)
Send = Callable[[Sequence[Row]], Awaitable[Any]]
Judge = Callable[[Sequence[Row], Any], list[RowResult | None]]


@dataclass
class _Sending(Generic[Row]):
    """One delivery under way: `waiting` are the parts that still have to be sent, as places in `rows`."""

    rows: Sequence[Row]
    send: Send[Row]
    judge: Judge[Row]
    size: int = 1_000_000
    outcomes: list[RowResult] = field(default_factory=list)
    waiting: list[Sequence[int]] = field(default_factory=list)
    array_limit: int | None = None
    fault: HostUnavailable | None = None

    async def run(self) -> Delivery:
        self.outcomes = [NOT_SENT] * len(self.rows)
        self._send_again(range(len(self.rows)), self.size)
        while self.waiting and self.fault is None:
            part = self.waiting.pop()
            try:
                self._judge(part, await self.send(self._rows_of(part)))
            except HostUnavailable as fault:
                self.fault = fault
            except NoAnswer as fault:
                self._end(part, RowResult("unknown", str(fault)))
            except TemporaryFault as fault:
                self._end(part, RowResult("temporary", str(fault), fault.retry_after))
            except RequestRefused as fault:
                self._cut(part, fault)
        return Delivery(self.outcomes, self.array_limit, self.fault)

    def _end(self, part: Sequence[int], outcome: RowResult) -> None:
        """Keep one outcome for the part and send no other: Magento is not well, what did not leave loses nothing."""
        self._keep(part, outcome)
        self.waiting.clear()

    def _keep(self, part: Sequence[int], outcome: RowResult) -> None:
        if len(part) == len(self.outcomes):
            self.outcomes = [outcome] * len(part)
            return
        for index in part:
            self.outcomes[index] = outcome

    def _cut(self, part: Sequence[int], fault: RequestRefused) -> None:
        limit = _array_limit(fault)
        if limit is not None and len(part) > limit:
            self.array_limit = limit
            self._send_again(part, limit)
        elif len(part) > 1:
            self._send_again(part, (len(part) + 1) // 2)
        else:
            self._keep(part, refused(fault))

    def _send_again(self, part: Sequence[int], size: int) -> None:
        self.waiting.extend(part[start : start + size] for start in reversed(range(0, len(part), size)))

    def _rows_of(self, part: Sequence[int]) -> Sequence[Row]:
        return self.rows if len(part) == len(self.rows) else [self.rows[index] for index in part]

    def _judge(self, part: Sequence[int], answer: Any) -> None:
        judged = self.judge(self._rows_of(part), answer)
        if judged.count(ACCEPTED) == len(judged):
            self._keep(part, ACCEPTED)
            return
        unclear = []
        for index, outcome in zip(part, judged, strict=True):
            if outcome is None:
                unclear.append(index)
            else:
                self.outcomes[index] = outcome
        self._send_again(unclear, 1)


def _array_limit(fault: RequestRefused) -> int | None:
    if not fault.template.startswith(TOO_MANY) or not isinstance(fault.parameters, dict):
        return None
    limit = str(fault.parameters.get("max", ""))
    return int(limit) if limit.isascii() and limit.isdigit() and int(limit) > 0 else None


def refused(fault: RequestRefused) -> RowResult:
    """Return what a refused request means for the one record that it held."""
    if isinstance(fault, RequestTooLarge):
        reason = f"{fault} A web server or proxy in front of Magento limits it."
        return RowResult("refused", reason, code=FailureCode.REQUEST_TOO_LARGE)
    return RowResult("refused", str(fault), code=causes.code_of(fault.kind))


BASE_PRICES = "products/base-prices"


def prices_body(rows: Sequence[PriceRow]) -> dict[str, Any]:
    """Return what the route of base prices takes."""
    return {"prices": rows}


async def deliver_prices(client: MagentoClient, rows: Sequence[PriceRow], size: int | None = None) -> Delivery:
    """Send base prices in one request, or in requests of `size`. Rows go out in the order given: sorted by SKU they
    cannot dead-lock.
    """

    async def send(part: Sequence[PriceRow]) -> Any:
        return await client.write("POST", BASE_PRICES, prices_body(part))

    return await _Sending(rows, send, judge_prices, size=size or len(rows)).run()


async def deliver_source_items(client: MagentoClient, rows: Sequence[SourceItemRow]) -> Delivery:
    """Send quantities at sources in one request, which Magento applies whole or not at all.

    The caller has to know that each SKU exists: Magento stores a row for a product that does not.
    """

    async def send(part: Sequence[SourceItemRow]) -> Any:
        return await client.write("POST", "inventory/source-items", {"sourceItems": part})

    return await _Sending(rows, send, _judge_as_whole).run()


async def deliver_stock_items(client: MagentoClient, rows: Sequence[StockItemRow]) -> Delivery:
    """Send quantities where MSI is off, one request each; Magento ignores the item id in the path."""

    async def send(part: Sequence[StockItemRow]) -> Any:
        row = part[0]
        item: dict[str, Any] = {"qty": row.quantity}
        if row.in_stock is not None:
            item["is_in_stock"] = row.in_stock
        return await client.write("PUT", f"products/{quote(row.sku, safe='')}/stockItems/1", {"stockItem": item})

    return await _Sending(rows, send, _judge_as_whole, size=1).run()


async def deliver_attributes(client: MagentoClient, rows: Sequence[AttributeRow]) -> Delivery:
    """Send values of a product attribute, one request each; all else of the product is left as it is."""

    async def send(part: Sequence[AttributeRow]) -> Any:
        row = part[0]
        attributes = [{"attribute_code": row.attribute, "value": row.value}]
        return await client.write(
            "PUT", f"products/{quote(row.sku, safe='')}", {"product": {"custom_attributes": attributes}}
        )

    return await _Sending(rows, send, _judge_as_whole, size=1).run()


def _judge_as_whole(part: Sequence[Any], answer: Any) -> list[RowResult | None]:
    """Return the rows of a request without row errors: all accepted."""
    return [ACCEPTED] * len(part)


def judge_prices(part: Sequence[PriceRow], answer: Any) -> list[RowResult | None]:
    """Return the rows of a base-prices answer: a list of row errors that name no row, some of them not even the SKU.

    None for rows that have to be sent again alone: those that an error without a SKU may mean, and numeric-looking SKUs
    beside an unknown one, which Magento refuses with it.
    """
    if not isinstance(answer, list):
        raise NoAnswer("Magento answered the prices with something else than a list of row errors.")
    errors = [error for error in answer if isinstance(error, dict)]
    if not errors:
        return [ACCEPTED] * len(part)
    if len(part) == 1:
        return [_refused(part[0], errors)]
    named = {comparison_key(sku): error for error in errors if (sku := _sku_of(error)) is not None}
    some_have_no_sku = any(_sku_of(error) is None for error in errors)
    outcomes: list[RowResult | None] = []
    for row in part:
        error = named.get(comparison_key(row.sku))
        if error is None:
            outcomes.append(None if some_have_no_sku else ACCEPTED)
        elif _is_like_a_number(row.sku):
            outcomes.append(None)
        else:
            outcomes.append(_refused(row, [error]))
    if len({index for index, outcome in enumerate(outcomes) if outcome != ACCEPTED}) < len(named):
        return [None for _row in part]  # an error names a SKU that is not among the rows: ask for each alone
    return outcomes


def _sku_of(error: dict[str, Any]) -> str | None:
    """Return the SKU that a row error names: `["SKU", sku]` of an unknown one, `[sku, store]` of an unknown store."""
    template, parameters = template_of(error)
    if not isinstance(parameters, list) or len(parameters) < 2:
        return None
    if template == UNKNOWN_ATTRIBUTE:
        return str(parameters[1]) if parameters[0] == "SKU" and parameters[1] is not None else None
    return str(parameters[0]) if "SKU" in template and parameters[0] is not None else None


def _is_like_a_number(sku: str) -> bool:
    return sku.strip().lstrip("+-").replace(".", "", 1).isdigit()


def _refused(row: PriceRow, errors: list[dict[str, Any]]) -> RowResult:
    reason = " ".join(dict.fromkeys(_row_reason(row, error) for error in errors))
    unknown = any(_is_unknown_sku(error) for error in errors)
    template = " ".join(dict.fromkeys(kind_of(error) for error in errors))
    return RowResult("refused", reason, code=FailureCode.NO_PRODUCT if unknown else causes.code_of(template))


def _row_reason(row: PriceRow, error: dict[str, Any]) -> str:
    message = message_of(error)
    if _is_unknown_sku(error):
        return f'In Magento no product that takes a price has the SKU "{row.sku}" (Magento: "{message}").'
    return f"Magento refused the row: {message}"


def _is_unknown_sku(error: dict[str, Any]) -> bool:
    template, parameters = template_of(error)
    return (
        template == UNKNOWN_ATTRIBUTE
        and isinstance(parameters, list)
        and parameters[:1] == ["SKU"]
        and bool(parameters[1])
    )
