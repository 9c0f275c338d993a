"""Search lists of Magento: criteria, the size of a request, and pages. Raises `MagentoFault`s.

criteria = criteria_of("sku", skus)
rows = [row for one in criteria async for row in pages(client, "products", one)]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused

PAGE_SIZE = 300
"""The largest page that Magento's own input limits allow (magento-observed.md, "Input limits")."""
SKUS_PER_QUESTION = 1_000
URL_BYTES = 7_000
"""Web servers accept 8 kB by default, counted after encoding (magento-observed.md, part two, section 5)."""
TOO_LARGE_PAGE = "Maximum SearchCriteria pageSize is %max"


async def pages(
    client: MagentoClient, path: str, criteria: dict[str, str], *, fields: str = "", size: int = PAGE_SIZE
) -> AsyncIterator[dict[str, Any]]:
    """Yield all rows of a list. If the shop's page limit is smaller, it is used from then on and remembered in the
    client.
    """
    size, page, seen = min(size, client.largest_page or size), 1, 0
    while True:
        params = {
            **criteria,
            "searchCriteria[pageSize]": size,
            "searchCriteria[currentPage]": page,
            **({"fields": f"{fields},total_count"} if fields else {}),
        }
        try:
            answer = await client.get(path, params)
        except RequestRefused as refused:
            limit = refused.parameters.get("max") if isinstance(refused.parameters, dict) else None
            if refused.template != TOO_LARGE_PAGE or limit is None or seen or int(limit) >= size:
                raise
            size = client.largest_page = int(limit)
            continue
        items = (answer.get("items") if isinstance(answer, dict) else None) or []
        for item in items:
            yield item
        seen += len(items)
        if not items or seen >= int(answer.get("total_count") or 0):
            return
        page += 1


def criteria_of(field: str, values: Sequence[str]) -> Iterable[dict[str, str]]:
    """Yield search criteria that together cover these values of a field, each short enough for a URL.

    The condition is `in`, or `eq` for a value with a comma, which would separate values in a list.
    """
    for part in parts_of_address(values):
        yield criterion(field, ",".join(part), "eq" if "," in part[0] else "in")


def parts_of_address(values: Iterable[str]) -> Iterable[list[str]]:
    """Yield these values, each once, in parts that each fit into the address of one request."""
    part: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        if "," in value:
            yield [value]
            continue
        more = len(quote(value, safe="")) + 3
        if part and length + more > URL_BYTES:
            yield part
            part, length = [], 0
        part.append(value)
        length += more
    if part:
        yield part


def parts_of_body(skus: Sequence[str]) -> Iterable[list[str]]:
    """Yield these SKUs in parts that each fit into the body of one request."""
    for start in range(0, len(skus), SKUS_PER_QUESTION):
        yield list(skus[start : start + SKUS_PER_QUESTION])


def criterion(field: str, value: str, condition: str, group: int = 0) -> dict[str, str]:
    """Return the search criteria of one condition. Conditions of different groups must all be met."""
    prefix = f"searchCriteria[filterGroups][{group}][filters][0]"
    return {f"{prefix}[field]": field, f"{prefix}[value]": value, f"{prefix}[conditionType]": condition}
