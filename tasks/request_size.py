"""The number of records in a request (Queue Processing Settings)."""

from __future__ import annotations


def request_size(count: int, threshold: int, batch: int) -> int:
    """Return the number of records for one request: one if `count` ≤ `threshold`, else `batch`."""
    return 1 if count <= threshold else batch
