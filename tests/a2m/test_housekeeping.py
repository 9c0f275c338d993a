"""`a2m housekeeping` by its own door."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from connector.state.engine import open_state
from connector.state.schema import micros, requests


def test_housekeeping(a2m, make_world):
    """Old sent messages go, as many as it says; what Magento has stays known, and without a server no runs are asked
    for.
    """
    here = make_world(3)
    assert a2m("sync", "price").code == 0
    state = open_state(here.database_url)
    with state.write() as connection:
        long_ago = micros(datetime.now(UTC) - timedelta(days=40))
        connection.execute(update(requests).values(sent_at=long_ago, settled_at=long_ago))
    state.close()
    output = a2m("housekeeping", "--json", A2M_HOUSEKEEPING__MESSAGES="50")
    assert (output.code, json.loads(output.out)) == (0, {"messages": 0, "runs": None, "ended": None})
    output = a2m("housekeeping")
    assert output.code == 0
    assert output.out == (
        "2 messages in the log of requests deleted; no Prefect server is configured (PREFECT_API_URL), so no runs.\n"
    )
    output = a2m("sync", "price", "--full", "--json")
    assert json.loads(output.out)["entities"][0]["sent"] == 0


def test_a_server_that_does_not_answer(a2m, make_world):
    """It says which, once the state database is clean."""
    make_world(1)
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        output = a2m("housekeeping")
    assert (output.code, output.out) == (1, "")
    assert "Prefect server http://127.0.0.1:1/api (PREFECT_API_URL)" in output.err
