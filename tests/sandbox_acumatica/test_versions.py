"""The versions of the endpoint that a site offers, and how contract version 5 differs."""

from collections.abc import Callable
from typing import Any

from sandbox_acumatica.trading import customer, named, order, values

NEW = "/entity/Default/26.200.001"


async def listed(site: Any) -> list[str]:
    """The versions that the site names."""
    return [one["version"] for one in (await site.get("/entity")).json()["endpoints"]]


async def test_site_offers_the_versions_it_lists(make_site: Callable[..., Any]) -> None:
    """A site lists the endpoint's versions and serves these; any other one is not found."""
    site = make_site(3, versions=("25.200.001", "26.200.001"))
    await site.login()
    assert await listed(site) == ["25.200.001", "26.200.001"]
    found = (await site.get("/entity/Default/25.200.001/StockItem/SKU-000001")).json()
    assert (values(found, "ItemStatus"), "LastModified" in found) == (["Active"], True)
    assert found["_links"]["self"].startswith("/entity/Default/25.200.001/StockItem/")
    assert (await site.get("/entity/Default/24.200.001/StockItem")).status_code == 404


async def test_contract_5_renames_and_retypes_fields(make_site: Callable[..., Any]) -> None:
    """Endpoint 26.200.001 has other names of stamps, dropdowns with id and description, days without a time."""
    site = make_site(3, versions=("24.200.001", "26.200.001"))
    await site.login()
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()], "confirm": True}})
    item = (await site.get(f"{NEW}/StockItem/SKU-000001")).json()
    assert ("LastModified" in item, "LastModifiedDateTime" in item) == (False, True)
    assert item["ItemStatus"] == {"value": {"id": "AC", "description": "Active"}}
    (found,) = (await site.get(f"{NEW}/SalesOrder", filter="LastModifiedDateTime ge 2026-01-01T00:00:00Z")).json()
    assert found["Status"] == {"value": {"id": "C", "description": "Completed"}}
    assert values(found, "Date") == ["2026-03-02"]
    assert found["_links"]["self"].startswith(f"{NEW}/SalesOrder/")
    old = await site.get(f"{NEW}/SalesOrder", select="LastModified")
    assert old.status_code == 500
    for condition, count in (("Status eq 'C'", 1), ("contains(CustomerID,'ACM')", 1), ("Status eq 'Completed'", 0)):
        assert len((await site.get(f"{NEW}/SalesOrder", filter=condition)).json()) == count
    expand = "MainContact($expand=Address)"
    contact = (await site.get(f"{NEW}/Customer/ACME", expand=expand)).json()["MainContact"]
    assert values(contact["Address"], "City") == ["New York"]
