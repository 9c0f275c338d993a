"""What programs ask of the workspace: whether it lives, whether it can work, and figures for Prometheus."""

import json
import re
from datetime import timedelta

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from support.project import ROOT
from support.workspace import NOW

from connector.state.sync import entities


def figures(text):
    """Every figure by name and labels."""
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_health(site, monkeypatch):
    """It lives; it is ready while its settings and its state can be used, and says no more to strangers."""
    assert (site.get("/healthz").status_code, site.get("/readyz").text) == (200, "ready\n")
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "0")
    assert site.get("/healthz").status_code == 200
    assert (site.get("/readyz").status_code, site.get("/readyz").text) == (503, "not ready\n")
    assert site.get("/metrics").status_code == 503


def test_the_figures(site):
    """How each entity stands, in Prometheus's text format."""
    with site.state.write() as connection:
        entities.remember_sync(connection, "price", NOW, "1 sent", did_nothing=False, full=True)
    entities.pause(site.state, ["order"], paused=True)
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = figures(answer.text)
    assert found["a2m_active", "price"] == 1
    assert (found["a2m_paused", "order"], found["a2m_paused", "price"]) == (1, 0)
    assert found["a2m_messages", "pending", "price"] == 0
    assert found["a2m_last_sync_timestamp_seconds", "price"] == NOW.timestamp()
    assert ("a2m_last_sync_timestamp_seconds", "order") not in found


def test_what_watches_the_figures_names_those_that_there_are(site):
    """The dashboard and the alert rules ask for nothing that is not told."""
    described = set(re.findall(r"# HELP (a2m_\w+)", site.get("/metrics").text))
    folder = ROOT / "deployments" / "monitoring"
    panels = json.loads((folder / "grafana-dashboard.json").read_text())["panels"]
    rules = yaml.safe_load((folder / "alerts.yaml").read_text())["groups"][0]["rules"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    assert len(asked) > 10
    assert {name for one in asked for name in re.findall(r"a2m_\w+", one)} <= described


@pytest.mark.parametrize(("given", "status"), [("Bearer figures", 200), ("Bearer wrong", 401), ("Basic figures", 401)])
def test_the_figures_where_users_log_in(make_site, site, given, status):
    """A program shows the token that the settings have; without one in the settings it is refused."""
    site.add_user()
    assert site.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    guarded = make_site(metrics_token="figures")
    assert guarded.get("/metrics", headers={"Authorization": given}).status_code == status


def test_a_browser_that_is_logged_in_sees_the_figures(site):
    """It needs no token."""
    site.add_user()
    site.log_in()
    site.wait(timedelta(minutes=1))
    assert site.get("/metrics").status_code == 200
