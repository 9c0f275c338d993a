"""Websites, stores, store views, modules, and the administrator's token.

Source: recordings of auth and two-websites; magento.md, section 1.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.magento.modules import enabled
from sandbox.magento.routes import Call, Route
from sandbox.magento.typed import TEXT, Parameter

STATIC = "static/version1/"


def store_configs(call: Call) -> list[dict[str, Any]]:
    """Return the configuration of each store view."""
    shop, url = call.shop, call.base_url
    places = {"url": "", "link_url": "", "static_url": STATIC, "media_url": "media/"}
    urls = {f"{kind}_{name}": f"{url}{path}" for kind in ("base", "secure_base") for name, path in places.items()}
    return [
        {
            "id": store.id,
            "code": store.code,
            "website_id": store.website_id,
            "locale": "en_US",
            "base_currency_code": shop.currency,
            "default_display_currency_code": shop.currency,
            "timezone": shop.timezone,
            "weight_unit": "lbs",
            **urls,
        }
        for store in shop.stores.values()
        if store.id
    ]


def websites(call: Call) -> list[dict[str, Any]]:
    """Return the websites."""
    return [asdict(one) for one in call.shop.websites.values()]


def store_groups(call: Call) -> list[dict[str, Any]]:
    """Return the stores."""
    return [asdict(one) for one in call.shop.store_groups.values()]


def store_views(call: Call) -> list[dict[str, Any]]:
    """Return the store views."""
    return [{**asdict(one), "is_active": 1} for one in call.shop.stores.values()]


def modules(call: Call) -> list[str]:
    """Return the enabled modules; pages are not asked about."""
    return enabled(msi=call.shop.settings.msi, commerce=call.shop.settings.commerce)


def admin_token(call: Call) -> str:
    """Sign an administrator in."""
    return call.shop.access.sign_in(call.given["username"], call.given["password"])


_STORE = "Magento_Backend::store"
ROUTES = (
    Route("GET", "store/storeConfigs", store_configs, resource=_STORE),
    Route("GET", "store/websites", websites, resource=_STORE),
    Route("GET", "store/storeGroups", store_groups, resource=_STORE),
    Route("GET", "store/storeViews", store_views, resource=_STORE),
    Route("GET", "modules", modules, resource="Magento_Backend::admin"),
    Route(
        "POST",
        "integration/admin/token",
        admin_token,
        (Parameter("username", TEXT), Parameter("password", TEXT)),
        interface="Magento\\Integration\\Api\\AdminTokenServiceInterface",
        operation="createAdminAccessToken",
        implementation="Magento\\Integration\\Model\\AdminTokenService",
        question=True,
    ),
)
