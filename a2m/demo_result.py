"""The result of the demo: whether Magento is right, the message that failed on purpose, and where to look."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2m.console import out, table

CUSTOMER = "NOMAIL"
LEFT_TO_FAIL = {
    "add_customer": {
        "customer_id": CUSTOMER,
        "name": "No Mail Ltd.",
        "customer_class": "WHOLESALE",
        "main_contact": {
            "Phone1": "+1 555 0100",
            "Address": {
                "AddressLine1": "7 Market Square",
                "City": "New York",
                "State": "NY",
                "PostalCode": "10019",
                "Country": "US",
            },
        },
    }
}
"""A customer without an e-mail address, in a class that is sent: its message fails with a reason."""
ORDER = "000008"
SHIP_THE_REST = (
    {
        "add_shipment": {
            "shipment_nbr": "100008",
            "orders": [{"order_type": "SO", "order_nbr": ORDER}],
            "warehouse": "EAST",
            "ship_via": "GROUND",
            "confirm": True,
        }
    },
    {"add_invoice": {"shipments": ["100008"], "reference_nbr": "100008", "release": True}},
)
"""Ships and invoices the rest of a discounted order. Magento could not follow its partial invoice to the cent."""
PUT_RIGHT = {"set_customer": {"customer_id": CUSTOMER, "email": "orders@nomail.example.com"}}
_COMPARED = ("prices", "quantities", "customers", "orders", "shipments")
"""The name of each entity's data in the comparison, in the order of the entities."""


@dataclass(frozen=True)
class Checked:
    """The comparison of one kind of data. `wrong`: neither right nor failed on purpose."""

    what: str
    compared: int
    right: int
    failed: int
    wrong: int


def leave_one_to_fail() -> None:
    """Add a customer to Acumatica whom Magento cannot accept, so that exactly one message fails."""
    import httpx

    with httpx.Client(base_url=os.environ["A2M_ACUMATICA__URL"], timeout=60) as site:
        orders = site.get("/_sandbox/state").raise_for_status().json()["orders"]
        half_invoiced = any(order["order_nbr"] == ORDER and order["status"] == "Back Order" for order in orders)
        changes = [*(SHIP_THE_REST if half_invoiced else ()), LEFT_TO_FAIL]
        site.post("/_sandbox/change", json=changes).raise_for_status()


def check() -> list[Checked]:
    """Compare the two sandboxes, independently of the connector."""
    import httpx

    from a2m.compare import differences
    from a2m.compare_documents import document_differences
    from a2m.status import read_status

    urls = (os.environ["A2M_ACUMATICA__URL"], os.environ["A2M_MAGENTO__URL"])
    acumatica, magento = (httpx.get(f"{url}/_sandbox/state", timeout=120).json() for url in urls)
    documents = document_differences(acumatica, magento, os.environ)
    failed = dict(zip(_COMPARED, (row["failed"] for row in read_status()), strict=True))
    found = []
    for what, compared, different in [*differences(acumatica, magento, os.environ), *documents]:
        on_purpose = int(what == "customers" and CUSTOMER in acumatica["customers"])
        found.append(Checked(what, compared, compared - different, failed.get(what, 0), different - on_purpose))
    return found


def write_command(folder: Path, settings: Mapping[str, str]) -> Path:
    """Write a script to the folder that runs `a2m` with the settings and the state of this demo; return its path."""
    command = folder / "a2m"
    lines = [
        "#!/bin/sh",
        "# The command line with the settings and the state of this demo.",
        "set -a",
        f". {shlex.quote(str(folder / 'state' / 'sandbox.env'))}",
        *(f"{name}={shlex.quote(value)}" for name, value in settings.items()),
        f'exec {shlex.quote(sys.executable)} -P -m a2m "$@"',
    ]
    command.touch(mode=0o700)
    command.write_text("\n".join(lines) + "\n")
    command.chmod(0o700)
    return command


def print_result(
    outcomes: Sequence[tuple[str, str, str]],
    checked: Sequence[Checked],
    addresses: Mapping[str, str],
    folder: Path,
    seconds: float,
) -> None:
    """Print the outcomes, the comparison, and where to look. `addresses`: pages that stay available, by name."""
    out.print()
    table("What happened", ("entity", "run", "message"), outcomes)
    out.print()
    rows = [(kind.what, kind.compared, kind.right, kind.failed, kind.wrong) for kind in checked]
    heads = ("", "compared", "right", "failed", "wrong")
    table("Does Magento show what Acumatica says?", heads, rows, heads[1:])
    out.print(f"\nIt took {seconds:.0f} s. Where to look:", markup=False)
    for name, address in addresses.items():
        out.print(f"  {name:<14} {address}", markup=False)
    out.print(f"  Settings used  {folder / 'state' / 'sandbox.env'}", markup=False)
    out.print(f"  State database {_where_the_state_is(folder)}", markup=False)
    out.print(f"  Logs           {folder}", markup=False)


def print_how_to_fix(command: Path, *, stays: bool) -> None:
    """Print which message failed on purpose, and how to fix it."""
    out.print(f"\nOne message failed on purpose: the customer {CUSTOMER} has no e-mail in Acumatica.", markup=False)
    out.print(f"  See it         {command} failed", markup=False)
    if not stays:
        out.print(
            "  Put it right   while the demo runs: start it in a terminal without --once (make demo)", markup=False
        )
        out.print("\nEverything is stopped again; make demo leaves the workspace and Prefect's UI open.", markup=False)
        return
    change = shlex.quote(json.dumps([PUT_RIGHT]))
    out.print(f"  Put it right   curl -d {change} {os.environ['A2M_ACUMATICA__URL']}/_sandbox/change", markup=False)
    out.print(f"  Send it        {command} sync customer, or wait a minute: the next run sends it", markup=False)


def _where_the_state_is(folder: Path) -> str:
    """Return the file of the state database, or its address without the password."""
    database = os.environ.get("A2M_DATABASE_URL")
    if database is None:
        return str(folder / "state" / "state.sqlite")
    from connector.state.engine import shown_address

    return shown_address(database)
