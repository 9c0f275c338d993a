"""Test Connection, Acumatica: login, clock, endpoint and its fields, language, branch and licence. It only reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from connector.acumatica import fields, setup
from connector.acumatica.errors import AcumaticaBusy, AcumaticaFault, AcumaticaUnreachable
from connector.acumatica.session import AcumaticaSession
from entities.checks import ACUMATICA_ANSWERS, Check, Named, attempt, clock_check
from entities.read_plan import CLOCKS_DIFFER
from entities.warehouses import missing_branch

CLOCK_OF_ACUMATICA = "Clock of Acumatica"
LANGUAGE, FIELDS, LOGIN_BRANCH = "Language of the session", "Fields of the endpoint", "Branch of the login"
ON_THE_ENDPOINT = (FIELDS, LANGUAGE)


async def check_acumatica(
    session: AcumaticaSession, named: Named, hint_about_address: Callable[[], Awaitable[str]]
) -> AsyncIterator[Check]:
    """Yield the checks of Acumatica. Checks that need the login or the endpoint report if these are missing.

    `hint_about_address` is called if Acumatica cannot be reached; its hint precedes the message.
    """
    try:
        build, endpoints = await setup.endpoints(session)
    except AcumaticaFault as fault:
        is_away = isinstance(fault, AcumaticaUnreachable | AcumaticaBusy)
        hint = await hint_about_address() if isinstance(fault, AcumaticaUnreachable) else ""
        yield Check(ACUMATICA_ANSWERS, "failed", f"{hint}{fault}")
        yield clock_check(CLOCK_OF_ACUMATICA, session.clock_ahead(), CLOCKS_DIFFER)
        for what in ("Endpoint", *ON_THE_ENDPOINT):
            message = f"Acumatica does not {'answer' if is_away else 'accept the login'}"
            yield Check(what, "could not be checked", message)
        yield _licence(named)
        return
    yield Check(ACUMATICA_ANSWERS, "passed", f"{session.access.url}: build {build or 'unknown'}, logged in")
    yield clock_check(CLOCK_OF_ACUMATICA, session.clock_ahead(), CLOCKS_DIFFER)
    if (named.endpoint, named.version) in endpoints:
        yield Check("Endpoint", "passed", f"{named.endpoint}/{named.version}")
        yield await attempt(FIELDS, lambda: _fields(session, named))
        yield await attempt(LANGUAGE, lambda: _language(session, named))
        if named.login_branch:
            yield await attempt(LOGIN_BRANCH, lambda: _login_branch(session, named))
    else:
        known = ", ".join(f"{name}/{version}" for name, version in endpoints if name == named.endpoint)
        message = f"{named.endpoint}/{named.version} is not there; there is {known or 'none'}."
        fix = "Correct A2M_ACUMATICA__ENDPOINT and A2M_ACUMATICA__VERSION."
        yield Check("Endpoint", "failed", f"{message} {fix}")
        for what in ON_THE_ENDPOINT:
            yield Check(what, "could not be checked", "it is read by the endpoint")
    yield _licence(named)


async def _fields(session: AcumaticaSession, named: Named) -> Check:
    """Check that every field exists that is read: another or a modified endpoint may lack or rename some."""
    lacking: list[str] = []
    for entity, read in named.fields.items():
        found = await fields.missing(session, entity, set(read))
        lacking += [entity] if found == [entity] else [f"{entity}.{path.replace('/', '.')}" for path in found]
    version = f"{named.endpoint}/{named.version}"
    is_known = named.endpoint == "Default" and named.version in fields.KNOWN
    known = f"Default/{' or '.join(fields.KNOWN)}"
    if lacking:
        message = f"{version} does not have {', '.join(lacking)}, which the connector reads."
        if fields.is_contract_5(named.version):
            message += " It is of contract version 5, which filters and shows values in another way."
        fix = (
            "Correct the setting that names it, or, where the endpoint was changed, add it again on form Web Service "
            "Endpoints (SM207060)."
            if is_known
            else f"The connector knows {known}: enter it in A2M_ACUMATICA__ENDPOINT and A2M_ACUMATICA__VERSION."
        )
        return Check(FIELDS, "failed", f"{message} {fix}")
    number = sum(len(read) for read in named.fields.values())
    message = f"all {number} fields that the connector reads exist"
    if not is_known:
        message += f"; the connector was made for {known}, and whether {version} means the same by them is unknown"
    return Check(FIELDS, "passed", message)


async def _login_branch(session: AcumaticaSession, named: Named) -> Check:
    """Check the branch of the login: with an unknown one, Acumatica accepts the login and works in another branch."""
    missing = await missing_branch(session, named.login_branch)
    if missing is not None:
        return Check(LOGIN_BRANCH, "failed", missing)
    return Check(LOGIN_BRANCH, "passed", named.login_branch)


async def _language(session: AcumaticaSession, named: Named) -> Check:
    """Check the language: Acumatica returns statuses and types as labels, and only the English ones are known."""
    found = await setup.an_item(session)
    if found is None:
        return Check(LANGUAGE, "could not be checked", "Acumatica has no stock item whose status could be read")
    key, status = found
    if status not in named.item_statuses:
        message = f"the status of {key} is {status!r}, which is none of {', '.join(named.item_statuses)}."
        return Check(LANGUAGE, "failed", f"{message} Set the language of {session.access.username!r} to English.")
    return Check(LANGUAGE, "passed", f"English: {key} is {status}")


def _licence(named: Named) -> Check:
    needed = named.syncs_a_minute * named.requests_a_sync
    message = (
        f"{named.requests_a_sync} requests for an idle sync of all active entities, "
        f"{named.syncs_a_minute:g} syncs a minute: {needed:g} of {named.requests_per_minute} requests a minute"
    )
    if needed > named.requests_per_minute:
        return Check("Licence", "failed", f"{message}. Make Process Sleep Time longer.")
    return Check("Licence", "passed", message)
