"""Which requests a rule of a fault plan takes."""

import pytest

from sandbox.faults import FaultPlanError, Faults

ASKED = ("POST", "/rest/all/V1/products/base-prices-information")
SENT = ("POST", "/rest/all/V1/products/base-prices")
READ = ("GET", "/rest/all/V1/orders")
OF_A_CART = ("POST", "/rest/V1/guest-carts/1/shipping-information")


@pytest.mark.parametrize(
    ("plan", "taken"),
    [
        ("magento writes: status=503", [SENT, OF_A_CART]),
        ("magento reads: status=503", [ASKED, READ]),
        ("magento POST: status=503", [ASKED, SENT, OF_A_CART]),
        ("acumatica writes: status=503", []),
    ],
)
def test_a_question_by_post_is_a_read(plan, taken):
    """Magento's prices are asked by POST: where every write fails they can be read."""
    faults = Faults(plan)
    every = [ASKED, SENT, READ, OF_A_CART]
    assert [one for one in every if faults.of("magento", *one, "") is not None] == taken


@pytest.mark.parametrize("plan", ["magento: foo=1", "magento sometimes: status=503"])
def test_a_wrong_word(plan):
    """It is named with where the words are explained."""
    with pytest.raises(FaultPlanError, match=r"docs/reference/faults.md"):
        Faults(plan)
