"""What an administrator does and sees who never opens a shell: Prefect's pages over everything that runs for real."""

from support.prefect_api import called
from support.prefect_stack import LONG_LIFE
from support.processes import wait_until

SKU = "SKU-000001"


def test_setup_parameters_are_saved(stack, pages):
    """The form shows what is in force; what is filled in is a version that the next form shows."""
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
    states = {}

    def one_has_ended():
        states.update({run_id: stack.run(run_id)["state_name"] for run_id in started})
        return "AlreadyRunning" in states.values()

    wait_until(one_has_ended, "a run that finds another one at work")
    assert sorted(states.values()) == ["AlreadyRunning", "Running"]
    (second,) = [run_id for run_id, state in states.items() if state == "AlreadyRunning"]
    pages.see_end(second, state="AlreadyRunning", name="price is being worked on by run")
    stack.a2m("pause", "price")
    (first,) = started - {second}
    pages.see_end(first, state="Completed", name="price: ")
    stack.a2m("resume", "price")


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


def test_a_killed_run_is_started_again(stack, killed):
    """The automation starts another run in place of the one that was killed; it says so. Both systems agree, at the
    latest after one more run: a request that the kill kept from Magento is sent again after a pause, and a run of one
    second does not wait for it.
    """
    assert stack.run(killed)["state_type"] == "CRASHED"
    wait_until(lambda: reruns(stack), "a run that was started again")
    again = stack.wait_for_end(reruns(stack)[0]["id"])
    assert (again["state_name"], again["name"].endswith("(re-run 1 of 3)")) == ("Completed", True), again["name"]

    wait_until(lambda: both_agree(stack), "customers that are the same on both sides")


def both_agree(stack):
    """Whether the customers are the same on both sides; syncs them if they are not."""
    agree = stack.a2m("reconcile", "customer").code == 0
    if not agree:
        stack.a2m("sync", "customer")
    return agree


def reruns(stack):
    """The runs of customers that the automation started."""
    return [one for one in stack.runs("customer") if one["parameters"].get("rerun")]
