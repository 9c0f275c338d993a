"""Every measure of the table: what runs against what, in how many rounds, and which ratio must come out."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from bench.catalogue import WAREHOUSES, cents, pieces, sku
from bench.harness import Figures, Servers, Spread, in_process, in_turns, ratio, servers, spread

SINCE = "2020-01-01T00:00:00Z"
SYNC = "bench.ours:sync"
FEW = 30
"""So many reads are asked once a run, whatever the number of SKUs."""


class Size(NamedTuple):
    """How large the measures are: `quick` takes some minutes, `full` most of an hour."""

    rounds: int
    prices: int
    many_prices: int
    quantities: int
    first_sync: int
    compute: int
    pages: int
    one_percent_of: int
    memory: int
    run_seconds: int
    limits: tuple[int, ...]
    confirmed: int
    postgresql_rounds: int


QUICK = Size(3, 20_000, 60_000, 5_000, 20_000, 60_000, 20_000, 100_000, 20_000, 20, (100_000,), 100_000, 3)
FULL = Size(
    5,
    200_000,
    1_000_000,
    50_000,
    200_000,
    300_000,
    100_000,
    1_000_000,
    1_000_000,
    59,
    (50, 150, 100_000),
    1_000_000,
    10,
)


class Row(NamedTuple):
    """One line of the table."""

    measure: str
    ours: str
    against: str
    theirs: str
    ratio: str
    target: str
    met: bool
    server_cpu: str
    runs: int
    raw: dict[str, list[Figures]]


def _row(
    measure: str, against: str, raw: dict[str, list[Figures]], target: str, is_met: Callable[[Spread], bool], *, of: str
) -> Row:
    """A line that compares `ours` with `of` by time, ours as a multiple of theirs."""
    ours, theirs, times = spread(raw["ours"]), spread(raw[of]), ratio(raw["ours"], raw[of])
    by_cpu = ratio(raw["ours"], raw[of], "cpu") if "cpu" in raw[of][0] else None
    message = f"× {times}" + (f"; cpu × {by_cpu.median:.2f}" if by_cpu else "")
    share = f"{spread(raw['ours'], 'server_cpu').median:.2f} s"
    return Row(measure, f"{ours} s", against, f"{theirs} s", message, target, is_met(times), share, ours.runs, raw)


def _cpu_row(
    measure: str, count: int, against: str, raw: dict[str, list[Figures]], most: float, *, ours: str = "ours", of: str
) -> Row:
    """A line that compares by processor time a record, with the time on the clock beside it."""
    times, clock = ratio(raw[ours], raw[of], "cpu"), ratio(raw[ours], raw[of])
    share = f"{spread(raw[ours], 'server_cpu').median:.2f} s"
    shown = [f"{_a_record(raw[name], count)}; {spread(raw[name])} s" for name in (ours, of)]
    ratios = f"cpu × {times}; time × {clock.median:.2f}"
    return Row(
        measure, shown[0], against, shown[1], ratios, f"cpu ≤ {most} ×", times.median <= most, share, times.runs, raw
    )


def _a_record(figures: list[Figures], count: int, name: str = "cpu") -> str:
    """Return processor time a record, in microseconds."""
    return f"{_each([one[name] for one in figures], count)} µs"


def _each(seconds: list[float], count: int) -> Spread:
    values = [1e6 * one / count for one in seconds]
    return Spread(statistics.median(values), min(values), max(values), len(values))


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
        _cpu_row(f"{what}, batch 100", count, "bare asyncio + httpx loop", raw, 1.8, of="bare"),
        _cpu_row(f"{what}, batch 1,000", count, "the same", raw, 1.6, ours="ours_by_1000", of="bare_by_1000"),
        _cpu_row(f"{what}, batch 100", count, "dlt, custom destination", raw, 0.4, of="dlt"),
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
    client, server = (_each([one[name] for one in found], size.prices) for name in ("cpu", "database_cpu"))
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
    return [_row(what, "asynchronous bulks of the same", raw, "(told)", lambda _t: True, of="bulk")]


def quantities(size: Size) -> list[Row]:
    """A whole sync of quantities: alone, and against posting the same requests with the real Magento's latencies."""
    return [_quantities_of_warehouses(size), _quantities_at_real_latencies(size)]


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
    each = _each([one["cpu"] for one in raw["ours"]], sent)
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


def _quantities_at_real_latencies(size: Size) -> Row:
    count = size.quantities
    with servers(count, real=True) as here:
        sections = here.settings(magento={"concurrency": 4})
        sections["inventory"]["warehouses"] = WAREHOUSES[:1]
        state = here.connected("inventory", sections)
        generation = here.change("quantities")
        bodies = here.folder / "bodies.json"
        bodies.write_bytes(msgspec.json.encode(_bodies(count, generation)))

        def run() -> Figures:
            here.forget()
            figures = in_process(SYNC, entity="inventory", database=here.copy_of(state), sections=sections)
            sent = here.sent_values()
            assert (sent["rows"], sent["skus"], sent["requests"]) == (count, count, -(-count // 100)), sent
            return figures

        only = {"magento": here.magento, "bodies_file": str(bodies)}
        raw = in_turns(min(3, size.rounds), here, ours=run, post=lambda: in_process("bench.bare:post_only", **only))
    what = f"whole sync, {count:,} changed quantities, Magento with the real one's latencies"
    return _row(what, "a loop that only posts the same", raw, "≤ 1.03 ×", lambda t: t.median <= 1.03, of="post")


def first_sync(size: Size) -> list[Row]:
    """A first sync of a live shop that is right already against asking the same, with the real Magento's latencies."""
    return [_first_sync(size, entity, noun) for entity, noun in (("price", "prices"), ("inventory", "quantities"))]


def _first_sync(size: Size, entity: str, noun: str) -> Row:
    count, asked = size.first_sync, {"ours": 0, "only": 0}
    with servers(count, real=True) as here:
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
    return _row(what, "the same reads alone", raw, "≤ 1.1 ×", lambda t: t.median <= 1.1, of="only")


def _bodies(count: int, generation: int) -> list[str]:
    rows = [
        {"sku": sku(number), "source_code": "default", "quantity": pieces(number, 0, generation), "status": 1}
        for number in range(1, count + 1)
    ]
    return [msgspec.json.encode({"sourceItems": rows[at : at + 100]}).decode() for at in range(0, count, 100)]


def compute(size: Size) -> list[Row]:
    """The rule of quantities against pandas, polars and duckdb."""
    given = {"skus": size.compute, "warehouses": 10}

    def with_tool(tool: str) -> Callable[[], Figures]:
        return lambda: in_process("bench.computing:run", tool=tool, **given)

    tools = ("ours", "pandas", "polars", "duckdb")
    raw = in_turns(size.rounds, None, **{tool: with_tool(tool) for tool in tools})
    what = f"compute, {size.compute:,} SKUs × 10 warehouses, ledger diff included"
    return [
        _row(what, "pandas merge and groupby", raw, "≤ 0.25 ×", lambda t: t.median <= 0.25, of="pandas"),
        _row(what, "polars", raw, "≤ 0.7 ×", lambda t: t.median <= 0.7, of="polars"),
        _row(what, "duckdb", raw, "≤ 0.5 ×", lambda t: t.median <= 0.5, of="duckdb"),
    ]


def pull(size: Size) -> list[Row]:
    """Pages over HTTP, decoded and flattened."""
    with servers(size.pages) as here:

        def with_tool(tool: str) -> Callable[[], Figures]:
            return lambda: in_process("bench.flattening:run", tool=tool, acumatica=here.acumatica, count=size.pages)

        with_tool("ours")()  # the server makes its pages at the first reading
        raw = in_turns(size.rounds, here, **{tool: with_tool(tool) for tool in ("ours", "json_normalize", "dlt")})
    what = f"pull {size.pages:,} items over HTTP in pages of 1,000"
    return [
        _row(what, "json + pandas.json_normalize", raw, "≤ 0.2 ×", lambda t: t.median <= 0.2, of="json_normalize"),
        _row(what, "dlt's paginator (nothing flattened)", raw, "≤ 0.4 ×", lambda t: t.median <= 0.4, of="dlt"),
    ]


def little_changed(size: Size) -> list[Row]:
    """Nothing changed; then one item in a hundred did."""
    count = size.one_percent_of
    with servers(count) as here:
        sections = here.settings(magento={"concurrency": 4})
        state = here.connected("price", sections)
        idle = in_turns(
            size.rounds,
            here,
            ours=lambda: in_process(SYNC, entity="price", database=here.copy_of(state), sections=sections, idle=True),
        )["ours"]
        here.change("items", every=100)

        def run() -> Figures:
            here.forget()
            figures = in_process(SYNC, entity="price", database=here.copy_of(state), sections=sections)
            assert here.sent_values()["rows"] == count // 100
            return figures

        one = in_turns(size.rounds, here, ours=run)["ours"]
        taken = spread(one)
        share = (count // 100 / 100) / (count / 100)
    own = spread(idle, "idle_look")
    changed = Row(
        f"1 % of {count:,} prices changed, from change to sent",
        f"{taken} s",
        "a full resend",
        "100 % of the requests",
        f"{share:.1%} of the requests",
        "≤ 1.2 %; ≤ 3 s",
        taken.median <= 3 and share <= 0.012,
        f"{spread(one, 'server_cpu').median:.2f} s",
        taken.runs,
        {"ours": one},
    )
    requests = idle[0]["idle_requests"]
    nothing = Row(
        f"an idle sync, {count:,} items",
        f"{own.median * 1000:.0f} ms ({own.least * 1000:.0f}–{own.greatest * 1000:.0f})",
        "",
        "",
        f"{requests:.1f} requests to Acumatica, 0 to Magento, 0 task runs",
        "≤ 2 requests; ≤ 50 ms",
        own.median <= 0.05 and requests <= 2,
        "",
        own.runs,
        {"ours": idle},
    )
    return [changed, nothing]


def memory(size: Size) -> list[Row]:
    """The most memory that a full sync of quantities takes, with ten warehouses summed into one source."""
    peaks = {}
    for count in (10_000, size.memory):
        with servers(count, len(WAREHOUSES)) as here:
            state = here.folder / "new.sqlite"
            peaks[count] = in_process(
                SYNC, entity="inventory", database=str(state), sections=here.settings(), full=True
            )
    small, large = (peaks[count]["peak_mb"] for count in (10_000, size.memory))
    return [
        Row(
            f"peak memory, full sync, {size.memory:,} SKUs × {len(WAREHOUSES)} warehouses",
            f"{large:.0f} MB",
            "10,000 SKUs",
            f"{small:.0f} MB",
            f"× {large / small:.2f}",
            "≤ 600 MB",
            large <= 600,
            "",
            1,
            {"ours": list(peaks.values())},
        )
    ]


def prefect_part(size: Size) -> list[Row]:
    """The same sync with its stages as Prefect's task runs, and as plain functions."""
    with servers(size.prices) as here:
        sections = here.settings(magento={"concurrency": 4})
        state = here.connected("price", sections)
        here.change("items")

        def run(*, with_prefect: bool) -> Figures:
            given = {"database": here.copy_of(state), "sections": sections, "with_prefect": with_prefect}
            return in_process("bench.prefect_part:sync", **given)

        raw = in_turns(
            min(3, size.rounds),
            here,
            ours=lambda: run(with_prefect=True),
            plain=lambda: run(with_prefect=False),
        )
    added = [one["cpu"] - other["cpu"] for one, other in zip(raw["ours"], raw["plain"], strict=True)]
    part = sorted(added)[len(added) // 2]
    what = f"Prefect's part of a sync of {size.prices:,}, by processor time"
    return [
        Row(
            what,
            f"{spread(raw['ours'])} s",
            "stages without Prefect",
            f"{spread(raw['plain'])} s",
            f"+ {part:.2f} s",
            "≤ 0.4 s",
            part <= 0.4,
            "",
            len(added),
            raw,
        )
    ]


def visible(size: Size) -> list[Row]:
    """From a change to its value in Magento, while one scheduled run lives."""
    rows = []
    for limit, sleeps, notified in (*((limit, 2, False) for limit in size.limits), (size.limits[-1], 10, True)):
        with servers(10_000) as here:
            queue = {"check_process_time": size.run_seconds, "process_sleep_time": sleeps}
            sections = here.settings(acumatica={"requests_per_minute": limit}, queue=queue)
            sections["acumatica"]["requests_per_minute"] = limit
            unlimited = here.settings(queue=queue)
            state = here.connected("price", unlimited)
            given = {"acumatica": here.acumatica, "magento": here.magento, "every": 1.0, "notified": notified}
            found = in_process("bench.visible:run", database=here.copy_of(state), sections=sections, **given)
        name = "unlimited" if limit == 100_000 else f"{limit} requests a minute"
        woken = ", woken by the receiver" if notified else ""
        limit_of_p95 = 1 if notified else 3
        rows.append(
            Row(
                f"change to visible, {size.run_seconds}/{sleeps}, licence {name}{woken}",
                f"p50 {found['p50']:.1f} s, p95 {found['p95']:.1f} s",
                "Acumatica's own connectors: hourly",
                "3600 s",
                f"{found['changes']} changes",
                f"p95 ≤ {limit_of_p95} s" if limit == 100_000 else "(told)",
                limit != 100_000 or found["p95"] <= limit_of_p95,
                "",
                1,
                {"ours": [found]},
            )
        )
    return rows


def pages(size: Size) -> list[Row]:
    """The workspace's pages over a large state, on both databases."""
    given = {"confirmed": size.confirmed, "failed": size.confirmed // 10, "rounds": 21}
    rows = []
    for kind in ("sqlite", "postgresql"):
        for name, took in in_process("bench.pages:measure", kind=kind, **given).items():
            rows.append(
                Row(
                    f"page {name}, {given['confirmed']:,} targets and {given['failed']:,} failed, {kind}",
                    f"{took['seconds'] * 1000:.0f} ms (p95), {took['half'] * 1000:.0f} (half)",
                    "",
                    "",
                    "",
                    "≤ 300 ms",
                    took["seconds"] <= 0.3,
                    "",
                    given["rounds"],
                    {"ours": [took]},
                )
            )
    return rows


def idle_serve(size: Size) -> list[Row]:
    """`a2m serve` while nothing changes: its processor time, its memory, how late a due run is and a click."""
    from bench import idle_serve as idle

    found = idle.measure(minutes=5 if size is FULL else 2)
    return [
        Row(measure, f"{ours:g} {unit}", "", "", "", f"≤ {target:g} {unit}", ours <= target, "", 1, {})
        for measure, ours, target, unit in idle.against_targets(found)
    ]


MEASURES: dict[str, Callable[[Size], list[Row]]] = {
    "prices": prices,
    "postgresql": postgresql,
    "quantities": quantities,
    "first_sync": first_sync,
    "transports": transports,
    "compute": compute,
    "pull": pull,
    "little_changed": little_changed,
    "prefect": prefect_part,
    "visible": visible,
    "memory": memory,
    "pages": pages,
    "idle_serve": idle_serve,
}
