"""The input types of a product in Magento's data interfaces. Source: magento-accs/commerce schemas, recordings."""

from __future__ import annotations

from sandbox.magento.stock_items import STOCK_ITEM
from sandbox.magento.typed import BOOL, FLOAT, INT, TEXT, Data, anything, ints, listed

_CATALOG = "Magento\\Catalog\\Api\\Data\\"
_BUNDLE = "Magento\\Bundle\\Api\\Data\\"
_CONFIGURABLE = "Magento\\ConfigurableProduct\\Api\\Data\\"
_DOWNLOADABLE = "Magento\\Downloadable\\Api\\Data\\"

BUNDLE_LINK = Data(
    f"{_BUNDLE}LinkInterface",
    {
        "id": TEXT,
        "sku": TEXT,
        "option_id": INT,
        "qty": FLOAT,
        "position": INT,
        "is_default": BOOL,
        "price": FLOAT,
        "price_type": INT,
        "can_change_quantity": INT,
        "extension_attributes": anything,
    },
)
BUNDLE_OPTION = Data(
    f"{_BUNDLE}OptionInterface",
    {
        "option_id": INT,
        "title": TEXT,
        "required": BOOL,
        "type": TEXT,
        "position": INT,
        "sku": TEXT,
        "product_links": listed(BUNDLE_LINK),
        "extension_attributes": anything,
    },
)
CONFIGURABLE_VALUE = Data(
    f"{_CONFIGURABLE}OptionValueInterface", {"value_index": INT, "extension_attributes": anything}
)
CONFIGURABLE_OPTION = Data(
    f"{_CONFIGURABLE}OptionInterface",
    {
        "id": INT,
        "attribute_id": TEXT,
        "label": TEXT,
        "position": INT,
        "is_use_default": BOOL,
        "values": listed(CONFIGURABLE_VALUE),
        "product_id": INT,
        "extension_attributes": anything,
    },
)
FILE = Data(f"{_DOWNLOADABLE}File\\ContentInterface", {"file_data": TEXT, "name": TEXT})
DOWNLOAD = Data(
    f"{_DOWNLOADABLE}LinkInterface",
    {
        "id": INT,
        "title": TEXT,
        "sort_order": INT,
        "is_shareable": INT,
        "price": FLOAT,
        "number_of_downloads": INT,
        "link_type": TEXT,
        "link_file": TEXT,
        "link_file_content": FILE,
        "link_url": TEXT,
        "sample_type": TEXT,
        "sample_file": TEXT,
        "sample_file_content": FILE,
        "sample_url": TEXT,
        "extension_attributes": anything,
    },
)
EXTENSION = Data(
    f"{_CATALOG}ProductExtensionInterface",
    {
        "website_ids": ints,
        "category_links": anything,
        "stock_item": STOCK_ITEM,
        "bundle_product_options": listed(BUNDLE_OPTION),
        "configurable_product_options": listed(CONFIGURABLE_OPTION),
        "configurable_product_links": ints,
        "downloadable_product_links": listed(DOWNLOAD),
        "downloadable_product_samples": anything,
    },
)
LINK = Data(
    f"{_CATALOG}ProductLinkInterface",
    {
        "sku": TEXT,
        "link_type": TEXT,
        "linked_product_sku": TEXT,
        "linked_product_type": TEXT,
        "position": INT,
        "extension_attributes": anything,
    },
)
OPTION = Data(
    f"{_CATALOG}ProductCustomOptionInterface",
    {
        "product_sku": TEXT,
        "option_id": INT,
        "title": TEXT,
        "type": TEXT,
        "sort_order": INT,
        "is_require": BOOL,
        "price": FLOAT,
        "price_type": TEXT,
        "sku": TEXT,
        "file_extension": TEXT,
        "max_characters": INT,
        "image_size_x": INT,
        "image_size_y": INT,
        "values": anything,
        "extension_attributes": anything,
    },
)
TIER = Data(
    f"{_CATALOG}ProductTierPriceInterface",
    {"customer_group_id": INT, "qty": FLOAT, "value": FLOAT, "extension_attributes": anything},
)
ATTRIBUTE = Data("Magento\\Framework\\Api\\AttributeInterface", {"attribute_code": TEXT, "value": anything})
PRODUCT = Data(
    f"{_CATALOG}ProductInterface",
    {
        "id": INT,
        "sku": TEXT,
        "name": TEXT,
        "attribute_set_id": INT,
        "price": FLOAT,
        "status": INT,
        "visibility": INT,
        "type_id": TEXT,
        "created_at": TEXT,
        "updated_at": TEXT,
        "weight": FLOAT,
        "extension_attributes": EXTENSION,
        "product_links": listed(LINK),
        "options": listed(OPTION),
        "media_gallery_entries": anything,
        "tier_prices": listed(TIER),
        "custom_attributes": listed(ATTRIBUTE),
    },
)
