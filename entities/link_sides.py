"""The two sides of a person's link, a record of Acumatica and one of Magento. Each is checked before a link
is stored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from connector.acumatica.session import AcumaticaSession
from connector.magento.client import MagentoClient
from settings import Settings


@dataclass(frozen=True)
class LinkSides:
    """The functions that check both sides.

    in_acumatica: return those of the keys that Acumatica has. in_magento: return a description of the Magento record
    with this id; None if there is none. id_of: return the id of the record with this number, which people easily take
    for the id. part: what follows the bar in a document's key, if a record may become several documents.
    """

    in_acumatica: Callable[[AcumaticaSession, Settings, Sequence[str]], Awaitable[set[str]]]
    in_magento: Callable[[MagentoClient, str], Awaitable[str | None]]
    id_of: Callable[[MagentoClient, str], Awaitable[str | None]]
    part: str = ""
