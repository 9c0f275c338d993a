"""What turned a request away is told by its likely cause, also where a sync meets it."""

import httpx
import pytest

from connector.magento import causes
from connector.magento.auth import Bearer, OAuth
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import MagentoFault, TemporaryFault, Unauthorized, WrongAddress

URL = "https://shop.example.com:8443"
SECRETS = ("key-of-a-test", "secret-of-a-test", "token-of-a-test", "other-of-a-test")
FOUR = OAuth(*SECRETS)


async def fault(answer: httpx.Response, auth: Bearer | OAuth = FOUR, url: str = URL) -> MagentoFault:
    """What a read raises for this answer."""
    transport = httpx.MockTransport(lambda _request: answer)
    async with MagentoClient(MagentoAccess(url, auth), transport=transport) as client:
        with pytest.raises(MagentoFault) as raised:
            await client.get("store/storeConfigs")
    return raised.value


@pytest.mark.parametrize(
    ("status", "message", "fix"),
    [
        (401, "A consumer having the specified key does not exist", "A2M_MAGENTO__CONSUMER_KEY"),
        (401, "Specified token does not exist", "A2M_MAGENTO__ACCESS_TOKEN"),
        (400, "The token length is invalid. Check the length and try again.", "32 characters"),
        (401, "Access token has been revoked", "Reauthorize the integration"),
        (401, "Consumer key has expired", "Reauthorize it"),
        (401, "The signature is invalid. Verify and try again.", f"{URL}/rest/all/V1/store/storeConfigs"),
        (400, "Signature method %1 is not supported", "HMAC-SHA256"),
        (400, "Incorrect timestamp value in the oauth_timestamp parameter", "NTP"),
    ],
)
async def test_each_refusal_of_oauth_has_its_own_fix(status, message, fix):
    """It is a fault of the whole connection, whatever its status: no message fails of it."""
    raised = await fault(httpx.Response(status, json={"message": message, "parameters": ["HMAC-SHA256"]}))
    assert isinstance(raised, Unauthorized)
    assert raised.resources == ""
    assert fix in str(raised)
    assert message.split("%", maxsplit=1)[0] in str(raised)
    assert not any(secret in str(raised) for secret in SECRETS)


async def test_a_web_server_that_asks_for_a_password_of_its_own():
    """HTTP Basic in front of Magento is no wrong token."""
    answer = httpx.Response(401, html="<h1>401</h1>", headers={"WWW-Authenticate": 'Basic realm="staging"'})
    raised = await fault(answer, Bearer("t"))
    assert isinstance(raised, WrongAddress)
    assert "HTTP Basic" in str(raised)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(503, "maintenance:disable"), (502, "PHP behind it"), (504, "PHP behind it"), (500, "its database is down")],
)
async def test_a_page_instead_of_json_is_reported_by_its_likely_cause(status, cause):
    """It passes, as any answer of that status."""
    raised = await fault(httpx.Response(status, html="<title>Sorry</title>"))
    assert isinstance(raised, TemporaryFault)
    assert cause in str(raised)


async def test_an_error_of_magento_itself_is_not_explained_away():
    """JSON comes from Magento: its own words are enough."""
    raised = await fault(httpx.Response(500, json={"message": "Internal Error."}))
    assert str(raised) == 'Magento answered "Internal Error." (status 500).'


@pytest.mark.parametrize(
    ("url", "ends", "right"),
    [
        ("https://a/rest", "/rest", "https://a"),
        ("https://a/shop/rest/V1", "/rest/V1", "https://a/shop"),
        ("https://a/index.php/rest/default/V1", "/index.php/rest/default/V1", "https://a"),
        ("https://a/REST", "/REST", "https://a"),
    ],
)
def test_a_url_that_ends_in_rest(url, ends, right):
    """What is too much, and what to enter."""
    message = causes.address_fix(url)
    assert message.startswith(f"The URL ends in {ends}, ")
    assert f"enter {right} in" in message


@pytest.mark.parametrize("url", ["https://a", "https://a/shop", "https://a/restaurant", "https://rest.example.com"])
def test_other_urls_are_not_blamed(url):
    """A path of its own is fine."""
    assert causes.address_fix(url) == ""
