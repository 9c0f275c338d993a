"""How the queue is cut into requests (Queue Processing Settings)."""

from __future__ import annotations


def request_size(count: int, threshold: int, batch: int) -> int:
    """Return how many records go into one request: one for `count` ≤ `threshold`, else `batch`."""
    return 1 if count <= threshold else batch
