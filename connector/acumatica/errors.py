"""The exceptions for faults of Acumatica, and readable messages for its unusual errors.

AcumaticaFault
├── AcumaticaUnreachable   DNS, TLS, refused, or something that is not Acumatica answers: the run fails
├── LoginRefused           wrong user or password (Acumatica answers 500), wrong tenant, wrong client; never repeated
├── LoginLimit             "API Login Limit": all sessions that the licence allows are in use
├── NoRights               403: the user may not open the form behind an entity, or the inquiry
├── AcumaticaBusy          429, 5xx, time-outs after every repetition
├── RecordMissing          a keyed read of a record that does not exist (Acumatica answers 500)
└── RequestRefused         anything else: an unknown field, a list that cannot be optimised, 422
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import httpx
import msgspec

from connector.errors import ConnectorError
from connector.http import retry_after

LONGEST = 500


class AcumaticaFault(ConnectorError):
    """Something that failed in Acumatica. `str()` is a sentence for people."""


class AcumaticaUnreachable(AcumaticaFault):
    """Nothing answers, or something that is not Acumatica."""


class LoginRefused(AcumaticaFault):
    """The user, the password, the tenant or the connected application is wrong."""


class LoginLimit(AcumaticaFault):
    """All sessions of the licence are in use."""

    is_transient = True


class NoRights(AcumaticaFault):
    """The user lacks the rights to a form or an inquiry."""


class AcumaticaBusy(AcumaticaFault):
    """A temporary fault lasted too long. `headers` are those of the answer, if there was one."""

    is_transient = True

    def __init__(self, message: str, headers: httpx.Headers | None = None) -> None:
        super().__init__(message)
        self._headers = headers

    def retry_after(self, now: datetime) -> float | None:
        """Return the seconds from `now` for which the answer asks to be left alone; None if it does not."""
        return None if self._headers is None else retry_after(self._headers, now)


class RecordMissing(AcumaticaFault):
    """The record does not exist."""


class RequestRefused(AcumaticaFault):
    """Acumatica cannot do what was requested. `exception_type` is its own name of the fault, if it sent one."""

    def __init__(self, message: str, exception_type: str = "") -> None:
        super().__init__(message)
        self.exception_type = exception_type


def body_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; empty for anything else, whatever its content type."""
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def message_of(response: httpx.Response) -> str:
    """Return the message of an answer: its own without the stack trace, or which page came instead."""
    body = body_of(response)
    parts = [_text(body.get(name)) for name in ("exceptionMessage", "error_description", "error", "message")]
    inner = body.get("innerException")
    if isinstance(inner, dict):
        parts.insert(0, str(inner.get("exceptionMessage") or inner.get("message") or "").strip())
    errors = [str(one) for one in _errors_in(body)]
    message = "; ".join(dict.fromkeys(errors)) or next((part for part in parts if part), "")
    if message:
        return f'"{" ".join(message.split())[:LONGEST]}" (status {response.status_code})'
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    return f"{'an HTML page' if 'html' in kind else f'no JSON ({kind})'} with status {response.status_code}"


def _text(value: Any) -> str:
    """Return a text, or the message of an object, which is the form of OData's errors."""
    found = value.get("message") if isinstance(value, dict) else value
    return "" if found is None else str(found).strip()


def _errors_in(value: Any) -> list[str]:
    """Return the `error` texts of a 422, of the record and of nested fields."""
    if isinstance(value, list):
        return [error for one in value for error in _errors_in(one)]
    if not isinstance(value, dict):
        return []
    own = [value["error"]] if isinstance(value.get("error"), str) and ("id" in value or "value" in value) else []
    return own + [error for one in value.values() if isinstance(one, dict | list) for error in _errors_in(one)]


def likely_cause(response: httpx.Response) -> str:
    """Return the likely meaning of an answer with this status that is a page instead of JSON; empty if
    there is none.
    """
    if body_of(response):
        return ""
    if response.status_code == 503:
        return " Its site is stopped, is being updated, or locked for maintenance. See its application pool in IIS."
    if response.status_code in (502, 504):
        return " A proxy answers, and Acumatica's web server behind it does not."
    if response.status_code >= 500:
        return " Its site fails before it can answer: most often its database is down."
    return ""


def is_elsewhere(response: httpx.Response) -> bool:
    """Return whether the answer to a login is not from Acumatica's API at all: another page, or nothing at this
    address.
    """
    status = response.status_code
    return status in (404, 405) or (status < 500 and status not in (400, 401, 403) and not body_of(response))


def fault_of_answer(response: httpx.Response, what: str) -> AcumaticaFault:
    """Return our error for an answer that is not successful; `what` describes what was requested."""
    status, body = response.status_code, body_of(response)
    kind, message = str(body.get("exceptionType", "")), message_of(response)
    text = response.text[:10_000] if not body else message
    if "API Login Limit" in text or "concurrent API logins" in unquote_plus(_location(response)):
        return LoginLimit(f"Acumatica's licence allows no further session: {message}.")
    if status == 401:
        return LoginRefused(f"Acumatica refuses the session for {what}: {message}.")
    if status == 403:
        return NoRights(f"The user has no right to {what}: {message}. Give the user's role access to its form.")
    if response.is_redirect:
        return AcumaticaUnreachable(f"Acumatica redirects {what} to {_location(response)[:200]}. Check the URL.")
    if kind.endswith("NoEntitySatisfiesTheConditionException"):
        return RecordMissing(f"There is no such record: {what}.")
    if status in (408, 425, 429, 502, 503, 504) or (status >= 500 and not body):
        return AcumaticaBusy(f"Acumatica did not answer {what}: {message}.{likely_cause(response)}", response.headers)
    if status >= 500 and ("deadlock" in message.lower() or "timeout" in message.lower()):
        return AcumaticaBusy(f"Acumatica did not answer {what}: {message}.", response.headers)
    if not body and status != 404:
        return AcumaticaUnreachable(f"What answers {what} is not Acumatica's API: {message}. Check the URL.")
    return RequestRefused(f"Acumatica refused {what}: {message}.", kind)


def leads_elsewhere(what: str, url: str, own: str) -> str:
    """Return why an address in an answer was not called."""
    return (
        f"The next page of {what} is announced at {url[:200]}, which is not {own}: it was not requested, because the "
        "login would go there. If that is Acumatica too, a proxy changes its address: have it pass the host and the "
        "protocol on, or enter the address that Acumatica itself uses in Acumatica URL (A2M_ACUMATICA__URL)."
    )


def _location(response: httpx.Response) -> str:
    return str(response.headers.get("location", ""))
