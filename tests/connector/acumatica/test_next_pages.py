"""The address of a next page comes from an answer: the login goes nowhere but to Acumatica itself."""

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import AcumaticaUnreachable, RequestRefused
from connector.acumatica.session import acumatica_session
from connector.acumatica.vendor_quantities import vendor_quantities
from connector.clock import ManualClock

ACCESS = AcumaticaAccess("https://erp.example.com/site", "Company", "admin", "secret")
OAUTH = AcumaticaAccess("https://erp.example.com/site", "Company", "admin", "secret", client_id="c", client_secret="s")
ELSEWHERE = [
    "https://evil.example.net/t/Company/api/odata/gi/Vendor?$skip=1",
    "https://erp.example.com.evil.example.net/x",
    "https://erp.example.com@evil.example.net/x",
    "https://somebody@erp.example.com/x",
    "https://erp.example.com:8443/x",
    "http://erp.example.com/x",
    "//evil.example.net/x",
    "https://erp.example.com\\@evil.example.net/x",
    "ftp://erp.example.com/x",
    "https://erp.example.com:port/x",
]


class Site:
    """Lists one vendor quantity a page, and says where the next page is."""

    def __init__(self, *links: str) -> None:
        self.links = list(links)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "a secret token"})
        if "/auth/" in request.url.path:
            return httpx.Response(204, headers={"set-cookie": "ASP.NET_SessionId=secret; path=/"})
        row = {"InventoryID": f"V-{len(self.asked)}", "WarehouseID": "MAIN", "VendorQty": 1}
        more = {"@odata.nextLink": self.links.pop(0)} if self.links else {}
        return httpx.Response(200, json={"value": [row], **more})


async def read(site: Site, access: AcumaticaAccess = ACCESS):
    transport = httpx.MockTransport(site)
    async with acumatica_session(access, clock=ManualClock(NOW), transport=transport) as session:
        return await vendor_quantities(session, "Vendor")


@pytest.mark.parametrize("access", [ACCESS, OAUTH], ids=["cookie", "oauth"])
@pytest.mark.parametrize("link", ELSEWHERE)
async def test_a_next_page_at_another_address_is_refused(link: str, access: AcumaticaAccess) -> None:
    """Nothing is sent there, and the error names the address and what to look at."""
    site = Site(link)
    with pytest.raises(AcumaticaUnreachable, match="A2M_ACUMATICA__URL"):
        await read(site, access)
    assert {(one.url.scheme, one.url.host, one.url.port) for one in site.asked} == {("https", "erp.example.com", None)}


@pytest.mark.parametrize(
    "link",
    [
        "https://erp.example.com/site/t/Company/api/odata/gi/Vendor?$skip=1",
        "https://ERP.example.com:443/site/t/Company/api/odata/gi/Vendor?$skip=1",
        "Vendor?$skip=1",
        "/site/t/Company/api/odata/gi/Vendor?$skip=1",
    ],
)
async def test_a_next_page_of_the_site_is_read(link: str) -> None:
    """Also one whose address is given in part, as OData allows."""
    site = Site(link)
    page = await read(site)
    assert len(page.quantities) == 2
    assert site.asked[2].url.path == "/site/t/Company/api/odata/gi/Vendor"


async def test_a_next_page_that_was_read_already_ends_the_sync() -> None:
    """It would never end."""
    link = "https://erp.example.com/site/t/Company/api/odata/gi/Vendor?$skip=1"
    with pytest.raises(RequestRefused, match="read already"):
        await read(Site(link, link, link))


async def test_redirects_are_not_followed() -> None:
    """Neither of a read nor of a login: the address that it leads to is told, and gets nothing."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example.net/x"})

    for access in (ACCESS, OAUTH):
        async with acumatica_session(access, clock=ManualClock(NOW), transport=httpx.MockTransport(answer)) as session:
            with pytest.raises(AcumaticaUnreachable, match=r"evil\.example\.net"):
                await vendor_quantities(session, "Vendor")
    assert set(asked) == {"erp.example.com"}
