"""Test Connection: each thing checked one by one, passed, failed with its fix, or *could not be checked*.

Comes in: both systems and what the settings name. Goes out: one `Check` after the other. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

from connector.acumatica import setup
from connector.acumatica.errors import AcumaticaFault
from connector.acumatica.session import AcumaticaSession
from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.magento.errors import MagentoFault, RequestRefused, Unauthorized
from tasks.reading import CLOCKS_DIFFER

NO_DIFFERENCE = timedelta(seconds=2)
"""An answer's date has whole seconds, and servers keep it for one."""
MAGENTO_ALLOWS = timedelta(hours=1)
"""OAuth signs the time; a timestamp one hour old is accepted (contracts/magento-observed.md, "Errors")."""
MAGENTO_ANSWERS = "Magento answers"
ACUMATICA_ANSWERS = "Acumatica answers"
Result = Literal["passed", "failed", "could not be checked"]

CLOCK_OF_ACUMATICA, CLOCK_OF_MAGENTO = "Clock of Acumatica", "Clock of Magento"
LANGUAGE = "Language of the session"
BESIDE_OAUTH = "Bearer token beside OAuth"
BEHIND_THE_TOKEN = ("Edition and modules", "Inventory (MSI)", "Sources", "Array limit")
ON_THE_ENDPOINT = (LANGUAGE, "Warehouses", "Branches")


@dataclass(frozen=True)
class Check:
    """One line of Test Connection: what, how it ended, what was found and what to do."""

    what: str
    result: Result
    said: str


@dataclass(frozen=True)
class Named:
    """What the settings name, and what has to exist."""

    endpoint: str
    version: str
    warehouses: tuple[str, ...]
    branches: tuple[str, ...]
    sources: tuple[str, ...]
    currency: str
    batch_count: int
    customer_attributes: bool
    looks_a_minute: float
    requests_a_look: int
    requests_per_minute: int
    quantity_read: str
    item_statuses: tuple[str, ...]


async def check_magento(client: MagentoClient, named: Named) -> AsyncIterator[Check]:
    """Test the shop. What cannot be reached because of an earlier fault could not be checked."""
    try:
        stores = await reads.store_configs(client)
    except Unauthorized as refused:
        check, let_in = await _refused(client, refused)
        yield check
        yield _clock(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        yield Check("Base currency", "could not be checked", "Magento did not tell its currency")
        if not let_in:
            for what in BEHIND_THE_TOKEN:
                yield Check(what, "could not be checked", "Magento does not let us in")
            return
    except MagentoFault as fault:
        yield Check(MAGENTO_ANSWERS, "failed", str(fault))
        yield _clock(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        for what in ("Base currency", *BEHIND_THE_TOKEN):
            yield Check(what, "could not be checked", "Magento does not answer")
        return
    else:
        yield Check(MAGENTO_ANSWERS, "passed", f"{client.access.url}: {len(stores)} store views, the token is taken")
        yield _clock(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        yield _currency(stores, named)
    modules: list[str] = []

    async def edition() -> Check:
        modules.extend(await reads.modules(client))
        return _edition(modules, named)

    yield await attempt("Edition and modules", edition)
    if not modules:
        yield Check("Inventory (MSI)", "could not be checked", "the modules are not known")
        yield Check("Sources", "could not be checked", "the modules are not known")
    elif reads.has_msi(modules):
        yield Check("Inventory (MSI)", "passed", "on: quantities go to sources")
        yield await attempt("Sources", lambda: _sources(client, named))
    else:
        yield Check("Inventory (MSI)", "passed", "off: one quantity each")
    yield await attempt("Array limit", lambda: _array_limit(client, named))


async def _refused(client: MagentoClient, refused: Unauthorized) -> tuple[Check, bool]:
    """All routes refuse the token, or only this one, and then it lets us in: the two have different fixes."""
    try:
        await reads.modules(client)
    except Unauthorized:
        said = (
            "Magento refuses the token on every route. Either it is wrong or revoked: enter the access token of an "
            "active integration. Or stand-alone bearer tokens are off (Magento 2.4.4 and newer): allow them in Stores, "
            "Configuration, Services, OAuth, Consumer Settings, or enter the four OAuth credentials."
        )
        return Check(MAGENTO_ANSWERS, "failed", said), False
    except MagentoFault as fault:
        return Check(MAGENTO_ANSWERS, "could not be checked", str(fault)), False
    permission = refused.resources or "the permission that the answer names"
    said = f"The token is good, but the integration lacks {permission}. Give it that resource in System, Integrations."
    return Check(MAGENTO_ANSWERS, "failed", said), True


async def check_bearer_token(client: MagentoClient) -> Check:
    """Where OAuth credentials are given too, and are taken: whether Magento would take the bearer token alone."""
    try:
        await reads.modules(client)
    except Unauthorized:
        said = (
            "Magento takes the OAuth credentials and refuses the bearer token: stand-alone bearer tokens are off "
            "(Magento 2.4.4 and newer), or it is an old one. The OAuth credentials are used, so it is not needed: "
            "remove A2M_MAGENTO__BEARER_TOKEN, or allow it: Stores, Configuration, Services, OAuth, Consumer Settings."
        )
        return Check(BESIDE_OAUTH, "failed", said)
    return Check(BESIDE_OAUTH, "passed", "Magento takes it too; the OAuth credentials are used")


def _clock(what: str, ahead: timedelta | None, allowed: timedelta) -> Check:
    if ahead is None:
        return Check(what, "could not be checked", "no answer with a date came")
    seconds = round(ahead.total_seconds())
    said = f"{abs(seconds):,} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(ahead) <= NO_DIFFERENCE:
        return Check(what, "passed", "right")
    if abs(ahead) <= allowed:
        return Check(what, "passed", said)
    return Check(what, "failed", f"{said}; at most {allowed.total_seconds():,.0f} s are allowed for. Set both by NTP.")


def _edition(modules: list[str], named: Named) -> Check:
    commerce = reads.is_adobe_commerce(modules)
    edition = "Adobe Commerce" if commerce else "Magento Open Source"
    if named.customer_attributes and not commerce:
        said = f"{edition}: Customer Attribute Sync needs Adobe Commerce. Switch it off."
        return Check("Edition and modules", "failed", said)
    return Check("Edition and modules", "passed", f"{edition}, {len(modules)} modules")


def _currency(stores: list[reads.StoreConfig], named: Named) -> Check:
    found = sorted({store.base_currency for store in stores if store.base_currency})
    if not named.currency:
        return Check("Base currency", "could not be checked", f"Magento: {', '.join(found)}; Acumatica: unknown")
    if found == [named.currency]:
        return Check("Base currency", "passed", f"{named.currency} in both systems")
    said = f"Magento: {', '.join(found)}, Acumatica: {named.currency}. Prices would be sent unconverted."
    return Check("Base currency", "failed", said)


async def _sources(client: MagentoClient, named: Named) -> Check:
    found = {source.source_code.casefold(): source for source in await reads.sources(client)}
    missing = [code for code in named.sources if code.casefold() not in found]
    if missing:
        known = ", ".join(sorted(source.source_code for source in found.values()))
        return Check(
            "Sources", "failed", f"Magento has no source {', '.join(missing)}; it has {known}. Create or map it."
        )
    off = [code for code in named.sources if not found[code.casefold()].enabled]
    if off:
        return Check("Sources", "failed", f"{', '.join(off)} is disabled: its quantity does not count. Enable it.")
    return Check("Sources", "passed", ", ".join(named.sources) or "none are named")


async def _array_limit(client: MagentoClient, named: Named) -> Check:
    limit = await reads.array_limit(client, named.batch_count)
    if limit is None:
        return Check("Array limit", "passed", f"requests of {named.batch_count} records are taken")
    said = f"Magento takes {limit} records a request, Batch Count is {named.batch_count}. Lower it to {limit}."
    return Check("Array limit", "failed", said)


class Asked(NamedTuple):
    """A check of one thing that a setting names: what it is called, and what asks the system."""

    what: str
    ask: Callable[[], Awaitable[Check]]


async def ask_each(asked: Sequence[Asked], *, unasked: str = "") -> AsyncIterator[Check]:
    """Each check in turn; where the system lets nobody in, `unasked` says so and nothing is asked."""
    for one in asked:
        yield Check(one.what, "could not be checked", unasked) if unasked else await attempt(one.what, one.ask)


async def attempt(what: str, check: Callable[[], Awaitable[Check]]) -> Check:
    """One check; a fault on the way says that it failed, or that it could not be checked."""
    try:
        return await check()
    except Unauthorized as refused:
        return Check(what, "failed", f"The integration lacks {refused.resources or 'a permission'}: {refused}")
    except RequestRefused as refused:
        return Check(what, "failed", str(refused))
    except (MagentoFault, AcumaticaFault) as fault:
        return Check(what, "could not be checked", str(fault))


async def acumatica_currency(session: AcumaticaSession) -> str:
    """The base currency where all branches have the same; else empty."""
    found = {branch.currency for branch in await setup.branches(session) if branch.currency}
    return found.pop() if len(found) == 1 else ""


async def check_acumatica(session: AcumaticaSession, named: Named) -> AsyncIterator[Check]:
    """Test the ERP. What needs a login or the endpoint could not be checked without it."""
    try:
        build, endpoints = await setup.endpoints(session)
    except AcumaticaFault as fault:
        yield Check(ACUMATICA_ANSWERS, "failed", str(fault))
        yield _clock(CLOCK_OF_ACUMATICA, session.clock_ahead(), CLOCKS_DIFFER)
        for what in ("Endpoint", *ON_THE_ENDPOINT):
            yield Check(what, "could not be checked", "Acumatica does not let us in")
        yield _licence(named)
        return
    yield Check(ACUMATICA_ANSWERS, "passed", f"{session.access.url}: build {build or 'unknown'}, logged in")
    yield _clock(CLOCK_OF_ACUMATICA, session.clock_ahead(), CLOCKS_DIFFER)
    if (named.endpoint, named.version) in endpoints:
        yield Check("Endpoint", "passed", f"{named.endpoint}/{named.version}")
        yield await attempt(LANGUAGE, lambda: _language(session, named))
        yield await attempt("Warehouses", lambda: _warehouses(session, named))
        yield await attempt("Branches", lambda: _branches(session, named))
    else:
        known = ", ".join(f"{name}/{version}" for name, version in endpoints if name == named.endpoint)
        yield Check("Endpoint", "failed", f"{named.endpoint}/{named.version} is not there; there is {known or 'none'}")
        for what in ON_THE_ENDPOINT:
            yield Check(what, "could not be checked", "it is read by the endpoint")
    yield _licence(named)


async def _language(session: AcumaticaSession, named: Named) -> Check:
    """Statuses and types are told as labels: in another language none of them is the one that is looked for."""
    found = await setup.an_item(session)
    if found is None:
        return Check(LANGUAGE, "could not be checked", "Acumatica has no stock item whose status could be read")
    key, status = found
    if status not in named.item_statuses:
        said = f"the status of {key} is {status!r}, which is none of {', '.join(named.item_statuses)}."
        return Check(LANGUAGE, "failed", f"{said} Set the language of {session.access.username!r} to English.")
    return Check(LANGUAGE, "passed", f"English: {key} is {status}")


async def _warehouses(session: AcumaticaSession, named: Named) -> Check:
    found = await setup.warehouses(session)
    missing = [code for code in named.warehouses if code not in found]
    if missing:
        known = ", ".join(sorted(found))
        return Check("Warehouses", "failed", f"Acumatica has no warehouse {', '.join(missing)}; it has {known}.")
    return Check("Warehouses", "passed", ", ".join(named.warehouses) or "none are named")


async def _branches(session: AcumaticaSession, named: Named) -> Check:
    found = {branch.branch for branch in await setup.branches(session)}
    missing = [code for code in named.branches if code not in found]
    if missing:
        known = ", ".join(sorted(found))
        return Check("Branches", "failed", f"Acumatica has no branch {', '.join(missing)}; it has {known}.")
    return Check("Branches", "passed", ", ".join(named.branches) or "none are named")


def _licence(named: Named) -> Check:
    needed = named.looks_a_minute * named.requests_a_look
    said = (
        f"quantities by {named.quantity_read}: {named.requests_a_look} requests for an idle look, "
        f"{named.looks_a_minute:g} looks a minute: {needed:g} of {named.requests_per_minute} requests a minute"
    )
    if needed > named.requests_per_minute:
        return Check("Licence", "failed", f"{said}. Make Process Sleep Time longer.")
    return Check("Licence", "passed", said)
