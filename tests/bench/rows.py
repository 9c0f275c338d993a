"""What the bench measures is made of: how large measures are, the lines of the table, and how figures become such."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

from bench.harness import Figures, Spread, ratio, spread


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


def row(
    measure: str, against: str, raw: dict[str, list[Figures]], target: str, is_met: Callable[[Spread], bool], *, of: str
) -> Row:
    """A line that compares `ours` with `of` by time, ours as a multiple of theirs."""
    ours, theirs, times = spread(raw["ours"]), spread(raw[of]), ratio(raw["ours"], raw[of])
    by_cpu = ratio(raw["ours"], raw[of], "cpu") if "cpu" in raw[of][0] else None
    message = f"× {times}" + (f"; cpu × {by_cpu.median:.2f}" if by_cpu else "")
    share = f"{spread(raw['ours'], 'server_cpu').median:.2f} s"
    return Row(measure, f"{ours} s", against, f"{theirs} s", message, target, is_met(times), share, ours.runs, raw)


def cpu_row(
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
    return f"{microseconds_each([one[name] for one in figures], count)} µs"


def microseconds_each(seconds: list[float], count: int) -> Spread:
    values = [1e6 * one / count for one in seconds]
    return Spread(statistics.median(values), min(values), max(values), len(values))
