"""A message whose answer was lost and that Magento does not show is tried again while an attempt is left."""

import pytest
from support.messages import message

from connector.model.failures import FailureCode
from entities.without_answer import STOPPED, tried_again


@pytest.mark.parametrize(
    ("attempts", "cause", "stored", "code"),
    [
        (1, FailureCode.NO_ANSWER, "pending", FailureCode.NO_ANSWER),
        (2, None, "pending", None),
        (3, FailureCode.NO_ANSWER, "failed", FailureCode.NO_ANSWER),
        (3, FailureCode.TEMPORARY, "failed", FailureCode.OUT_OF_ATTEMPTS),
        (3, None, "failed", FailureCode.STOPPED),
    ],
)
def test_by_its_attempts(attempts: int, cause: str | None, stored: str, code: str | None) -> None:
    """Of three; the failure says how the last attempt ended, as far as that is known."""
    reason = None if cause is None else "the answer did not come"
    became = tried_again(message(attempts=attempts, cause=cause, reason=reason), 3)
    assert (became.state, became.cause) == (stored, code)
    if stored == "failed":
        assert became.reason is not None and became.reason.startswith(reason or STOPPED)
