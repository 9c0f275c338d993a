"""How an order's status gets from what Magento shows to what Acumatica says."""

from dataclasses import replace

import pytest

from connector.rules.order_status import STATES, Shown, end_of_hold, first_status, next_step, state_of
from connector.rules.order_totals import OrderProblem

THEIRS = Shown("SO 1", "processing", "processing", invoiced=False, shipped=False, begun=False, ours=False)
OURS = replace(THEIRS, ours=True)


def step(shown: Shown, status: str, *, state: str | None = "of the table", ships: bool = True) -> str | None:
    """The next step towards a status."""
    return next_step(shown, "Said", status, STATES[status] if state == "of the table" else state, ships=ships)


def at(shown: Shown, state: str, status: str | None = None, **traits: bool) -> Shown:
    """The order in another state."""
    return replace(shown, state=state, status=status or state, **traits)


@pytest.mark.parametrize(
    ("shown", "status", "expected"),
    [
        (THEIRS, "processing", None),
        (THEIRS, "holded", "hold"),
        (THEIRS, "canceled", "cancel"),
        (at(THEIRS, "new", "pending"), "canceled", "cancel"),
        (at(THEIRS, "holded"), "processing", "unhold"),
        (at(THEIRS, "holded"), "canceled", "unhold"),
        (at(THEIRS, "holded", "waiting"), "holded", "comment"),
        (at(THEIRS, "processing", "picked"), "processing", "comment"),
        (at(THEIRS, "processing", invoiced=True), "complete", None),
        (OURS, "holded", "update"),
        (OURS, "canceled", "update"),
        (OURS, "pending", "update"),
        (at(OURS, "holded"), "processing", "update"),
        (at(OURS, "", ""), "pending", "update"),
        (at(OURS, "processing", begun=True), "holded", "update"),
        (at(OURS, "processing", invoiced=True, shipped=True, begun=True), "complete", "update"),
    ],
)
def test_each_step_is_a_call_of_its_own(shown, status, expected):
    """Hold, unhold and cancel for orders of the shop, one update for orders of ours, a comment within a state."""
    assert step(shown, status) == expected


@pytest.mark.parametrize(
    ("shown", "expected"), [(THEIRS, None), (at(THEIRS, "holded"), "unhold"), (at(OURS, "holded"), "release")]
)
def test_a_hold_ends_by_the_call_or_for_ours_by_its_state(shown, expected):
    """Magento knows what an order of its own goes back to; ours was held by its state, and goes on by it."""
    assert end_of_hold(shown) == expected


def test_a_status_of_the_shops_own_is_left_to_magento():
    """Its state is not known, so Magento says whether the comment may carry it; ours needs its state."""
    assert step(THEIRS, "picked", state=None) == "comment"
    with pytest.raises(OrderProblem, match="A2M_ORDER__STATES"):
        step(OURS, "picked", state=None)


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (at(THEIRS, "new", "pending"), "processing"),
        (at(THEIRS, "new", "pending"), "complete"),
        (at(THEIRS, "complete"), "canceled"),
        (at(THEIRS, "canceled"), "processing"),
        (at(THEIRS, "closed"), "complete"),
        (THEIRS, "closed"),
        (at(OURS, "processing", begun=True), "canceled"),
        (at(OURS, "processing", begun=True), "pending"),
        (at(OURS, "complete"), "holded"),
        (OURS, "closed"),
        (OURS, "complete"),
    ],
)
def test_a_status_that_the_state_does_not_allow_names_both(shown, status):
    """The sentence says what Acumatica and what Magento shows, and the state."""
    with pytest.raises(OrderProblem) as why:
        step(shown, status)
    said = str(why.value)
    assert said.startswith("Status not possible: SO 1 is Said in Acumatica")
    assert f"which is {status} in Magento" in said
    assert f"(state {shown.state})" in said


def test_an_invoiced_order_completes_by_itself_only_where_shipments_are_sent():
    """Without shipments nothing will ever complete it, and that is said."""
    invoiced = at(THEIRS, "processing", invoiced=True)
    assert step(invoiced, "complete", ships=True) is None
    with pytest.raises(OrderProblem, match="not all of it is shipped"):
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
