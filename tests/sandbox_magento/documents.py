"""Replays of documents, which name one another by ids: recorded ids become those of the sandbox, each always the same.

An id is known by the kind of record that it names (`_kind`): the first time a kind's id is met in a recorded answer,
the sandbox's id in the same place is learned; from then on both must be equal, and requests carry the sandbox's.
"""

import re
from typing import Any

import httpx
from sandbox_magento.replay import Case, Replay, first_difference, in_order, send

DAY = "2026-11-24"
MOMENTS = ("created_at", "updated_at")
DIRECT = {
    "order_id": "order",
    "order_item_id": "line",
    "item_id": "line",
    "parent_item_id": "line",
    "product_id": "product",
    "billing_address_id": "order address",
    "shipping_address_id": "order address",
    "customer_id": "customer",
    "quote_id": "cart",
    "quote_item_id": "cart item",
    "protect_code": "secret",
    "default_billing": "customer address",
    "default_shipping": "customer address",
}
PATHS = (
    (re.compile(r"/orders?/(\d+)"), "order"),
    (re.compile(r"/shipment/(\d+)"), "shipment"),
    (re.compile(r"/customers/(\d+)"), "customer"),
    (re.compile(r"/customers/addresses/(\d+)"), "customer address"),
    (re.compile(r"field\]=order_id.*?value\]=(\d+)"), "order"),
    (re.compile(r"field\]=customer_id.*?value\]=(\d+)"), "customer"),
    (re.compile(r"/guest-carts/(\w{32})"), "cart name"),
)


def area_of(path: str) -> str:
    """What a path is about: orders, shipments, invoices, customers, guest-carts …"""
    part = path.split("?")[0].split("/V1/")[-1].split("/")
    if part[0] == "order":
        return {"ship": "shipments", "invoice": "invoices"}[part[-1]]
    return {"shipment": "shipments"}.get(part[0], part[0])


class Documents(Replay):
    """A replay that knows ids."""

    def __init__(self, shop: Any, cases: dict[str, Case]) -> None:
        super().__init__(shop, cases)
        self.ids: dict[tuple[str, str], Any] = {}

    def know(self, kind: str, recorded: Any, own: Any) -> None:
        """Tell which record of the sandbox stands for a recorded one that no answer has shown yet."""
        self.ids[kind, str(recorded)] = own

    def done(self, *, without: Any = frozenset(), differing: Any = frozenset()) -> None:
        """Assert that every case was played, but those without, and that just those differ that may."""
        assert {one.split(":")[0] for one in self.wrong} == differing, "\n".join(self.wrong)
        self.wrong.clear()
        super().done(without=without)

    async def play(self, *names: str, unordered: bool = False, **how: Any) -> httpx.Response:
        """Send recorded requests in this order and note how each answer differs from the recorded one."""
        for name in names:
            case = self.cases[name]
            response = await send(self.shop, self._translated(case["request"]), **how)
            self.played.add(name)
            self.wrong += [f"{name}: {one}" for one in self._differences(case, response, unordered=unordered)]
        return response

    def _translated(self, request: Case) -> Case:
        path = request["path"]
        for pattern, kind in PATHS:
            path = pattern.sub(lambda match, kind=kind: self._in_path(match, kind), path)
        return {**request, "path": path, "body": self._sent(request.get("body"), area_of(request["path"]))}

    def _in_path(self, match: re.Match[str], kind: str) -> str:
        own = str(self.ids.get((kind, match[1]), match[1]))
        return match[0][: match.start(1) - match.start()] + own + match[0][match.end(1) - match.start() :]

    def _sent(self, value: Any, area: str) -> Any:
        if isinstance(value, list):
            return [self._sent(one, area) for one in value]
        if not isinstance(value, dict):
            return value
        made = {}
        for name, inner in value.items():
            if name == "option_selections":
                made[name] = [int(self.ids.get(("selection", str(one)), one)) for one in inner]
                continue
            kind = None if isinstance(inner, dict | list) else _kind(name, value, area)
            known = self.ids.get((kind, str(inner))) if kind else None
            made[name] = self._sent(inner, area) if known is None else type(inner)(known)
        return made

    def _differences(self, case: Case, response: httpx.Response, *, unordered: bool) -> list[str]:
        recorded, area = case["response"], area_of(case["request"]["path"])
        if response.status_code != recorded["status"]:
            return [f"status {response.status_code}, recorded {recorded['status']}: {response.text[:300]}"]
        own, theirs = response.json(), recorded["body"]
        if unordered:
            own, theirs = in_order(own), in_order(theirs)
        own, theirs = self._matched(own, theirs, area, case["request"]["method"])
        return [] if own == theirs else [first_difference(own, theirs)]

    def _matched(self, own: Any, theirs: Any, area: str, method: str) -> tuple[Any, Any]:
        """Both bodies with ids that stand for one another made equal."""
        if not isinstance(theirs, dict | list):
            kind = _answer_kind(area, method, theirs)
            return (own, theirs) if kind is None else self._same(kind, own, theirs)
        return self._walk(own, theirs, area)

    def _walk(self, own: Any, theirs: Any, area: str) -> tuple[Any, Any]:
        if isinstance(own, list) and isinstance(theirs, list) and len(own) == len(theirs):
            pairs = [self._walk(left, right, area) for left, right in zip(own, theirs, strict=True)]
            return [left for left, _right in pairs], [right for _left, right in pairs]
        if not isinstance(own, dict) or not isinstance(theirs, dict):
            return _comparable(own), _comparable(theirs)
        left, right = dict(own), dict(theirs)
        for name in theirs.keys() & own.keys():
            if name == "option_selections":
                left[name] = [self._same("selection", *pair)[0] for pair in zip(own[name], theirs[name], strict=True)]
                continue
            kind = _kind(name, theirs, area)
            if kind is not None and not isinstance(theirs[name], dict | list):
                left[name], right[name] = self._same(kind, own[name], theirs[name])
            elif name in MOMENTS and _of_the_day(own[name]) and _of_the_day(theirs[name]):
                left[name] = right[name] = DAY
            else:
                left[name], right[name] = self._walk(own[name], theirs[name], area)
        return left, right

    def _same(self, kind: str, own: Any, theirs: Any) -> tuple[Any, Any]:
        if theirs is None or own is None:
            return own, theirs
        known = self.ids.setdefault((kind, str(theirs)), own)
        return (theirs, theirs) if str(known) == str(own) else (own, f"{theirs}, which is {known} here")


REPORT = re.compile(r"(Report ID: webapi-)[0-9a-f]+")


def _comparable(value: Any) -> Any:
    return REPORT.sub(r"\1", value) if isinstance(value, str) else value


def _of_the_day(moment: Any) -> bool:
    return isinstance(moment, str) and moment.startswith(DAY)


def _answer_kind(area: str, method: str, value: Any) -> str | None:
    """What an answer that is only an id names."""
    if method != "POST" or isinstance(value, bool):
        return None
    kinds = {"shipments": "shipment", "invoices": "invoice"}
    if area == "guest-carts":
        return "order" if isinstance(value, int) else "cart name"
    return kinds.get(area)


def _kind(name: str, record: Case, area: str) -> str | None:
    """The kind of record that a field of a record names."""
    if name == "option_id" and ({"option_selections", "product_links", "can_change_quantity"} & record.keys()):
        return "bundle option"
    if name == "id" and "can_change_quantity" in record:
        return "selection"
    if area == "guest-carts":
        own_cart = "cart" if str(record.get(name)).isdecimal() else "cart name"
        return {"item_id": "cart item", "quote_id": own_cart}.get(name)
    if name in DIRECT:
        return DIRECT[name]
    if name == "value" and record.get("field") in ("order_id", "customer_id"):
        return DIRECT[record["field"]]
    if name == "fieldValue":
        return {"customerId": "customer", "addressId": "customer address"}.get(record["fieldName"])
    if area == "customers" and name == "id":
        return "customer" if "email" in record else "customer address"
    if name == "entity_id":
        return _entity(record, area)
    if name == "parent_id":
        return "order" if area == "orders" else area.removesuffix("s")
    if name == "increment_id" and str(record.get(name)).isdecimal():
        return f"number of {area}"
    return None


def _entity(record: Case, area: str) -> str:
    parts = {"address_type": "order address", "cc_last4": "payment", "order_item_id": "item", "track_number": "track"}
    for mark, kind in parts.items():
        if mark in record:
            return f"{area} {kind}" if kind in ("item", "track") else kind
    return f"{area} comment" if "comment" in record else area.removesuffix("s")
