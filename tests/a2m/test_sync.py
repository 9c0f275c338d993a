"""`a2m sync` and what is seen afterwards: `status`, `failed`, `pause` and `resume`."""

import asyncio
import csv
import io
import json
import sqlite3

import pytest
from support.sales import Sales

from connector.state.coordination import lease
from connector.state.engine import open_state
from sandbox.catalogue import Product, generated

FIELDS = ["entity", "pulled", "changed", "queued", "requests", "reads", "sent", "failed", "superseded", "seconds"]


def rows_of(file):
    """Everything that the state database holds, but for whose turn it is in Acumatica: the licence is shared."""
    with sqlite3.connect(file) as connection:
        return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "hosts"')]


def test_json_is_one_object_with_the_fields_of_the_specification(a2m, make_world):
    """`sync all --json` prints one JSON object with exactly the specified fields; Magento ends up right."""
    here = make_world(30)
    output = a2m("sync", "all", "--json")
    assert (output.code, output.err) == (0, "")
    assert output.out.count("\n") == 1
    answer = json.loads(output.out)
    assert list(answer) == ["entities"]
    assert [list(one) for one in answer["entities"]] == [FIELDS, FIELDS]
    price, inventory = answer["entities"]
    assert (price["entity"], price["pulled"], price["changed"], price["queued"], price["sent"]) == ("price", *[30] * 4)
    assert (inventory["entity"], inventory["sent"], inventory["failed"]) == ("inventory", 90, 0)
    assert price["requests"] + inventory["requests"] == len(here.writes())
    here.assert_converged()


@pytest.mark.parametrize(("skus", "batch", "requests"), [(50, 25, 2), (50, 5, 10), (25, 25, 25), (26, 25, 2)])
def test_threshold_and_batch(a2m, make_world, skus, batch, requests):
    """Case 1 by the command line: its count of requests is that of Magento's journal."""
    here = make_world(skus)
    settings = {"A2M_QUEUE__THRESHOLD_COUNT": "25", "A2M_QUEUE__BATCH_COUNT": str(batch)}
    (price,) = json.loads(a2m("sync", "price", "--json", **settings).out)["entities"]
    assert price["requests"] == len(here.writes()) == requests


def test_a_person_sees_progress_and_a_table(a2m, make_world):
    """Without --json the counts are a table on standard output, and how far it is goes to standard error."""
    make_world(30)
    output = a2m("sync", "price")
    assert output.code == 0
    assert output.out.splitlines()[0] == "price"
    assert output.out.split()[1 : 1 + len(FIELDS) - 1] == FIELDS[1:]
    assert "price: 30 read, 30 queued" in output.err


def test_a_dry_run_sends_and_keeps_nothing(a2m, make_world, home):
    """`--dry-run` says what would be queued; no write reaches Magento and the state stays as it was."""
    here = make_world(30)
    a2m("sync", "price")
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "12.34"}})
    before, writes = rows_of(home / "state.sqlite"), len(here.writes())
    output = a2m("sync", "all", "--dry-run", "--json")
    assert output.code == 0
    price, inventory = json.loads(output.out)["entities"]
    assert (price["queued"], price["sent"], price["requests"]) == (1, 0, 0)
    assert (inventory["queued"], inventory["sent"], inventory["requests"]) == (90, 0, 0)
    assert len(here.writes()) == writes
    assert rows_of(home / "state.sqlite") == before
    assert "dry run" in a2m("sync", "price", "--dry-run").out


def test_only_one_key(a2m, make_world):
    """`--key` sends one record, and the others are still sent by the next sync."""
    here = make_world(10)
    (price,) = json.loads(a2m("sync", "price", "--key", "SKU-000002", "--json").out)["entities"]
    assert price["sent"] == 1
    assert [sku for sku, amount in here.prices().items() if amount] == ["SKU-000002"]
    (price,) = json.loads(a2m("sync", "price", "--json").out)["entities"]
    assert price["sent"] == 9
    here.assert_converged(entities=["price"])


def test_a_failed_message(a2m, make_world):
    """A message that failed ends `sync` with 1; `failed` says which and why, as a table, as CSV and as JSON."""
    products = [*generated(5), Product("NOT,IN THE SHOP", "x", 5_000_000, {"MAIN": 10_000})]
    make_world(products, shop_products=products[:5])
    output = a2m("sync", "price", "--json")
    assert output.code == 1
    assert json.loads(output.out)["entities"][0]["failed"] == 1

    (message,) = json.loads(a2m("failed", "--json").out)["failed"]
    assert (message["entity"], message["key"], message["attempts"]) == ("price", "NOT,IN THE SHOP", 0)
    assert "Magento has no product" in message["reason"]
    (row,) = csv.DictReader(io.StringIO(a2m("failed", "price", "--csv").out))
    assert row == {name: str(value) if value is not None else "" for name, value in message.items()}
    table = a2m("failed")
    assert table.code == 0
    assert "NOT,IN THE SHOP" in table.out
    assert a2m("failed", "inventory").out == "Nothing failed.\n"


def test_status(a2m, make_world):
    """`status` says per entity how it stands; before the first look there is nothing to say."""
    make_world(30)
    first = json.loads(a2m("status", "--json").out)["entities"]
    assert [one["state"] for one in first] == ["active", "active", "not active", "not active", "not active"]
    assert {(one["watermark"], one["sent"], one["last_run"]) for one in first} == {(None, 0, None)}
    a2m("sync", "price")
    price, inventory, *_ = json.loads(a2m("status", "--json", A2M_ACTIVE__INVENTORY="false").out)["entities"]
    assert (price["entity"], price["sent"], price["pending"], price["failed"]) == ("price", 30, 0, 0)
    assert price["watermark"] is not None
    assert "30 sent" in price["last_result"]
    assert (inventory["state"], inventory["sent"]) == ("not active", 0)
    current = a2m("status")
    assert current.code == 0
    assert [line[:6] for line in current.out.splitlines() if "30 changed, 30 sent" in line] == ["price:"]


def test_status_counts_apart_what_waits_without_a_failure(a2m, make_world):
    """An unpaid order of the shop: not among the pending, no age of the oldest; its reason is named with its code."""
    here = Sales(make_world(2))
    lines = {"SKU-000001": 1}
    here.entered("000001", lines, external_ref="100000001")
    here.ordered(lines, increment_id="100000001", state="new", status="pending")
    settings = {
        "A2M_ACTIVE__ORDER": "true",
        "A2M_ORDER__TYPES": '["SO"]',
        "A2M_ORDER__FROM": "2020-01-01T00:00:00Z",
        "A2M_ORDER__STATUSES": '{"Open": "processing"}',
    }
    assert a2m("sync", "order", **settings).code == 0
    order = next(one for one in json.loads(a2m("status", "--json").out)["entities"] if one["entity"] == "order")
    assert (order["pending"], order["oldest_pending_seconds"], order["failed"]) == (0, None, 0)
    assert (order["waiting"], order["waiting_for"]) == (1, {"awaiting_payment": 1})
    assert "order: 1 for a payment in Magento (awaiting_payment)" in a2m("status").out
    assert "waits for a payment in Magento" in a2m("explain", "order", "SO 000001").out


def test_status_shows_the_last_fault_beside_the_last_result(a2m, make_world):
    """While runs fail, the last good result stays, and why they fail and since when is said; a good one ends it."""
    here = make_world(10)
    a2m("sync", "price")
    here.faults.replace("magento: cut=before")
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "1"}})
    for _run in range(2):
        assert a2m("sync", "price", "--full").code == 1
    price = json.loads(a2m("status", "--json").out)["entities"][0]
    assert "10 sent" in price["last_result"]
    assert "cut the connection" in price["last_fault"]
    assert price["fault_since"] < price["last_fault_at"]
    current = a2m("status").out
    assert "price fails (since " in current
    here.faults.replace("")
    assert a2m("sync", "price").code == 0
    price = json.loads(a2m("status", "--json").out)["entities"][0]
    assert (price["last_fault"], price["fault_since"], price["last_fault_at"]) == (None, None, None)


def test_status_shows_the_fault_of_a_first_run(a2m, make_world):
    """An entity that never had a good run says why."""
    here = make_world(5)
    here.faults.replace("acumatica POST path=*/login: status=403")
    a2m("sync", "inventory")
    inventory = json.loads(a2m("status", "--json").out)["entities"][1]
    assert inventory["last_result"] is None
    assert "403" in inventory["last_fault"]


def test_a_run_that_died_of_a_bug_leaves_its_kind_and_place(make_world, a2m, monkeypatch, caplog):
    """A bug is raised as it is; what is stored and logged leaves out its text, which may hold a customer's data."""
    here = make_world(5)

    async def broken(*_given, **_how):
        raise ZeroDivisionError("jane@example.com")

    monkeypatch.setattr("app.run.work.run_sync", broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(here.sync("price"))
    fault = json.loads(a2m("status", "--json").out)["entities"][0]["last_fault"]
    assert "ZeroDivisionError in test_sync.py, line" in fault
    assert "a2m doctor" in fault
    assert "jane@example.com" not in fault + caplog.text


def test_explain_asks_magento_on_demand(a2m, make_world):
    """With `--now` what Magento shows stands below what is known; without it neither system is asked."""
    here = make_world(3)
    a2m("sync", "price")
    here.shop("POST", "products/base-prices", {"prices": [{"sku": "SKU-000001", "price": 3, "store_id": 0}]})
    now = {"what": "Magento shows now", "said": "3 for SKU-000001 in every store"}
    assert now in json.loads(a2m("explain", "price", "sku-000001", "--now", "--json").out)["lines"]
    assert now not in json.loads(a2m("explain", "price", "sku-000001", "--json").out)["lines"]
    assert "Magento shows now" in a2m("explain", "price", "sku-000001", "--now").out
    here.faults.replace("magento: cut=before")
    assert a2m("explain", "price", "sku-000001", "--now").code == 1
    assert a2m("explain", "price", "sku-000001").code == 0


def test_pause_and_resume(a2m, make_world):
    """A paused entity sends nothing and says so; resumed, what changed meanwhile goes, the newest state only."""
    here = make_world(10)
    assert a2m("pause", "price").out == "price paused.\n"
    output = a2m("sync", "price")
    assert output.code == 0
    assert "price is paused" in output.out
    assert a2m("sync", "price", "--json").err == "price is paused; resume it with: a2m resume price\n"
    assert [one["state"] for one in json.loads(a2m("status", "--json").out)["entities"]][:2] == ["paused", "active"]
    for price in ("1", "2"):
        here.change({"set_price": {"inventory_id": "SKU-000001", "price": price}})
    assert here.writes() == []
    a2m("resume")
    a2m("sync", "price")
    assert here.prices()["SKU-000001"] == 2
    here.assert_converged(entities=["price"])


def test_an_entity_that_another_run_works_on(a2m, make_world, home):
    """Started by hand it ends at once and says who works on it; nothing is done."""
    here = make_world(10)
    a2m("status")
    state = open_state(f"sqlite:///{home / 'state.sqlite'}")
    lease.acquire(state, "price", "run nimble-otter", here.clock.now(), 3600)
    state.close()
    output = a2m("sync", "price")
    assert output.code == 0
    assert "price is being worked on by run nimble-otter" in output.out
    assert here.site_state()["requests"] == 0
    tried = a2m("sync", "price", "--dry-run", "--json")  # which works on a copy, where nobody else does
    assert json.loads(tried.out)["entities"][0]["queued"] == 10


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ("magento: status=503 body=html", "503"),
        ("magento: cut=before", "cut the connection"),
        ("acumatica POST path=*/login: status=403", "403"),
    ],
)
def test_a_connection_that_is_down(a2m, make_world, faults, words):
    """The sync ends with 1 and the reason in words, JSON or not, and no message has failed."""
    here = make_world(5)
    settings = {"A2M_QUEUE__THRESHOLD_COUNT": "0"}
    here.faults.replace(faults)
    output = a2m("sync", "price", "--json", **settings)
    assert output.code == 1
    assert list(json.loads(output.out)) == ["entities"]
    assert words in output.err
    assert a2m("failed").out == "Nothing failed.\n"


@pytest.mark.parametrize("entity", ["price", "inventory", "customer", "order", "shipment"])
def test_a_full_sync_with_a_token_that_magento_refuses(a2m, make_world, entity):
    """It does not end well where nothing differs either: nobody knows what Magento shows."""
    make_world(3)
    active = {f"A2M_ACTIVE__{entity.upper()}": "true", "A2M_ORDER__TYPES": '["SO"]', "A2M_CUSTOMER__CLASSES": '["X"]'}
    assert a2m("sync", entity, "--full", **active).code == 0
    refused = a2m("sync", entity, "--full", A2M_MAGENTO__BEARER_TOKEN="wrong-token-of-a-test", **active)
    assert refused.code == 1
    assert "token" in refused.err


def test_a_sync_that_broke_off_is_not_shown_as_one_that_found_nothing(a2m, make_world):
    """The table of counts says that it is not finished; a dry run names no command for what it did not store."""
    here = make_world(3, shop_products=[])
    stopped = a2m("sync", "price", "--dry-run", A2M_MAGENTO__BEARER_TOKEN="wrong")
    assert stopped.code == 1
    assert "price (dry run: nothing was sent or stored): not finished, see the error above" in stopped.out
    failed = a2m("sync", "price", "--dry-run", A2M_MAGENTO__URL=here.magento.url)
    assert "Magento has no product" in failed.out
    assert "All of them" not in failed.out
    assert "All of them: a2m failed" in a2m("sync", "price").out
