"""The entities that a run's entity has to do with: the state database knows no entity by name, so a run names them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class RelatedEntities(NamedTuple):
    """Other entities whose confirmed values a run may put in doubt.

    same_products: those whose keys are the SKUs of the same products, if the keys of the run's entity are SKUs.
    quantities: the one whose values in Magento change when a document is sent, such as a shipment.
    """

    same_products: Collection[str] = ()
    quantities: str | None = None
