"""Write the database of commit 51f4cb5 that `test_written_by_51f4cb5` opens, and what the code of then made of it.

    git worktree add ../then 51f4cb5
    .venv/bin/python tests/migrated/write.py ../then

The connector is the one of then; the simulators are today's, so that both connectors face the same systems. All is done
twice, over SQLite and over PostgreSQL, and refused unless both databases hold the same rows and end the same way.
"""

from __future__ import annotations

import asyncio
import json
import lzma
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TODAY = [str(HERE.parents[1]), str(HERE.parent)]
sys.path[:1] = TODAY
from migrated import then  # noqa: E402
from migrated.then import CUSTOMERS, DYING, FAILED, GROUPS, ORDERS, PENDING, SECTIONS, SENT, SKIPPED, VALUES  # noqa: E402

import sandbox.acumatica.app  # noqa: E402
import sandbox.magento.app  # noqa: E402

sys.path[:2] = [sys.argv[1], f"{sys.argv[1]}/tests"]
import support.world  # noqa: E402
from connector.queue import by_hand, messages  # noqa: E402
from connector.queue.messages import Answered  # noqa: E402
from connector.queue.tables import metadata  # noqa: E402
from sqlalchemy import select  # noqa: E402
from support.databases import postgres_server  # noqa: E402
from support.sales import Sales  # noqa: E402
from support.world import World  # noqa: E402
from tasks.look import PLAIN  # noqa: E402

import tasks.push  # noqa: E402
from connector.magento.batches import Delivery  # noqa: E402

DATA = HERE / "written_by_51f4cb5.json.xz"
OWN = 5
"""So many orders of Acumatica's own are shipped."""
TRIED = 160
"""So many of the pending values were tried once."""
ONE_BY_ONE = {"magento": {"concurrency": 1}}
"""So that the same happens in the same order over both databases."""
MANY = {"queue": {"batch_count": TRIED}}
SINGLE = {"queue": {"threshold_count": VALUES * 2}}
FEW = {"queue": {"batch_count": 20}}


WRITES = {"price": "POST path=*/base-prices", "inventory": "POST path=*/source-items"}
"""Reads of values are POST as well."""


class Died(BaseException):
    """A process that is killed at this point."""


class Recorder:
    """An application in front of a simulator, which keeps each request that changed something."""

    def __init__(self, app: Any, name: str, kept: list[Any], clock: Any) -> None:
        self._app, self._name, self._kept, self._clock = app, name, kept, clock

    @property
    def state(self) -> Any:
        return self._app.state

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] == "GET" or "/auth/" in scope["path"]:
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status: list[int] = []

        async def again() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        seconds = (self._clock() - support.world.START).total_seconds()
        await self._app(scope, again, noted)
        is_read = self._name == "site" or scope["path"].endswith("-information")
        changes = scope["path"] == "/_sandbox/change" or not is_read
        if changes and status[0] < 300:
            self._kept.append([seconds, self._name, scope["method"], scope["path"], body.decode()])


class Story:
    """What was done to the world before its state was left as it is."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.sales = Sales(here)

    async def sync(self, entity: str, more: dict[str, dict[str, Any]] | None = None, **how: Any) -> None:
        more = {**ONE_BY_ONE, **(more or {})}
        sections = {name: {**SECTIONS.get(name, {}), **more.get(name, {})} for name in {*SECTIONS, *more}}
        self.here.clock.advance(60)
        began = time.monotonic()
        outcome = await self.here.sync(entity, self.here.settings(**sections), holder="a2m", **how)
        print(f"  {entity}: {outcome.in_words()}"[:150], f"{time.monotonic() - began:.1f}")

    async def only_read(self, entity: str) -> None:
        """A run that was stopped before it sent anything."""

        async def nothing(*_given: Any) -> None:
            return None

        await self.sync(entity, stages=lambda _retry_count: replace(PLAIN, push=nothing))

    async def killed(self, entity: str, count: int) -> None:
        """A run that was killed when so many records were under way; each second request had arrived."""
        requests, claimed_so_far = 0, 0
        deliver = tasks.push.deliver
        keep = tasks.push._keep

        async def lost(work: Any, client: Any, claimed: Any, size: Any) -> Any:
            nonlocal requests
            requests += 1
            return await deliver(work, client, claimed, size) if requests % 2 else (Delivery([]), None)

        async def unheard(work: Any, cut: Any, _client: Any, claimed: Any, *_made: Any, **_how: Any) -> Any:
            nonlocal claimed_so_far
            claimed_so_far += len(claimed)
            if claimed_so_far >= count:
                raise Died
            return await cut.kept.keep(work, Answered([], then=tasks.push._wish(work, cut)))

        tasks.push.deliver, tasks.push._keep = lost, unheard
        try:
            await self.sync(entity, FEW)
            raise SystemExit(f"the run of {entity} was not killed")
        except Died:
            print(f"  {entity}: killed with {claimed_so_far} under way")
        finally:
            tasks.push.deliver, tasks.push._keep = deliver, keep

    def values(self, group: str, step: int, places: range = range(VALUES)) -> None:
        """Other prices and quantities."""
        changes: list[dict[str, Any]] = []
        for place, sku in zip(places, then.skus(group)[places.start :], strict=False):
            changes.append({"set_price": {"inventory_id": sku, "price": f"{1_000 * step + place}.25"}})
            quantity = str(0 if place % 9 == step else 700 * step + place)
            changes.append({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", "available": quantity}})
        self.here.change(*changes)

    def customers(self, group: str, numbers: range) -> None:
        """New customers."""
        address = {
            "AddressLine1": "1 Main St",
            "City": "New York",
            "State": "NY",
            "PostalCode": "10001",
            "Country": "US",
        }
        self.here.change(
            *(
                {
                    "add_customer": {
                        "customer_id": f"{group}{number:02}",
                        "name": f"Company {group} {number}",
                        "customer_class": "WHOLESALE",
                        "main_contact": {"Email": email(group, number), "Phone1": "+1 555 0100", "Address": address},
                    }
                }
                for number in numbers
            )
        )

    def orders(self, group: str, numbers: range) -> None:
        """New orders of Acumatica."""
        for number in numbers:
            self.sales.entered(number_of(group, number), {f"SOLD {group}": 1 + number % 3})

    def shop_orders(self) -> None:
        """Orders of the shop that Acumatica has taken over."""
        for group in GROUPS:
            for number in range(ORDERS):
                reference = f"1{GROUPS.index(group)}{number:07}"
                self.sales.entered(number_of(group, number), {f"SOLD {group}": 2}, type="WO", external_ref=reference)
                lines = [{"sku": f"SOLD {group}", "qty": 2}]
                self.here.change_shop({"place_order": {"lines": lines, "increment_id": reference}})

    def shipments(self, group: str, numbers: range, kind: str = "WO", mark: str = "") -> None:
        """What is shipped of them, or of orders of Acumatica's own."""
        self.here.change(
            *(
                {
                    "add_shipment": {
                        "shipment_nbr": number_of(group, number) + mark,
                        "orders": [{"order_nbr": number_of(group, number), "order_type": kind}],
                        "confirm": True,
                        "ship_via": "GROUND",
                        "packages": [{"tracking": f"1Z{group}{number}{mark}"}],
                    }
                }
                for number in numbers
            )
        )

    async def tell(self) -> None:
        """The whole story."""
        self.shop_orders()
        for entity in then.ENTITIES:
            await self.sync(entity)
        print("sent")
        self.change(SENT)
        for entity in then.ENTITIES:
            await self.sync(entity)
        print("failed and skipped")
        for status, half in ((400, 0), (503, 1)):
            self.change(FAILED, half)
            self.change(SKIPPED, half)
            for entity in then.ENTITIES:
                self.here.faults.replace(f"magento {WRITES.get(entity, 'writes')}: status={status}")
                await self.sync(entity, SINGLE if status == 400 else None)
            self.here.faults.replace("")
        self.skip()
        print("shipped of orders that Magento never reserved, and of some that it does not have yet")
        self.shipments(SENT, range(OWN), "SO", " own")
        self.orders(PENDING, range(OWN))
        self.shipments(PENDING, range(OWN), "SO", " own")
        await self.sync("shipment")
        print("pending, and overtaken by it")
        self.values(PENDING, 1)
        self.customers(PENDING, range(CUSTOMERS))
        self.orders(PENDING, range(OWN, ORDERS))
        self.shipments(PENDING, range(ORDERS))
        for entity in then.ENTITIES:
            await self.only_read(entity)
        self.change_pending(range(TRIED), range(OWN, OWN + 1))
        for entity in then.ENTITIES:
            self.here.faults.replace("magento writes: status=503 retry_after=3600")
            await self.sync(entity, MANY)
            self.here.faults.replace("")
            self.here.clock.advance(3_700)
        self.change_pending(range(TRIED, VALUES), range(CUSTOMERS))
        for entity in then.ENTITIES:
            await self.only_read(entity)
        print("sending")
        self.change(DYING)
        for entity in then.ENTITIES:
            count = {"customer": CUSTOMERS, "order": ORDERS, "shipment": ORDERS}.get(entity, VALUES)
            await self.killed(entity, count)
        again = [one for one in self.here.failed() if one.key.endswith(("00", "50"))]
        by_hand.send_again(self.here.state, again, self.here.clock.now())
        print(f"  {len(again)} are to be sent again")

    def change(self, group: str, half: int | None = None) -> None:
        """Something new of each entity, or of the first or the second half of the group."""

        def part(count: int) -> range:
            return range(count) if half is None else range(half * count // 2, (half + 1) * count // 2)

        self.values(group, 1, part(VALUES))
        self.customers(group, part(CUSTOMERS))
        self.orders(group, part(ORDERS))
        self.shipments(group, part(ORDERS))

    def change_pending(self, values: range, documents: range) -> None:
        """Something newer for what is pending."""
        self.values(PENDING, 2, values)
        self.here.change(
            *(
                change
                for number in documents
                for change in (
                    {"set_customer": {"customer_id": f"{PENDING}{number:02}", "name": f"Renamed {number}"}},
                    {"set_order": {"order_nbr": number_of(PENDING, number), "lines": [line(PENDING, "3")]}},
                    {"add_tracking": {"shipment_nbr": number_of(PENDING, number), "tracking": f"1Z again {number}"}},
                )
                if "set_customer" in change or OWN <= number < ORDERS
            )
        )

    def skip(self) -> None:
        """A person leaves all messages of a group out."""
        for one in self.here.failed():
            if SKIPPED in one.acumatica_key:
                by_hand.skip(self.here.state, one, "not wanted", self.here.clock.now())


def line(group: str, count: str) -> dict[str, str]:
    return {"inventory_id": f"SOLD {group}", "quantity": count}


def email(group: str, number: int) -> str:
    return f"buyer-{group.lower()}-{number}@example.com"


def number_of(group: str, number: int) -> str:
    """An order's or a shipment's."""
    return f"{group}{number:02}"


def rows_of(here: World) -> dict[str, dict[str, Any]]:
    """All rows of the state database, by table."""
    found = {}
    with here.state.read() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            if rows:
                shown = [[_plain(value, here) for value in row] for row in rows]
                shown = sorted(shown) if table.name == "hosts" else shown  # by their ports until now
                found[table.name] = {"columns": [column.name for column in table.columns], "rows": shown}
    return found


def _plain(value: Any, here: World) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.decode()}
    if isinstance(value, str):
        return value.replace(here.magento.url.split("//")[1], "MAGENTO").replace(
            here.acumatica.url.split("//")[1], "ACUMATICA"
        )
    return value


def counts(here: World) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    with here.state.read() as connection:
        for entity, state in connection.execute(select(messages.messages.c.entity, messages.messages.c.state)):
            found.setdefault(state, Counter())[entity] += 1
    return found


async def written(folder: Path, url: str | None) -> dict[str, Any]:
    """The database, how the world came to where it is, and what it became in the end."""
    random.seed(14)
    kept: list[Any] = []
    site, shop = sandbox.acumatica.app.create_app, sandbox.magento.app.create_app
    support.world.acumatica_app = lambda *given, **how: Recorder(site(*given, **how), "site", kept, how["clock"])
    support.world.magento_app = lambda *given, **how: Recorder(shop(*given, **how), "shop", kept, how["clock"])
    World.note = lambda *_given: None  # what was right when: megabytes for each change, and nobody asks for it
    here = World(folder, then.products(), shop_products=then.shop_products(), database_url=url)
    story = Story(here)
    await story.tell()
    for state, by_entity in counts(here).items():
        print(f"{state:12} {by_entity.total():6}  {dict(by_entity)}")
    rows, requests = rows_of(here), list(kept)
    seconds = (here.clock.now() - support.world.START).total_seconds()
    print({name: len(table["rows"]) for name, table in rows.items()})
    await then.finish(here, SECTIONS)
    finished = then.shown(here)
    print(counts(here))
    then.mend(here)
    by_hand.send_again(here.state, here.failed(), here.clock.now())
    await then.finish(here, SECTIONS)
    print(counts(here))
    mended = then.shown(here)
    here.close()
    return {"seconds": seconds, "requests": requests, "rows": rows, "finished": finished, "mended": mended}


def refuse_differences(what: str, one: list[Any], other: list[Any]) -> None:
    if one != other:
        pairs = zip(one, other, strict=False)
        raise SystemExit(f"{what} differ: {next(((a, b) for a, b in pairs if a != b), 'in length')}")


def main() -> None:
    """Do it all over SQLite, then over PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        over = [asyncio.run(written(Path(folder), url)) for url in (None, server.url(server.new_database()))]
    for one in over:
        for entity in one["rows"]["entities"]["rows"]:
            entity[3] = "a fingerprint of settings that name the simulators' ports"
    refuse_differences("requests", over[0]["requests"], over[1]["requests"])
    for part in ("rows", "finished", "mended"):
        for name, rows in over[0][part].items():
            others = over[1][part][name]
            refuse_differences(name, *(found["rows"] if part == "rows" else found for found in (rows, others)))
    DATA.write_bytes(lzma.compress(json.dumps(over[0], separators=(",", ":")).encode(), preset=9))
    print(f"{DATA.name}: {DATA.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
