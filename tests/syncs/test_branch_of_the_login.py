"""The branch that the connector logs in to."""

import pytest
from support.altered_responses import JSON


@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_a_branch_that_does_not_exist_stops_every_sync(make_world, entity):
    """Acumatica lets the user in all the same: the sync fails with the branches that there are, and sends nothing."""
    here = make_world(3)
    outcome = await here.sync(entity, here.settings(acumatica={"branch": "NOWHERE"}))
    assert outcome.fault is not None
    assert "Acumatica has no branch NOWHERE; it has" in outcome.fault
    assert here.writes() == []


async def test_a_branch_is_found_in_any_letter_case(make_world):
    """Acumatica compares its codes so."""
    here = make_world(3)
    assert (await here.sync("price", here.settings(acumatica={"branch": "headoffice"}))).fault is None


async def test_a_branch_that_cannot_be_looked_up_stops_nothing(make_world):
    """An endpoint of the tenant's own may have no CompaniesStructure: the sync goes on, and says so."""
    here = make_world(3)
    missing = b'{"message": "No HTTP resource was found that matches the request URI."}'
    here.altered.alter = lambda path, _body: (404, JSON, missing) if path.endswith("/CompaniesStructure") else None
    outcome = await here.sync("price", here.settings(acumatica={"branch": "HEADOFFICE"}))
    assert (outcome.fault, outcome.counters.sent) == (None, 3)
    assert any(
        "Whether the branch HEADOFFICE exists could not be checked" in message for message in outcome.remarks.summary()
    )
