"""`a2m backup`, `a2m restore` and `a2m doctor`."""

import json
import stat
from decimal import Decimal

import pytest
from support.commands import SECRETS
from support.customers import added

CUSTOMERS = {"A2M_ACTIVE__CUSTOMER": "true", "A2M_CUSTOMER__CLASSES": '["WHOLESALE"]'}


def test_a_state_that_was_lost_comes_back(a2m, make_world, home):
    """After a restore the next sync is full: what changed since the backup is sent once more, and nothing else."""
    here = make_world(10)
    a2m("sync", "all")
    made = json.loads(a2m("backup", "--json").out)
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "12.34"}})
    a2m("sync", "all")
    here.state.close()
    for file in home.glob("state.sqlite*"):
        file.unlink()
    done = a2m("restore", made["file"])
    assert done.code == 0, done.err
    assert "The next sync of each entity is full." in done.out
    (price,) = json.loads(a2m("sync", "price", "--json").out)["entities"]
    assert (price["pulled"], price["sent"]) == (10, 1)
    assert here.prices()["SKU-000001"] == Decimal("12.34")
    again = a2m("restore", made["file"])
    assert again.code == 1
    assert "There is a state already in" in again.err


def test_a_backup_of_nothing_is_refused(a2m, home, tmp_path):
    """A file that is none ends with 1 and its name."""
    missing = a2m("restore", str(tmp_path / "nowhere"))
    assert (missing.code, missing.err) == (1, f"There is no file {tmp_path / 'nowhere'}.\n")


@pytest.mark.parametrize("with_reasons", [False, True])
def test_doctor(a2m, make_world, tmp_path, with_reasons):
    """Versions, settings, states and failures in one file; no secret, and no reason unless it was asked for."""
    here = make_world(3)
    here.change(added(1, main_contact={"Phone1": "1", "Email": "not an address"}))
    a2m("sync", "customer", **CUSTOMERS)
    file = tmp_path / "report.md"
    done = a2m("doctor", str(file), *(["--reasons"] if with_reasons else []), **CUSTOMERS)
    assert done.code == 0, done.err
    page = file.read_text()
    assert "- acumatica-magento: 0." in page
    assert "setting: A2M_MAGENTO__BEARER_TOKEN, value: (set), from: environment" in page
    assert "entity: customer, key: ACME0001" in page
    assert ("not an address" in page) is with_reasons
    assert not [secret for secret in SECRETS if secret in page]


def test_doctor_where_nothing_works(a2m, home):
    """What cannot be had is said, because it may be what the report is about."""
    home.mkdir(mode=0o700)
    (home / "state.sqlite").write_bytes(b"this is no database" * 100)
    done = a2m("doctor", "--json", A2M_QUEUE__BATCH_COUNT="0")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["entities"].startswith("could not be read: ")
    assert "prefect" in found["versions"]


def test_a_backup_is_private(a2m, make_world, tmp_path):
    """It holds customers' data."""
    make_world(1)
    file = tmp_path / "copy.sqlite"
    assert a2m("backup", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
