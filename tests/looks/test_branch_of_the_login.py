"""The branch that the connector logs in to."""

import pytest


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
