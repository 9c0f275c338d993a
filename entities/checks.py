"""Test Connection: what a check is, and how each thing is checked one by one: passed, failed with its fix, or *could
not be checked* and why. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NamedTuple

from connector.acumatica.errors import AcumaticaFault
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault, RequestRefused, Unauthorized
from connector.magento.permissions import named

NO_DIFFERENCE = timedelta(seconds=2)
"""An answer's date has whole seconds, and servers keep it for one."""
MAGENTO_ANSWERS = "Magento answers"
ACUMATICA_ANSWERS = "Acumatica answers"
Result = Literal["passed", "failed", "could not be checked"]


@dataclass(frozen=True)
class Check:
    """One line of Test Connection: what, how it ended, what was found and what to do."""

    what: str
    result: Result
    message: str


@dataclass(frozen=True)
class Named:
    """What the settings name, and what has to exist. `fields`: those that are read, by entity of the endpoint."""

    endpoint: str
    version: str
    currency: str
    batch_count: int
    syncs_a_minute: float
    requests_a_sync: int
    requests_per_minute: int
    item_statuses: tuple[str, ...]
    login_branch: str = ""
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


def clock_check(what: str, ahead: timedelta | None, allowed: timedelta) -> Check:
    """Return how far a system's clock may be from ours."""
    if ahead is None:
        return Check(what, "could not be checked", "no answer had a date")
    seconds = round(ahead.total_seconds())
    message = f"{abs(seconds):,} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(ahead) <= NO_DIFFERENCE:
        return Check(what, "passed", "right")
    if abs(ahead) <= allowed:
        return Check(what, "passed", message)
    return Check(
        what, "failed", f"{message}; at most {allowed.total_seconds():,.0f} s are allowed for. Set both by NTP."
    )


async def modules_of(client: MagentoClient) -> list[str] | None:
    """Return the modules of Magento; `None` where they may not be read, which another check says."""
    try:
        return await queries.modules(client)
    except Unauthorized:
        return None


class PlannedCheck(NamedTuple):
    """A check of one thing that a setting names: what it is called, and what asks the system."""

    what: str
    run: Callable[[], Awaitable[Check]]


async def run_each(planned: Sequence[PlannedCheck], *, unasked: str = "") -> AsyncIterator[Check]:
    """Yield each check in turn; where the system lets nobody in, each reports `unasked` and nothing is asked."""
    for one in planned:
        yield Check(one.what, "could not be checked", unasked) if unasked else await attempt(one.what, one.run)


async def attempt(what: str, check: Callable[[], Awaitable[Check]]) -> Check:
    """Run one check; a fault on the way makes it failed, or one that could not be made."""
    try:
        return await check()
    except Unauthorized as refused:
        return Check(what, "failed", lacks(refused))
    except RequestRefused as refused:
        return Check(what, "failed", str(refused))
    except (MagentoFault, AcumaticaFault) as fault:
        return Check(what, "could not be checked", str(fault))


def lacks(refused: Unauthorized) -> str:
    """Return why the shop refuses access: the permission as Magento's admin shows it, where the answer names one."""
    if not refused.resources:
        return str(refused)
    return f"The integration lacks {named(refused.resources)}. Give it that resource in System, Integrations, API."


def not_among(names: Iterable[str], found: Iterable[str], *, any_case: bool = False) -> list[str]:
    """Return those of the names that are not there, each with the one that differs only in letter case or blanks.

    any_case: such a one is the name.
    """
    known = {one.strip().casefold(): one for one in found}
    missing = [one for one in names if one not in known.values()]
    if any_case:
        return [one for one in missing if one.strip().casefold() not in known]
    near = {one: known.get(one.strip().casefold()) for one in missing}
    return [one if near[one] is None else f"{one} (it is spelled {near[one]})" for one in missing]
