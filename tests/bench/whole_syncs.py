"""Measures of whole syncs: changed prices and quantities on either database, bulks, and a first sync of a live shop."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from bench.catalogue import WAREHOUSES, cents, pieces, sku
from bench.harness import Figures, Servers, in_process, in_turns, servers, spread
from bench.rows import Row, Size, cpu_row, microseconds_each, row

SINCE = "2020-01-01T00:00:00Z"
SYNC = "bench.ours:sync"
FEW = 30
"""So many reads are asked once a run, whatever the number of SKUs."""


def _changed_prices(here: Servers, count: int) -> Callable[[int], Callable[[], Figures]]:
    """Every price changed: gives, for a size of requests, the run of one sync, which is checked to have told Magento
    each new price once.
    """
    sections = here.settings(magento={"concurrency": 4})
    state = here.connected("price", sections)
    generation = here.change("items")
    expected = sum(number * cents(number, generation) for number in range(1, count + 1))

    def in_batches_of(batch: int) -> Callable[[], Figures]:
        given = here.settings(magento={"concurrency": 4}, queue={"batch_count": batch})

        def run() -> Figures:
            here.forget()
            figures = in_process(SYNC, entity="price", database=here.copy_of(state), sections=given)
            sent = here.sent_values()
            assert (sent["rows"], sent["skus"], sent["check"]) == (count, count, expected), sent
            assert sent["requests"] == -(-count // batch), sent
            return figures

        return run

    return in_batches_of


def prices(size: Size) -> list[Row]:
    """A whole sync of changed prices against the bare loop, dlt, and itself with more of them."""
    count = size.prices
    with servers(count) as here:
        run = _changed_prices(here, count)
        urls = {"acumatica": here.acumatica, "magento": here.magento, "since": SINCE}
        raw = in_turns(
            size.rounds,
            here,
            ours=run(100),
            bare=lambda: in_process("bench.bare:prices", **urls),
            dlt=lambda: in_process("bench.flattening:dlt_prices", **urls),
            ours_by_1000=run(1_000),
            bare_by_1000=lambda: in_process("bench.bare:prices", batch=1_000, **urls),
        )
    what = f"whole sync, {count:,} changed prices, 4 connections"
    rows = [
        cpu_row(f"{what}, batch 100", count, "bare asyncio + httpx loop", raw, 1.8, of="bare"),
        cpu_row(f"{what}, batch 1,000", count, "the same", raw, 1.6, ours="ours_by_1000", of="bare_by_1000"),
        cpu_row(f"{what}, batch 100", count, "dlt, custom destination", raw, 0.4, of="dlt"),
    ]
    with servers(size.many_prices) as here:
        many = in_turns(1, here, ours=_changed_prices(here, size.many_prices)(100))["ours"]
    each, of_many = (
        spread(raw["ours"], "cpu").median / count,
        spread(many, "cpu").median / size.many_prices,
    )
    peak = max(one["peak_mb"] for one in many)
    rows.append(
        Row(
            f"the same, {size.many_prices:,}",
            f"{of_many * 1e6:.1f} µs; {spread(many)} s; {peak:.0f} MB",
            f"itself at {count:,}",
            f"{each * 1e6:.1f} µs",
            f"cpu × {of_many / each:.2f}",
            "cpu ≤ 1.1 ×, ≤ 300 MB",
            of_many / each <= 1.1 and peak <= 300,
            f"{spread(many, 'server_cpu').median:.2f} s",
            1,
            {"many": many},
        )
    )
    return rows


def postgresql(size: Size) -> list[Row]:
    """Changed prices on PostgreSQL, the client and the server, and whether they grow from round to round."""
    from bench.on_postgresql import rounds_of_prices

    found = rounds_of_prices(size.prices, size.postgresql_rounds)
    client, server = (microseconds_each([one[name] for one in found], size.prices) for name in ("cpu", "database_cpu"))
    growth = (found[-1]["cpu"] + found[-1]["database_cpu"]) / (found[0]["cpu"] + found[0]["database_cpu"])
    return [
        Row(
            f"whole sync, {size.prices:,} changed prices, PostgreSQL, batch 100, round after round",
            f"{client} µs and {server} µs in the server; {spread(found)} s",
            f"its first of {len(found)} rounds",
            "",
            f"the last × {growth:.2f}",
            "≤ 40 + 45 µs, the last ≤ 1.2 ×",
            client.median <= 40 and server.median <= 45 and growth <= 1.2,
            "",
            len(found),
            {"ours": found},
        )
    ]


def transports(size: Size) -> list[Row]:
    """The same changed prices by requests, and by asynchronous bulks, which are worth a recommendation if they win."""
    count = size.quantities
    with servers(count, real=True) as here:
        ways = {
            "ours": here.settings(magento={"concurrency": 2}),
            "bulk": here.settings(magento={"concurrency": 2}, queue={"price_transport": "async_bulk"}),
        }
        state = here.connected("price", ways["ours"])
        here.change("items")

        def by(way: str) -> Callable[[], Figures]:
            def run() -> Figures:
                here.forget()
                figures = in_process(SYNC, entity="price", database=here.copy_of(state), sections=ways[way])
                sent = here.sent_values()
                assert (sent["rows"], sent["skus"]) == (count, count), sent
                return figures

            return run

        raw = in_turns(min(3, size.rounds), here, ours=by("ours"), bulk=by("bulk"))
    what = f"whole sync, {count:,} changed prices, 2 connections, the real Magento's latencies"
    return [row(what, "asynchronous bulks of the same", raw, "(told)", lambda _t: True, of="bulk")]


def quantities(size: Size) -> list[Row]:
    """A whole sync of quantities that takes no time in Magento."""
    return [_quantities_of_warehouses(size)]


def _quantities_of_warehouses(size: Size) -> Row:
    count, names = size.quantities, WAREHOUSES[:4]
    with servers(count, 4, sources=3) as here:
        sections = here.settings(magento={"concurrency": 4})
        sources = dict(zip(names, ("default", "east", "west", "west"), strict=True))
        sections["inventory"] |= {"warehouses": names, "sources": sources}
        state = here.connected("inventory", sections)
        here.change("quantities")
        values: list[int] = []

        def run() -> Figures:
            here.forget()
            figures = in_process(SYNC, entity="inventory", database=here.copy_of(state), sections=sections)
            values.append(here.sent_values()["rows"])
            return figures

        raw = in_turns(size.rounds, here, ours=run)
    [sent] = set(values)
    assert sent > 2 * count, "most of an item's quantities have changed"
    each = microseconds_each([one["cpu"] for one in raw["ours"]], sent)
    return Row(
        f"whole sync, {sent:,} changed quantities (4 warehouses in 3 sources), batch 100, 4 connections",
        f"{each} µs; {spread(raw['ours'])} s",
        "",
        "",
        "",
        "cpu ≤ 30 µs",
        each.median <= 30,
        f"{spread(raw['ours'], 'server_cpu').median:.2f} s",
        each.runs,
        raw,
    )


def _at_real_latencies(size: Size, entity: str, noun: str) -> list[Row]:
    """Against posting the same values; quantities also against that with the questions whether the products are there,
    which a sync asks before it sends any (ADR 21) and which take their share of Magento's time.
    """
    count = size.quantities
    with servers(count, real=True) as here:
        sections = here.settings(magento={"concurrency": 4})
        sections["inventory"]["warehouses"] = WAREHOUSES[:1]
        state = here.connected(entity, sections)
        posts = _posts(entity, count, here.change("items" if entity == "price" else "quantities"))

        def run() -> Figures:
            here.forget()
            figures = in_process(SYNC, entity=entity, database=here.copy_of(state), sections=sections)
            sent = here.sent_values()
            assert (sent["rows"], sent["skus"], sent["requests"]) == (count, count, -(-count // 100)), sent
            return figures

        def alone(name: str, requests: list[tuple[str, str]]) -> Callable[[], Figures]:
            file = here.folder / f"{name}.json"
            file.write_bytes(msgspec.json.encode(requests))
            return lambda: in_process("bench.bare:send_only", magento=here.magento, requests_file=str(file))

        loops = {"post": alone("post", posts)}
        if entity == "inventory":
            loops["ask"] = alone("ask", _with_questions(posts, count))
        raw = in_turns(min(3, size.rounds), here, ours=run, **loops)
    what = f"whole sync, {count:,} changed {noun}, Magento with the real one's latencies"
    rows = [row(what, "a loop that only posts the same", raw, "≤ 1.03 ×", lambda t: t.median <= 1.03, of="post")]
    if entity == "inventory":
        rows.append(row(what, "a loop that asks and posts the same", raw, "(reported)", lambda _t: True, of="ask"))
    return rows


def real_latencies(size: Size) -> list[Row]:
    """Whole syncs of changed quantities and prices with the real Magento's latencies, against the requests alone."""
    return [*_at_real_latencies(size, "inventory", "quantities"), *_at_real_latencies(size, "price", "prices")]


def first_sync(size: Size) -> list[Row]:
    """A first sync of a live shop that is right already against asking the same, with the real Magento's latencies."""
    return [_first_sync(size, entity, noun) for entity, noun in (("price", "prices"), ("inventory", "quantities"))]


def _first_sync(size: Size, entity: str, noun: str) -> Row:
    count, asked = size.first_sync, {"ours": 0, "only": 0}
    with servers(count, real=True) as here:
        here.make_ready("items", "quantities")
        sections = here.settings(magento={"concurrency": 4})
        sections["inventory"]["warehouses"] = WAREHOUSES[:1]

        def run() -> Figures:
            here.forget()
            state = here.folder / "new.sqlite"
            figures = in_process(SYNC, entity=entity, database=str(state), sections=sections)
            for kept in here.folder.glob("new.sqlite*"):
                kept.unlink()
            assert figures["tally_requests"] == 0, "a shop that is right already is told nothing"
            asked["ours"] = here.sent_values()["reads"]
            return figures

        def only() -> Figures:
            here.forget()
            figures = in_process("bench.bare:read_only", magento=here.magento, entity=entity, count=count)
            asked["only"] = here.sent_values()["reads"]
            assert asked["ours"] - asked["only"] in range(FEW), asked
            return figures

        raw = in_turns(min(3, size.rounds), here, ours=run, only=only)
    what = f"first sync, {count:,} SKUs whose {noun} Magento shows already, the real one's latencies"
    return row(what, "the same reads alone", raw, "≤ 1.1 ×", lambda t: t.median <= 1.1, of="only")


def _posts(entity: str, count: int, generation: int) -> list[tuple[str, str]]:
    """Every value of a generation as the requests that send it: route and body of each."""
    numbers = range(1, count + 1)
    if entity == "price":
        route, name = "products/base-prices", "prices"
        rows = [{"price": cents(number, generation) / 100, "store_id": 0, "sku": sku(number)} for number in numbers]
    else:
        route, name = "inventory/source-items", "sourceItems"
        rows = [
            {"sku": sku(number), "source_code": "default", "quantity": pieces(number, 0, generation), "status": 1}
            for number in numbers
        ]
    return [(route, msgspec.json.encode({name: rows[at : at + 100]}).decode()) for at in range(0, count, 100)]


def _with_questions(posts: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Return the posts of items 1 to `count`, each ten with a question about their products before them."""
    requests = []
    for at in range(0, len(posts), 10):
        skus = [sku(number) for number in range(at * 100 + 1, min(at * 100 + 1_000, count) + 1)]
        question = msgspec.json.encode({"skus": skus}).decode()
        requests += [("products/base-prices-information", question), *posts[at : at + 10]]
    return requests
