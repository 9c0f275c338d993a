"""How many requests a queue becomes, how large the next attempts are, and how long they are put off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.push import LONGEST_PAUSE, pause_after, sizes_after
from tasks.request_size import cut, request_size


@pytest.mark.parametrize(
    ("count", "threshold", "batch", "sizes"),
    [
        (50, 25, 25, [25, 25]),
        (50, 25, 5, [5] * 10),
        (25, 25, 25, [1] * 25),
        (26, 25, 25, [25, 1]),
        (1, 0, 100, [1]),
        (3, 0, 2, [2, 1]),
        (0, 25, 25, []),
    ],
)
def test_how_a_queue_is_cut(count, threshold, batch, sizes):
    """Case 1: up to the threshold one by one, above it all in batches."""
    assert cut(count, threshold, batch) == sizes


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 1000))
def test_cutting_loses_nothing(count, threshold, batch):
    """The requests hold every record once, and none holds more than the batch."""
    sizes = cut(count, threshold, batch)
    assert sum(sizes) == count
    assert all(0 < size <= batch for size in sizes)
    assert request_size(count, threshold, batch) in (1, batch)


@pytest.mark.parametrize(
    ("size", "retry_count", "sizes"),
    [(1000, 5, [100, 10, 1, 1]), (100, 3, [10, 1]), (5, 3, [1, 1]), (100, 2, [1]), (100, 1, [1])],
)
def test_what_was_tried_goes_in_ever_smaller_requests(size, retry_count, sizes):
    """A tenth each time, and alone at the last attempt: a record that spoils its request spoils no other's last one."""
    assert sizes_after(size, retry_count) == sizes


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, LONGEST_PAUSE), (50, LONGEST_PAUSE)]
)
def test_pauses_grow_to_a_minute(attempts, longest):
    """Each is up to twice the one before, and by chance not less than half of that."""
    assert all(longest / 2 <= pause_after(attempts) <= longest for _ in range(50))
