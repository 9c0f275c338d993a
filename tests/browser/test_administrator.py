"""What an administrator does and sees who never opens a shell, over everything that runs for real: first on Prefect's
pages, then on the workspace's, from nothing at all.
"""

import re

from support.prefect_api import called
from support.prefect_stack import LONG_LIFE
from support.processes import wait_until

SKU = "SKU-000001"


def test_setup_parameters_are_saved(stack, pages):
    """The form shows the effective settings; what is saved is a version that the next form shows."""
    pages.open_form("Setup Parameters")
    pages.picture("setup-parameters", pages.field("Retry Count"))
    assert pages.field("Batch Count").input_value() == "100"
    pages.field("Batch Count").fill("30")
    pages.field("changed_by").fill("Grace")
    run_id = pages.submit()
    pages.see_end(run_id, state="Completed", name="Version 1: Batch Count (A2M_QUEUE__BATCH_COUNT) 100 → 30.")
    pages.open_artifact(run_id, "setup-parameters-changes")
    pages.see_cells("1", "Grace")
    pages.open_form("Setup Parameters")
    assert pages.field("Batch Count").input_value() == "30"


def test_a_wrong_value_is_refused(stack, pages):
    """The form itself refuses what is out of bounds; what is wrong beside another value fails the run, which names the
    field, the value and the rule. Nothing changes.
    """
    before = stack.form("Setup Parameters")
    pages.open_form("Setup Parameters")
    pages.field("Retry Count").fill("0")
    pages.try_to_submit()
    assert pages.field("Retry Count").evaluate("field => field.validity.rangeUnderflow")
    pages.field("Retry Count").fill("3")
    pages.field("Process Sleep Time").fill("7")
    run_id = pages.submit()
    pages.see_end(run_id, state="Failed", name="Nothing was changed. Process Sleep Time")
    pages.see_log("Process Sleep Time (A2M_QUEUE__PROCESS_SLEEP_TIME) = 7: 7 is more than Check Process Time (1)")
    pages.picture("setup-parameters-refused")
    assert stack.form("Setup Parameters") == before


def test_test_connection(stack, pages):
    """A check that failed comes first, with its fix, in the log and in the table."""
    stack.configure(customer={"classes": ["ECOMMERCE", "RETAIL"]})
    run_id = pages.start("Test Connection")
    pages.see_end(run_id, state="Failed", name="failed. Customer classes: Acumatica has no customer class RETAIL")
    pages.see_log("✗ FAILED, Customer classes: Acumatica has no customer class RETAIL; it has DEFAULT, ECOMMERCE")
    pages.see_log("✓ passed, Acumatica answers")  # the page shows as many lines as it has room for
    pages.open_artifact(run_id, "test-connection")
    pages.see("FAILED: Customer classes. Acumatica has no customer class RETAIL")
    pages.see_cells("Customer classes", "✗ FAILED")
    pages.picture("test-connection")


def test_retry_of_a_run_that_failed(stack, pages):
    """Acumatica is away: the run fails and no message does. When it is back, Retry in the menu of that run works, also
    beside the run that the automation starts meanwhile.
    """
    stack.break_with("acumatica path=*/StockItem*: status=503")
    run_id = pages.start("inventory")
    pages.see_end(run_id, state="Failed", name="inventory: Acumatica did not answer")
    stack.break_with("")
    pages.retry()
    again = stack.wait_for_end(run_id, run_count=2)
    pages.see_end(run_id, state="Completed", name=f"inventory: {again['state']['message']}")
    assert stack.a2m("reconcile", "inventory").code == 0
    rerun(stack, "inventory")  # after its pause it would work in one of the stories that follow, where a product lacks


def test_a_sync_started_by_hand(stack, pages):
    """The run is found by its deployment; its name says what happened, and a summary tells of the day and the queue."""
    pages.find_deployment("price")
    run_id = pages.start("price")
    pages.see_end(run_id, state="Completed", name="price: 40 changed, 40 sent in ")
    pages.picture("run")
    pages.open_artifact(run_id, "price-summary")
    pages.see_cells("sent today", "40")
    pages.see_cells("waiting in the queue", "0")
    assert set(stack.shop()["prices"]) == set(stack.erp()["items"])


def test_a_failed_message_is_mended_and_sent_again(stack, pages):
    """Magento loses a product: the run says so, with the reason; once it is there again, its newest price is sent from
    the form of Reprocess Failed Messages. The run is red and counted once, and is not started again.
    """
    stack.change_shop({"remove_product": SKU})
    stack.change_erp({"set_price": {"inventory_id": SKU, "price": "77.5"}})
    run_id = pages.start("price")
    pages.see_end(run_id, state="NeedsAttention", name="1 failed")
    red = {"deployments": {"name": {"any_": [called("price")]}}, "flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}}
    assert stack.ask("flow_runs/count", **red) == 1
    pages.see_log(f"{SKU} failed (unknown_sku): Unknown SKU")
    pages.open_artifact(run_id, "price-failed")
    pages.see("price: 1 failed in this run. Fix the cause")
    pages.see_cells(SKU, " no product ")
    pages.picture("failed-messages")

    run_id = pages.start("Reprocess Failed Messages")
    pages.see_end(run_id, state="Completed", name="1 failed message chosen; nothing was done.")
    pages.open_artifact(run_id, "failed-by-cause")
    pages.see_cells("1", "price")

    stack.change_shop({"add_product": {"sku": SKU}})
    pages.open_form("Reprocess Failed Messages")
    pages.choose("what", "Send them again")
    pages.picture("reprocess")
    run_id = pages.submit()
    pages.see_end(run_id, state="Completed", name="1 failed message chosen; now 1 sent.")
    assert float(stack.shop()["prices"][SKU]) == 77.5
    assert [one["parameters"].get("rerun") for one in stack.runs("price") if one["parameters"].get("rerun")] == []


def test_two_starts_at_once(stack, pages):
    """One of them works, the other one ends at once and says who works."""
    stack.configure(queue=LONG_LIFE)
    started = {pages.start("price"), pages.start("price")}

    def states():
        return {run_id: stack.run(run_id)["state_name"] for run_id in started}

    wait_until(lambda: "AlreadyRunning" in states().values(), "a run that finds another one at work")
    found = states()  # asked for anew: before, the one that works may have been asked for before it began
    assert sorted(found.values()) == ["AlreadyRunning", "Running"]
    (second,) = [run_id for run_id, state in found.items() if state == "AlreadyRunning"]
    pages.see_end(second, state="AlreadyRunning", name="price is being worked on by run")
    stack.pause("price", paused=True)
    (first,) = started - {second}
    pages.see_end(first, state="Completed", name="price: ")
    stack.pause("price", paused=False)


def test_a_killed_run_is_started_again(stack, killed):
    """The automation starts another run in place of the one that was killed; it says so. Both systems agree, at the
    latest after one more run: a request that the kill kept from Magento is sent again after a pause, and a run of one
    second does not wait for it.
    """
    assert stack.run(killed)["state_type"] == "CRASHED"
    again = rerun(stack, "customer")
    assert (again["state_name"], again["name"].endswith("(re-run 1 of 3)")) == ("Completed", True), again["name"]

    wait_until(lambda: both_agree(stack), "customers that are the same on both sides")


def test_first_set_up(stack, workspace):
    """From nothing to a green Overview: connect both, see what there is, choose a warehouse, switch on, sync."""
    stack.begin_anew()
    magento, acumatica = stack.sections["magento"], stack.sections["acumatica"]
    workspace.open("/")
    workspace.see("Connect Acumatica and Magento")
    workspace.is_fit()
    workspace.open("/setup/magento")
    workspace.fill(url=magento["url"])
    workspace.secret("Bearer Token", magento["bearer_token"])
    workspace.press("Save")
    workspace.see_notice("Magento URL")

    workspace.open("/setup/acumatica")
    workspace.fill(url=acumatica["url"], username="admin")
    workspace.secret("Password", acumatica["password"])
    workspace.press("Save")
    workspace.see("Type Password again: no page holds a secret.")
    workspace.secret("Password", acumatica["password"])
    workspace.press("Save without inventory for now")
    workspace.see_notice("Acumatica URL")

    workspace.open("/setup")
    workspace.press("Test Connection")
    workspace.see("passed")
    workspace.is_fit()

    workspace.open("/setup/inventory")
    workspace.press("MAIN")
    workspace.page.locator('[name="f.sources.0.name"]').fill("MAIN")
    workspace.page.locator('[name="f.sources.0.value"]').fill("default")
    workspace.press("Save")
    workspace.see_notice("Warehouses")
    workspace.open("/setup/queue")
    workspace.fill(check_process_time="1", process_sleep_time="1")
    workspace.press("Save")
    workspace.see_notice("Check Process Time")
    workspace.open("/setup/active")
    workspace.page.get_by_label("Inventory").check()
    workspace.press("Save")

    for entity in ("price", "inventory"):
        workspace.open("/")
        workspace.card(entity).get_by_role("button", name="Sync now").click()
        workspace.see_notice("is started")
    for entity in ("price", "inventory"):
        workspace.see_card(entity, "Last sync")
    workspace.see("Nothing needs your attention.")
    workspace.is_fit()


def test_a_wrong_value_on_a_page(workspace):
    """It is refused beside its field, and nothing is saved."""
    workspace.open("/setup/queue")
    workspace.fill(batch_count="0")
    workspace.press("Save")
    workspace.page.locator("#queue-batch_count-error").get_by_text("It must be a whole number, 1 to 1,000.").wait_for()
    workspace.picture("setup-refused")
    workspace.is_fit()


def test_a_change_is_foreseen_saved_and_restored(workspace):
    """What it would change is computed before it is saved, with a reason; then the former version is restored."""
    workspace.open("/setup/price")
    workspace.fill(rounding="0")
    workspace.press("What would change")
    workspace.see(re.compile(r"[1-9]\d* of 40 change"))
    workspace.picture("preview")
    workspace.is_fit()
    workspace.page.get_by_label("Why").fill("whole dollars for a day")
    workspace.press("Save")
    workspace.see_notice("Why: whole dollars for a day.")
    workspace.open("/setup/history")
    workspace.page.get_by_role("link", name=re.compile(r"^Version")).nth(1).click()
    workspace.press("Restore")
    workspace.see_notice("is restored as version")


def test_a_broken_shop_is_mended(stack, workspace):
    """Magento loses a product: the Overview shows it, its group says what to do; once corrected, it is sent
    again, and nothing needs anybody.
    """
    stack.change_shop({"remove_product": SKU})
    stack.change_erp({"set_price": {"inventory_id": SKU, "price": "81.25"}})
    workspace.open("/")
    workspace.card("price").get_by_role("button", name="Sync now").click()
    workspace.see("1 message failed")
    workspace.page.get_by_role("link", name=re.compile("^Show them")).first.click()
    workspace.see("Create the product in Magento")
    workspace.is_fit()
    stack.change_shop({"add_product": {"sku": SKU}})
    workspace.press("Send it again")
    workspace.see_notice("is sent again")
    workspace.open("/")
    workspace.see("Nothing needs your attention.")
    assert float(stack.shop()["prices"][SKU]) == 81.25


def test_a_record_is_explained(workspace):
    """Found as it is typed: what Acumatica says, what Magento was sent with its answers, and what it shows now."""
    workspace.open("/record")
    workspace.page.get_by_role("searchbox").fill(SKU.lower())
    workspace.press("Find")
    workspace.go(f"Price {SKU}")
    workspace.see("What Magento was sent")
    workspace.see("81.25")
    workspace.see("Why it shows that")
    workspace.go("What Magento shows now")
    workspace.see("Magento shows now")
    workspace.picture("record")
    workspace.is_fit()


def test_what_was_sent_and_done_stands_under_activity(workspace):
    """By day and entity, with who did what."""
    workspace.open("/activity")
    workspace.see("Price")
    workspace.see("What people did")
    workspace.picture("activity")
    workspace.is_fit()


def test_two_administrators(workspace, another):
    """Two people change one section at once: the second sees who saved what, and keeps the typed values."""
    for one in (workspace, another):
        one.open("/setup/queue")
    workspace.fill(threshold_count="40")
    workspace.press("Save")
    workspace.see_notice("Threshold Count")
    another.fill(retry_count="9")
    another.press("Save")
    another.see("meanwhile: Threshold Count")
    another.press("Save")
    another.see_notice("Retry Count")


def both_agree(stack):
    """Whether the customers are the same on both sides; syncs them if they are not."""
    agree = stack.a2m("reconcile", "customer").code == 0
    if not agree:
        stack.a2m("sync", "customer")
    return agree


def rerun(stack, entity):
    """The run that the automation started in place of one that failed, once it is over."""

    def found():
        return [one for one in stack.runs(entity) if one["parameters"].get("rerun")]

    wait_until(found, f"a run of {entity} that was started again")
    return stack.wait_for_end(found()[0]["id"])
