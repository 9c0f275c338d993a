"""The quantities of a catalogue, computed by the connector's rule and by the tools that anybody would take.

Each gets the same decoded strings and the same ledger, and gives the (SKU, source) pairs whose value differs from it.
Which items are published is decided before: the others do not decide it at all.
Ours goes through the functions and chunks of a sync; the others see everything at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from entities.inventory.stock import stock

SOURCES = 3
CHUNK = 50_000


def run(tool: str, skus: int, warehouses: int) -> dict[str, float]:
    """Prepare, then measure one tool."""
    compute, given = TOOLS[tool](skus, warehouses)
    began, cpu = time.perf_counter(), time.process_time()
    changed = compute(given)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert changed == (skus + 9) // 10 * SOURCES, f"{tool} found {changed} differences"
    return {"seconds": seconds, "cpu": cpu}


def _sku(number: int) -> str:
    return f"SKU-{number:07d}"


def _quantity(number: int, warehouse: int) -> int:
    return (1 + (number * 31 + warehouse * 17) % 90) * 10_000


def _published(number: int, source: int, warehouses: int) -> int:
    """What the ledger says: right, but for every tenth SKU."""
    total = sum(_quantity(number, house) for house in range(warehouses) if house % SOURCES == source)
    return total + (10_000 if number % 10 == 0 else 0)


def _rule(warehouses: int) -> dict[str, str]:
    return {f"WH{house:02d}": f"source-{house % SOURCES}" for house in range(warehouses)}


def _ours(skus: int, warehouses: int) -> tuple[Callable[[Any], int], Any]:
    from connector.records import Facts, WarehouseQuantity
    from connector.state.queue.compared import differ, in_order_of
    from connector.state.sync.ledger import ConfirmedRows
    from connector.state.sync.records import Record, Stored
    from entities.inventory import rules as quantities
    from entities.inventory.rules import QuantityRule
    from entities.item_rule import ItemRule
    from entities.values import conversion, items
    from tasks.sync import relaxed_gc

    stored: list[Stored] = []
    for number in range(skus):
        sku = _sku(number)
        facts = Facts("stock", sku, "Active", "ALLOTHER", True, "EA", "EA", 1, 1, 1_000_000, None)
        amounts = {f"WH{house:02d}": _quantity(number, house) for house in range(warehouses)}
        shelves = {warehouse: WarehouseQuantity(amount, amount, amount) for warehouse, amount in amounts.items()}
        stored.append(Stored(sku, sku, Record.of(facts, shelves)))
    rule = QuantityRule(_rule(warehouses))
    starts = range(0, skus, CHUNK)
    published = {
        start: items.published(conversion.items(stored[start : start + CHUNK]), ItemRule()).items for start in starts
    }

    def ledger_of(start: int) -> ConfirmedRows:
        places = [(number, source) for number in range(start, min(start + CHUNK, skus)) for source in range(SOURCES)]
        names = [_sku(number) for number, _source in places]
        values = [_published(number, source, warehouses) for number, source in places]
        return ConfirmedRows(names, names, [f"source-{source}" for _number, source in places], values, [1] * len(names))

    chunks = {
        start: ({one.acumatica_key: one for one in stored[start : start + CHUNK]}, ledger_of(start)) for start in starts
    }

    def compute(given: dict[int, tuple[dict[str, Stored], ConfirmedRows]]) -> int:
        changed = 0
        with relaxed_gc():
            for start, (chunk, ledger) in given.items():
                known = stock(published[start], chunk, rule)
                counted = quantities.compute(known.items, known.warehouses, known.vendors, rule)
                wanted = conversion.wanted(counted.values)
                names = {"acumatica_key": ledger.acumatica_keys, "source": ledger.sources, "key": ledger.keys}
                confirmed = in_order_of(wanted, names, (ledger.values, ledger.in_stock))
                assert confirmed is not None
                changed += sum(differ(wanted, *confirmed))
        return changed

    return compute, chunks


def _columns(skus: int, warehouses: int) -> tuple[dict[str, list[Any]], dict[str, list[Any]], dict[str, list[Any]]]:
    rows: dict[str, list[Any]] = {
        "sku": [_sku(number) for number in range(skus) for _house in range(warehouses)],
        "warehouse": [f"WH{house:02d}" for _number in range(skus) for house in range(warehouses)],
        "quantity": [_quantity(number, house) for number in range(skus) for house in range(warehouses)],
    }
    rule = _rule(warehouses)
    ledger: dict[str, list[Any]] = {
        "sku": [_sku(number) for number in range(skus) for _source in range(SOURCES)],
        "source": [f"source-{source}" for _number in range(skus) for source in range(SOURCES)],
        "known": [_published(number, source, warehouses) for number in range(skus) for source in range(SOURCES)],
    }
    return rows, {"warehouse": list(rule), "source": list(rule.values())}, ledger


def _pandas(skus: int, warehouses: int) -> tuple[Callable[[Any], int], Any]:
    import pandas as pd

    rows, rule, ledger = _columns(skus, warehouses)
    known = pd.DataFrame(ledger)

    def compute(given: dict[str, list[Any]]) -> int:
        frame = pd.DataFrame(given).merge(pd.DataFrame(rule), on="warehouse")
        totals = frame.groupby(["sku", "source"], as_index=False)["quantity"].sum()
        totals["quantity"] = (totals["quantity"] // 10_000 * 10_000).clip(lower=0)
        both = totals.merge(known, on=["sku", "source"], how="left")
        return int((both["quantity"] != both["known"]).sum())

    return compute, rows


def _polars(skus: int, warehouses: int) -> tuple[Callable[[Any], int], Any]:
    import polars as pl

    rows, rule, ledger = _columns(skus, warehouses)
    known = pl.DataFrame(ledger)

    def compute(given: dict[str, list[Any]]) -> int:
        totals = (
            pl.DataFrame(given)
            .join(pl.DataFrame(rule), on="warehouse")
            .group_by("sku", "source")
            .agg(pl.col("quantity").sum() // 10_000 * 10_000)
        )
        both = totals.join(known, on=["sku", "source"], how="left")
        return both.filter(pl.col("quantity").clip(0) != pl.col("known")).height

    return compute, rows


def _duckdb(skus: int, warehouses: int) -> tuple[Callable[[Any], int], Any]:
    import duckdb
    import pandas as pd

    rows, rule, ledger = _columns(skus, warehouses)
    known = pd.DataFrame(ledger)

    def compute(given: dict[str, list[Any]]) -> int:
        connection = duckdb.connect()
        for name, table in (("stock", pd.DataFrame(given)), ("rule", pd.DataFrame(rule)), ("ledger", known)):
            connection.register(name, table)
        [(found,)] = connection.sql(
            "SELECT count(*) FROM (SELECT sku, source, greatest(sum(quantity) // 10000 * 10000, 0) AS quantity "
            "FROM stock JOIN rule USING (warehouse) GROUP BY ALL) LEFT JOIN ledger USING (sku, source) "
            "WHERE quantity IS DISTINCT FROM known"
        ).fetchall()
        return int(found)

    return compute, rows


TOOLS: dict[str, Callable[[int, int], tuple[Callable[[Any], int], Any]]] = {
    "ours": _ours,
    "pandas": _pandas,
    "polars": _polars,
    "duckdb": _duckdb,
}
