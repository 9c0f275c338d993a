"""The checks of Test Connection, each with its result: passed, failed with its fix, or *could not be checked* with the
reason. Nothing is written in either system.
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
"""Differences up to this count as none: the date of an answer has whole seconds, and servers reuse it for a second."""
MAGENTO_ANSWERS = "Magento answers"
ACUMATICA_ANSWERS = "Acumatica answers"
Result = Literal["passed", "failed", "could not be checked"]


@dataclass(frozen=True)
class Check:
    """One line of Test Connection: what was checked, the result, what was found and what to do."""

    what: str
    result: Result
    message: str


@dataclass(frozen=True)
class Named:
    """Names in the settings that must exist. `fields`: those that are read, by entity of the endpoint."""

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
    """Check that a system's clock does not differ from ours by more than `allowed`."""
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
    """Return the modules of Magento; None if they may not be read, which another check reports."""
    try:
        return await queries.modules(client)
    except Unauthorized:
        return None


class PlannedCheck(NamedTuple):
    """A check of one thing that a setting names: its title, and the function that runs it."""

    what: str
    run: Callable[[], Awaitable[Check]]


async def run_each(planned: Sequence[PlannedCheck], *, unasked: str = "") -> AsyncIterator[Check]:
    """Run the checks in turn. If the system refuses access, each reports `unasked` and the system is not called."""
    for check in planned:
        yield Check(check.what, "could not be checked", unasked) if unasked else await attempt(check.what, check.run)


async def attempt(what: str, check: Callable[[], Awaitable[Check]]) -> Check:
    """Run one check. A fault makes it failed, or a check that could not be made."""
    try:
        return await check()
    except Unauthorized as refused:
        return Check(what, "failed", lacks(refused))
    except RequestRefused as refused:
        return Check(what, "failed", str(refused))
    except (MagentoFault, AcumaticaFault) as fault:
        return Check(what, "could not be checked", str(fault))


def lacks(refused: Unauthorized) -> str:
    """Return why the shop refuses access: the permission as Magento's admin shows it, if the answer names one."""
    if not refused.resources:
        return str(refused)
    return f"The integration lacks {named(refused.resources)}. Give it that resource in System, Integrations, API."


def not_among(names: Iterable[str], existing: Iterable[str], *, any_case: bool = False) -> list[str]:
    """Return the names that are missing, each with the existing name that differs only in letter case or blanks.

    any_case: such a name counts as existing.
    """
    known = {name.strip().casefold(): name for name in existing}
    missing = [name for name in names if name not in known.values()]
    if any_case:
        return [name for name in missing if name.strip().casefold() not in known]
    similar = {name: known.get(name.strip().casefold()) for name in missing}
    return [name if similar[name] is None else f"{name} (it is spelled {similar[name]})" for name in missing]
