"""Setup Parameters on pages: every setting by its kind, saved with who and why, compared and restored."""

import re
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.state.operator import saved_settings
from settings import all_settings, sections, settings_file
from settings.toml_file import read_settings_file


def version(site):
    """The number of the version in force."""
    with site.state.read() as connection:
        return saved_settings.newest_number(connection)


def fields(site, section):
    """The fields of a section's page as a browser would send them unchanged."""
    text = site.get(f"/setup/{section}").text
    form = text.partition('class="settings"')[2].partition("</form>")[0]
    found = {}
    for tag in re.findall(
        r"<(?:input|textarea|select)[^>]*>(?:[^<]*</textarea>|(?:\s*<option.*?</select>))?", form, re.DOTALL
    ):
        name = re.search(r'name="([^"]+)"', tag)
        if name is None or "disabled" in tag.partition(">")[0]:
            continue
        value = re.search(r'value="([^"]*)"', tag.partition(">")[0])
        if 'type="checkbox"' in tag and " checked" not in tag:
            continue
        if tag.startswith("<textarea"):
            found[name[1]] = tag.partition(">\n")[2].removesuffix("</textarea>")
        elif tag.startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)" selected', tag)
            found[name[1]] = chosen[1] if chosen else ""
        else:
            found[name[1]] = value[1] if value else ""
    return found


def save(site, section, without=(), **changed):
    """Change some fields of a section's page and save it; gives the answer."""
    given = {name: value for name, value in fields(site, section).items() if name not in without}
    given |= {f"f.{name}": value for name, value in changed.items() if "." not in name and name != "why"}
    given |= {name: value for name, value in changed.items() if "." in name or name == "why"}
    return site.post(f"/setup/{section}", f"/setup/{section}", **given)


def saved(site, answer):
    """What the page says after it was saved."""
    assert answer.status_code == 303, answer.text
    return site.get(answer.headers["location"]).text.partition('role="status">')[2].partition("</p>")[0]


def test_every_setting_has_its_field(site):
    """Each is on the page of its section; the confirmation of a secret is no field of its own."""
    for section in sections():
        text = site.get(f"/setup/{section}").text
        for one in all_settings():
            if one.section == section:
                assert (f'id="{section}-{one.field}"' in text) != one.field.startswith("confirm_"), one.name
        assert sections()[section] in text
    assert site.get("/setup/nothing").status_code == 404


@pytest.mark.parametrize("section", list(sections()))
def test_a_page_that_is_saved_as_it_was_shown_changes_nothing(connected, section):
    """What a page shows is what it means, for every kind of setting."""
    assert "Nothing was changed." in saved(connected, save(connected, section))
    assert version(connected) == 0


def test_a_change_is_saved(site):
    """With who, why and what is different; the next sync uses it, and other values stay where they come from."""
    said = saved(site, save(site, "queue", threshold_count="40", why="quicker nights"))
    assert "Saved as version 1: Threshold Count 25 → 40. Why: quicker nights." in said
    assert site.workspace.here().settings.queue.threshold_count == 40
    with site.state.read() as connection:
        kept = saved_settings.newest(connection)
    assert (kept.values, kept.saved_by) == ({"queue": {"threshold_count": 40}}, "this machine")
    assert site.done()[-1].action == "setup.save"
    assert "saved here" in site.get("/setup/queue").text
    assert site.runs.form["queue"]["threshold_count"] == 40, "Prefect's form shows it too"


def test_prefect_is_away(site):
    """What was saved is saved; the page says that Prefect's form shows something else."""
    site.runs.fault = "The form in Prefect still shows the former values."
    assert "The form in Prefect still shows the former values." in saved(site, save(site, "queue", retry_count="4"))
    assert version(site) == 1


def test_a_wrong_value_is_shown_beside_its_field(site):
    """Nothing is saved, the rule stands at the field, and what was typed is still there."""
    answer = save(site, "queue", batch_count="0", threshold_count="many", retry_count="7")
    assert answer.status_code == 422
    problem = answer.text.partition('id="queue-batch_count-error"')[2].partition("</p>")[0]
    assert problem.endswith("</span>It must be a whole number, 1 to 1,000.")
    assert (
        "It must be a whole number, 0 to 1,000,000."
        in answer.text.partition('id="queue-threshold_count-error"')[2].partition("</p>")[0]
    )
    assert 'name="f.batch_count" value="0"' in answer.text
    assert 'name="f.retry_count" value="7"' in answer.text
    assert version(site) == 0


def test_a_rule_over_two_fields(site):
    """Process Sleep Time must fit into Check Process Time: the field that breaks the rule says so."""
    answer = save(site, "queue", process_sleep_time="30", check_process_time="20")
    assert "more than Check Process Time" in answer.text.partition('id="queue-process_sleep_time-error"')[2][:200]


def test_another_section_has_to_be_put_right_first(site, monkeypatch):
    """Where a rule names a setting of another page, a link leads there."""
    monkeypatch.setenv("A2M_MAGENTO__URL", "https://shop.example.com")
    answer = save(site, "acumatica", url="https://erp.example.com")
    assert answer.status_code == 422
    assert 'href="/setup/inventory#inventory-warehouses">Put Warehouses right first</a>' in answer.text


def test_a_field_that_the_environment_fixes(site, monkeypatch):
    """It is shown as such and cannot be changed, whatever a browser sends."""
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "60")
    text = site.get("/setup/queue").text
    assert "fixed by the environment" in text
    assert '<code class="small quiet">A2M_QUEUE__BATCH_COUNT</code>' in text
    assert re.search(r'name="f.batch_count" value="60"[^>]* disabled', text)
    assert "Nothing was changed." in saved(site, save(site, "queue", batch_count="70"))
    answer = save(site, "queue", batch_count="70", **{"p.batch_count": "1"})
    assert "It is fixed by the environment" in answer.text


def test_tables(connected):
    """Maps and lists of rows are tables: rows are added, changed, and taken out by emptying them."""
    rows = {
        "f.sources.0.name": "MAIN",
        "f.sources.0.value": "default",
        "f.sources.7.name": "EAST",
        "f.sources.7.value": "east",
    }
    saved(connected, save(connected, "inventory", **rows))
    assert connected.workspace.here().settings.inventory.sources == {"MAIN": "default", "EAST": "east"}
    saved(connected, save(connected, "inventory", **{"f.sources.0.name": "", "f.sources.0.value": ""}))
    assert connected.workspace.here().settings.inventory.sources == {"MAIN": "default"}
    branch = {"f.branches.0.branch": "NY", "f.branches.0.warehouses": "MAIN, EAST", "f.branches.0.source": "ny"}
    saved(connected, save(connected, "inventory", definition="branch_wise", **branch))
    (row,) = connected.workspace.here().settings.inventory.branches
    assert (row.branch, row.warehouses, row.source, row.include_vendor_inventory) == (
        "NY",
        ("MAIN", "EAST"),
        "ny",
        False,
    )
    ship_via = {"f.ship_vias.0.name": "GROUND", "f.ship_vias.0.carrier_code": "ups", "f.ship_vias.0.title": "UPS"}
    saved(connected, save(connected, "shipment", **ship_via))
    assert connected.workspace.here().settings.shipment.ship_vias["GROUND"].carrier_code == "ups"


def test_a_wrong_row_stands_where_it_was_typed(site):
    """A key that occurs twice is refused at its table, and both rows are still there."""
    rows = {"f.sources.0.name": "MAIN", "f.sources.0.value": "a", "f.sources.1.name": "MAIN", "f.sources.1.value": "b"}
    answer = save(site, "inventory", **rows)
    assert "MAIN occurs twice" in answer.text.partition('id="inventory-sources-error"')[2][:200]
    assert answer.text.count('value="MAIN"') == 2


def test_more_rows(site):
    """The button gives more rows and saves nothing; what was typed stays."""
    given = {**fields(site, "inventory"), "f.sources.0.name": "MAIN", "f.sources.1.name": "EAST", "rows": "sources"}
    more = site.post("/setup/inventory", "/setup/inventory", **given)
    assert more.status_code == 200
    assert 'name="f.sources.1.name" value="EAST"' in more.text
    assert 'name="f.sources.3.name"' in more.text
    assert version(site) == 0


def test_other_kinds(site):
    """Lists have a line for each, choices their labels, instants and decimals their own form."""
    saved(site, save(site, "inventory", warehouses="MAIN\n EAST ,WEST\n", quantity="on_hand", safety="2.5"))
    inventory = site.workspace.here().settings.inventory
    assert (inventory.warehouses, inventory.quantity) == (("MAIN", "EAST", "WEST"), "on_hand")
    assert inventory.safety == Decimal("2.5")
    saved(site, save(site, "shipment", **{"f.from": "2026-11-01T00:00:00+01:00"}))
    assert site.workspace.here().settings.shipment.from_.isoformat() == "2026-10-31T23:00:00+00:00"
    saved(site, save(site, "inventory", without=("f.add_back_open_orders",)))
    assert not site.workspace.here().settings.inventory.add_back_open_orders


def test_a_secret(site):
    """It is typed twice, stands in the settings file that only its owner reads, and is shown nowhere."""
    token = "token-of-a-test"
    answer = save(site, "magento", **{"s.bearer_token": token, "s2.bearer_token": "another"})
    assert (answer.status_code, token in answer.text) == (422, False)
    assert "Bearer Token and Confirm Bearer Token differ" in answer.text
    said = saved(site, save(site, "magento", **{"s.bearer_token": token, "s2.bearer_token": token}))
    assert said == "Bearer Token saved in the settings file."
    assert site.workspace.here().settings.magento.bearer_token == SecretStr(token)
    assert settings_file().stat().st_mode & 0o777 == 0o600
    assert version(site) == 0
    shown = [site.get(path).text for path in ("/setup", "/setup/magento", "/setup/history")]
    assert not [text for text in shown if token in text]
    assert not [one for one in site.done() if token in one.text]
    saved(site, save(site, "magento", store_id="3"))
    assert read_settings_file(settings_file())["magento"] == {"bearer_token": token}
    saved(site, save(site, "magento", **{"sx.bearer_token": "on"}))
    assert site.workspace.here().settings.magento.bearer_token is None


def test_secrets_that_do_not_fit(site):
    """OAuth needs all four: what is wrong is said, and the file stays as it was."""
    said = saved(site, save(site, "magento", **{"s.consumer_key": "key", "s2.consumer_key": "key"}))
    assert "OAuth needs all four credentials" in said
    assert not settings_file().exists()


def test_two_administrators(site):
    """The second is told who saved what meanwhile; saving again changes only what the second typed."""
    mine = fields(site, "queue")
    saved(site, save(site, "queue", threshold_count="40", why="first"))
    answer = site.post("/setup/queue", "/setup/queue", **{**mine, "f.retry_count": "9"})
    assert answer.status_code == 409
    assert "this machine saved version 1 meanwhile: Threshold Count" in answer.text
    assert 'name="f.retry_count" value="9"' in answer.text
    assert 'name="f.threshold_count" value="40"' in answer.text
    again = {**mine, "f.threshold_count": "40", "f.retry_count": "9", "version": "1"}
    saved(site, site.post("/setup/queue", "/setup/queue", **again))
    queue = site.workspace.here().settings.queue
    assert (queue.threshold_count, queue.retry_count) == (40, 9)


def test_history(site):
    """Versions are compared with the one before and with now, and an earlier one is restored as a new one."""
    saved(site, save(site, "queue", threshold_count="40", why="first"))
    saved(site, save(site, "queue", threshold_count="50", retry_count="9"))
    text = site.get("/setup/history").text
    assert text.index("Version 2") < text.index("Version 1")
    assert "Why: first" in text
    shown = site.get("/setup/history/1").text
    made, would = shown.split("What restoring it would change now")
    assert re.search(r"Threshold Count.*?<td>25</td><td>40</td>", made, re.DOTALL)
    assert re.search(r"Threshold Count.*?<td>50</td><td>40</td>", would, re.DOTALL)
    assert re.search(r"Retry Count.*?<td>9</td><td>3</td>", would, re.DOTALL)
    assert "To undo it" not in shown, "version 2 was saved after it"
    assert 'To undo it, restore <a href="/setup/history/1">version 1</a>' in site.get("/setup/history/2").text
    restored = {"number": "1", "version": "2", "why": "too quick"}
    said = site.act("/setup/history/restore", "/setup/history/1", **restored)
    assert said.startswith("Version 1 is restored as version 3: ")
    assert site.workspace.here().settings.queue.threshold_count == 40
    assert "Nothing was restored" in site.act("/setup/history/restore", "/setup/history/1", number="2", version="2")
    assert "count already" in site.act("/setup/history/restore", "/setup/history/1", number="1", version="3")
    site.act("/setup/history/restore", "/setup/history/0", number="0", version="3")
    assert site.workspace.here().settings.queue.threshold_count == 25
    assert site.get("/setup/history/99").status_code == 404


def test_what_is_typed_is_never_markup(site):
    """Neither as a value nor as a reason."""
    saved(site, save(site, "queue", retry_count="4", why="<i>why"))
    assert "<i>why" not in site.get("/setup/history").text
    answer = save(site, "queue", batch_count='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.text
