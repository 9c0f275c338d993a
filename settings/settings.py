"""All Setup Parameters: every section in the order of the screen, and the rules between sections."""

from __future__ import annotations

from functools import cache
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from settings.active import Active
from settings.acumatica import Acumatica
from settings.additional import Additional
from settings.customer import Customer
from settings.declare import PREFIX, Setting, sections_of, setting_name, settings_of
from settings.dropship import Dropship
from settings.housekeeping import Housekeeping
from settings.inventory import Inventory, source_name
from settings.items import Items
from settings.locations import own_database
from settings.magento import Magento
from settings.notify import Notify
from settings.order import Order
from settings.price import Price
from settings.queue import Queue
from settings.receiver import Receiver
from settings.shipment import Shipment
from settings.sources import all_sources
from settings.vendor_inventory import VendorInventory
from settings.web import Web


class Settings(BaseSettings):
    """All settings. Precedence, highest first: arguments, environment, `.env`, saved, settings file, default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
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
    web: Web = Web()
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
        """Return the sources of values. Pydantic's folder of secret files is not used."""
        return (all_sources(settings_cls, init_settings, dotenv_settings),)

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.active.inventory:
            self._inventory_has_a_target()
        own = source_name(self.vendor_inventory.source)
        if self.vendor_inventory.include == "separate" and own in map(source_name, self.sources()):
            raise ValueError(
                f"vendor_inventory.source: {self.vendor_inventory.source} is the source of a warehouse already; "
                "the vendor quantity needs a source of its own"
            )
        return self

    def _inventory_has_a_target(self) -> None:
        inventory = self.inventory
        if inventory.definition == "branch_wise":
            if not inventory.branches:
                raise ValueError("inventory.branches: it is empty; branch-wise needs at least one branch")
        elif not inventory.source_of_warehouse() and self.is_configured():
            raise ValueError(
                "inventory.warehouses: it is empty; name the warehouses, or set A2M_ACTIVE__INVENTORY to false"
            )

    def is_configured(self) -> bool:
        """Return whether both systems have an address. Before that, incomplete settings are not wrong."""
        return bool(self.magento.url and self.acumatica.url)

    def sources(self) -> set[str]:
        """Return the Magento sources that show the quantities of warehouses."""
        if self.inventory.definition == "branch_wise":
            return {row.source for row in self.inventory.branches}
        return set(self.inventory.source_of_warehouse().values())

    @property
    def database_url(self) -> str:
        """The address of the state database in SQLAlchemy's form."""
        return self.database.get_secret_value() or own_database()

    def missing(self) -> list[str]:
        """Return the names of required settings that are missing: without them nothing can be read or sent."""
        return [
            setting_name(section, name)
            for section in ("magento", "acumatica")
            for name in getattr(self, section).missing()
        ]


@cache
def sections() -> dict[str, str]:
    """Return the label of every section by its name, in the order of the screen."""
    return {name: str(model.model_config["title"]) for name, model in sections_of(Settings)}


@cache
def all_settings() -> tuple[Setting, ...]:
    """Return every setting, section after section, in the order of the screen."""
    return tuple(settings_of(Settings))
