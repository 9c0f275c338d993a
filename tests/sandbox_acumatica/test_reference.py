"""The page about this simulator names what it does."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-acumatica.md"


async def test_page_names_every_change_and_entity(site: Any) -> None:
    """Every change that the sandbox knows, and every entity of documents, is on the page, and no other change is."""
    page = PAGE.read_text(encoding="utf-8")
    refused = await site.client.post("/_sandbox/change", json={"nonsense": {}})
    known = set(refused.json()["message"].partition("known are ")[2].rstrip(".").split(", "))
    table = page.partition("| change | takes |")[2].partition("`create_app")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)} == known | {"fail"}
    for name in ("Customer", "CustomerClass", "Contact", "SalesOrder", "Shipment", "SalesInvoice", "PurchaseReceipt"):
        assert (await site.get(f"/entity/Default/24.200.001/{name}")).status_code == 200
        assert name in page
