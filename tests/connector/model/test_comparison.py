"""Many SKUs are brought into the form in which Magento compares them as one SKU is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.comparison import comparison_key, comparison_keys

SKUS = st.one_of(st.none(), st.text(max_size=8), st.text(alphabet="aB 1-\n\t", max_size=8))


@given(st.lists(SKUS, max_size=8))
def test_many_are_as_each_alone(skus):
    """Whatever they hold: line breaks, blanks, accents, nothing at all."""
    assert comparison_keys(skus) == [None if sku is None else comparison_key(sku) for sku in skus]


@pytest.mark.parametrize(
    ("skus", "keys"),
    [
        ([], []),
        ([""], [""]),
        ([" a-1 ", None, "B\n2"], ["A-1", None, "B\n2"]),
        (["é1", "E1"], ["E1", "E1"]),
    ],
)
def test_what_is_missing_stays_missing(skus, keys):
    """Many SKUs at once become what each becomes alone; a missing one stays `None`, in its place."""
    assert comparison_keys(skus) == keys
