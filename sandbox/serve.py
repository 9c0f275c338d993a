"""Serve both simulators on loopback until they are stopped; print and write the settings that connect to them."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from sandbox.acumatica.app import create_app as acumatica_app
from sandbox.catalogue import from_csv, generated
from sandbox.faults import App, FaultMiddleware, Faults
from sandbox.magento.app import create_app as magento_app
from sandbox.shop_orders import shop_orders

HOST = "127.0.0.1"


def run(
    *,
    skus: int,
    catalog: Path | None,
    documents: int,
    faults: str | None,
    env_file: Path | None,
    acumatica_port: int,
    magento_port: int,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises `CatalogueError`, `FaultPlanError`, and `OSError` for a port that is in
    use.
    """
    products = generated(skus) if catalog is None else from_csv(catalog)
    plan = Faults(faults or "")
    site, shop = acumatica_app(products, documents=documents), magento_app(products, default_apart=True)
    for change in shop_orders(site.state.view()):
        shop.state.change(change)
    apps = (("acumatica", site, acumatica_port), ("magento", shop, magento_port))
    sockets = [listen(port) for _host, _app, port in apps]
    servers = [_server(FaultMiddleware(app, host, plan)) for host, app, _port in apps]
    asyncio.run(_serve(servers, sockets, env_file, documents=documents > 0))


def listen(port: int = 0, backlog: int = 1024) -> socket.socket:
    """Return a listening socket on loopback; port 0 is any free port. Raises `OSError` with a message if the port is in
    use.

    It is created with its protocol's number, because asyncio switches Nagle's algorithm off only if TCP is named. With
    Nagle's algorithm each answer of two pieces waits 40 ms for the client's delayed acknowledgement.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(backlog)
    except OSError as fault:
        listening.close()
        raise OSError(f"Port {port} on {HOST} cannot be used: {fault.strerror}. Choose another one.") from fault
    return listening


def _server(app: App) -> uvicorn.Server:
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=75)
    return uvicorn.Server(config)


async def _serve(
    servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket], env_file: Path | None, *, documents: bool
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    # `_serve` is `serve` without signal handlers of its own: two servers would each take them away from the other
    tasks = [
        asyncio.create_task(server._serve(sockets=[listening]))
        for server, listening in zip(servers, sockets, strict=True)
    ]
    acumatica, magento = (f"http://{HOST}:{listening.getsockname()[1]}" for listening in sockets)
    _tell(lines_that_connect(acumatica, magento, documents=documents), env_file)
    if sys.stderr.isatty():
        where = "These lines in a .env file connect" if env_file is None else f"The file {env_file} connects"
        sys.stderr.write(f"\nBoth simulators run until Ctrl-C. {where} a2m to them.\n")
    await stopped.wait()
    for server in servers:
        server.should_exit = True
        server.force_exit = True
    await asyncio.gather(*tasks)


def lines_that_connect(acumatica: str, magento: str, *, documents: bool) -> list[str]:
    """Return the settings of a connector for the two simulators, as lines of an `.env` file or of a shell.

    With `documents` they include those of customers, orders and shipments, which are then active.
    """
    lines = [
        f"A2M_MAGENTO__URL={magento}",
        "A2M_MAGENTO__BEARER_TOKEN=sandbox-magento-token",
        f"A2M_ACUMATICA__URL={acumatica}",
        "A2M_ACUMATICA__TENANT=Company",
        "A2M_ACUMATICA__USERNAME=admin",
        "A2M_ACUMATICA__PASSWORD=sandbox",
        "A2M_ACUMATICA__TIME_ZONE=America/New_York",
        "A2M_ACUMATICA__REQUESTS_PER_MINUTE=100000",
        """A2M_INVENTORY__WAREHOUSES='["MAIN","EAST","WEST"]'""",
        """A2M_INVENTORY__SOURCES='{"MAIN":"main","EAST":"east","WEST":"west"}'""",
        "A2M_INVENTORY__DEFAULT_SOURCE=main",
    ]
    return [*lines, *_lines_of_documents()] if documents else lines


def _lines_of_documents() -> list[str]:
    return [
        "A2M_SHIPMENT__FROM=2000-01-01T00:00:00Z",
        f"A2M_SHIPMENT__SHIP_VIAS={_json(SHIP_VIAS)}",
        "A2M_DROPSHIP__SHIP_VIA=LOCAL",
        "A2M_DROPSHIP__SOURCE=vendor",
        """A2M_CUSTOMER__CLASSES='["ECOMMERCE","WHOLESALE"]'""",
        """A2M_CUSTOMER__GROUPS='{"ECOMMERCE":"General","WHOLESALE":"Wholesale"}'""",
        "A2M_CUSTOMER__TELEPHONE=000",
        """A2M_ORDER__TYPES='["SO"]'""",
        "A2M_ORDER__FROM=2000-01-01T00:00:00Z",
        f"A2M_ORDER__STATUSES={_json(STATUSES)}",
        """A2M_ORDER__PAYMENT_METHODS='{"CHECK":"checkmo","ONLINE":"purchaseorder"}'""",
        f"A2M_ORDER__SHIPPING_METHODS={_json(SHIPPING_METHODS)}",
        "A2M_ORDER__INVOICE=offline",
        *(f"A2M_ACTIVE__{entity}=true" for entity in ("SHIPMENT", "CUSTOMER", "ORDER")),
    ]


SHIP_VIAS = {
    "GROUND": {"carrier_code": "ups", "title": "UPS Ground"},
    "LOCAL": {"carrier_code": "custom", "title": "Local delivery"},
    "PICKUP": {"carrier_code": "custom", "title": "Pick-up"},
}
SHIPPING_METHODS = {"GROUND": "ups_GND", "LOCAL": "flatrate_flatrate", "PICKUP": "freeshipping_freeshipping"}
STATUSES = {
    "Open": "processing",
    "On Hold": "holded",
    "Shipping": "processing",
    "Back Order": "processing",
    "Completed": "complete",
    "Invoiced": "processing",
    "Canceled": "canceled",
}


def _json(value: object) -> str:
    return f"'{json.dumps(value, separators=(',', ':'))}'"


def _tell(lines: list[str], env_file: Path | None) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if env_file is not None:
        env_file.parent.mkdir(parents=True, exist_ok=True)
        part = env_file.with_name(f"{env_file.name}.part")
        part.touch(mode=0o600)
        part.write_text(text, encoding="utf-8")
        part.replace(env_file)
    sys.stdout.write(text)
    sys.stdout.flush()
