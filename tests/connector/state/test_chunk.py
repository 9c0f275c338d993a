"""What committing a computed chunk does to the queue, key by key."""

from datetime import timedelta

from support.moment import NOW
from support.queue import claim, settle

from connector.model.failures import FailureCode
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue, Queued
from connector.state.queue.message import ClaimSpec, Message, MessageOutcome
from connector.state.run_state import RunState
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow
from entities.names import related_to


def price(value: int, sku: str = "A", **more: object) -> DesiredValue:
    return DesiredValue(sku, sku, "", sku, value, **more)  # type: ignore[arg-type]


def commit(
    state: State, held: Lease, *wanted: DesiredValue, withdrawn_value: int | None = None, **more: object
) -> Queued:
    keys = sorted({want.acumatica_key for want in wanted})
    computed = Computed(keys, wanted, withdrawn_value, **more)  # type: ignore[arg-type]
    return RunState(state, held, related_to(held.entity)).commit(computed, NOW)


def waiting(state: State, key: str = "A") -> dict[str, list[int | None]]:
    found: dict[str, list[int | None]] = {}
    with state.read() as connection:
        for message in messages.live(connection, "price", [key], [key]):
            found.setdefault(message.state, []).append(message.value)
    return found


def claim_all(state: State, held: Lease) -> list[Message]:
    return claim(state, held, NOW, ClaimSpec("shop", 100, [1]))


def confirm(state: State, held: Lease, value: int, sku: str = "A") -> None:
    with state.write() as connection:
        ledger.confirm(connection, "price", [LedgerRow(sku, "", sku, sku, value, None)], NOW)


def fail(state: State, held: Lease, cause: str = "refused") -> None:
    failures = [MessageOutcome(message, "failed", cause, "Magento said no") for message in claim_all(state, held)]
    settle(state, held, failures, NOW)


def test_a_new_value_is_queued(state: State, held: Lease) -> None:
    """A value that Magento does not show becomes one pending message."""
    assert commit(state, held, price(10)) == Queued(queued=1)
    assert waiting(state) == {"pending": [10]}


def test_the_ledgers_value_is_not_queued(state: State, held: Lease) -> None:
    """A value that Magento has confirmed is not sent."""
    confirm(state, held, 10)
    assert commit(state, held, price(10)) == Queued()


def test_the_ledgers_value_is_not_queued_beside_a_new_one(state: State, held: Lease) -> None:
    """This also holds in a chunk with a record that was never sent to Magento."""
    confirm(state, held, 10)
    confirm(state, held, 10, "B")
    assert commit(state, held, price(10), price(11, "B"), price(12, "C")) == Queued(queued=2)
    assert [waiting(state, key) for key in "ABC"] == [{}, {"pending": [11]}, {"pending": [12]}]


def test_a_newer_value_supersedes_an_older_pending_one(state: State, held: Lease) -> None:
    """Only the newest value of a key is pending."""
    commit(state, held, price(10))
    assert commit(state, held, price(11)) == Queued(queued=1, superseded=1)
    assert waiting(state) == {"pending": [11]}


def test_the_same_pending_value_is_queued_once(state: State, held: Lease) -> None:
    """A value that is pending already is not queued again."""
    commit(state, held, price(10))
    assert commit(state, held, price(10)) == Queued()


def test_going_back_to_the_confirmed_value_leaves_nothing_to_send(state: State, held: Lease) -> None:
    """A change that is reverted before it was sent is superseded, and nothing is sent."""
    confirm(state, held, 10)
    commit(state, held, price(11))
    assert commit(state, held, price(10)) == Queued(superseded=1)
    assert waiting(state) == {}


def test_a_newer_value_waits_behind_one_that_is_being_sent(state: State, held: Lease) -> None:
    """While a value is being sent, its successor is pending and is not claimed."""
    commit(state, held, price(10))
    claim_all(state, held)
    commit(state, held, price(11))
    assert waiting(state) == {"sending": [10], "pending": [11]}
    assert claim_all(state, held) == []


def test_a_failed_value_is_not_queued_again(state: State, held: Lease) -> None:
    """A value that equals the key's failed value stays failed."""
    commit(state, held, price(10))
    fail(state, held)
    assert commit(state, held, price(10)) == Queued()
    assert waiting(state) == {"failed": [10]}


def test_a_newer_value_supersedes_a_failed_one(state: State, held: Lease) -> None:
    """A failed message is superseded by a newer value, which is sent."""
    commit(state, held, price(10))
    fail(state, held)
    assert commit(state, held, price(11)) == Queued(queued=1, superseded=1)
    assert waiting(state) == {"pending": [11]}


def test_a_failed_value_that_magento_shows_by_now_is_superseded(state: State, held: Lease) -> None:
    """When Magento shows the value of a failed message, the failure is over."""
    commit(state, held, price(10))
    fail(state, held)
    confirm(state, held, 10)
    assert commit(state, held, price(10)) == Queued(superseded=1)


def test_an_unknown_sku_has_one_message_that_is_renewed(state: State, held: Lease) -> None:
    """A SKU that Magento lacks keeps one failed message with the newest value, which is sent once the
    product exists.
    """
    unknown = {"cause": FailureCode.UNKNOWN_SKU, "reason": "Magento has no product A."}
    assert commit(state, held, price(10, **unknown)) == Queued(failed=1)
    assert commit(state, held, price(10, **unknown)) == Queued()
    assert commit(state, held, price(11, **unknown)) == Queued(failed=1)
    assert waiting(state) == {"failed": [11]}
    assert commit(state, held, price(11)) == Queued(queued=1)
    assert waiting(state) == {"pending": [11]}


def test_a_value_that_cannot_be_sent_supersedes_a_pending_one(state: State, held: Lease) -> None:
    """When the newest state of a record is invalid, its older value is not sent either."""
    commit(state, held, price(10))
    assert commit(state, held, price(-1, cause="price", reason="negative")) == Queued(failed=1, superseded=1)
    assert waiting(state) == {"failed": [-1]}


def test_a_withdrawn_quantity_goes_to_zero_once(state: State, held: Lease) -> None:
    """When a record has no value any more, its confirmed quantities are set to 0, once."""
    confirm(state, held, 50_000)
    gone = Computed(["A"], [], 0)
    assert RunState(state, held).commit(gone, NOW) == Queued(queued=1)
    assert RunState(state, held).commit(gone, NOW) == Queued()
    settle(state, held, [MessageOutcome(message, "sent") for message in claim_all(state, held)], NOW)
    assert RunState(state, held).commit(gone, NOW) == Queued()


def test_quantities_of_another_item_with_the_sku_are_not_withdrawn(state: State, held: Lease) -> None:
    """Two items may share a SKU, each with quantities at its own sources. A chunk with one of them does not withdraw
    quantities of the other.
    """
    with state.write() as connection:
        ledger.confirm(connection, "price", [LedgerRow("A", "east", "another item", "A", 50_000, None)], NOW)
    own = DesiredValue("A", "A", "default", "A", 10_000)
    assert commit(state, held, own, withdrawn_value=0) == Queued(queued=1)
    assert waiting(state) == {"pending": [10_000]}


def test_a_withdrawn_price_is_not_sent(state: State, held: Lease) -> None:
    """When a record has no price any more, nothing is sent, and a pending message is superseded."""
    confirm(state, held, 10)
    commit(state, held, price(11))
    assert RunState(state, held).commit(Computed(["A"], [], None), NOW) == Queued(superseded=1)
    assert waiting(state) == {}


def test_a_record_that_cannot_be_computed_is_not_withdrawn(state: State, held: Lease) -> None:
    """Magento keeps the value of a record that cannot be computed, because the right quantity is not known."""
    confirm(state, held, 50_000)
    problem = DesiredValue("A", "A", "east", "A", None, cause="unit", reason="no conversion")
    assert commit(state, held, problem, withdrawn_value=0) == Queued(failed=1)


def test_a_record_whose_value_cannot_go_to_magento_leaves_its_former_sku(state: State, held: Lease) -> None:
    """When Magento lacks the product of the new SKU, the old SKU goes to 0. At the new SKU itself, such as at another
    source, nothing is withdrawn while one of its values cannot be sent.
    """
    confirm(state, held, 50_000)
    renamed = DesiredValue("A", "NEW", "east", "NEW", 50_000, cause=FailureCode.UNKNOWN_SKU, reason="no product")
    moved = DesiredValue("A", "A", "west", "A", 50_000, cause=FailureCode.UNKNOWN_SOURCE, reason="no source")
    assert commit(state, held, moved, withdrawn_value=0) == Queued(failed=1)
    assert commit(state, held, renamed, withdrawn_value=0).queued == 1
    assert waiting(state) == {"pending": [0], "failed": [50_000]}


def test_nothing_of_a_chunk_is_kept_after_the_lease_was_lost(state: State, held: Lease) -> None:
    """A run whose lease was taken over queues nothing."""
    import pytest

    from connector.state.coordination import lease

    lease.acquire(state, "price", "another run", NOW + timedelta(minutes=5))
    with pytest.raises(lease.LeaseLost):
        commit(state, held, price(10))
    assert waiting(state) == {}


def test_two_items_with_one_sku_keep_one_failed_message_each(state: State, held: Lease) -> None:
    """With the same reason no new message is queued. Once the conflict is resolved, both are superseded by the one that
    is sent.
    """
    twins = [DesiredValue(name, "A", "", "A", None, cause="Two items have one SKU", reason="X and Y") for name in "XY"]
    assert commit(state, held, *twins) == Queued(failed=2)
    assert commit(state, held, *twins) == Queued()
    assert commit(state, held, DesiredValue("X", "A", "", "A", 10)) == Queued(queued=1, superseded=2)
    assert waiting(state) == {"pending": [10]}


def test_confirmed_values_of_a_missing_product_are_forgotten_for_both_entities(state: State, held: Lease) -> None:
    """The ledger forgets the SKU, schedules rechecks for the other entity, and nothing is withdrawn."""
    confirm(state, held, 10)
    with state.write() as connection:
        ledger.confirm(connection, "inventory", [LedgerRow("A", "east", "A", "A", 50, True)], NOW)
    unknown = price(10, cause=FailureCode.UNKNOWN_SKU, reason="no product")
    assert commit(state, held, unknown, withdrawn_value=0, gone=["A"]).failed == 1
    with state.read() as connection:
        assert ledger.all_of(connection, "price") == {}
        assert [row.source for row in ledger.due_rechecks(connection, "inventory", NOW)] == ["east"]
    assert waiting(state) == {"failed": [10]}


def test_a_value_that_magento_shows_no_more_is_sent_again(state: State, held: Lease) -> None:
    """A confirmed value is forgotten where Magento was asked and showed none. One that was confirmed later stays."""
    confirm(state, held, 10)
    assert commit(state, held, price(10), unshown=[("A", "")], asked_at=NOW - timedelta(seconds=1)) == Queued()
    assert commit(state, held, price(10), unshown=[("A", "")], asked_at=NOW) == Queued(queued=1)


def test_a_refusal_that_names_a_missing_product_voids_its_ledger_row(state: State, held: Lease) -> None:
    """From the first refusal on the SKU is unknown: its message is skipped or failed, and its confirmed price is
    forgotten.
    """
    confirm(state, held, 10)
    commit(state, held, price(20))
    gone = [
        MessageOutcome(message, "skipped", FailureCode.UNKNOWN_SKU, "no product", no_product=True)
        for message in claim_all(state, held)
    ]
    settle(state, held, gone, NOW)
    assert waiting(state) == {"skipped": [20]}
    assert commit(state, held, price(10)) == Queued(queued=1)


def test_two_records_without_a_key_are_one_failure(state: State, held: Lease) -> None:
    """They cannot be told apart. The failure is over once no such record is read any more."""
    unreadable = {"cause": FailureCode.UNREADABLE_RECORD, "reason": "no key"}
    nameless = [DesiredValue("(without key)", "(without key)", "", None, None, **unreadable) for _ in range(2)]  # type: ignore[arg-type]
    assert commit(state, held, *nameless) == Queued(failed=1)
    assert commit(state, held, *nameless) == Queued()
    assert RunState(state, held).commit(Computed(["(without key)"], [], None), NOW) == Queued(superseded=1)
    assert waiting(state, "(without key)") == {}


def test_places_of_a_sku_that_belong_to_another_record(state: State, held: Lease) -> None:
    """When a SKU moves to another item, that item takes over the places that still belong to the former item."""
    with state.write() as connection:
        rows = [LedgerRow("K", source, "X", "K", 50_000, None) for source in ("a", "b")]
        ledger.confirm(connection, "price", rows, NOW)
    commit(state, held, DesiredValue("Y", "K", "a", "K", 10_000))
    for one in claim_all(state, held):
        settle(state, held, [MessageOutcome(one, "sent")], NOW)
    both = [DesiredValue("Y", "K", source, "K", 20_000) for source in ("a", "b")]
    assert commit(state, held, *both) == Queued(queued=2)
