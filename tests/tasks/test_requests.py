"""How many records go into a request, how large the next attempts are, and how long they are put off."""

import pytest

from tasks.push import LONGEST_PAUSE, pause_after, sizes_after
from tasks.request_size import request_size


@pytest.mark.parametrize(
    ("count", "threshold", "batch", "size"),
    [(50, 25, 25, 25), (50, 25, 5, 5), (25, 25, 25, 1), (26, 25, 25, 25), (1, 0, 100, 100), (0, 25, 25, 1)],
)
def test_the_threshold_decides_between_single_requests_and_batches(count, threshold, batch, size):
    """Case 1: up to the threshold one by one, above it all in batches; `a2m sync` counts the requests of both."""
    assert request_size(count, threshold, batch) == size


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
