"""How an order's status gets from what Magento shows to what Acumatica says."""

from dataclasses import replace

import pytest

from connector.model.failures import Rejected
from entities.order.status import (
    STATES,
    CurrentOrder,
    end_of_hold,
    first_status,
    next_step,
    spelled,
    state_of,
    why_nothing_to_send,
)
from entities.waiting import NotYet

THEIRS = CurrentOrder("SO 1", "processing", "processing", invoiced=False, shipped=False, begun=False, ours=False)
OURS = replace(THEIRS, ours=True)


def step(current: CurrentOrder, status: str, *, state: str | None = "of the table", ships: bool = True) -> str | None:
    """The next step towards a status."""
    return next_step(current, "Said", status, STATES[status] if state == "of the table" else state, ships=ships)


def at(current: CurrentOrder, state: str, status: str | None = None, **traits: bool) -> CurrentOrder:
    """The order in another state."""
    return replace(current, state=state, status=status or state, **traits)


@pytest.mark.parametrize(
    ("current", "status", "expected"),
    [
        (THEIRS, "processing", None),
        (THEIRS, "holded", "hold"),
        (THEIRS, "canceled", "cancel"),
        (at(THEIRS, "new", "pending"), "canceled", "cancel"),
        (at(THEIRS, "holded", held_by_us=True), "processing", "unhold"),
        (at(THEIRS, "holded", held_by_us=True), "pending", "unhold"),
        (at(THEIRS, "holded"), "canceled", "unhold"),
        (at(THEIRS, "holded", "waiting"), "holded", "comment"),
        (at(THEIRS, "processing", "picked"), "processing", "comment"),
        (at(THEIRS, "processing", invoiced=True), "complete", None),
        (OURS, "holded", "update"),
        (OURS, "canceled", "update"),
        (OURS, "pending", "update"),
        (at(OURS, "holded", held_by_us=True), "processing", "update"),
        (at(OURS, "", ""), "pending", "update"),
        (at(OURS, "processing", begun=True), "holded", "update"),
        (at(OURS, "processing", invoiced=True, shipped=True, begun=True), "complete", "update"),
    ],
)
def test_each_step_is_a_call_of_its_own(current, status, expected):
    """Hold, unhold and cancel for orders of the shop, one update for orders of ours, a comment within a state."""
    assert step(current, status) == expected


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (THEIRS, None),
        (at(THEIRS, "holded"), None),
        (at(THEIRS, "holded", held_by_us=True), "unhold"),
        (at(OURS, "holded", held_by_us=True), "release"),
    ],
)
def test_a_hold_of_ours_ends_by_the_call_or_for_orders_of_ours_by_its_state(current, expected):
    """The shop's own stays. Magento knows what an order of its own goes back to; one of ours goes on by its state."""
    assert end_of_hold(current) == expected


def test_a_status_of_the_shops_own_is_left_to_magento():
    """Its state is not known, so Magento says whether the comment may carry it; ours needs its state."""
    assert step(THEIRS, "picked", state=None) == "comment"
    with pytest.raises(Rejected, match="A2M_ORDER__STATES"):
        step(OURS, "picked", state=None)


@pytest.mark.parametrize(
    ("current", "status"),
    [
        (at(THEIRS, "complete"), "canceled"),
        (at(THEIRS, "processing", invoiced=True), "canceled"),
        (at(THEIRS, "holded", invoiced=True, held_by_us=True), "canceled"),
        (at(THEIRS, "complete"), "holded"),
        (at(THEIRS, "canceled"), "processing"),
        (THEIRS, "closed"),
        (at(OURS, "processing", begun=True), "canceled"),
        (at(OURS, "complete"), "holded"),
        (OURS, "closed"),
        (OURS, "complete"),
    ],
)
def test_a_status_that_the_state_does_not_allow_names_both(current, status):
    """The sentence says what Acumatica and what Magento shows, and the state."""
    with pytest.raises(Rejected) as why:
        step(current, status)
    message = str(why.value)
    assert message.startswith("Status not possible: SO 1 is Said in Acumatica")
    assert f"which is {status} in Magento" in message
    assert f"(state {current.state})" in message


@pytest.mark.parametrize(
    ("current", "status"),
    [
        (THEIRS, "pending"),
        (THEIRS, "pending_payment"),
        (at(THEIRS, "new", "pending"), "pending_payment"),
        (at(THEIRS, "pending_payment"), "pending"),
        (at(THEIRS, "processing", "picked"), "pending"),
        (at(THEIRS, "complete"), "processing"),
        (at(THEIRS, "complete", "delivered"), "pending"),
        (at(THEIRS, "closed"), "complete"),
        (at(THEIRS, "closed"), "canceled"),
        (at(THEIRS, "canceled"), "closed"),
        (at(THEIRS, "holded"), "pending"),
        (at(OURS, "processing", begun=True), "pending"),
        (at(OURS, "complete", begun=True), "processing"),
    ],
)
def test_where_magento_is_further_on_there_is_nothing_to_send(current, status):
    """No step, no failure, and a sentence that names both."""
    assert step(current, status) is None
    message = why_nothing_to_send(current, "Said", status, STATES[status])
    assert message is not None
    assert f"which is {status} in Magento" in message
    assert f"{current.status} (state {current.state})" in message


@pytest.mark.parametrize(
    ("current", "status", "wait"),
    [
        (at(THEIRS, "new", "pending"), "processing", "awaiting_payment"),
        (at(THEIRS, "pending_payment"), "processing", "awaiting_payment"),
        (at(THEIRS, "new", "pending"), "complete", "awaiting_payment"),
        (THEIRS, "complete", "awaiting_invoice"),
        (at(THEIRS, "processing", shipped=True, begun=True), "complete", "awaiting_invoice"),
        (at(THEIRS, "payment_review"), "processing", "payment_review"),
        (at(THEIRS, "payment_review", "fraud"), "complete", "payment_review"),
        (at(THEIRS, "payment_review"), "holded", "payment_review"),
        (at(THEIRS, "payment_review"), "canceled", "payment_review"),
        (at(THEIRS, "holded"), "processing", "on_hold"),
        (at(THEIRS, "holded"), "complete", "on_hold"),
        (at(OURS, "holded"), "processing", "on_hold"),
    ],
)
def test_what_only_the_shop_can_do_is_waited_for(current, status, wait):
    """A payment, a review, a hold of the shop's own: no failure, and a sentence that names both."""
    with pytest.raises(NotYet) as why:
        step(current, status)
    assert why.value.wait == wait
    assert str(why.value).startswith("Not yet: SO 1 is Said in Acumatica")
    assert f"(state {current.state})" in str(why.value)


def test_a_status_of_the_shops_own_counts_as_its_state():
    """Of a state that Magento has passed there is nothing to tell, of a later one it is waited for."""
    assert step(THEIRS, "to_check", state="new") is None
    with pytest.raises(NotYet):
        step(at(THEIRS, "new", "pending"), "picked", state="processing")


def test_a_canceled_order_is_taken_off_any_hold():
    """Also off the shop's own: Magento cancels nothing that is on hold."""
    assert step(at(THEIRS, "holded"), "canceled") == "unhold"


def test_an_invoiced_order_completes_by_itself_only_where_shipments_are_sent():
    """Without shipments nothing will ever complete it, and that is said."""
    invoiced = at(THEIRS, "processing", invoiced=True)
    assert step(invoiced, "complete", ships=True) is None
    with pytest.raises(Rejected, match="not all of it is shipped"):
        step(invoiced, "complete", ships=False)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (("pending", "new"), ("new", "pending")),
        (("holded", "holded"), ("holded", "holded")),
        (("complete", "complete"), ("processing", "processing")),
        ((None, None), ("processing", "processing")),
    ],
)
def test_an_order_is_made_open(given, made):
    """Of an order that is made complete nothing could be shipped or invoiced any more."""
    assert first_status(*given) == made


def test_an_order_on_hold_with_invoices_is_made_open():
    """Magento invoices nothing that is on hold."""
    assert first_status("holded", "holded", has_invoices=True) == ("processing", "processing")


def test_a_status_of_the_shops_own_has_the_state_that_the_setting_names():
    """Magento's own statuses are known; the setting goes before."""
    assert state_of("picked", {"picked": "processing"}) == "processing"
    assert state_of("fraud", {"fraud": "processing"}) == "processing"
    assert state_of("pending", {}) == "new"
    assert state_of("picked", {}) is None


@pytest.mark.parametrize(("typed", "status"), [("Holded", "holded"), ("COMPLETE", "complete"), ("Picked", "Picked")])
def test_a_status_of_magentos_own_is_one_in_any_letter_case(typed, status):
    """One of the shop's own is left as it is typed."""
    assert spelled(typed) == status
