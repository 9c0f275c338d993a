"""Altered responses of Acumatica: a whole response is replaced, or one field of one record changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from support.fault_counts import count_fault

from connector.acumatica.records import raw_value
from sandbox.faults import App, Message, Receive, Scope, Send

Answer = tuple[int, str, bytes]
"""Status, content type, body."""
Alter = Callable[[str, bytes], Answer | None]
JSON = "application/json; charset=utf-8"


class AlteredResponses:
    """An ASGI application in front of the simulator.

    `alter` is called with the path and the body of each read; it returns another response, or `None` to keep the
    original one. `login` replaces the response to a login, if set.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.alter: Alter | None = None
        self.login: Answer | None = None

    @property
    def state(self) -> Any:
        return self._app.state  # type: ignore[attr-defined]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path = scope.get("path", "")
        if self.login is not None and path.endswith("/auth/login"):
            count_fault("login answered otherwise")
            await _send(send, self.login)
            return
        if self.alter is None or "/auth/" in path or "/identity/" in path or path.startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        started: list[Message] = []
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, keep)
        other = self.alter(path, bytes(body)) if started[0]["status"] == 200 else None
        if other is not None:
            count_fault("answer altered")
            await _send(send, other)
            return
        await send(started[0])
        await send({"type": "http.response.body", "body": bytes(body)})


async def _send(send: Send, answer: Answer) -> None:
    status, kind, text = answer
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


class ChangedField:
    """Changes one field of one record in every response of one list; record and field are chosen by their index.

    Afterwards `what` names the field, and `numbers` holds the document numbers of the changed records.
    """

    def __init__(self, end_of_path: str, record: int, field: int, value: Any) -> None:
        self._end = end_of_path
        self._record = record
        self._field = field
        self._value = value
        self.what = ""
        self.numbers: set[str] = set()

    def __call__(self, path: str, body: bytes) -> Answer | None:
        if not path.endswith(self._end):
            return None
        whole = json.loads(body)
        lists = (one for one in whole.values() if isinstance(one, list)) if isinstance(whole, dict) else [whole]
        rows = next(iter(lists), None)
        if not rows:
            return None
        record = rows[self._record % len(rows)]
        places = list(_places(record))
        holder, name = places[self._field % len(places)]
        self.what = f"{self._end} {name}"
        self.numbers.update(number for one in NUMBERS if (number := raw_value(record, one)))
        if self._value is MISSING:
            del holder[name]
        else:
            holder[name] = self._value
        for kind, number in (("shipment", "ShipmentNbr"), ("receipt", "ReceiptNbr")):
            if sent := raw_value(record, number):
                self.numbers.add(f"Acumatica {kind} {sent},")  # the shipment was created under the altered number
        return 200, JSON, json.dumps(whole).encode()


MISSING = object()
NUMBERS = ("ShipmentNbr", "ReceiptNbr", "OrderNbr", "CustomerID")
NOT_OF_THE_RECORD = ("id", "rowNumber", "note", "custom", "_links", "files")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key or index) of every value in a record, outer values first."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_OF_THE_RECORD and not name.startswith("@"):
                yield value, name
                yield from _places(inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield value, number
            yield from _places(inner)
