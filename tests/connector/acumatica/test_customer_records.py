"""Real answers of Acumatica about customers, decoded; and how pages of them are asked for."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.customers import customer_pages, customers_with_keys
from connector.acumatica.errors import RequestRefused
from connector.acumatica.session import AcumaticaSession
from connector.clock import ManualClock
from connector.model.customers import Address, AttributeValue, Contact

ACCESS = AcumaticaAccess("https://erp.example.com/AcumaticaERP", "Company", "admin", "secret", page_size=2)


@pytest.fixture(scope="module")
def samples(shared):
    file = shared / "contracts" / "acumatica-samples" / "customer.jsonl"
    lines = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return {sample["case"].strip(): sample["body"] for sample in lines}


class Site:
    """An Acumatica that gives these pages in turn, and remembers the questions."""

    def __init__(self, *pages: list) -> None:
        self.left = list(pages)
        self.asked: list[dict[str, str]] = []
        self.session = AcumaticaSession(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if "/auth/" in request.url.path:
            return httpx.Response(204)
        self.asked.append(dict(request.url.params))
        return httpx.Response(200, json=self.left.pop(0))

    async def pages(self, *classes: str, **how) -> list:
        return [page async for page in customer_pages(self.session, classes, **how)]


def field(**values) -> dict:
    return {name: {} if value is None else {"value": value} for name, value in values.items()}


def record(number: str, customer_class: str = "DEFAULT", **more) -> dict:
    return {**field(CustomerID=number, CustomerName=f"Customer {number}", CustomerClass=customer_class), **more}


@pytest.mark.recordings
async def test_a_recorded_customer_is_decoded(samples):
    """Names, class, status, contact and address, with empty fields as empty text."""
    (page,) = await Site(samples["list with MainContact and Address"][:1]).pages("DEFAULT")
    customer = page.customers["ABAKERY"]
    assert customer is not None
    assert (customer.name, customer.customer_class, customer.status) == ("Allen's Bakery", "DEFAULT", "Active")
    assert customer.guest is False
    assert customer.main == Contact(
        company="Allen's Bakery",
        email="user@example.com",
        phone="+1 555 0100",
        address=Address("1 Example Street", "", "New York", "NY", "10019", "US"),
    )
    assert (customer.billing, customer.shipping, customer.person) == (Contact(), Contact(), Contact())


@pytest.mark.recordings
@pytest.mark.parametrize(
    "case",
    [
        "list with MainContact and Address",
        "list narrow $select with MainContact/Address (18.200)",
        "filtered list with ShippingContact",
        "list of overrides",
        "find all / returns array of resources",
        "MYOB customers",
        "MYOB customers_page2",
    ],
)
async def test_recorded_lists_of_all_versions_are_decoded(samples, case):
    """Every recorded list gives its customers, those of other classes as none, and no problem."""
    rows = samples[case]
    found = await customers_with_keys(Site(rows).session, ["DEFAULT"], ["X"])
    assert list(found.customers) == [row["CustomerID"]["value"] for row in rows]
    chosen = [key for key, one in found.customers.items() if one is not None]
    assert chosen == [row["CustomerID"]["value"] for row in rows if row["CustomerClass"]["value"] == "DEFAULT"]
    assert not found.problems


async def test_linked_contacts_and_attributes_are_decoded():
    """Billing, shipping and primary contact; an address of null; attributes with value and label."""
    person = {**field(FirstName="Ann", LastName="Lee", Phone1=None, Phone2="2"), "Address": None}
    attribute = field(AttributeID="SEG", AttributeDescription="Segment", Value="G", ValueDescription="Gold")
    more = {"BillingContact": person, "PrimaryContact": person, "ShippingContact": None, "Attributes": [attribute]}
    (page,) = await Site([record("C1  ", **more)]).pages("DEFAULT", attributes=True)
    customer = page.customers["C1"]
    assert customer is not None
    assert customer.billing == customer.person == Contact("Ann", "Lee", phone="2")
    assert customer.attributes == (AttributeValue("SEG", "Segment", "G", "Gold"),)


async def test_no_class_asks_nothing():
    """An empty list of classes is nobody: not one request."""
    site = Site()
    assert await site.pages() == []
    assert (await customers_with_keys(site.session, [], ["C1"])).customers == {}
    assert site.asked == []


async def test_a_full_read_asks_for_the_chosen_classes_and_no_date():
    """Imported customers are stamped 1900; pages go on behind the last key."""
    site = Site([record("C1"), record("C2")], [record("C3", "B2B")])
    pages = await site.pages("DEFAULT", "B2B")
    assert [list(page.customers) for page in pages] == [["C1", "C2"], ["C3"]]
    assert [page.last_key for page in pages] == ["C2", None]
    either = "(CustomerClass eq 'DEFAULT' or CustomerClass eq 'B2B')"
    assert [one["$filter"] for one in site.asked] == [either, f"{either} and CustomerID gt 'C2'"]
    assert "Attributes" not in site.asked[0]["$expand"]


async def test_a_read_of_changes_sees_who_left_the_class():
    """Changes are asked for of all classes; a customer of another class comes as none."""
    site = Site([record("C1", "OTHER")])
    (page,) = await site.pages("DEFAULT", changed_since=datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    assert page.customers == {"C1": None}
    assert site.asked[0]["$filter"] == "LastModifiedDateTime ge datetimeoffset'2026-11-24T10:00:00.000+00:00'"


async def test_a_quote_in_a_class_or_key_is_doubled():
    """Names go into the filter as OData literals."""
    site = Site([])
    await site.pages("O'NEIL", after="A'B")
    assert site.asked[0]["$filter"] == "(CustomerClass eq 'O''NEIL') and CustomerID gt 'A''B'"


async def test_one_unreadable_customer_does_not_stop_the_others():
    """A value of a wrong type is a problem of its record."""
    bad = {**record("C1"), "CustomerName": {"value": 5}}
    pages = await Site([bad, record("C2")], []).pages("DEFAULT")
    assert list(pages[0].customers) == ["C2"]
    assert [problem.key for problem in pages[0].problems] == ["C1"]
    assert "Unreadable record" in pages[0].problems[0].reason


async def test_a_page_that_repeats_itself_is_refused():
    """A server that does not page by key would be read for ever."""
    page = [record("C1"), record("C2")]
    with pytest.raises(RequestRefused, match="does not page by key"):
        await Site(page, page).pages("DEFAULT")
