"""What a person reads of a failure: the screen's words, and what to do, in every place that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable

from support.sales import SECTIONS
from support.world import World

from app.explain.from_state import explain
from flows.artifacts import failed_rows
from sandbox.catalogue import Product


def names_a_setting_bare(text: str) -> bool:
    """Whether a setting is named by its variable alone."""
    outside = re.sub(r"\([^()]*\)", "", text)
    return "A2M_" in outside


async def test_a_failed_document_names_settings_as_the_screen_does(make_world: Callable[..., World]) -> None:
    """The message, the run's table and explain say the label, with the variable in brackets."""
    here = make_world([Product("A", "x", 1_000_000, {"MAIN": 100_000})])
    given = {name: dict(fields) for name, fields in SECTIONS.items()}
    given["order"] |= {"statuses": {"Completed": "complete"}}
    settings = here.settings(**given)
    here.change(
        {"add_customer": {"customer_id": "C1", "name": "C", "email": "c@example.com", "customer_class": "LOCAL"}},
        {"add_order": {"type": "SO", "customer_id": "C1", "lines": [{"inventory_id": "A", "quantity": 1}]}},
    )
    await here.sync("order", settings)
    (failed,) = here.failed("order")
    label = "Acumatica status to Magento status (A2M_ORDER__STATUSES)"
    assert label in (failed.reason or "")
    assert label in str(failed_rows([failed]))
    sent = " ".join(message for _what, message in explain(settings, here.state, "order", failed.acumatica_key))
    assert label in sent
    assert not names_a_setting_bare(sent)


async def test_what_magento_refuses_says_what_to_do(make_world: Callable[..., World]) -> None:
    """The failed message itself has the fix."""
    here = make_world(3)
    here.faults.replace("magento POST path=*/base-prices: status=400 body=json")
    outcome = await here.sync("price")
    assert len(outcome.failed) == 3
    for one in outcome.failed:
        assert "a2m reprocess" in (one.reason or "")
