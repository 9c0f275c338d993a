"""How often a sync asks what changed in the shop's orders."""

from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.state.sync import watermarks
from connector.state.sync.watermarks import Watermark
from entities.inventory.open_orders import FEED, follow_open_orders
from entities.inventory.rules import QuantityRule


class Asked(Exception):
    """Magento is asked."""


@pytest.mark.parametrize(("ago", "asks"), [(9, False), (11, True), (-5, False), (-86_400, True)])
async def test_orders_are_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch, ago: int, asks: bool) -> None:
    """Also where a clock that was ahead read them last."""

    def client() -> None:
        raise Asked

    mark = Watermark(FEED, NOW, looked_back_at=NOW - timedelta(seconds=ago))
    monkeypatch.setattr(watermarks, "read", lambda *_given: mark)
    context: Any = SimpleNamespace(
        name="inventory",
        state=SimpleNamespace(read=nullcontext),
        rule=QuantityRule(sources={}),
        clock=ManualClock(NOW),
        shop=SimpleNamespace(client=client),
    )
    with pytest.raises(Asked) if asks else nullcontext():
        await follow_open_orders(context, full=False)
