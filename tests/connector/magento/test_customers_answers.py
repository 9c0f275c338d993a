"""The recorded answers of the real Magento to calls about customers: what each means was written by hand."""

import json

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import customers
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import NoAnswer, RequestRefused
from connector.model.customers import Country
from entities.customer.merge import not_applied
from entities.customer.types import Account, PostalAddress

ACCESS = MagentoAccess("https://shop.example.com", Bearer("token"))


@pytest.fixture(scope="module")
def recorded(shared):
    cases = {}
    for area in ("customers", "customers2", "auth"):
        file = shared / "contracts" / "magento-2.4.7-recorded" / f"{area}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            cases[area, case["case"]] = case
    return cases


def client_that_hears(*answers: httpx.Response, asked: list[httpx.Request] | None = None) -> MagentoClient:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return left.pop(0)

    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


def answer_of(case: dict) -> httpx.Response:
    return httpx.Response(case["response"]["status"], json=case["response"]["body"])


REFUSED = {
    ("customers", "duplicate_email"): "A customer with the same email address already exists",
    ("customers", "invalid_email_idn"): "A customer with the same email address already exists",
    ("customers", "invalid_email"): '"Email" is not a valid email address.',
    ("customers", "missing_names"): '"First Name" is a required value. "Last Name" is a required value.',
    ("customers", "name_256_chars"): "First Name is not valid!",
    ("customers", "name_with_illegal_chars"): "First Name is not valid!",
    ("customers", "unknown_group"): "The specified customer group id does not exist.",
    ("customers", "unknown_store"): "The store view is not in the associated website.",
    ("customers", "unknown_field"): '"ErpId" is not supported.',
    ("customers", "create_with_id_given"): "No such entity with email = withid@example.com, websiteId = 1",
    ("customers2", "address_no_telephone"): '"telephone" is required.',
    ("customers2", "address_no_postcode_de"): '"postcode" is required.',
    ("customers2", "address_street_4_lines"): '"Street Address" cannot contain more than 2 lines.',
    ("customers2", "address_us_region_id_of_germany"): 'Invalid value of "82" provided for the regionId field.',
    ("customers2", "create_name_url"): "First Name is not valid!",
    ("customers2", "global_create_site2_same"): "A customer with the same email address already exists",
}


@pytest.mark.recordings
@pytest.mark.parametrize(("area", "case"), REFUSED)
async def test_a_refused_create_is_reported_in_magentos_words(recorded, area, case):
    """Each refusal is permanent, for this customer alone, and its text is filled in."""
    with pytest.raises(RequestRefused) as refused:
        await customers.create(client_that_hears(answer_of(recorded[area, case])), {})
    assert REFUSED[area, case] in str(refused.value)


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("area", "case", "words"),
    [
        ("customers2", "put_replace_default_by_new", "The default_billing value is invalid."),
        ("customers2", "put_foreign_address_id2", "No such entity with addressId = 1"),
        ("customers2", "put_unknown_customer", "No such entity with customerId = 10053"),
        ("customers", "update_to_taken_email", "A customer with the same email address already exists"),
        ("customers", "update_id_mismatch_other_email", 'Provided customer ID "11" isn\'t related'),
    ],
)
async def test_a_refused_update_is_reported_in_magentos_words(recorded, area, case, words):
    """What Magento refuses of a write of the whole customer."""
    with pytest.raises(RequestRefused) as refused:
        await customers.update(client_that_hears(answer_of(recorded[area, case])), "5", {})
    assert words in str(refused.value)


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("case", "number"), [("create_second", "2"), ("create_bob_again", "11"), ("address_unknown_country", "7")]
)
async def test_a_created_customer_gives_its_id(recorded, case, number):
    """The id comes from the answer, also where Magento dropped the address."""
    assert await customers.create(client_that_hears(answer_of(recorded["customers", case])), {}) == number


async def test_path_and_body_name_the_same_customer():
    """Magento acts on the id of the body, so an id that came along from elsewhere does not count."""
    asked: list[httpx.Request] = []
    await customers.update(client_that_hears(httpx.Response(200, json={}), asked=asked), "14", {"id": 11, "email": "a"})
    assert asked[0].url.path.endswith("/V1/customers/14")
    assert json.loads(asked[0].content) == {"customer": {"id": 14, "email": "a"}}


@pytest.mark.recordings
async def test_a_customer_is_found_in_any_spelling_on_its_website(recorded):
    """The search names e-mail and website, and the answer is taken whatever the letter case."""
    asked: list[httpx.Request] = []
    found = answer_of(recorded["customers", "search_email_other_case"])
    current = await customers.with_email(client_that_hears(found, asked=asked), "ANN@Example.com", 1)
    assert current is not None
    assert current["id"] == 1
    assert {"email", "website_id", "ANN@Example.com", "1"} <= set(asked[0].url.params.values())


@pytest.mark.recordings
async def test_nobody_is_found_where_nobody_is(recorded):
    """An empty search is none, and so is an answer about somebody else."""
    nobody = answer_of(recorded["customers", "search_email_none"])
    assert await customers.with_email(client_that_hears(nobody), "none@example.com", 1) is None
    another = answer_of(recorded["customers", "search_email"])
    assert await customers.with_email(client_that_hears(another), "ann2@example.com", 1) is None


@pytest.mark.recordings
async def test_many_are_searched_for_at_once(recorded):
    """Ids by compared e-mail; more than a URL holds are asked for in several requests."""
    asked: list[httpx.Request] = []
    answers = [answer_of(recorded["customers", "search_email"]), *[httpx.Response(200, json={"items": None})] * 9]
    emails = ["Ann@exämple.com", *(f"somebody.with.a.long.name.{n}@example.com" for n in range(300))]
    found = await customers.ids_with_emails(client_that_hears(*answers, asked=asked), emails, 1)
    assert found == {"ANN@EXAMPLE.COM": "1"}
    assert 1 < len(asked) < 6
    assert all(len(str(request.url)) < 8_000 for request in asked)


@pytest.mark.recordings
async def test_a_missing_customer_is_none(recorded):
    """404 is no fault: there is nobody with this id."""
    assert await customers.customer(client_that_hears(answer_of(recorded["customers", "get_unknown"])), "99999") is None


@pytest.mark.recordings
async def test_a_country_gives_its_regions_by_code_and_by_name(recorded):
    """As recorded for Germany, in any letter case and without accents."""
    country = await customers.country(
        client_that_hears(answer_of(recorded["auth", "bad_token_on_anonymous_route"])), "DE"
    )
    assert country is not None
    assert country.regions["BAY"] == country.regions["BAYERN"] == 81
    assert country.regions["THURINGEN"] == 94
    assert country.codes[:2] == ("BAW", "BAY")


async def test_an_unknown_country_is_none_and_one_without_regions_is_not():
    """The two are told apart: the one is dropped by Magento, the other takes any state as text."""
    unknown = httpx.Response(404, json={"message": "The country isn't available."})
    assert await customers.country(client_that_hears(unknown), "ZZ") is None
    known = httpx.Response(200, json={"id": "NL", "full_name_english": "Netherlands"})
    assert await customers.country(client_that_hears(known), "NL") == Country()


@pytest.mark.recordings
async def test_an_attribute_gives_its_kind(recorded):
    """As recorded for a text attribute; options by compared label, nested ones too, without the empty one."""
    text = await customers.attribute(client_that_hears(answer_of(recorded["customers2", "attribute_metadata"])), "x")
    assert text is not None
    assert (text.frontend_input, text.backend_type, text.options) == ("text", "varchar", {})
    options = [
        {"label": " ", "value": ""},
        {"label": "Gold", "value": "12"},
        {"label": "More", "options": [{"label": "Größer", "value": "13"}]},
    ]
    body = {"frontend_input": "select", "backend_type": "int", "options": options}
    select = await customers.attribute(client_that_hears(httpx.Response(200, json=body)), "x")
    assert select is not None
    assert select.options == {"GOLD": "12", "GROSER": "13"}
    missing = httpx.Response(404, json={"message": "No such entity with %fieldName = %fieldValue"})
    assert await customers.attribute(client_that_hears(missing), "x") is None


async def test_a_create_without_answer_is_recognised():
    """The request left whole: what it asked for is done, or will be."""

    def cut(_request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    client = MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(cut))
    with pytest.raises(NoAnswer):
        await customers.create(client, {})


def sent(case: dict) -> Account:
    """The account that a recorded request told Magento of, without the attributes."""
    body = case["request"]["body"]["customer"]
    addresses = tuple(
        PostalAddress(
            firstname=one["firstname"],
            lastname=one["lastname"],
            company=one.get("company", ""),
            street=tuple(one["street"]),
            city=one["city"],
            postcode=one["postcode"],
            country_id=one.get("country_id", ""),
            region_id=one.get("region_id") or (one.get("region") or {}).get("region_id"),
            region=(one.get("region") or {}).get("region") or "",
            telephone=one["telephone"],
            billing=True,
            shipping=False,
        )
        for one in body.get("addresses", [])
    )
    attributes = {one["attribute_code"]: one["value"] for one in body.get("custom_attributes", [])}
    names = ("email", "website_id", "firstname", "lastname", "group_id")
    return Account(*(body[name] for name in names), addresses, attributes)


DROPPED = {
    ("customers", "create_second"): [],
    ("customers2", "create_custom_attributes"): [],
    ("customers2", "address_us_region_object_id"): [],
    ("customers2", "address_de_region_text"): [],
    ("customers2", "address_us_no_region"): [],
    ("customers", "address_unknown_country"): ["the billing address in ZZ"],
    ("customers2", "address_no_country"): ["the billing address in "],
    ("customers", "unknown_custom_attribute"): ["the attribute 'erp_id'"],
    ("customers2", "address_city_long"): ["the billing address in DE"],
    ("customers2", "address_telephone_long"): ["the billing address in DE"],
}


@pytest.mark.recordings
@pytest.mark.parametrize(("area", "case"), DROPPED)
def test_what_magento_dropped_in_silence_is_noticed(recorded, area, case):
    """200, and yet not all of it is there: the comparison of what was told with what is shown finds it."""
    exchange = recorded[area, case]
    assert exchange["response"]["status"] == 200
    assert not_applied(sent(exchange), exchange["response"]["body"]) == DROPPED[area, case]
