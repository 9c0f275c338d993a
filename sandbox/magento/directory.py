"""Countries with their regions, readable without a token. Source: recordings of auth; magento-observed.md,
part two, 3.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.php import collated
from sandbox.magento.regions import COUNTRIES, Country
from sandbox.magento.routes import Call, Route
from sandbox.magento.typed import TEXT, Parameter

NO_COUNTRY = "The country isn't available."


def shown(country: Country) -> dict[str, Any]:
    """Return a country as JSON."""
    body: dict[str, Any] = {
        "id": country.id,
        "two_letter_abbreviation": country.id,
        "three_letter_abbreviation": country.three_letters,
        "full_name_locale": country.name,
        "full_name_english": country.name,
    }
    if country.regions:
        body["available_regions"] = [
            {"id": str(region.id), "code": region.code, "name": region.name}
            for region in sorted(country.regions, key=lambda region: collated(region.name))
        ]
    return body


def get_list(call: Call) -> list[dict[str, Any]]:
    """Return all countries."""
    return [shown(country) for country in COUNTRIES.values()]


def get(call: Call) -> dict[str, Any]:
    """Return one country."""
    country = COUNTRIES.get(call.given["countryId"])
    if country is None:
        raise Refusal(404, NO_COUNTRY)
    return shown(country)


ROUTES = (
    Route("GET", "directory/countries", get_list),
    Route("GET", "directory/countries/:countryId", get, (Parameter("countryId", TEXT),)),
)
