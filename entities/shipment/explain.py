"""The lines that `explain` prints about one shipment."""

from __future__ import annotations

from connector.magento import queries, search
from connector.magento.client import MagentoClient
from entities.explained import NOW, Known, Line, of_links
from settings import Settings


async def explain_now(client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
    lines: list[Line] = []
    for link in known.links:
        async for row in search.pages(
            client, "shipments", next(iter(search.criteria_of("entity_id", [link.magento_id])))
        ):
            source = (row.get("extension_attributes") or {}).get("source_code") or "no source"
            tracks = ", ".join(str(one.get("track_number")) for one in row.get("tracks") or []) or "no track"
            what = f"shipment {row.get('increment_id')} of the order with id {row.get('order_id')}, {source}, {tracks}"
            lines.append((NOW, what))
            lines += [
                (f"{NOW}, item", f"{one.get('sku')}: {queries.number(one['qty']).normalize():f}")
                for one in row.get("items") or []
            ]
    return lines or [(NOW, f"no shipment of {known.typed}{of_links(known.links)}")]
