"""Recorded exchanges sent to the sandbox again, and how its answers differ from the recorded ones.

What no two shops have in common is left out of the comparison (`VOLATILE`): moments, ids given by the database, hashes.
"""

import json
import re
from typing import Any

import httpx
from sandbox_magento.shop import Shop

VOLATILE = frozenset(
    {
        "created_at",
        "updated_at",
        "start_time",
        "low_stock_date",
        "bulk_uuid",
        "bulk_id",
        "data_hash",
        "base_static_url",
        "secure_base_static_url",
        "item_id",
        "product_id",
        "option_id",
        "configurable_product_links",
    }
)
REPORT = re.compile(r"(Report ID: webapi-)[0-9a-f]+")
PRODUCT_LINK = re.compile(r"(/edit/id/)\d+")
LEFT_OUT = ("Authorization", "User-Agent", "Host")

Case = dict[str, Any]


class Replay:
    """The exchanges of one area, sent one by one; bulk numbers of the recording become those of the sandbox."""

    def __init__(self, shop: Shop, cases: dict[str, Case]) -> None:
        self.shop = shop
        self.cases = cases
        self.played: set[str] = set()
        self.wrong: list[str] = []
        self._numbers: dict[str, str] = {}

    async def play(self, *names: str, unordered: bool = False, **how: Any) -> httpx.Response:
        """Send recorded requests in this order and note how each answer differs from the recorded one."""
        for name in names:
            case = self.cases[name]
            response = await send(self.shop, self._own(case["request"]), **how)
            self._map(case["response"]["body"], response)
            self.played.add(name)
            for difference in differences(case["response"], response, unordered=unordered):
                self.wrong.append(f"{name}: {difference}")
        return response

    def done(self, *, without: frozenset[str] | set[str] = frozenset()) -> None:
        """Assert that every case was played, but those without, and that nothing differs."""
        assert not self.wrong, "\n".join(self.wrong)
        assert set(self.cases) - self.played == set(without), set(self.cases) - self.played ^ set(without)

    def _own(self, request: Case) -> Case:
        path = request["path"]
        for recorded, own in self._numbers.items():
            path = path.replace(recorded, own)
        return {**request, "path": path}

    def _map(self, recorded: Any, response: httpx.Response) -> None:
        if isinstance(recorded, dict) and "request_items" in recorded and response.status_code == 202:
            self._numbers[recorded["bulk_uuid"]] = response.json()["bulk_uuid"]


async def send(shop: Shop, request: Case, **how: Any) -> httpx.Response:
    """Send a recorded request; `how` may say another token, the body's bytes, or headers."""
    recorded = request.get("headers") or {}
    headers = {name.replace("-", "_"): value for name, value in recorded.items() if name not in LEFT_OUT}
    if "Authorization" not in recorded and recorded:
        how.setdefault("token", None)
    body = how.pop("raw", request.get("body"))
    if isinstance(body, str):
        body = body.encode()
    elif body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return await shop.send(request["method"], request["path"], body, **{**headers, **how})


def differences(recorded: Case, response: httpx.Response, *, unordered: bool = False) -> list[str]:
    """How an answer differs from the recorded one: status, kind, body."""
    wrong = []
    if response.status_code != recorded["status"]:
        return [f"status {response.status_code}, recorded {recorded['status']}: {response.text[:300]}"]
    kind = (recorded.get("headers") or {}).get("Content-Type")
    if kind is not None and response.headers["content-type"].lower() != kind.lower():
        wrong.append(f"{response.headers['content-type']}, recorded {kind}")
    if recorded.get("body_is_json", True):
        own, theirs = comparable(response.json()), comparable(recorded["body"])
        if unordered:
            own, theirs = in_order(own), in_order(theirs)
        if own != theirs:
            wrong.append(f"{first_difference(own, theirs)}")
    elif response.text.split("\n")[0] != recorded["body"].split("\n")[0]:
        wrong.append(f"{response.text[:100]}, recorded {recorded['body'][:100]}")
    return wrong


def comparable(value: Any) -> Any:
    """A body without what no two shops have in common."""
    if isinstance(value, dict):
        kept = {name: comparable(inner) for name, inner in value.items() if name not in VOLATILE}
        if "custom_attributes" in kept:
            kept["custom_attributes"] = in_order(kept["custom_attributes"])
        if "sku" in kept:
            kept.pop("id", None)
        return kept
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, str):
        return PRODUCT_LINK.sub(r"\1", REPORT.sub(r"\1", value))
    return value


def in_order(value: Any) -> Any:
    """A body with its lists sorted, where the order is the database's own choice."""
    if isinstance(value, dict):
        return {name: in_order(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((in_order(inner) for inner in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def first_difference(own: Any, theirs: Any, place: str = "") -> str:
    """Where two bodies differ first."""
    if isinstance(own, dict) and isinstance(theirs, dict):
        if list(own) != list(theirs) and own.keys() != theirs.keys():
            return f"{place}: has {sorted(own.keys() - theirs.keys())}, not {sorted(theirs.keys() - own.keys())}"
        for name in theirs:
            if own[name] != theirs[name]:
                return first_difference(own[name], theirs[name], f"{place}.{name}")
    if isinstance(own, list) and isinstance(theirs, list):
        if len(own) != len(theirs):
            return f"{place}: {len(own)} entries, recorded {len(theirs)}: {str(own)[:200]} / {str(theirs)[:200]}"
        for number, (left, right) in enumerate(zip(own, theirs, strict=True)):
            if left != right:
                return first_difference(left, right, f"{place}[{number}]")
    return f"{place}: {str(own)[:300]}, recorded {str(theirs)[:300]}"
