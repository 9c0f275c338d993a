"""Preview what a change of Setup Parameters would change in prices and quantities.

The rule of the new settings is applied to the records as they were last read from Acumatica, in a copy of the state.
The result is compared with what Magento last confirmed. Nothing is stored or sent. If the new settings need records
that have not been read yet, the preview has a reason instead of figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.preview.copy_of_state import PAGE, copy_of_records, pages_of_records, run_on_copy
from app.preview.examples import add_example
from app.run.context import run_context
from connector.clock import Clock
from connector.errors import ConnectorError
from connector.state.engine import State
from connector.state.queue.desired import DesiredValue
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.records import Stored
from entities.base import RunContext
from entities.read_plan import ReadPlan
from entities.values import conversion, items
from entities.values.amounts import as_text
from entities.values.entity import ValueEntity
from settings import Settings, as_on_the_screen

NOTHING_KNOWN = "Nothing is known yet: no sync has read it."
NOT_READ_YET = (
    "It needs records that have not been read from Acumatica yet, so the effect cannot be calculated: the next sync "
    "reads them first."
)
_TENFOLD = 10
_PREDICTABLE = ("figure", "warehouses", "mapped", "overlap", "full_read_interval")
"""Fields of a read plan whose change needs no new records: all three figures of every warehouse are stored."""


@dataclass(frozen=True)
class Example:
    """A target whose value changes, with the value before and after. is_alarming: it becomes 0 or at least tenfold."""

    sku: str
    source: str
    before: str
    after: str
    is_alarming: bool = False


@dataclass
class ValuePreview:
    """What would change for an entity, counted in targets.

    Attributes:
        known: Targets whose value Magento has confirmed.
        changed: Known targets whose value would change.
        to_zero: Changed targets whose value would become 0.
        tenfold: Changed targets whose value would become at least ten times as large.
        new: Targets whose current value would be read from Magento first.
        failing: Records that could not be sent.
        why_not: Why nothing could be predicted; empty if it could.
    """

    entity: str
    noun: str = ""
    known: int = 0
    changed: int = 0
    to_zero: int = 0
    tenfold: int = 0
    new: int = 0
    failing: int = 0
    examples: list[Example] = field(default_factory=list)
    why_not: str = ""
    is_documents = False


async def preview_values(
    kind: ValueEntity[Any],
    plans: tuple[ReadPlan, ReadPlan],
    after: Settings,
    state: State,
    clock: Clock,
    progress: Callable[[str], object],
) -> ValuePreview:
    """Return what the new settings would change for an entity. Raises `StateError`.

    `plans` are the read plans before and after the change.
    """
    preview = ValuePreview(kind.name, kind.noun)
    preview.why_not = _why_not_stored(*plans)
    if preview.why_not:
        return preview
    try:
        with copy_of_records(state) as copy:
            async with run_context(run_on_copy(kind.name, after, copy, state, clock)) as context:
                for number, stored in enumerate(pages_of_records(copy, kind.name), start=1):
                    await _compare(preview, kind, context, stored, state)
                    progress(f"{kind.name.capitalize()}: {number * PAGE:,} records compared at most")
    except ConnectorError as fault:
        preview.why_not = as_on_the_screen(str(fault))
    if not preview.why_not and not (preview.known or preview.new or preview.failing):
        preview.why_not = NOTHING_KNOWN
    return preview


def _why_not_stored(before: ReadPlan, after: ReadPlan) -> str:
    """Return why the stored records are not enough for the new settings; empty if they are."""
    unchanged = {name: getattr(before, name) for name in _PREDICTABLE}
    added = set(after.warehouses) - set(before.warehouses)
    if msgspec.structs.replace(after, **unchanged) == before and (after.quantity_read == "odata" or not added):
        return ""
    return NOT_READ_YET


async def _compare(
    preview: ValuePreview, kind: ValueEntity[Any], context: RunContext[Any], stored: dict[str, Stored], state: State
) -> None:
    published = items.published(conversion.items(stored.values()), context.items)
    ruled = await kind.ruled(context, published, stored)
    desired = {(value.key, value.source): value for value in ruled.values if value.cause is None}
    failing = {problem.inventory_id for problem in (*published.problems, *ruled.problems)}
    preview.failing += len(failing)
    with state.read() as connection:
        keys = sorted({value.key for value in ruled.values})
        confirmed = ledger.of_records(connection, kind.name, list(stored), keys)
    preview.known += len(confirmed)
    preview.new += len(desired.keys() - confirmed.keys())
    for target, row in confirmed.items():
        if row.acumatica_key not in failing:
            _count(preview, kind, row, desired.get(target))


def _count(preview: ValuePreview, kind: ValueEntity[Any], row: LedgerRow, desired: DesiredValue | None) -> None:
    value = kind.withdrawn_value if desired is None else desired.value
    if value is None or value == row.value:
        return
    is_tenfold = row.value > 0 and value >= _TENFOLD * row.value
    preview.changed += 1
    preview.to_zero += value == 0
    preview.tenfold += is_tenfold
    before, after = (as_text(number, None, kind.digits) for number in (row.value, value))
    add_example(preview.examples, Example(row.sku, row.source, before, after, is_alarming=value == 0 or is_tenfold))
