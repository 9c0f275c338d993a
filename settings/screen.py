"""Setup Parameters as a whole: every section, the rules between them, and the folder that the connector lives in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from settings.acumatica import Acumatica
from settings.documents import Active, Additional, Customer, Dropship, Order, Shipment
from settings.housekeeping import Housekeeping
from settings.inventory import Inventory, source_name
from settings.items import Items
from settings.magento import Magento
from settings.notify import Notify
from settings.price import Price
from settings.queue import Queue
from settings.receiver import Receiver
from settings.vendor_inventory import VendorInventory


def home_folder() -> Path:
    """The state folder: `A2M_HOME`, else the user's data folder of this system."""
    named = os.environ.get("A2M_HOME")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_path("a2m", appauthor=False))


def settings_file() -> Path:
    """The settings file: `A2M_SETTINGS`, else `settings.toml` in the state folder."""
    named = os.environ.get("A2M_SETTINGS")
    return Path(named).expanduser() if named else home_folder() / "settings.toml"


def own_database() -> str:
    """The address of the SQLite file in the state folder."""
    return f"sqlite:///{home_folder() / 'state.sqlite'}"


Saved = Mapping[str, Mapping[str, Any]]
"""Values saved from the Prefect UI: section, field, value."""

_saved: ContextVar[Saved] = ContextVar("saved")


@contextmanager
def with_saved(values: Saved) -> Iterator[None]:
    """Let these values count as saved from the Prefect UI while settings are read."""
    token = _saved.set(values)
    try:
        yield
    finally:
        _saved.reset(token)


class _HighestWins(PydanticBaseSettingsSource):
    """All places as one: the highest that has a field says its whole value.

    Maps of two places are not mixed: a row that somebody took out of a map must not come back from below.
    """

    def __init__(self, settings_cls: type[BaseSettings], places: tuple[PydanticBaseSettingsSource, ...]) -> None:
        super().__init__(settings_cls)
        self._places = places

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the places together say of one field; nothing of it is left to be decoded."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for place in reversed(self._places):
            for name, value in place().items():
                both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
                found[name] = {**found[name], **value} if both else value
        return found


class _Environment(EnvSettingsSource):
    """The environment, where a list or map may still stand in the quotes that a shell would have taken away.

    `docker --env-file` and others hand `NAME='["MAIN"]'` on with its quotes.
    """

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        return super().decode_complex_value(field_name, field, value.strip().strip("'"))


class Settings(BaseSettings):
    """Every setting. Highest first: arguments, environment, `.env`, saved from the UI, settings file, default."""

    model_config = SettingsConfigDict(
        env_prefix="A2M_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    magento: Magento = Magento()
    acumatica: Acumatica = Acumatica()
    queue: Queue = Queue()
    items: Items = Items()
    price: Price = Price()
    inventory: Inventory = Inventory()
    vendor_inventory: VendorInventory = VendorInventory()
    shipment: Shipment = Shipment()
    customer: Customer = Customer()
    order: Order = Order()
    dropship: Dropship = Dropship()
    additional: Additional = Additional()
    active: Active = Active()
    receiver: Receiver = Receiver()
    notify: Notify = Notify()
    housekeeping: Housekeeping = Housekeeping()
    database: SecretStr = Field(
        SecretStr(""),
        validation_alias="A2M_DATABASE_URL",
        description="Address of the state database; empty: SQLite in the state folder.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order in which values win; secrets from a folder of files are not used."""
        saved = InitSettingsSource(
            settings_cls, init_kwargs={name: dict(part) for name, part in _saved.get({}).items()}
        )
        file = TomlConfigSettingsSource(settings_cls, settings_file())
        places = (init_settings, _Environment(settings_cls), dotenv_settings, saved, file)
        return (_HighestWins(settings_cls, places),)

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.active.inventory:
            self._inventory_says_where()
        own = source_name(self.vendor_inventory.source)
        if self.vendor_inventory.include == "separate" and own in map(source_name, self.sources()):
            raise ValueError(
                f"vendor_inventory.source: {self.vendor_inventory.source} is the source of a warehouse already; "
                "the vendor quantity needs a source of its own"
            )
        return self

    def _inventory_says_where(self) -> None:
        inventory = self.inventory
        if inventory.definition == "branch_wise":
            if not inventory.branches:
                raise ValueError("inventory.branches: it is empty; branch-wise needs at least one branch")
        elif not inventory.source_of_warehouse() and self.is_configured():
            raise ValueError(
                "inventory.warehouses: it is empty; name the warehouses, or set A2M_ACTIVE__INVENTORY to false"
            )

    def is_configured(self) -> bool:
        """Whether the connector was told of both systems: an empty screen is not wrong, it is empty."""
        return bool(self.magento.url and self.acumatica.url)

    def sources(self) -> set[str]:
        """The Magento sources that show the quantities of warehouses."""
        if self.inventory.definition == "branch_wise":
            return {row.source for row in self.inventory.branches}
        return set(self.inventory.source_of_warehouse().values())

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the state database."""
        return self.database.get_secret_value() or own_database()

    def missing(self) -> list[str]:
        """The settings without which nothing can be read or sent, by their names."""
        return [
            f"A2M_{section.upper()}__{name.upper()}"
            for section in ("magento", "acumatica")
            for name in getattr(self, section).missing()
        ]
