"""`a2m sandbox`: both simulators on loopback, and the lines that connect to them."""

import json
import shlex
import signal
import socket
import stat

import pytest
from dotenv import dotenv_values
from support.commands import command, environment
from support.processes import answers, family, left_of, running, wait_until

from sandbox.serve import lines_that_connect


def test_it_serves_until_it_is_stopped(tmp_path):
    """When both answer, the A2M_… lines are printed and written for the owner only; SIGTERM ends it with 0."""
    file, output = tmp_path / "sandbox.env", tmp_path / "said"
    arguments = ["sandbox", "--skus", "3", "--acumatica-port", "0", "--magento-port", "0", "--env", str(file)]
    with running(command(*arguments), folder=tmp_path, environ=environment(tmp_path, {}), log=output) as sandbox:
        wait_until(lambda: file.exists() or sandbox.poll() is not None, "lines that connect")
        lines = dotenv_values(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert answers(f"{lines['A2M_ACUMATICA__URL']}/_sandbox/state")
        assert answers(f"{lines['A2M_MAGENTO__URL']}/_sandbox/journal")
        wait_until(lambda: output.read_text() == file.read_text(), "the same lines on standard output")
        processes = family(sandbox.pid)
        sandbox.send_signal(signal.SIGTERM)
        assert sandbox.wait(timeout=60) == 0
        assert left_of(processes) == []


@pytest.mark.parametrize("option", ["--acumatica-port", "--magento-port"])
def test_a_port_that_is_taken(a2m, option):
    """It ends with 1 and names the port."""
    ports = {"--acumatica-port": "0", "--magento-port": "0"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        chosen = [word for pair in (ports | {option: port}).items() for word in pair]
        output = a2m("sandbox", "--skus", "1", *chosen)
    assert (output.code, output.out) == (1, "")
    assert f"Port {port} on 127.0.0.1 cannot be used" in output.err


def test_an_env_file_that_cannot_be_written(a2m, tmp_path):
    """It ends with 1 and names the file."""
    (tmp_path / "file").write_text("in the way of a folder")
    output = a2m("sandbox", "--acumatica-port", "0", "--magento-port", "0", "--env", str(tmp_path / "file" / "x.env"))
    assert output.code == 1
    assert "x.env" in output.err or "file" in output.err


def test_the_settings_that_it_prints_are_ones_that_a_real_shop_accepts_and_sells_from(a2m, make_world):
    """With `default` in Default Stock alone, as in a real Magento: the checks pass, and all that is sent is salable."""
    here = make_world(10, magento={"default_apart": True}, acumatica={"documents": 4})
    printed = dict(line.split("=", 1) for line in lines_that_connect("", "", documents=True))
    own = {name: shlex.split(printed[name])[0] for name in printed if name.startswith("A2M_INVENTORY__")}
    own |= {name: shlex.split(printed[name])[0] for name in printed if name.startswith("A2M_DROPSHIP__")}
    checks = json.loads(a2m("check", "--json", **own).out)["checks"]
    assert {one["what"]: one["said"] for one in checks if one["result"] != "passed"} == {}
    assert a2m("sync", "inventory", **own).code == 0
    sent = here.quantities()
    stock = here.shop("GET", "inventory/stock-resolver/website/base")["stock_id"]
    assert {source for _sku, source in sent} == {"main", "east", "west"}
    for sku in ("SKU-000001", "SKU-000002"):
        salable = here.shop("GET", f"inventory/get-product-salable-quantity/{sku}/{stock}")
        assert salable == sum(quantity for (own_sku, _source), quantity in sent.items() if own_sku == sku) > 0


def test_a_file_that_cannot_be_written(a2m, tmp_path):
    """It ends with 1 and names the file, in words."""
    (tmp_path / "no-folder").write_text("")
    file = tmp_path / "no-folder" / "sandbox.env"
    output = a2m("sandbox", "--skus", "3", "--acumatica-port", "0", "--magento-port", "0", "--env", str(file))
    assert output.code == 1
    assert "no-folder cannot be written: " in output.err
    assert "Errno" not in output.err
