"""Magento's errors, as exceptions that the gate turns into answers.

A message is Magento's template with `%name` or `%1` still in it; `parameters` is an object, a list, or absent; MSI adds
`errors`. Source: magento-observed.md, "Errors in general".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Parameters = Mapping[str, Any] | Sequence[Any] | None

NOT_SUPPORTED = '"%fieldName" is not supported. Correct the field name and try again.'
REQUIRED = '"%fieldName" is required. Enter and try again.'
NO_PRODUCT = "The product that was requested doesn't exist. Verify the product and try again."


class Refusal(Exception):
    """A request that Magento refuses with a JSON error."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters = None,
        errors: Sequence[Mapping[str, Any]] | None = None,
        session: bool = True,
    ) -> None:
        """Create it from the answer's parts; `session` is False if PHP has not opened a session yet (no cookie)."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors
        self.session = session

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        if self.parameters:
            body["parameters"] = self.parameters
        return body

    def words(self) -> str:
        """Return the message with its parameters filled in, as the results of the queue show it."""
        parameters = self.parameters or {}
        if not isinstance(parameters, Mapping):
            parameters = {str(place): value for place, value in enumerate(parameters, start=1)}
        text = self.message
        for name in sorted(parameters, key=len, reverse=True):
            text = text.replace(f"%{name}", str(parameters[name]))
        return text


class InternalError(Exception):
    """A fault inside Magento: status 500 as JSON, with a report id and without the reason."""


class Crash(Exception):
    """A fault that Magento's own handler does not catch: status 500 as plain text."""


def no_route() -> Refusal:
    """Return the error for a path without a route."""
    return Refusal(404, "Request does not match any route.", session=False)


def cannot_process() -> Refusal:
    """Return the error for a path below /rest that names neither a store nor a version."""
    return Refusal(400, "Specified request cannot be processed.", session=False)


def unauthorized(resources: str) -> Refusal:
    """Return the error for a missing token, a wrong one, or one without the resource: it is the same for all."""
    return Refusal(401, "The consumer isn't authorized to access %resources.", {"resources": resources})


def required(names: Sequence[str]) -> Refusal:
    """Return the error for parameters of the service that the request leaves out."""
    if len(names) == 1:
        return Refusal(400, REQUIRED, {"fieldName": names[0]})
    errors = [{"message": REQUIRED, "parameters": {"fieldName": name}} for name in names]
    return Refusal(400, "One or more input exceptions have occurred.", errors=errors)


def validation_failed(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """Return MSI's validation error: its message contains the first of all errors."""
    first = Refusal(400, errors[0]["message"], errors[0]["parameters"]).words()
    return Refusal(400, f"Validation Failed: {first}", errors=errors)


def no_entity(name: str, value: Any) -> Refusal:
    """Return the error for a record that was requested by key and does not exist."""
    return Refusal(404, "No such entity with %fieldName = %fieldValue", {"fieldName": name, "fieldValue": value})
