"""What a change of Setup Parameters would change of prices and quantities: computed before anything is saved.

Input: the settings as they are and as they would be. Output for each entity of values: how many places change, with
examples. The rule of the new settings works on the records as Acumatica last said them, in a copy of the state, and
what it makes of them is compared with what Magento last confirmed. Nothing is stored or sent. Where the new settings
need what was never read, that is said instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.preview.copy_of_state import PAGE, copy_of_what_is_known, pages_of_records, run_on_copy
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

EXAMPLES = 10
NOTHING_KNOWN = "Nothing is known yet: no sync has read it."
NOT_READ_YET = (
    "It needs records that have not been read from Acumatica yet, so the effect cannot be calculated: the next sync "
    "reads them first."
)
_TEN_TIMES = 10
_FORESEEN = ("figure", "warehouses", "mapped", "overlap", "full_read_interval")
"""What a plan may say otherwise and needs nothing that is not stored: all three figures of every warehouse are."""


@dataclass(frozen=True)
class Example:
    """One place that changes: what Magento shows, and what it would show. is_telling: it goes to 0, or rises above ten
    times.
    """

    sku: str
    source: str
    before: str
    after: str
    is_telling: bool = False


@dataclass
class Foreseen:
    """What would become of an entity. known: places that Magento has confirmed. new: places of which Magento would be
    asked first. failing: records that could not be sent. why_not: nothing could be foreseen.
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


async def foresee_values(
    kind: ValueEntity[Any],
    plans: tuple[ReadPlan, ReadPlan],
    after: Settings,
    state: State,
    clock: Clock,
    progress: Callable[[str], object],
) -> Foreseen:
    """Return what the new settings would change of an entity. `plans`: what is read before and after. Raises
    `StateError`.
    """
    found = Foreseen(kind.name, kind.noun)
    found.why_not = _not_stored(*plans)
    if found.why_not:
        return found
    try:
        with copy_of_what_is_known(state) as copy:
            async with run_context(run_on_copy(kind.name, after, copy, state, clock)) as context:
                for number, stored in enumerate(pages_of_records(copy, kind.name), start=1):
                    await _compare(found, kind, context, stored, state)
                    progress(f"{kind.name.capitalize()}: {number * PAGE:,} records compared at most")
    except ConnectorError as fault:
        found.why_not = as_on_the_screen(str(fault))
    if not found.why_not and not (found.known or found.new or found.failing):
        found.why_not = NOTHING_KNOWN
    return found


def _not_stored(before: ReadPlan, after: ReadPlan) -> str:
    """Return why what is stored is not enough for the new settings; empty where it is."""
    same = {name: getattr(before, name) for name in _FORESEEN}
    more = set(after.warehouses) - set(before.warehouses)
    if msgspec.structs.replace(after, **same) == before and (after.quantity_read == "odata" or not more):
        return ""
    return NOT_READ_YET


async def _compare(
    found: Foreseen, kind: ValueEntity[Any], context: RunContext[Any], stored: dict[str, Stored], state: State
) -> None:
    published = items.published(conversion.items(stored.values()), context.items)
    ruled = await kind.ruled(context, published, stored)
    wrong = [*published.problems, *ruled.problems]
    wanted = {(one.key, one.source): one for one in ruled.values if one.cause is None}
    failing = {one.inventory_id for one in wrong}
    found.failing += len(failing)
    with state.read() as connection:
        confirmed = ledger.of_records(connection, kind.name, list(stored), sorted({one.key for one in ruled.values}))
    found.known += len(confirmed)
    found.new += len(wanted.keys() - confirmed.keys())
    for place, row in confirmed.items():
        if row.acumatica_key not in failing:
            _count(found, kind, row, wanted.get(place))


def _count(found: Foreseen, kind: ValueEntity[Any], row: LedgerRow, want: DesiredValue | None) -> None:
    value = kind.withdrawn_value if want is None else want.value
    if value is None or value == row.value:
        return
    is_tenfold = row.value > 0 and value >= _TEN_TIMES * row.value
    found.changed += 1
    found.to_zero += value == 0
    found.tenfold += is_tenfold
    before, after = (as_text(one, None, kind.digits) for one in (row.value, value))
    example = Example(row.sku, row.source, before, after, is_telling=value == 0 or is_tenfold)
    if len(found.examples) < EXAMPLES:
        found.examples.append(example)
    elif example.is_telling and (dull := next((one for one in found.examples if not one.is_telling), None)):
        found.examples[found.examples.index(dull)] = example
