"""Customers go from Acumatica to Magento."""

from typing import Any

import pytest
from support.customers import ADDRESS, CONTACT, Shop, added, theirs

from connector.state.sync import links

WHOLESALE, RETAILER = 2, 3


def settings(here: Any, *, with_attributes: bool = False, **customer: Any) -> Any:
    usual = {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale", "RETAIL": "Retailer"}}
    return here.settings(
        active={"customer": True},
        customer={**usual, **customer},
        additional={"customer_attributes": with_attributes},
    )


async def sync(here: Any, *, key: str | None = None, full: bool = False, **customer: Any) -> Any:
    """One sync, a minute later than the last one, with these settings of customers."""
    here.clock.advance(60)
    return await here.sync("customer", settings(here, **customer), key=key, full=full)


def reasons(here: Any) -> dict[str, str]:
    return {message.key: message.reason or "" for message in here.failed("customer")}


def content(address: dict[str, Any]) -> dict[str, Any]:
    """An address without the field that Magento shows as 0 after a write and leaves out before one."""
    return {name: value for name, value in address.items() if name != "region_id"}


def writes(here: Any) -> list[tuple[str, str]]:
    return [(one["method"], one["path"]) for one in here.writes()]


@pytest.fixture
def here(make_world):
    return make_world(1)


@pytest.fixture
def shop(here):
    return Shop(here)


async def test_customers_of_the_chosen_class_arrive_once(here, shop):
    """Each with group, names, address and region; a second sync sends nothing and asks Magento nothing."""
    here.change(*(added(number) for number in range(3)), added(9, customer_class="RETAIL"))
    outcome = await sync(here)
    assert (outcome.fault, outcome.counters.sent, outcome.counters.failed) == (None, 3, 0)
    found = shop.all()
    assert sorted(found) == [f"buyer{number}@example.com" for number in range(3)]
    one = found["buyer1@example.com"]
    assert (one["firstname"], one["lastname"], one["group_id"]) == ("Company", "1", WHOLESALE)
    (address,) = one["addresses"]
    assert (address["country_id"], address["region"]["region_code"], address["city"]) == ("US", "NY", "New York")
    assert (address["default_billing"], address["default_shipping"]) == (True, True)
    again = await sync(here)
    assert (again.counters.requests, again.counters.reads, again.counters.queued) == (0, 0, 0)


async def test_no_class_is_nobody(here, shop):
    """An empty list of classes: nobody is sent, and Magento is not even asked."""
    here.change(added(1))
    outcome = await sync(here, classes=[])
    assert (outcome.counters.requests, outcome.counters.reads) == (0, 0)
    assert shop.all() == {}


@pytest.mark.parametrize("fields", [{"status": "Inactive"}, {"status": "One-Time"}, {"guest": True}])
async def test_who_is_not_sent(here, shop, fields):
    """Inactive, one-time and guest customers are left alone, and are no failure."""
    here.change(added(1, **fields))
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.failed) == (0, 0)
    assert shop.all() == {}


@pytest.mark.parametrize("change", [{"customer_class": "RETAIL"}, {"status": "Inactive"}, {"guest": True}])
async def test_who_leaves_is_no_longer_updated_and_never_deleted(here, shop, change):
    """What changes after it left does not arrive; once back, the newest state does."""
    here.change(added(1))
    await sync(here)
    before = shop.all()
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Renamed Inc", **change}})
    outcome = await sync(here)
    assert (outcome.counters.requests, outcome.counters.failed) == (0, 0)
    assert (await sync(here, full=True)).counters.requests == 0
    assert shop.all() == before
    here.change(
        {"set_customer": {"customer_id": "ACME0001", "customer_class": "WHOLESALE", "status": "Active", "guest": False}}
    )
    await sync(here)
    assert shop.all()["buyer1@example.com"]["firstname"] == "Renamed"


async def test_a_class_that_is_no_longer_chosen(here, shop):
    """Its customers stay in Magento as they are, nothing of them fails, and what waited of them is overtaken."""
    here.change(added(1), added(2, main_contact={**CONTACT, "Email": "none"}))
    await sync(here)
    assert list(reasons(here)) == ["ACME0002"]
    outcome = await sync(here, classes=["RETAIL"])
    assert (outcome.counters.requests, outcome.counters.failed) == (0, 0)
    assert list(shop.all()) == ["buyer1@example.com"]
    assert reasons(here) == {}


async def test_a_customer_who_is_deleted_in_acumatica_stays(here, shop):
    """Never deleted, and no failure."""
    here.change(added(1))
    await sync(here)
    here.change({"remove_customer": "ACME0001"})
    outcome = await sync(here, full=True)
    assert (outcome.counters.requests, outcome.counters.failed) == (0, 0)
    assert list(shop.all()) == ["buyer1@example.com"]


@pytest.mark.over_both
async def test_two_customers_with_one_email_both_fail(here, shop):
    """In one sync or in two, in any spelling; once one has another e-mail both go by themselves."""
    here.change(added(1))
    await sync(here)
    here.change(
        added(2, main_contact={**CONTACT, "Email": "two@example.com"}),
        added(3, main_contact={**CONTACT, "Email": "TWO@exämple.com"}),
        added(4, main_contact={**CONTACT, "Email": "Buyer1@Example.com"}),
    )
    outcome = await sync(here)
    assert outcome.counters.requests == 0
    failed = reasons(here)
    assert sorted(failed) == ["ACME0001", "ACME0002", "ACME0003", "ACME0004"]
    assert "One e-mail for two customers: ACME0002, ACME0003" in failed["ACME0002"]
    assert "ACME0001, ACME0004" in failed["ACME0004"]
    assert list(shop.all()) == ["buyer1@example.com"]
    for number in (3, 4):
        here.change({"set_customer": {"customer_id": f"ACME000{number}", "email": f"own{number}@example.com"}})
    await sync(here)
    assert reasons(here) == {}
    assert sorted(shop.all()) == [
        "buyer1@example.com",
        "own3@example.com",
        "own4@example.com",
        "two@example.com",
    ]


async def test_an_email_that_is_another_customers_account_merges_nobody(here, shop):
    """The account of a customer who became inactive is not taken over by the next one with that e-mail."""
    here.change(added(1))
    await sync(here)
    here.change({"set_customer": {"customer_id": "ACME0001", "status": "Inactive"}})
    here.change(added(2, main_contact={**CONTACT, "Email": "buyer1@example.com"}))
    await sync(here)
    before = shop.all()
    assert "E-mail of another customer" in reasons(here)["ACME0002"]
    assert "a2m link customer ACME0002" in reasons(here)["ACME0002"]
    assert shop.all() == before


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ({"Email": None}, "No e-mail: customer ACME0002"),
        ({"Email": "a@example.com; b@example.com"}, "Invalid e-mail: customer ACME0002"),
        ({"Phone1": None}, "No telephone: the billing address of customer ACME0002"),
        ({"Address": {**ADDRESS, "State": "XX"}}, "Unknown state: the billing address of customer ACME0002"),
        ({"Address": {**ADDRESS, "Country": "ZZ"}}, "Unknown country: the billing address of customer ACME0002"),
    ],
)
async def test_one_customer_fails_alone(here, shop, contact, words):
    """With the cause, the record and what to do; the others go through."""
    here.change(added(1), added(2, main_contact={**CONTACT, "Email": "two@example.com", **contact}))
    outcome = await sync(here)
    assert (outcome.fault, outcome.counters.sent) == (None, 1)
    assert list(shop.all()) == ["buyer1@example.com"]
    assert words in reasons(here)["ACME0002"]


@pytest.mark.parametrize(
    ("groups", "words"), [({}, "Unmapped customer class"), ({"WHOLESALE": "X"}, "Unknown customer")]
)
async def test_a_group_is_never_a_silent_default(here, shop, groups, words):
    """Without a group that Magento has nobody is created; once the map is right all go by themselves."""
    here.change(added(1))
    await sync(here, groups=groups)
    assert shop.all() == {}
    assert words in reasons(here)["ACME0001"]
    await sync(here, groups={"WHOLESALE": "retailer"})
    assert shop.all()["buyer1@example.com"]["group_id"] == RETAILER
    assert reasons(here) == {}


async def test_a_customer_whom_the_shop_has_is_merged(here, shop):
    """Found by e-mail in another spelling; names and group are ours, their addresses stay as they are."""
    mine = shop.add(
        "Buyer1@Example.com", addresses=[theirs(default_billing=True, default_shipping=True), theirs("Bonn")]
    )
    here.change(added(1))
    outcome = await sync(here)
    assert (outcome.fault, outcome.counters.sent) == (None, 1)
    (one,) = shop.all().values()
    assert (one["id"], one["group_id"], one["lastname"]) == (mine["id"], WHOLESALE, "1")
    assert [address["city"] for address in one["addresses"]] == ["Berlin", "Bonn", "New York"]
    assert [content(address) for address in one["addresses"][:2]] == [content(old) for old in mine["addresses"]]
    with here.state.read() as connection:
        link = links.of_keys(connection, "customer", ["ACME0001"])["ACME0001"]
    assert (link.magento_id, link.made_by) == (str(mine["id"]), "found")


async def test_a_changed_address_is_changed_in_place_and_theirs_survive(here, shop):
    """Ours keeps its id; what the customer added in the shop meanwhile, and made the default, stays."""
    here.change(added(1))
    await sync(here)
    (one,) = shop.all().values()
    ours = one["addresses"][0]["id"]
    shop.put({**one, "addresses": [*one["addresses"], theirs(default_shipping=True)]})
    for street in ("2 New St", "3 Newer St"):
        here.change(
            {"set_customer": {"customer_id": "ACME0001", "main_contact": {"Address": {"AddressLine1": street}}}}
        )
        assert (await sync(here)).counters.requests == 1
        (one,) = shop.all().values()
        by_id = {address["id"]: address for address in one["addresses"]}
        assert len(by_id) == 2
        assert by_id[ours]["street"] == [street]
        assert by_id[ours]["default_billing"] is True
        (other,) = (address for number, address in by_id.items() if number != ours)
        assert (other["city"], other["default_shipping"]) == ("Berlin", True)


@pytest.mark.over_both
async def test_a_changed_email_moves_the_account(here, shop):
    """The link is used before any search: the same account gets the new e-mail."""
    here.change(added(1))
    await sync(here)
    (before,) = shop.all().values()
    here.change({"set_customer": {"customer_id": "ACME0001", "email": "new@example.com"}})
    await sync(here)
    (after,) = shop.all().values()
    assert (after["id"], after["email"]) == (before["id"], "new@example.com")


async def test_a_shop_that_shows_everything_already_is_not_written_to(here, shop):
    """Connecting to customers who are right finds and links them without a write."""
    here.change(added(1))
    await sync(here)
    count = len(here.writes())
    with here.state.write() as connection:
        for table in ("links", "targets"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    outcome = await sync(here, full=True)
    assert (outcome.counters.sent, outcome.counters.requests) == (1, 0)
    assert len(here.writes()) == count


async def test_an_email_goes_from_one_customer_to_another_in_one_sync(here, shop):
    """Whichever of the two comes first: the one who takes it over waits until the other one has given it up, whether
    the shop has an account of both or not.
    """
    here.change(*(added(number) for number in (1, 2, 3)))
    await sync(here)
    for giver, taker in ((1, 4), (3, 2)):
        new = {"customer_id": f"ACME{giver:04d}", "main_contact": {"Email": f"changed{giver}@example.com"}}
        contact = {**CONTACT, "Email": f"buyer{giver}@example.com"}
        known = {"customer_id": f"ACME{taker:04d}", "main_contact": contact}
        here.change({"set_customer": new}, {"set_customer": known} if taker == 2 else added(4, main_contact=contact))
    for _ in range(2):
        outcome = await sync(here)
        assert (outcome.fault, outcome.counters.failed) == (None, 0)
    numbers = {email: one["id"] for email, one in shop.all().items()}
    assert numbers.pop("buyer1@example.com") not in numbers.values()
    assert numbers == {"changed1@example.com": 1, "buyer3@example.com": 2, "changed3@example.com": 3}


async def test_two_customers_who_exchange_their_emails_are_refused(here, shop):
    """Magento takes neither e-mail while the other account has it: they do not wait for each other for ever."""
    here.change(added(1), added(2))
    await sync(here)
    for number in (1, 2):
        contact = {"Email": f"buyer{3 - number}@example.com"}
        here.change({"set_customer": {"customer_id": f"ACME{number:04d}", "main_contact": contact}})
    for _ in range(3):
        await sync(here)
    assert reasons(here).keys() == {"ACME0001", "ACME0002"}
    assert {email: one["id"] for email, one in shop.all().items()} == {"buyer1@example.com": 1, "buyer2@example.com": 2}


async def test_more_new_customers_than_the_limit_stop_the_sync(here, shop):
    """Nobody is created and nobody changed; the words say how many and what to set; then all go."""
    shop.add("buyer0@example.com")
    here.change(*(added(number) for number in range(6)))
    outcome = await sync(here, create_limit=4)
    assert outcome.fault is not None
    assert "5 new customers would be created" in outcome.fault
    assert "Create limit (A2M_CUSTOMER__CREATE_LIMIT) to 5" in outcome.fault
    assert len(shop.all()) == 1
    assert not [write for write in writes(here) if write[1].endswith("/customers") and write[0] == "PUT"]
    assert (await sync(here, create_limit=4)).fault is not None
    outcome = await sync(here, create_limit=5)
    assert (outcome.fault, outcome.counters.sent) == (None, 6)
    assert len(shop.all()) == 6


async def test_as_many_as_the_limit_are_created(here, shop):
    """The limit itself is allowed; a sync that only changes customers is not counted."""
    here.change(*(added(number) for number in range(3)))
    assert (await sync(here, create_limit=3)).counters.sent == 3
    here.change(*({"set_customer": {"customer_id": f"ACME000{n}", "name": "Other Name"}} for n in range(3)))
    outcome = await sync(here, create_limit=0)
    assert (outcome.fault, outcome.counters.sent) == (None, 3)


async def test_with_create_off_only_known_customers_are_written(here, shop):
    """The others are left out by the setting, in words; switched on again they are created."""
    shop.add("buyer1@example.com")
    here.change(added(1), added(2))
    outcome = await sync(here, create=False)
    assert (outcome.fault, outcome.counters.sent, outcome.counters.failed) == (None, 1, 0)
    assert list(shop.all()) == ["buyer1@example.com"]
    assert shop.all()["buyer1@example.com"]["group_id"] == WHOLESALE
    await sync(here)
    assert sorted(shop.all()) == ["buyer1@example.com", "buyer2@example.com"]


async def test_a_customer_deleted_in_magento_is_not_created_again(here, shop):
    """Somebody deleted it on purpose: a later change fails and says how to go on."""
    here.change(added(1))
    await sync(here)
    shop.remove(shop.all()["buyer1@example.com"]["id"])
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Other Name"}})
    await sync(here)
    assert shop.all() == {}
    assert "Gone from Magento" in reasons(here)["ACME0001"]


async def test_attributes_are_refused_on_open_source(here, shop):
    """Case 12: the sync stops before anything is sent, and says why."""
    here.change(added(1))
    outcome = await sync(here, with_attributes=True)
    assert outcome.fault is not None
    assert "Magento Open Source" in outcome.fault
    assert shop.all() == {}


async def test_an_attribute_that_magento_does_not_know_fails(make_world):
    """On Adobe Commerce it fails instead of vanishing; customers without the attribute go through."""
    here = make_world(1, magento={"commerce": True})
    here.change(added(1, attributes=[attribute("SEGMENT", "G", "Gold")]), added(2))
    await sync(here, with_attributes=True, attributes={"SEGMENT": "no_such_attribute"})
    assert list(Shop(here).all()) == ["buyer2@example.com"]
    assert "Unknown attribute: Magento has no customer attribute 'no_such_attribute'" in reasons(here)["ACME0001"]


def attribute(name: str, value: str, label: str = "") -> dict[str, str]:
    return {"AttributeID": name, "Value": value, "ValueDescription": label}


async def test_attributes_arrive_on_adobe_commerce(make_world):
    """Options by label, decimals, and a field of Magento's own; changed ones follow, an emptied one is taken away."""
    here = make_world(1, magento={"commerce": True})
    here.change_shop(
        {"add_customer_attribute": {"code": "segment", "backend_type": "int", "options": ["Silver", "Gold"]}},
        {"add_customer_attribute": {"code": "credit", "backend_type": "decimal"}},
    )
    mapped = {"SEGMENT": "segment", "CREDIT": "credit", "SEX": "gender"}
    own = [attribute("SEGMENT", "G", "Gold"), attribute("CREDIT", "1000.5"), attribute("SEX", "F", "Female")]
    here.change(added(1, attributes=own), added(2, attributes=[attribute("CREDIT", "much")]))

    def current() -> tuple[dict[str, str], int | None]:
        one = Shop(here).all()["buyer1@example.com"]
        values = {row["attribute_code"]: row["value"] for row in one.get("custom_attributes", [])}
        return values, one.get("gender")

    await sync(here, with_attributes=True, attributes=mapped)
    values, gender = current()
    assert (sorted(values), values["credit"], gender) == (["credit", "segment"], "1000.5000", 2)
    assert "Unreadable attribute: attribute CREDIT of customer ACME0002" in reasons(here)["ACME0002"]
    gold = values["segment"]
    less = [attribute("SEGMENT", "s", "silver"), attribute("CREDIT", ""), attribute("SEX", "")]
    here.change({"set_customer": {"customer_id": "ACME0001", "attributes": less}})
    await sync(here, with_attributes=True, attributes=mapped)
    values, gender = current()
    assert (list(values), gender) == (["segment"], None)
    assert values["segment"] != gold
    assert list(reasons(here)) == ["ACME0002"]


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("what", ["create", "update"])
@pytest.mark.over_both
async def test_a_lost_answer_makes_nobody_twice(make_world, cut, what):
    """Applied or not, answered or not: in the end each customer is there once, with the newest state."""
    here = make_world(1)
    shop = Shop(here)
    here.change(added(1), added(2))
    if what == "update":
        await sync(here)
        here.change(*({"set_customer": {"customer_id": f"ACME000{n}", "name": "Other Name"}} for n in (1, 2)))
    method = {"create": "POST path=*/V1/customers", "update": "PUT path=*/V1/customers/*"}[what]
    here.faults.replace(f"magento {method}: cut={cut} times=1")
    outcome = await sync(here)
    assert outcome.fault is None
    for _time in range(2):
        await sync(here)
    found = shop.all()
    assert sorted(found) == ["buyer1@example.com", "buyer2@example.com"]
    assert {one["firstname"] for one in found.values()} == {"Company" if what == "create" else "Other"}
    assert [len(one["addresses"]) for one in found.values()] == [1, 1]
    assert reasons(here) == {}


async def test_an_address_that_magento_drops_in_silence_is_noticed(here, shop):
    """200, and no address, though the country seemed to be known: reading back finds it."""
    here.faults.replace("magento GET path=*/directory/countries/ZZ: status=200")
    here.change(added(1, main_contact={**CONTACT, "Email": "z@example.com", "Address": {**ADDRESS, "Country": "ZZ"}}))
    await sync(here)
    assert shop.all()["z@example.com"]["addresses"] == []
    assert "Dropped in silence: Magento took customer ACME0001" in reasons(here)["ACME0001"]
    assert "the billing and shipping address in ZZ" in reasons(here)["ACME0001"]


async def test_one_customer_by_key(here, shop):
    """By its id in any spelling, or by its e-mail, whatever else waits."""
    here.change(added(1), added(2))
    await sync(here, key="acme0001")
    assert list(shop.all()) == ["buyer1@example.com"]
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Other Name"}})
    await sync(here, key="BUYER1@example.com")
    assert shop.all()["buyer1@example.com"]["firstname"] == "Other"


async def test_an_inactive_entity_sends_nothing_and_then_the_newest_state(here, shop):
    """Case 13."""
    here.change(added(1))
    here.clock.advance(60)
    off = here.settings(active={"customer": False}, customer={"classes": ["WHOLESALE"]})
    assert (await here.sync("customer", off)).stopped is not None
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Other Name"}})
    await sync(here)
    assert shop.all()["buyer1@example.com"]["firstname"] == "Other"
    assert len([write for write in writes(here) if write[0] == "POST" and write[1].endswith("/customers")]) == 1


async def test_a_customer_who_changes_while_an_attempt_is_in_doubt(here, shop):
    """Magento took the account, and the sync that asked for it broke off: the renamed one takes its address's place."""
    here.change(added(1))
    here.faults.replace("magento GET path=*/customers/* after=1: status=503")
    await sync(here)
    here.faults.calm()
    assert (len(shop.all()), len(here.failed("customer"))) == (1, 1)
    here.change({"set_customer": {"customer_id": added(1)["add_customer"]["customer_id"], "name": "Renamed Inc"}})
    outcome = await sync(here)
    assert (outcome.fault, outcome.counters.failed) == (None, 0)
    (address,) = shop.all()["buyer1@example.com"]["addresses"]
    assert (address["firstname"], address["lastname"]) == ("Renamed", "Inc")
