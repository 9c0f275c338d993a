"""Send prices, quantities and attribute values in requests of many records, and determine the outcome of each record.

Input: the rows of one request. Output: a `Delivery` with one outcome per row, in order. A bad row fails alone: a
request that Magento refuses as a whole is halved until the row is found, one that exceeds the shop's array limit is
split again, and a row that cannot be singled out is sent again alone. None of this counts as another attempt. Source of
the rules: magento-observed.md, "Base prices", "Source items", "Input limits", "400 is not always permanent".
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
"""A float is used only if JSON writes it as exactly the intended decimal."""


class PriceRow(msgspec.Struct, frozen=True, gc=False):
    """A base price of a SKU in a store (0: every store), with the field names of Magento's route."""

    sku: str
    price: Number
    store_id: int = 0


class SourceItemRow(msgspec.Struct, frozen=True, gc=False):
    """A quantity of a SKU at a source, with the field names of Magento's route. status: 1 is in stock."""

    sku: str
    source_code: str
    quantity: Number
    status: int


class StockItemRow(msgspec.Struct, frozen=True, gc=False):
    """A quantity of a SKU in a shop without MSI. If `in_stock` is None, the stock status is left alone."""

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
    """The outcome of one row.

    accepted: Magento has it. refused: permanently, `reason` says why. temporary: worth another attempt, after
    `retry_after` seconds if Magento asks for that. unknown: the answer was lost, Magento may have it. not_sent: the
    connection failed before its turn. waits: it waits for something else and was not sent. `code`: the failure code of
    a refusal. `wait`: the code of what is waited for; `waits_for`: the record that ends the wait when it is sent.
    `left_out`: it is refused because a setting leaves it out, which is not a failure.
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
    """The outcomes of the rows, in order.

    `array_limit`: the shop's limit, if a request exceeded it. `wrote`: whether anything that changes Magento was sent.
    """

    outcomes: list[RowResult]
    array_limit: int | None = None
    fault: HostUnavailable | None = None
    wrote: bool = True

    def not_accepted(self) -> list[RowResult]:
        """Return the outcomes of the rows that Magento did not accept; nearly always there are none."""
        if self.outcomes.count(ACCEPTED) == len(self.outcomes):
            return []
        return [outcome for outcome in self.outcomes if outcome is not ACCEPTED]


Row = TypeVar("Row", PriceRow, SourceItemRow, StockItemRow, AttributeRow)
Send = Callable[[Sequence[Row]], Awaitable[Any]]
Judge = Callable[[Sequence[Row], Any], list[RowResult | None]]


@dataclass
class _Sending(Generic[Row]):
    """A delivery in progress. `waiting` are the parts still to be sent, as positions in `rows`."""

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
        """Store one outcome for the part and send no other part: Magento has a problem, and rows that were not sent
        lose nothing.
        """
        self._store(part, outcome)
        self.waiting.clear()

    def _store(self, part: Sequence[int], outcome: RowResult) -> None:
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
            self._store(part, refused(fault))

    def _send_again(self, part: Sequence[int], size: int) -> None:
        self.waiting.extend(part[start : start + size] for start in reversed(range(0, len(part), size)))

    def _rows_of(self, part: Sequence[int]) -> Sequence[Row]:
        return self.rows if len(part) == len(self.rows) else [self.rows[index] for index in part]

    def _judge(self, part: Sequence[int], answer: Any) -> None:
        judged = self.judge(self._rows_of(part), answer)
        if judged.count(ACCEPTED) == len(judged):
            self._store(part, ACCEPTED)
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
    """Return the outcome of a single record whose request was refused."""
    if isinstance(fault, RequestTooLarge):
        reason = f"{fault} A web server or proxy in front of Magento limits it."
        return RowResult("refused", reason, code=FailureCode.REQUEST_TOO_LARGE)
    return RowResult("refused", str(fault), code=causes.code_of(fault.kind))


BASE_PRICES = "products/base-prices"


def prices_body(rows: Sequence[PriceRow]) -> dict[str, Any]:
    """Return the request body of the route of base prices."""
    return {"prices": rows}


async def deliver_prices(client: MagentoClient, rows: Sequence[PriceRow], size: int | None = None) -> Delivery:
    """Send base prices in one request, or in requests of `size`. Rows are sent in the given order: sorted by SKU they
    cannot deadlock.
    """

    async def send(part: Sequence[PriceRow]) -> Any:
        return await client.write("POST", BASE_PRICES, prices_body(part))

    return await _Sending(rows, send, judge_prices, size=size or len(rows)).run()


async def deliver_source_items(client: MagentoClient, rows: Sequence[SourceItemRow]) -> Delivery:
    """Send quantities at sources in one request, which Magento applies as a whole or not at all.

    The caller has to know that each SKU exists: Magento also stores rows for products that do not.
    """

    async def send(part: Sequence[SourceItemRow]) -> Any:
        return await client.write("POST", "inventory/source-items", {"sourceItems": part})

    return await _Sending(rows, send, _judge_as_whole).run()


async def deliver_stock_items(client: MagentoClient, rows: Sequence[StockItemRow]) -> Delivery:
    """Send quantities to a shop without MSI, one request each. Magento ignores the item id in the path."""

    async def send(part: Sequence[StockItemRow]) -> Any:
        row = part[0]
        item: dict[str, Any] = {"qty": row.quantity}
        if row.in_stock is not None:
            item["is_in_stock"] = row.in_stock
        return await client.write("PUT", f"products/{quote(row.sku, safe='')}/stockItems/1", {"stockItem": item})

    return await _Sending(rows, send, _judge_as_whole, size=1).run()


async def deliver_attributes(client: MagentoClient, rows: Sequence[AttributeRow]) -> Delivery:
    """Send values of a product attribute, one request each. Everything else of the product stays as it is."""

    async def send(part: Sequence[AttributeRow]) -> Any:
        row = part[0]
        attributes = [{"attribute_code": row.attribute, "value": row.value}]
        return await client.write(
            "PUT", f"products/{quote(row.sku, safe='')}", {"product": {"custom_attributes": attributes}}
        )

    return await _Sending(rows, send, _judge_as_whole, size=1).run()


def _judge_as_whole(part: Sequence[Any], answer: Any) -> list[RowResult | None]:
    """Return the outcomes for an answer without row errors: every row is accepted."""
    return [ACCEPTED] * len(part)


def judge_prices(part: Sequence[PriceRow], answer: Any) -> list[RowResult | None]:
    """Return the outcomes from a base-prices answer. It is a list of errors that name no row, and some not even the
    SKU.

    None for rows that have to be sent again alone: those that an error without a SKU may refer to, and SKUs that look
    like numbers, which Magento may refuse together with an unknown one.
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
        return [None for _row in part]  # an error names a SKU that is not among the rows: send each row alone
    return outcomes


def _sku_of(error: dict[str, Any]) -> str | None:
    """Return the SKU that a row error names: `["SKU", sku]` for an unknown SKU, `[sku, store]` for an unknown store."""
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
