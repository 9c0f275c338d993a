"""Roles in the workspace are worth something only where Prefect's API does not let everybody in."""

from datetime import UTC, datetime

import httpx
import pytest

from connector.state.engine import open_state
from connector.state.operator import users
from connector.state.operator.users import User
from deployments.api_access import UnprotectedApi, refuse_unprotected_api

ELSEWHERE = "http://prefect.example:4200/api"


@pytest.fixture
def state(new_database):
    """A new state database."""
    opened = open_state(new_database("sqlite"))
    yield opened
    opened.close()


def answering(status):
    """A server that answers so, to a request without an auth string."""

    def answer(request):
        assert "authorization" not in request.headers
        if status is None:
            raise httpx.ConnectError("away")
        return httpx.Response(status)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    ("has_users", "server", "status", "is_refused"),
    [
        (True, ELSEWHERE, 200, True),
        (True, ELSEWHERE, 401, False),
        (True, ELSEWHERE, None, False),
        (True, "http://127.0.0.1:4200/api", 200, False),
        (False, ELSEWHERE, 200, False),
    ],
)
async def test_an_open_api_is_refused(state, has_users, server, status, is_refused):
    """Where there are users, and it is on another machine, and it lets in whoever asks."""
    if has_users:
        users.add(state, User("anna", "administrator", "hash"), datetime(2026, 11, 24, tzinfo=UTC))
    if is_refused:
        with pytest.raises(UnprotectedApi, match="PREFECT_SERVER_API_AUTH_STRING"):
            await refuse_unprotected_api(server, state, transport=answering(status))
    else:
        await refuse_unprotected_api(server, state, transport=answering(status))
