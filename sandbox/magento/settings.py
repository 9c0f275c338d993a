"""The shop's switches: what `create_app` takes as traits and `_sandbox/change` as settings, by the same plain names."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.magento.typed import Limits

PAGE_LIMIT = 300
DEFAULT_PAGE = 999_999


@dataclass
class Settings:
    """
    bearer: stand-alone bearer tokens are allowed (off by default from Magento 2.4.4, on in the sandbox).
    price_scope: `global` or `website`.
    input_limits: Magento's input limits are on; then pages have 300 records at most unless `page_limit` says more.
    array_limit, page_limit, default_page_size: their numbers; a number also switches that limit on.
    msi: the inventory modules are on; off takes their routes and modules away.
    commerce: the shop is Adobe Commerce, by its list of modules.
    consumer: the queue's consumer runs.
    outage: `none`, `maintenance`, `database` (does not answer) or `php` (down behind the web server).
    deadlocks: the number of next writes of prices, quantities or products that meet a database deadlock: 400 with the
    message of a permanent fault, and nothing applied.
    body_limit: bytes of a request's body that the web server takes.
    account_share: `website` or `global`: within which customers' e-mails are unique.
    port_dropped: a proxy in front drops the port from Host, so signatures (OAuth) of addresses with a port are wrong.
    latency: `off`, or `measured`: answers take as long as they were seen to take.
    """

    bearer: bool = True
    price_scope: str = "global"
    input_limits: bool = False
    array_limit: int | None = None
    page_limit: int | None = None
    default_page_size: int | None = None
    msi: bool = True
    commerce: bool = False
    consumer: bool = True
    outage: str = "none"
    deadlocks: int | None = None
    body_limit: int = 1_048_576
    account_share: str = "website"
    port_dropped: bool = False
    latency: str = "off"

    def limits(self) -> Limits:
        """Return the input limits in force."""
        page = self.page_limit or (PAGE_LIMIT if self.input_limits else None)
        default = self.default_page_size or (DEFAULT_PAGE if self.input_limits else None)
        return Limits(self.array_limit, page, default)

    def deadlock(self) -> bool:
        """Return whether the write at hand meets a deadlock; one less will."""
        if not self.deadlocks:
            return False
        self.deadlocks -= 1
        return True

    def put(self, name: str, value: object) -> None:
        """Set one by name. Raises `ValueError` for a wrong name or value."""
        if name not in vars(self):
            raise ValueError(f"there is no setting {name!r}; known are {', '.join(sorted(vars(self)))}.")
        if name in CHOICES:
            fits = value in CHOICES[name]
        elif name in NUMBERS:
            fits = value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)
        elif name == "body_limit":
            fits = isinstance(value, int) and not isinstance(value, bool) and value > 0
        else:
            fits = isinstance(value, bool)
        if not fits:
            raise ValueError(f"{name} cannot be {value!r}.")
        setattr(self, name, value)


CHOICES = {
    "price_scope": ("global", "website"),
    "outage": ("none", "maintenance", "database", "php"),
    "account_share": ("website", "global"),
    "latency": ("off", "measured"),
}
NUMBERS = ("deadlocks", "array_limit", "page_limit", "default_page_size")
