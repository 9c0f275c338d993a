"""Which fields of the endpoint are read."""

from connector.acumatica import fields
from connector.acumatica.items import ItemFields

SKU = {"CrossReferences/AlternateID", "CrossReferences/AlternateType", "CrossReferences/UOM"}
UNITS = {
    "UOMConversions/FromUOM",
    "UOMConversions/ToUOM",
    "UOMConversions/ConversionFactor",
    "UOMConversions/MultiplyOrDivide",
}


def test_parts_of_an_item_are_read_where_the_settings_need_them():
    """The fields of alternate ids and of conversions are listed one by one, so that a missing one is named."""
    read = fields.of_items(ItemFields("alternate:Barcode", conversions=True), "stock", "non_stock")
    assert {path for path in read["StockItem"] if "/" in path} == SKU | UNITS
    assert {path for path in read["NonStockItem"] if "/" in path} == SKU
    assert not [path for path in fields.of_items(ItemFields(), "stock")["StockItem"] if "/" in path]
