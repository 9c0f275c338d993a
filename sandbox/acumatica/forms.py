"""Short definitions of a form's fields: those stored in a record, those with a preset that a change may set, and those
that are left empty.

Field names come from the field catalogue of Default/24.200.001; presets are what the recorded sites show.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.acumatica.tables import Field
from sandbox.acumatica.values import Value, amount, price, quantity

Row = dict[str, Value]
Getter = Callable[[Any], Value]
KINDS: tuple[tuple[type, str], ...] = (
    (bool, "Boolean"),
    (int, "Int32"),
    (Decimal, "Decimal"),
    (datetime, "DateTimeOffset"),
)
INT32 = ("AssociatedOrderLineNbr", "InvoiceLineNbr", "OrigInvLineNbr", "POReceiptLineNbr", "TransferOrderLineNbr")
OTHER_KINDS = {
    **dict.fromkeys(INT32, "Int32"),
    **dict.fromkeys(("CreditDaysPastDue", "LeadTimedays", "OrderPriority", "Priority"), "Int16"),
    **dict.fromkeys(("CalculateDiscountsOnImport", "ExternalOrderOriginal"), "Boolean"),
    **dict.fromkeys(("FinalINExtendedCost", "ReceivedAmount"), "Decimal"),
    "ExpirationDate": "DateTimeOffset",
    "NoteID": "Guid",
}
NOTHING = Decimal("0.0")


def kind_of(value: Value, field: str = "") -> str:
    """Return the type of a field that has this value; some fields have another type than their preset suggests."""
    return OTHER_KINDS.get(field) or next((name for kind, name in KINDS if isinstance(value, kind)), "String")


def texts(**getters: Getter) -> list[Field]:
    """Return text fields that read a record's attributes."""
    return [Field(name, "String", get) for name, get in getters.items()]


def flags(**getters: Getter) -> list[Field]:
    """Return boolean fields."""
    return [Field(name, "Boolean", get) for name, get in getters.items()]


def numbers(**getters: Getter) -> list[Field]:
    """Return whole-number fields."""
    return [Field(name, "Int32", get) for name, get in getters.items()]


def moments(**getters: Getter) -> list[Field]:
    """Return fields of moments (and of days, written as midnight)."""
    return [Field(name, "DateTimeOffset", get) for name, get in getters.items()]


def guids(**getters: Getter) -> list[Field]:
    """Return GUID fields."""
    return [Field(name, "Guid", get) for name, get in getters.items()]


def amounts(**getters: Callable[[Any], int]) -> list[Field]:
    """Return money fields over ten-thousandths, written with the four places the column stores."""
    return [Field(name, "Decimal", _scaled(amount, get)) for name, get in getters.items()]


def quantities(**getters: Callable[[Any], int]) -> list[Field]:
    """Return quantity fields over ten-thousandths, written with six places."""
    return [Field(name, "Decimal", _scaled(quantity, get)) for name, get in getters.items()]


def unit_prices(**getters: Callable[[Any], int]) -> list[Field]:
    """Return unit-price fields over millionths."""
    return [Field(name, "Decimal", _scaled(price, get)) for name, get in getters.items()]


def _scaled(write: Callable[[int], Decimal], get: Callable[[Any], int]) -> Getter:
    return lambda row: write(get(row))


def presets(values: Row) -> list[Field]:
    """Return fields that show a record's `extra` value of that name, or the preset."""
    return [Field(name, kind_of(value, name), _extra(name, _preset(name, value))) for name, value in values.items()]


def _preset(name: str, value: Value) -> Value:
    return None if value == "" and kind_of(value, name) != "String" else value


def _extra(name: str, preset: Value) -> Getter:
    def read(row: Any) -> Value:
        value: Value = row.extra.get(name, preset)
        return value

    return read


def constants(values: Row) -> list[Field]:
    """Return fields that show the same in every record."""
    return [Field(name, kind_of(value, name), _constant(_preset(name, value))) for name, value in values.items()]


def _constant(value: Value) -> Getter:
    return lambda row: value


def blank(names: str) -> Row:
    """Return an empty text for each of the names, which are separated by blanks, for `presets` and `constants`."""
    return dict.fromkeys(names.split(), "")


def no(names: str) -> Row:
    """Return `False` for each of the names, which are separated by blanks."""
    return dict.fromkeys(names.split(), False)


def zero(names: str) -> Row:
    """Return, for each of the names, which are separated by blanks, the zero that the server computes."""
    return dict.fromkeys(names.split(), NOTHING)


def entries(**kinds: str) -> list[Field]:
    """Return fields over rows that are dictionaries, with their kinds."""
    return [Field(name, kind, _entry(name)) for name, kind in kinds.items()]


def _entry(name: str) -> Getter:
    def read(row: Any) -> Value:
        value: Value = row.get(name)
        return value

    return read


def custom(path: str) -> Getter:
    """Return a function that reads the custom field `View.Field` of a record."""

    def read(row: Any) -> Value:
        value: Value = row.custom.get(path)
        return value

    return read


def note_id(row: Any) -> str:
    """Return a record's permanent id."""
    return str(row.note_id)


def settable(values: Row, given: Row, what: str) -> Row:
    """Return the given values, converted to the types of the presets. Raises `ValueError` for an unknown name."""
    unknown = given.keys() - values.keys()
    if unknown:
        raise ValueError(f"{what} has no {', '.join(sorted(unknown))}.")
    return {name: _typed(kind_of(values[name], name), value) for name, value in given.items()}


def _typed(kind: str, value: Value) -> Value:
    if kind == "Boolean":
        return bool(value)
    if kind == "Decimal":
        return Decimal(str(value))
    if kind.startswith("Int"):
        return int(str(value))
    return str(value)
