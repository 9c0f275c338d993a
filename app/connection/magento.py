"""Test Connection, Magento: whether it answers and accepts the credentials, clock, edition, currency and limits.

It only reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from connector.magento import queries
from connector.magento.auth import OAuth
from connector.magento.client import MagentoClient
from connector.magento.errors import HostUnavailable, MagentoFault, TemporaryFault, Unauthorized
from entities.checks import MAGENTO_ANSWERS, Check, Named, attempt, clock_check, lacks

MAGENTO_ALLOWS = timedelta(hours=1)
"""How old the timestamp in an OAuth signature may be (contracts/magento-observed.md, "Errors")."""
CLOCK_OF_MAGENTO = "Clock of Magento"
BESIDE_OAUTH = "Bearer token beside OAuth"
EDITION = "Edition and modules"
BEHIND_THE_TOKEN = (EDITION, "Inventory (MSI)", "Array limit")


async def check_magento(client: MagentoClient, named: Named) -> AsyncIterator[Check]:
    """Yield the checks of Magento. After a fault, the checks that depend on it report "could not be checked"."""
    try:
        stores = await queries.store_configs(client)
    except Unauthorized as refused:
        check, let_in = await _refused(client, refused)
        yield check
        yield clock_check(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        yield Check("Base currency", "could not be checked", "Magento did not return its currency")
        if not let_in:
            for what in BEHIND_THE_TOKEN:
                yield Check(what, "could not be checked", "Magento refuses the credentials")
            return
    except MagentoFault as fault:
        yield Check(MAGENTO_ANSWERS, "failed", str(fault))
        yield clock_check(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        away = isinstance(fault, HostUnavailable | TemporaryFault)
        for what in ("Base currency", *BEHIND_THE_TOKEN):
            message = "Magento does not answer" if away else "Magento refuses the credentials"
            yield Check(what, "could not be checked", message)
        return
    else:
        yield Check(MAGENTO_ANSWERS, "passed", f"{client.access.url}: {_views(stores)}, {_way(client)} accepted")
        yield clock_check(CLOCK_OF_MAGENTO, client.clock_ahead(), MAGENTO_ALLOWS)
        yield _currency(stores, named)
    modules: list[str] = []

    async def edition() -> Check:
        modules.extend(await queries.modules(client))
        return _edition(modules)

    yield await attempt(EDITION, edition)
    if not modules:
        yield Check("Inventory (MSI)", "could not be checked", "the modules are not known")
    elif queries.has_msi(modules):
        yield Check("Inventory (MSI)", "passed", "on: quantities go to sources")
    else:
        yield Check("Inventory (MSI)", "passed", "off: one quantity each")
    yield await attempt("Array limit", lambda: _array_limit(client, named))


def _views(stores: list[queries.StoreConfig]) -> str:
    return f"{len(stores)} store view{'' if len(stores) == 1 else 's'}"


def _way(client: MagentoClient) -> str:
    is_oauth = isinstance(client.access.auth, OAuth)
    return "the OAuth credentials are" if is_oauth else "the bearer token is"


async def _refused(client: MagentoClient, refused: Unauthorized) -> tuple[Check, bool]:
    """Yield why Magento refuses: on all routes, or on this one only; the two have different fixes."""
    if not refused.resources:
        return Check(MAGENTO_ANSWERS, "failed", str(refused)), False  # OAuth's own refusal says its cause
    try:
        await queries.modules(client)
    except Unauthorized as again:
        return Check(MAGENTO_ANSWERS, "failed", _refused_everywhere(client, again)), False
    except MagentoFault as fault:
        return Check(MAGENTO_ANSWERS, "could not be checked", str(fault)), False
    return Check(
        MAGENTO_ANSWERS, "failed", f"Magento accepts the credentials, but refuses one request: {lacks(refused)}"
    ), True


def _refused_everywhere(client: MagentoClient, refused: Unauthorized) -> str:
    """Return what was tried, what Magento answered, and the fixes for that way to log in."""
    if isinstance(client.access.auth, OAuth):
        return (
            f"Tried OAuth with the four credentials: Magento knows them, but allows access to no route: "
            f"{refused.answered}. "
            "Either the integration is not active or has no permissions: activate it in System, Integrations, and give "
            f"it its resources. Or a proxy in front of Magento passes another address on than {client.access.url}: let "
            "it pass the Host header with its port, and X-Forwarded-Proto."
        )
    return (
        f"Magento refuses the token on every route. Tried: the bearer token. {refused.answered}. "
        "Either it is wrong or revoked: enter the access token of an active integration in A2M_MAGENTO__BEARER_TOKEN. "
        "Or stand-alone bearer tokens are off (Magento 2.4.4 and newer): allow them in Stores, Configuration, "
        "Services, OAuth, Consumer Settings, or enter the four OAuth credentials."
    )


async def check_bearer_token(client: MagentoClient) -> Check:
    """Check whether Magento would accept the bearer token alone, where OAuth credentials are given and accepted too."""
    try:
        await queries.modules(client)
    except Unauthorized:
        message = (
            "Magento accepts the OAuth credentials and refuses the bearer token: stand-alone bearer tokens are off "
            "(Magento 2.4.4 and newer), or it is an old one. The OAuth credentials are used, so it is not needed: "
            "remove A2M_MAGENTO__BEARER_TOKEN, or allow it: Stores, Configuration, Services, OAuth, Consumer Settings."
        )
        return Check(BESIDE_OAUTH, "failed", message)
    return Check(BESIDE_OAUTH, "passed", "Magento accepts it too; the OAuth credentials are used")


def _edition(modules: list[str]) -> Check:
    commerce = queries.is_adobe_commerce(modules)
    edition = "Adobe Commerce" if commerce else "Magento Open Source"
    return Check(EDITION, "passed", f"{edition}, {len(modules)} modules")


def _currency(stores: list[queries.StoreConfig], named: Named) -> Check:
    found = sorted({store.base_currency for store in stores if store.base_currency})
    if not named.currency:
        return Check("Base currency", "could not be checked", f"Magento: {', '.join(found)}; Acumatica: unknown")
    if found == [named.currency]:
        return Check("Base currency", "passed", f"{named.currency} in both systems")
    message = f"Magento: {', '.join(found)}, Acumatica: {named.currency}. Prices would be sent unconverted."
    return Check("Base currency", "failed", message)


async def _array_limit(client: MagentoClient, named: Named) -> Check:
    limit = await queries.array_limit(client, named.batch_count)
    if limit is None:
        return Check("Array limit", "passed", f"requests of {named.batch_count} records are accepted")
    message = f"Magento accepts {limit} records per request, Batch Count is {named.batch_count}. Lower it to {limit}."
    return Check("Array limit", "failed", message)
