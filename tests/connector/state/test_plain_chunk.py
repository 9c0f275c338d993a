"""A chunk that only changes values is queued column by column; in any other chunk each value is decided by itself."""

from typing import Any

import pytest

from connector.model.failures import FailureCode
from connector.state.queue.changes import Changes
from connector.state.queue.desired import DesiredValue
from connector.state.queue.plain_chunk import TargetColumns, queue_plainly

PLACES = [("A", "east"), ("A", "west"), ("B", "east")]
IDS = [11, 12, 13]


def want(record: str, source: str, value: int | None, in_stock: bool | None = True, **more: Any) -> DesiredValue:
    return DesiredValue(record, record.lower(), source, record, value, in_stock, **more)


def kept(**columns: list[Any]) -> TargetColumns:
    """Return targets of A and B, each with 5 pieces in stock, except for these columns."""
    records = [record for record, _source in PLACES]
    usual: dict[str, list[Any]] = {
        "ids": IDS,
        "keys": [record.lower() for record in records],
        "sources": [source for _record, source in PLACES],
        "acumatica_keys": records,
        "skus": records,
        "confirmed": [5, 5, 5],
        "in_stock": [1, 1, 1],
        "is_open": [0, 0, 0],
    }
    return TargetColumns(**{**usual, **columns})


def queued(
    wanted: list[DesiredValue], of: TargetColumns, sending: tuple[int, ...] = ()
) -> dict[bool | None, Any] | None:
    """Return the queued values by stock status and target, or `None` if the chunk is not plain."""
    changes = Changes(0, "inventory")
    if not queue_plainly(wanted, of, sending, changes):
        assert changes == Changes(0, "inventory")
        return None
    assert len(changes.pending) == sum(map(len, changes.queued.values()))
    return changes.queued


def test_what_is_not_confirmed_is_queued() -> None:
    """Of three values two are new, and each is queued at its own target."""
    wanted = [want("A", "east", 6), want("A", "west", 5), want("B", "east", 0, in_stock=False)]
    assert queued(wanted, kept()) == {True: {11: 6}, False: {13: 0}}


def test_values_may_come_in_any_order() -> None:
    """Records and sources have the database's order: each value is queued at its own target."""
    wanted = [want("B", "east", 8), want("A", "west", 7), want("A", "east", 6)]
    assert queued(wanted, kept()) == {True: {11: 6, 12: 7, 13: 8}}


def test_another_stock_status_is_queued() -> None:
    """A changed status with the same quantity is queued; a status that is not set on either side does not count."""
    wanted = [want(*place, 5, in_stock=False) for place in PLACES]
    assert queued(wanted, kept(in_stock=[1, None, 0])) == {False: {11: 5}}
    assert queued([want(*place, 5, in_stock=None) for place in PLACES], kept()) == {}


def test_a_value_that_was_never_confirmed_is_queued() -> None:
    """It is not known what Magento shows there."""
    assert queued([want(*place, 5) for place in PLACES], kept(confirmed=[5, None, 5])) == {True: {12: 5}}


@pytest.mark.parametrize(
    "of",
    [
        kept(is_open=[0, 1, 0]),
        kept(acumatica_keys=["A", "A", "C"]),
        kept(skus=["A", "A", "b"]),
        kept(sources=["east", "north", "east"]),
        TargetColumns(*(column[:2] for column in kept())),
        TargetColumns(*([*column, column[-1]] for column in kept())),
    ],
    ids=["one waits", "another record", "another spelling", "another source", "a new place", "a place without a value"],
)
def test_targets_that_need_a_decision(of: TargetColumns) -> None:
    """Nothing is queued if a target is pending, has another record or spelling, does not exist yet, or has no value in
    the chunk.
    """
    assert queued([want(*place, 6) for place in PLACES], of) is None


def test_a_target_in_a_request_needs_a_decision() -> None:
    """The value that is being sent decides what is queued after it; a target of other records does not matter."""
    wanted = [want(*place, 6) for place in PLACES]
    assert queued(wanted, kept(), sending=(12,)) is None
    assert queued(wanted, kept(), sending=(99,)) is not None


@pytest.mark.parametrize(
    "more",
    [{"cause": FailureCode.SEVERAL_ITEMS_WITH_ONE_SKU}, {"document": b"{}"}, {"value": None}],
    ids=lambda more: next(iter(more)),
)
def test_a_row_without_a_plain_value_needs_a_decision(more: dict[str, Any]) -> None:
    """It is a record that cannot be sent, a document, or a row without a value."""
    wanted = [want(*PLACES[0], 6), want(*PLACES[1], 6), want(*PLACES[2], **{"value": 6, **more})]
    assert queued(wanted, kept()) is None
