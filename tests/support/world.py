"""The world of most tests: both simulators, a state database, and a clock that moves only by `clock.advance`.

A test changes Acumatica (`change`) or Magento (`change_shop`), runs a sync (`sync`), and asserts that Magento shows
what an independent oracle computes (`assert_converged`). The fixture `make_world` makes one; `support.trade` adds
shipments and `support.sales` orders.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from support import invariant
from support.altered_responses import AlteredResponses
from support.delayed_requests import DelayedRequests
from support.recorded_faults import RecordedFaults
from support.served import Served, client

from app.run.request import RunEnvironment, RunRequest, RunResult
from app.run.work import work_on
from connector.clock import ManualClock
from connector.state.engine import open_state
from connector.state.queue import messages
from connector.state.queue.message import Message
from entities.events import Event, Listener, Progress, Waiting
from sandbox.acumatica.app import create_app as acumatica_app
from sandbox.catalogue import Product, generated
from sandbox.faults import FaultMiddleware
from sandbox.magento.app import create_app as magento_app
from settings import Settings, load_settings, settings_file

ENTITIES = ("price", "inventory", "customer", "order", "shipment")
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


class World:
    """An Acumatica, a Magento, and the state database of one connector between them.

    Args:
        folder: where its SQLite state databases are made.
        products: the items of Acumatica, and of Magento unless `shop_products` differ.
        faults: a plan of faults (docs/reference/faults.md); `faults.replace` changes it later.
        database_url: an existing state database.
        new_database: returns the address of a new state database; by default a SQLite file.
        shop_products: the products of Magento.
        acumatica, magento: arguments of the simulators' `create_app`.
        sockets: reach the simulators over real sockets, even from this process.
    """

    def __init__(
        self,
        folder: Path,
        products: Sequence[Product],
        *,
        faults: str = "",
        database_url: str | None = None,
        new_database: Callable[[], str] | None = None,
        shop_products: Sequence[Product] | None = None,
        acumatica: dict[str, Any] | None = None,
        magento: dict[str, Any] | None = None,
        sockets: bool = False,
    ) -> None:
        self.clock = ManualClock(START)
        self.faults = RecordedFaults(faults, self.clock.now)
        site = acumatica_app(products, clock=self.clock.now, **(acumatica or {}))
        shop = magento_app(
            products if shop_products is None else shop_products, clock=self.clock.now, **(magento or {})
        )
        self.altered = AlteredResponses(site)
        self.late = DelayedRequests(shop)
        self.acumatica = Served(FaultMiddleware(self.altered, "acumatica", self.faults), sockets=sockets)
        self.magento = Served(FaultMiddleware(self.late, "magento", self.faults), sockets=sockets)
        self.http = client()
        self._another = new_database or _files_in(folder)
        self.database_url = database_url or self._another()
        self.state = open_state(self.database_url)
        self.last_change = START
        self.keeps_history = True
        self._settings: dict[tuple[str, tuple[tuple[str, str], ...]], Settings] = {}
        self._was: list[tuple[dict[str, Any], Settings | None, date]] = []
        self.note()

    def close(self) -> None:
        self.http.close()
        self.state.close()
        self.acumatica.close()
        self.magento.close()

    def begin_anew(self) -> None:
        """Continue with an empty state database."""
        self.state.close()
        self.database_url = self._another()
        self.state = open_state(self.database_url)

    def sections(self, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the same settings as a dictionary of sections, for processes that load them."""
        given: dict[str, dict[str, Any]] = {
            "magento": {"url": self.magento.url, "bearer_token": "sandbox-magento-token"},
            "acumatica": {
                "url": self.acumatica.url,
                "username": "admin",
                "password": "sandbox",
                "time_zone": ZONE.key,
                "requests_per_minute": 100_000,
            },
            "inventory": {
                "warehouses": ["MAIN", "EAST", "WEST"],
                "sources": {"MAIN": "default", "EAST": "east", "WEST": "west"},
            },
        }
        for section, fields in sections.items():
            given[section] = {**given.get(section, {}), **fields}
        return given

    def settings(self, **sections: dict[str, Any]) -> Settings:
        """Return the settings that connect to this world, with these changes of single fields.

        Loading takes 3 ms and tests call this before every sync, so settings are loaded once per arguments and
        environment.
        """
        given = self.sections(**sections)
        found = tuple(sorted(one for one in os.environ.items() if one[0].upper().startswith("A2M_")))
        if settings_file().exists() or Path(".env").exists():
            return load_settings(**given)
        key = (repr(given), found)
        if key not in self._settings:
            self._settings[key] = load_settings(**given)
        return self._settings[key]

    async def sync(self, entity: str, settings: Settings | None = None, **how: Any) -> RunResult:
        """Run one sync, as `a2m sync` does.

        `how`: fields of `RunRequest` or `RunEnvironment`. `said` is called with each progress message, `waits` with
        each message about what the run waits for.
        """
        how = {"once": True, "clock": self.clock, **how}
        heard = ((Progress, how.pop("said", None)), (Waiting, how.pop("waits", None)))
        how["listeners"] = [
            *how.pop("listeners", ()),
            *(_with_words_of(kind, called) for kind, called in heard if called is not None),
        ]
        around = {one.name: how.pop(one.name) for one in dataclasses.fields(RunEnvironment) if one.name in how}
        request, environment = RunRequest(entity, **how), RunEnvironment(**around)
        outcome = await work_on(request, settings or self.settings(), self.state, environment)
        outcome.tally = outcome.counters  # type: ignore[attr-defined]  # scripts outside the project read it by this name
        return outcome

    def change(self, *changes: dict[str, Any]) -> None:
        """Change something in Acumatica."""
        self._post(self.acumatica, changes)
        self.last_change = self.clock.now()
        self.note()

    def note(self, settings: Settings | None = None) -> None:
        """Add the data of Acumatica to the history that `assert_never_older` compares with.

        `settings`: those that apply from now on; by default those of the assertion. A test with hundreds of runs that
        never compares sets `keeps_history` to False, because the history would take gigabytes.
        """
        if not self.keeps_history:
            return
        self._was.append((self.site_state(), settings, self._today(settings)))

    def _today(self, settings: Settings | None = None) -> date:
        return self.clock.now().astimezone(ZONE if settings is None else settings.acumatica.zone()).date()

    def change_shop(self, *changes: dict[str, Any]) -> None:
        """Change something in Magento."""
        self._post(self.magento, changes)

    def _post(self, served: Served, changes: Sequence[dict[str, Any]]) -> None:
        answer = self.http.post(f"{served.url}/_sandbox/change", json=list(changes))
        assert answer.is_success, answer.text

    def shop(self, method: str, path: str, body: Any = None) -> Any:
        """Call Magento's own API."""
        headers = {"Authorization": "Bearer sandbox-magento-token"}
        answer = self.http.request(method, f"{self.magento.url}/rest/all/V1/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def shop_state(self) -> dict[str, Any]:
        """Return all data of Magento's simulator."""
        return self.http.get(f"{self.magento.url}/_sandbox/state").json()

    def site_state(self) -> dict[str, Any]:
        """Return all data of Acumatica's simulator."""
        return self.http.get(f"{self.acumatica.url}/_sandbox/state").json()

    def prices(self) -> dict[str, Decimal]:
        """Return Magento's base prices by SKU."""
        return {sku: Decimal(price) for sku, price in self.shop_state()["prices"].items()}

    def quantities(self) -> dict[tuple[str, str], Decimal]:
        """Return Magento's quantities by SKU and source."""
        return {(row["sku"], row["source_code"]): Decimal(row["quantity"]) for row in self.shop_state()["source_items"]}

    def writes(self) -> list[dict[str, Any]]:
        """Return the write requests that Magento received, in order."""
        return self.http.get(f"{self.magento.url}/_sandbox/journal?writes=1").json()["requests"]

    def asked(self) -> list[dict[str, Any]]:
        """Return the requests that Acumatica received, in order."""
        return self.http.get(f"{self.acumatica.url}/_sandbox/journal").json()["requests"]

    def sent_values(self) -> dict[tuple[str, str, str], list[Decimal]]:
        """Return the prices and quantities that Magento applied, in order, by route, SKU and source."""
        return invariant.sent_values(self.writes())

    def assert_never_older(self, settings: Settings | None = None) -> None:
        """Assert that no price or quantity went back to an older value.

        SKUs in shipments of either system are left out: their sources are raised for a shipment, even one that
        Magento then refuses.
        """
        assert self.keeps_history, "the world keeps no history to compare with"
        usual = settings or self.settings()
        shipped = {item["sku"] for one in self.shop_state()["shipments"] for item in one["items"]}
        shipped |= {line["inventory_id"] for one in self.site_state()["shipments"] for line in one["lines"]}
        history = [(site, own or usual, today) for site, own, today in self._was]
        went_back = invariant.went_back(self.sent_values(), history, shipped)
        assert not went_back, went_back

    def failed(self, entity: str | None = None) -> list[Message]:
        """Return the failed messages, of one entity or of all."""
        with self.state.read() as connection:
            return messages.failed(connection, entity)

    def assert_watermark_is_behind(self, entity: str, settings: Settings | None = None) -> None:
        """Assert that the next sync reads every change that is not in the queue yet."""
        site, given = self.site_state(), settings or self.settings()
        invariant.assert_watermark_is_behind(self.state, site, given, entity, self.last_change)

    def assert_converged(
        self,
        settings: Settings | None = None,
        *,
        entities: Sequence[str] | None = None,
        failed: Collection[str] | None = (),
    ) -> None:
        """Assert the invariant: Magento is as the oracle computes, no message waits, and no value went back.

        Args:
            settings: those of the syncs.
            entities: which to check; by default those that are active in the settings.
            failed: exactly the Acumatica keys whose messages have failed; `None` allows any.
        """
        self.assert_shown(settings, entities=entities, failed=failed)
        self.assert_never_older(settings)

    def assert_shown(
        self,
        settings: Settings | None = None,
        *,
        entities: Sequence[str] | None = None,
        failed: Collection[str] | None = (),
    ) -> None:
        """Assert `assert_converged` without the history: Magento is right now, whatever it showed before."""
        settings = settings or self.settings()
        active = [name for name in ENTITIES if getattr(settings.active, name)]
        site, shop = self.site_state(), self.shop_state()
        for entity in entities or active:
            left_out = invariant.settled(self.state, [entity], settings.queue.retry_count)
            assert failed is None or left_out == frozenset(failed), f"{entity}: {sorted(left_out)} failed"
            wrong = invariant.wrong(site, shop, settings, self._today(settings), [entity], left_out)
            assert not wrong, f"{len(wrong)} wrong: {wrong[:5]}"
            unknown = invariant.not_queued_yet(self.state, site, settings, entity, left_out)
            assert not unknown, f"{entity}: never queued: {unknown[:5]}"


def _with_words_of(kind: type[Progress | Waiting], message: Callable[[str], object]) -> Listener:
    """Return a listener that calls `message` with the text of each event of a kind."""

    def listen(event: Event) -> None:
        if isinstance(event, kind):
            message(event.message)

    return listen


def _files_in(folder: Path) -> Callable[[], str]:
    numbers = count()
    return lambda: f"sqlite:///{folder / f'state-{next(numbers)}.sqlite'}"


@contextmanager
def world(folder: Path, products: Sequence[Product] | int = 50, **traits: Any) -> Iterator[World]:
    """Make a world, with so many generated products or with these, and close it at the end."""
    made = World(folder, generated(products) if isinstance(products, int) else products, **traits)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def worlds(folder: Path, **usual: Any) -> Iterator[Callable[..., World]]:
    """Yield a function that makes worlds, each in its own folder and with `usual`, and close them at the end."""
    numbers = count()
    with ExitStack() as stack:

        def make(products: Sequence[Product] | int = 50, **traits: Any) -> World:
            place = folder / f"world-{next(numbers)}"
            place.mkdir()
            return stack.enter_context(world(place, products, **{**usual, **traits}))

        yield make
