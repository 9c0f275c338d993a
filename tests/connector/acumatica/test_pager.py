"""The one pager: every list goes on behind its last key, and a site that does not page is a fault and not a loop."""

import httpx
import msgspec
import pytest
from support.moment import NOW

from connector.acumatica import pager
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import RequestRefused
from connector.acumatica.lists import EntityList, ItemFeed, ItemRow, parts, paths
from connector.acumatica.query import ge
from connector.acumatica.records import Number, Text
from connector.acumatica.session import AcumaticaSession
from connector.clock import ManualClock


class Split(msgspec.Struct):
    Name: Text = Text()


class Line(msgspec.Struct):
    Qty: Number = Number()
    Inner: list[Split] = []


class Document(msgspec.Struct):
    Type: Text = Text()
    Nbr: Text = Text()
    Details: list[Line] = []


DOCUMENTS = EntityList(
    name="Document",
    record=Document,
    key=("Type", "Nbr"),
    select=paths(Document),
    expand=parts(Document),
    called="the document",
)
ROWS = ItemFeed(name="Stock", record=ItemRow, select=("InventoryID",), order=("InventoryID",))


class Site:
    """Gives these answers in turn, the last one again and again, and remembers what it was asked."""

    def __init__(self, *answers: object, page_size: int = 2) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        access = AcumaticaAccess("https://erp.example.com", "Company", "admin", "x", page_size=page_size)
        self.session = AcumaticaSession(access, clock=ManualClock(NOW), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if "/auth/" in request.url.path:
            return httpx.Response(204)
        self.asked.append(dict(request.url.params))
        return httpx.Response(200, json=self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def document(kind: str, number: str | int, **more: object) -> dict:
    return {"Type": {"value": kind}, "Nbr": {"value": number}, **more}


def rows(*numbers: int) -> list[dict]:
    return [
        {"InventoryID": number, "InventoryItemByInventoryID": {"InventoryCD": f"ITEM{number} "}} for number in numbers
    ]


async def read(site: Site, of=DOCUMENTS, **how):
    return [page async for page in pager.pages(site.session, of, **how)]


def test_what_is_selected_follows_from_the_record():
    """A new list is a record type: its fields are selected, its parts and their parts expanded."""
    assert paths(Document) == ("Type", "Nbr", "Details/Qty", "Details/Inner/Name")
    assert parts(Document) == ("Details", "Details/Inner")


async def test_a_full_page_is_followed_by_what_is_behind_it():
    """Behind both parts of the last key, under the same conditions, until a page is not full."""
    site = Site([document("A", "1"), document("A", "2")], [document("B", "1")])
    found = await read(site, where=[ge("Total", 5)], changed_since=NOW)
    assert [[one.Nbr.value for one in page.records] for page in found] == [["1", "2"], ["1"]]
    assert [page.last for page in found] == ["A 2", None]
    begins = f"Total ge 5 and LastModifiedDateTime ge datetimeoffset'{NOW.isoformat(timespec='milliseconds')}'"
    assert site.asked[0]["$filter"] == begins
    assert site.asked[1]["$filter"] == f"{begins} and (Type gt 'A' or (Type eq 'A' and Nbr gt '2'))"
    assert {one["$top"] for one in site.asked} == {"2"}


async def test_a_sync_goes_on_where_it_was_left():
    """Behind the key that was kept, whatever quotes it holds."""
    site = Site([])
    await read(site, after="A O'N'1")
    assert site.asked[0]["$filter"] == "(Type gt 'A' or (Type eq 'A' and Nbr gt 'O''N''1'))"


async def test_a_site_that_repeats_its_page_is_refused():
    """Also one that gives the same records in another order."""
    same = [document("A", "1"), document("A", "2")]
    for answers in ([same], [same, same[::-1]]):
        with pytest.raises(RequestRefused, match="repeats the one before"):
            await read(Site(*answers))


async def test_a_page_without_any_key_is_refused():
    """There is nothing to go on behind, and to go on would be to read it again."""
    with pytest.raises(RequestRefused, match="no key to go on behind"):
        await read(Site([document("A", ""), document("", "1")]))


async def test_a_bad_record_is_named_and_its_page_goes_on():
    """By what of its key can be read; the page goes on behind the last record that can be trusted."""
    broken = document("A", "2", Details=[{"Qty": {"value": "many"}}])
    nameless = {"Type": 5, "Nbr": {"value": "9"}}
    site = Site([document("A", "1"), broken, nameless], [], page_size=3)
    found = await read(site)
    assert [one.key for one in found[0].problems("document ")] == ["document A 2", "document (none) 9"]
    assert found[0].last == "A 1"
    site = Site([broken, broken], [document("A", "3")])
    assert [page.last for page in await read(site)] == ["A 2", None]


async def test_an_item_of_a_feed_is_never_handed_on_in_two_pieces():
    """The rows of a full page's last item are left to the next page, which is asked for larger if need be."""
    site = Site({"value": rows(1, 1, 2)}, {"value": rows(2, 2, 2)}, {"value": rows(2, 2, 2, 3)}, page_size=3)
    found = await read(site, ROWS)
    assert [[row.InventoryID for row in page.records] for page in found] == [[1, 1], [2, 2, 2, 3]]
    assert [page.last for page in found] == ["1", None]
    assert [(one.get("$filter"), one["$top"]) for one in site.asked] == [
        (None, "3"),
        ("InventoryID gt 1", "3"),
        ("InventoryID gt 1", "6"),
    ]


async def test_a_feed_that_its_server_cuts_goes_on_behind_the_cut():
    """A next link says that there is more, however short the page; a page of one item only cannot go on."""
    link = {"@odata.nextLink": "https://erp.example.com/x"}
    found = await read(Site({"value": rows(1, 2), **link}, {"value": rows(2)}, page_size=9), ROWS)
    assert [[row.inventory_id() for row in page.records] for page in found] == [["ITEM1"], ["ITEM2"]]
    with pytest.raises(RequestRefused, match="does not page"):
        await read(Site({"value": rows(2), **link}, page_size=9), ROWS)


async def test_records_are_asked_for_by_key():
    """Whole keys only, each once."""
    site = Site([document("A", "1")])
    await pager.with_keys(site.session, DOCUMENTS, ["A 1", "A 1", "A", ""], [ge("Total", 5)])
    assert [one["$filter"] for one in site.asked] == ["((Type eq 'A' and Nbr eq '1')) and Total ge 5"]
    await pager.with_keys(site.session, DOCUMENTS, [])
    assert len(site.asked) == 1


async def test_items_of_a_feed_are_asked_for_by_their_code():
    """In one request for twenty, with as many rows as they have."""
    site = Site({"value": rows(1)})
    await pager.of_items(site.session, ROWS, ["A'1", *(f"I{number}" for number in range(20))])
    assert len(site.asked) == 2
    assert site.asked[0]["$filter"].startswith("(InventoryItemByInventoryID/InventoryCD eq 'A''1' or ")
    assert site.asked[0]["$top"] == "100000"
