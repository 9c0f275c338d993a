"""Every failure has a code, a label, a sentence for people, something to do, and its row in the documentation."""

from pathlib import Path

import pytest

from connector.model.failure_help import HELP, as_markdown, with_fix
from connector.model.failures import REASON_IS_ENOUGH, FailureCode, Rejected, label_of
from connector.model.runbooks import RUNBOOKS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "failures.md"


def test_the_page_says_what_the_codes_say() -> None:
    """`python -m connector.model.failure_help > docs/reference/failures.md` makes it again."""
    assert PAGE.read_text() == as_markdown()


@pytest.mark.parametrize("code", FailureCode)
def test_every_code_has_help(code: FailureCode) -> None:
    """A code is its name, and says in sentences what it means and what to do."""
    assert code == code.name.lower()
    assert code.label
    for message in HELP[code]:
        assert message.endswith((".", ")")), message
        assert "|" not in message


@pytest.mark.parametrize("code", FailureCode)
def test_every_code_has_a_runbook(code: FailureCode) -> None:
    """It says in sentences where to look, and how the record goes again in the words of the command line."""
    known = RUNBOOKS[code]
    assert all(message.endswith(".") for message in (known.acumatica, known.magento) if message)
    assert known.again.endswith(".")
    assert f"### `{code}`" in PAGE.read_text()


def test_what_magento_refused_says_what_to_do() -> None:
    """Magento's words only say why: the fix is added to them, by the code."""
    price = with_fix(FailureCode.INVALID_PRICE, "Magento refused the row: no", 1)
    assert price.startswith("Magento refused the row: no. Correct the price in Acumatica")
    assert "Correct A2M_MAGENTO__STORE_ID" in with_fix(FailureCode.STORE_NOT_FOUND, "no.", 1)
    assert "Create the product in Magento, or set" in with_fix(FailureCode.NO_PRODUCT, 'No product has "A".', 1)
    spent = with_fix(FailureCode.OUT_OF_ATTEMPTS, "Magento answered 503", 3)
    assert spent.startswith("Magento answered 503. It was tried 3 times. Look for the cause in Magento's log")


@pytest.mark.parametrize("code", sorted(set(FailureCode) - REASON_IS_ENOUGH))
def test_a_reason_of_ours_stays_as_it_is(code: FailureCode) -> None:
    """It says itself what to do."""
    assert with_fix(code, "Link it: a2m link order 1 2", 1) == "Link it: a2m link order 1 2"


def test_a_rejected_record_says_which_failure_it_is() -> None:
    """Its words begin with the label, whoever raises it; a decision goes by the code."""
    why = Rejected(FailureCode.NO_LINES, "SO 1 has none.", "SO 1")
    assert (why.code, str(why), why.record) == ("no_lines", "No lines: SO 1 has none.", "SO 1")


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    """A state database may hold what only a later version knows."""
    assert (label_of("no_sku"), label_of("no_such_code")) == ("No SKU", "no_such_code")
