"""The products about which Magento is asked before their chunk is computed, by a quick check of what was pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connector.records import Facts
from connector.state.sync.records import Record, Stored
from entities.item_rule import ItemRule


def skus_ahead(pulled: Iterable[Stored], rule: ItemRule, has_value: Callable[[Record, Facts], bool]) -> list[str]:
    """Return the SKUs of the items that `items.published` would choose and that have a value."""
    skus = []
    for stored in pulled:
        facts = stored.record.facts
        if facts is None or not facts.sku or facts.status not in rule.statuses:
            continue
        if (rule.classes and not rule.has_class(facts.item_class)) or (rule.exported_only and not facts.exported):
            continue
        if has_value(stored.record, facts):
            skus.append(facts.sku)
    return skus
