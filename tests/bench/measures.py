"""Every measure of the table: what runs against what, in how many rounds, and which ratio must come out."""

from __future__ import annotations

from collections.abc import Callable

from bench.catalogue import WAREHOUSES
from bench.harness import Figures, in_process, in_turns, servers, spread
from bench.rows import FULL, Row, Size, row
from bench.whole_syncs import SYNC, first_sync, postgresql, prices, quantities, real_latencies, transports


def compute(size: Size) -> list[Row]:
    """The rule of quantities against pandas, polars and duckdb."""
    given = {"skus": size.compute, "warehouses": 10}

    def with_tool(tool: str) -> Callable[[], Figures]:
        return lambda: in_process("bench.computing:run", tool=tool, **given)

    tools = ("ours", "pandas", "polars", "duckdb")
    raw = in_turns(size.rounds, None, **{tool: with_tool(tool) for tool in tools})
    what = f"compute, {size.compute:,} SKUs × 10 warehouses, ledger diff included"
    return [
        row(what, "pandas merge and groupby", raw, "≤ 0.25 ×", lambda t: t.median <= 0.25, of="pandas"),
        row(what, "polars", raw, "≤ 0.7 ×", lambda t: t.median <= 0.7, of="polars"),
        row(what, "duckdb", raw, "≤ 0.5 ×", lambda t: t.median <= 0.5, of="duckdb"),
    ]


def pull(size: Size) -> list[Row]:
    """Pages over HTTP, decoded and flattened."""
    with servers(size.pages) as here:

        def with_tool(tool: str) -> Callable[[], Figures]:
            return lambda: in_process("bench.flattening:run", tool=tool, acumatica=here.acumatica, count=size.pages)

        here.make_ready("items")
        raw = in_turns(size.rounds, here, **{tool: with_tool(tool) for tool in ("ours", "json_normalize", "dlt")})
    what = f"pull {size.pages:,} items over HTTP in pages of 1,000"
    return [
        row(what, "json + pandas.json_normalize", raw, "≤ 0.2 ×", lambda t: t.median <= 0.2, of="json_normalize"),
        row(what, "dlt's paginator (nothing flattened)", raw, "≤ 0.4 ×", lambda t: t.median <= 0.4, of="dlt"),
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

    return _of_targets(idle.against_targets(idle.measure(minutes=5 if size is FULL else 2)))


def outage(size: Size) -> list[Row]:
    """`a2m serve` was away for eight hours: how many late runs begin, and how soon every entity has synced."""
    from bench import outage as away

    return _of_targets(away.against_targets(away.measure(hours=8 if size is FULL else 1)))


def _of_targets(found: list[tuple[str, float, float, str]]) -> list[Row]:
    return [
        Row(measure, f"{ours:g} {unit}", "", "", "", f"≤ {target:g} {unit}", ours <= target, "", 1, {})
        for measure, ours, target, unit in found
    ]


MEASURES: dict[str, Callable[[Size], list[Row]]] = {
    "prices": prices,
    "postgresql": postgresql,
    "quantities": quantities,
    "real_latencies": real_latencies,
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
    "outage": outage,
}
