"""The exceptions for faults of Magento as a whole and of one request. `str()` of each is a sentence for people.

    MagentoFault
    ├── HostUnavailable        every request would fail alike: the run fails, no message does
    │   ├── ConnectionFault      DNS, TLS, refused: nobody answers there
    │   ├── Unauthorized         401, and the 400s of OAuth: `resources` names what was refused
    │   └── WrongAddress         something else than Magento's REST API: a redirect, a login page, a store code
    │       └── NoSuchRoute        the API answers and does not know the route: a module is off
    ├── TemporaryFault         worth repeating; `retry_after` in seconds or None
    │   └── NoAnswer             the request may have arrived whole, and may be applied even seconds later
    └── RequestRefused         Magento refused the request; `status`, `template`, `parameters` of the answer
        └── RequestTooLarge      413 or 414: a smaller one is accepted

Writes report the outcome of each record instead: `connector.magento.batches` returns a `Delivery` and raises none of
these.
"""

from __future__ import annotations

from typing import Any

from connector.errors import ConnectorError


class MagentoFault(ConnectorError):
    """Something that failed in Magento or in what stands in front of it. `str()` is a sentence for people.

    kind: Magento's own message before its placeholders were filled; empty if it sent none.
    """

    kind: str = ""


class HostUnavailable(MagentoFault):
    """A fault of the whole connection: every request would fail alike."""


class ConnectionFault(HostUnavailable):
    """Nothing answers: the name is unknown, TLS fails, or the connection is refused."""


class Unauthorized(HostUnavailable):
    """Magento refuses access. It gives the same answer for a wrong token and for a missing permission.

    resources: the ACL resource that the answer names, such as `Magento_Catalog::catalog`; empty if it names none.
    answered: Magento's own message, as a phrase.
    """

    def __init__(self, message: str, resources: str = "", answered: str = "") -> None:
        super().__init__(message)
        self.resources = resources
        self.answered = answered


class WrongAddress(HostUnavailable):
    """What answers is not Magento's REST API at this URL and store code."""


class NoSuchRoute(WrongAddress):
    """The REST API answers and has no such route: a module is switched off, or the path of the URL is wrong."""


class TemporaryFault(MagentoFault):
    """A request failed in a way that passes: 408, 425, 429, 5xx, the 400 of a deadlock, a time-out, a cut connection.

    retry_after: the seconds that Magento asks to wait, or None.
    """

    is_transient = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoAnswer(TemporaryFault):
    """The request was sent completely, as far as is known, and no answer came: it may have been applied, or may be
    later.
    """


class RequestRefused(MagentoFault):
    """Magento refused a request.

    status: of the answer. template: its message with the placeholders. parameters: the values of the placeholders.
    """

    def __init__(self, message: str, status: int, template: str = "", parameters: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.template = template
        self.parameters = parameters


class RequestTooLarge(RequestRefused):
    """The request or its URL is longer than the web server or httpx accepts."""
