"""Test Connection on a page."""

import pytest

from entities.checks import Check


@pytest.fixture
def checks(monkeypatch):
    """What the checks find."""

    async def found(_settings, _state):
        yield Check("Magento answers", "passed", "It does.")
        yield Check("Clock", "could not be checked", "No date.")
        yield Check("Token", "failed", "Magento refuses <the> token.")

    monkeypatch.setattr("app.connection.test_connection.check_connection", found)


def test_each_check_with_its_fix(connected, checks):
    """What failed stands first; that it was tested stands in the audit."""
    answer = connected.post("/test-connection")
    text = answer.text
    assert answer.status_code == 200
    assert text.index("Magento refuses &lt;the&gt; token.") < text.index("No date.") < text.index("It does.")
    assert "1 failed, 1 could not be checked, 1 passed" in text
    assert "All checks passed" not in text
    assert connected.done()[-1].text == "Test Connection: 1 failed, 1 could not be checked, 1 passed."


def test_credentials_in_prefect_alone(site, checks):
    """Only a run reads them, so one is started."""
    assert "Prefect shows each check" in site.act("/test-connection", "/setup")
    assert site.runs.started == [("Test Connection/Test Connection", {})]
    site.runs.fault = "Prefect does not answer."
    assert "needs the credentials of both systems. Prefect does not answer." in site.act("/test-connection", "/setup")
