"""The whole site: one Starlette application over one tenant's records."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.acumatica import errors
from sandbox.acumatica.actions import ACTIONS, Actions
from sandbox.acumatica.auth import Access
from sandbox.acumatica.control import apply, view
from sandbox.acumatica.dacs import dac_tables, deletions
from sandbox.acumatica.document_dacs import document_dacs
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.gate import CONTROL, Fault, Gate, Traffic
from sandbox.acumatica.given import BadChange
from sandbox.acumatica.inquiry_feeds import inquiry_tables
from sandbox.acumatica.odata import Service
from sandbox.acumatica.records import VERSION
from sandbox.acumatica.rest import Contract, encoded
from sandbox.acumatica.rest import versions as versions_of
from sandbox.acumatica.sample_documents import fill
from sandbox.acumatica.state import BRANCHES, State
from sandbox.acumatica.swagger import description
from sandbox.acumatica.tables import Reader, Table
from sandbox.catalogue import Product

IDLE_SECONDS = 600


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class DacService(Service):
    """The DAC feed, which also lists deleted records."""

    def __init__(self, documents: Documents, reader: Reader, page_size: int | None) -> None:
        """Create it from the records and the page size forced by the server."""
        tables = dac_tables(documents.state)
        super().__init__(tables | document_dacs(documents, tables), reader, page_size, old=False)
        self._state = documents.state

    def deleted(self, name: str) -> Table:
        """Return the deleted records of this DAC."""
        return deletions(self._state, name)


class Control:
    """The paths for tests: change, state, journal. They need no sign-in and do not count as requests."""

    def __init__(self, documents: Documents, traffic: Traffic, access: Access) -> None:
        """Create it from what the paths show and change."""
        self._documents = documents
        self._traffic = traffic
        self._access = access

    async def change(self, request: Request) -> Response:
        """Make a change or a list of changes; return the result of each, or 400 at the first one that is not valid."""
        try:
            given = json.loads(await request.body())
        except ValueError as fault:
            return encoded({"message": f"The change is no JSON: {fault}"}, 400)
        results = []
        for place, one in enumerate(given if isinstance(given, list) else [given]):
            try:
                results.append(self._one(one))
            except BadChange as fault:
                return encoded({"message": f"Change {place}: {fault}"}, 400)
        return encoded({"results": results})

    def _one(self, change: Any) -> dict[str, Any]:
        if not isinstance(change, Mapping):
            raise BadChange("a change is an object.")
        fault = change.get("fail")
        if not isinstance(fault, Mapping):
            return apply(self._documents, change)
        path, status = str(fault.get("path", "/")).lower(), int(fault.get("status", 503))
        self._traffic.faults.append(Fault(status, int(fault.get("times", 1)), path))
        return {}

    async def state(self, request: Request) -> Response:
        """Return all data of the company, the number of open sessions and of served requests."""
        found = view(self._documents)
        found |= {"sessions": self._access.open_sessions(), "requests": self._traffic.requests}
        return encoded(found)

    async def journal(self, request: Request) -> Response:
        """Return the requests served, oldest first."""
        return encoded({"requests": list(self._traffic.journal)})


async def nowhere(request: Request) -> Response:
    """Answer any other path."""
    return errors.no_resource(str(request.url))


def create_app(
    products: Iterable[Product],
    *,
    clock: Callable[[], datetime] = utc_now,
    sessions: int | None = None,
    requests_per_minute: int | None = None,
    token_lifetime: int = 3600,
    idle_seconds: int = IDLE_SECONDS,
    server_zone: str = "UTC",
    odata_page_size: int | None = None,
    delegates: Mapping[str, str] | None = None,
    documents: int = 0,
    versions: Sequence[str] = (VERSION,),
) -> Starlette:
    """Return the site with the products of this catalogue and these traits.

    `sessions`: the licence's number of API users. `requests_per_minute`: above it 429 is answered. `server_zone`: the
    zone of the server's system (offsets in the contract API). `odata_page_size`: OData answers in pages of this size
    with a next link. `delegates`: fields that make lists fail ("StockItem/CrossReferences/AlternateID" → the view's
    name). `documents`: the number of sales orders with which the company starts, with their customers, shipments and
    invoices. `versions`: those of the endpoint Default that the site offers.
    """
    state = State(products, clock)
    papers = Documents(state)
    fill(papers, documents)
    branch = state.branches[BRANCHES[0][0]].number
    access = Access(state.now, sessions, timedelta(seconds=idle_seconds), timedelta(seconds=token_lifetime), branch)
    traffic = Traffic(state.now, requests_per_minute)
    reader = Reader(lambda: state.version)

    def served(version: str) -> Contract:
        return Contract(papers, reader, ZoneInfo(server_zone), delegates or {}, version)

    dac = DacService(papers, reader, odata_page_size)
    inquiries = inquiry_tables(state)
    feeds = Service(inquiries, reader, odata_page_size, old=False)
    old_feeds = Service(inquiries, reader, odata_page_size, old=True)
    control = Control(papers, traffic, access)
    routes = [
        Route(f"{CONTROL}/change", control.change, methods=["POST"]),
        Route(f"{CONTROL}/state", control.state),
        Route(f"{CONTROL}/journal", control.journal),
        Route("/entity/auth/login", access.login, methods=["POST"]),
        Route("/entity/auth/logout", access.logout, methods=["POST"]),
        Route("/identity/connect/token", access.token, methods=["POST"]),
        Route("/identity/connect/revocation", access.revoke, methods=["POST"]),
        Route("/identity/.well-known/openid-configuration", access.discovery),
        Route("/entity", versions_of(versions)),
        *(one for version in versions for one in _endpoint_routes(version, served)),
        *_odata_routes("/t/{tenant}/api/odata/dac", dac),
        *_odata_routes("/odatav4/{tenant}", dac),
        *_odata_routes("/t/{tenant}/api/odata/gi", feeds),
        *_odata_routes("/odata/{tenant}", old_feeds),
        Route("/{path:path}", nowhere, methods=["GET", "PUT", "POST", "PATCH", "DELETE"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Gate, traffic=traffic, access=access)])
    app.state.view = lambda: view(papers)
    app.state.documents = papers
    return app


def _endpoint_routes(version: str, served: Callable[[str], Contract]) -> list[Route]:
    contract, root = served(version), f"/entity/Default/{version}"
    actions = Actions(contract.documents, lambda: contract.entities, root)

    async def swagger(request: Request) -> Response:
        return encoded(description(version, contract.entities, ACTIONS))

    return [
        Route(f"{root}/swagger.json", swagger),
        Route(f"{root}/{{entity}}", contract.collection, methods=["GET", "PUT"]),
        Route(f"{root}/{{entity}}/{{action}}", actions.invoke, methods=["POST"]),
        Route(f"{root}/{{entity}}/{{action}}/status/{{operation}}", actions.status),
        Route(f"{root}/{{entity}}/{{key:path}}", contract.record),
        Route(f"{root}/{{entity}}/{{key:path}}", contract.written, methods=["PUT", "PATCH", "DELETE"]),
    ]


def _odata_routes(root: str, service: Service) -> list[Route]:
    return [Route(root, service.serve), Route(f"{root}/{{path:path}}", service.serve)]
