"""Every failure says what to do, and calls a setting as the screen does."""

import pytest
from support.moment import NOW

from connector.magento.batches import NO_PRODUCT, RowResult
from connector.state.queue.messages import Message
from settings import as_on_the_screen
from tasks.fix import with_fix

MESSAGE = Message(7, "price", "a", "", "A", "A", 1, None, "sending", 3, None, None, NOW)


@pytest.mark.parametrize(
    ("outcome", "fix"),
    [
        (RowResult("refused", "Magento refused the row: no.", template="Something new"), "Correct what Magento names"),
        (RowResult("refused", "no", template="Invalid attribute Price = …."), "no. Correct the price in Acumatica"),
        (RowResult("refused", "no.", template="Requested store is not found."), "Correct A2M_MAGENTO__STORE_ID"),
        (RowResult("refused", 'no product has the SKU "A".', cause=NO_PRODUCT), "Create the product there, or set"),
        (RowResult("temporary", "Magento answered 503"), "It was tried 3 times."),
        (RowResult("refused", None), "a2m reprocess"),
    ],
)
def test_what_magento_refused_says_what_to_do(outcome: RowResult, fix: str) -> None:
    """By Magento's own message where it is known to come from a setting or a record; else where to look."""
    reason = with_fix(MESSAGE, outcome)
    assert reason.startswith(outcome.reason or "Magento refused it")
    assert fix in reason


def test_a_reason_of_ours_stays_as_it_is() -> None:
    """It says itself what to do."""
    for outcome in (
        RowResult("refused", "Unmapped ShipVia: map it.", cause="Unmapped ShipVia"),
        RowResult("refused", "Link it: a2m link order 1 2"),
    ):
        assert with_fix(MESSAGE, outcome) == outcome.reason


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Correct A2M_ITEMS__CLASSES.", "Correct Classes (A2M_ITEMS__CLASSES)."),
        ("Classes (A2M_ITEMS__CLASSES) is", "Classes (A2M_ITEMS__CLASSES) is"),
        ("classes (A2M_ITEMS__CLASSES) is", "classes (A2M_ITEMS__CLASSES) is"),
        ("of another kind (A2M_ITEMS__CLASSES).", "of another kind (Classes, A2M_ITEMS__CLASSES)."),
        ("(Sessions, A2M_ACUMATICA__SESSIONS)", "(Sessions, A2M_ACUMATICA__SESSIONS)"),
        ("set A2M_DATABASE_URL or A2M_X__Y", "set A2M_DATABASE_URL or A2M_X__Y"),
    ],
)
def test_a_setting_is_called_as_on_the_screen_once(raw: str, shown: str) -> None:
    """Its name in files stands in brackets; a second call changes nothing."""
    assert as_on_the_screen(raw) == shown
    assert as_on_the_screen(shown) == shown
