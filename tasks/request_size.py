"""How the queue is cut into requests (Queue Processing Settings)."""

from __future__ import annotations


def request_size(count: int, threshold: int, batch: int) -> int:
    """Return how many records go into one request: one for `count` ≤ `threshold`, else `batch`."""
    return 1 if count <= threshold else batch


def cut(count: int, threshold: int, batch: int) -> list[int]:
    """Return the sizes of the requests for `count` records: n ≤ threshold makes n of one, n > threshold ⌈n / batch⌉ of
    a batch.

    The last request may be short. Source: spec, *Cases that decide*, 1.
    """
    size = request_size(count, threshold, batch)
    whole, rest = divmod(count, size)
    return [size] * whole + ([rest] if rest else [])
