"""Values as Acumatica keeps and writes them: text order of the database, stamps, decimals."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

Value = str | int | bool | Decimal | datetime | None

QUANTITY_PLACES = 4
PRICE_PLACES = 6
MONEY_PLACES = 4
IMPORTED = datetime(1900, 1, 1, tzinfo=UTC)
LARGEST_INT = 2**31 - 1
US_FORMATS = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")


def from_json(body: bytes) -> Any:
    """Take a body; return its JSON, ValueError for what is none, or is nested deeper than anybody reads."""
    try:
        return json.loads(body)
    except RecursionError as fault:
        raise ValueError("The reader's MaxDepth has been exceeded.") from fault


def whole_number(text: str) -> int | None:
    """Take digits; return the number, None for anything else and for what no 32-bit integer holds."""
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > len(str(LARGEST_INT)):
        return None
    return number if (number := int(text)) <= LARGEST_INT else None


def _weight(character: str) -> str:
    if character.isalpha():
        return "\x03" + character
    return ("\x02" if character.isdigit() else "\x01") + character


_ASCII = {code: _weight(chr(code)) for code in range(1, 128)}


@lru_cache(maxsize=500_000)
def collate(text: str) -> str:
    """Take any text; return a key whose order and equality are the database's.

    Case and trailing blanks do not count; punctuation comes before digits, digits before letters (a plain byte order
    differs, as on a real SQL Server), an accent decides only between otherwise equal texts.
    """
    folded = text.rstrip(" ").casefold()
    if folded.isascii():
        return folded.translate(_ASCII) + "\x00" + folded
    letters = (one for one in unicodedata.normalize("NFD", folded) if not unicodedata.combining(one))
    return "".join(map(_weight, letters)) + "\x00" + folded


def stamped(moment: datetime) -> datetime:
    """Take a moment; return it as the column type `datetime` keeps it: in steps of 1/300 second."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    return moment.replace(microsecond=0) + timedelta(milliseconds=round(ticks * 10 / 3))


def _fraction(moment: datetime) -> str:
    return f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""


@lru_cache(maxsize=100_000)
def with_offset(moment: datetime, zone: tzinfo) -> str:
    """Take a moment and the server's zone; return the contract API's text, trailing zeros of the fraction cut."""
    local = moment.astimezone(zone)
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{_seconds(local)}{_fraction(local)}{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _seconds(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat()  # unlike %Y, four digits for every year


def in_utc(moment: datetime, mark: str = "Z") -> str:
    """Take a moment; return OData's text of it in UTC, ended by `mark`."""
    moment = moment.astimezone(UTC)
    return f"{_seconds(moment)}{_fraction(moment)}{mark}"


def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """Take an ISO or US date text; return the aware moment (read in `zone` without an offset), None when unreadable."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = _us_moment(text)
        if found is None:
            return None
        moment = found
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _us_moment(text: str) -> datetime | None:
    for form in US_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def midnight(day: date | None, zone: tzinfo) -> datetime | None:
    """Take a day; return its midnight in `zone`, the way date-only fields are written; None for none."""
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone)


def quantity(whole: int) -> Decimal:
    """Take ten-thousandths; return the decimal with the six places the column stores."""
    return Decimal(whole * 100).scaleb(-6)


def price(whole: int) -> Decimal:
    """Take millionths; return the decimal with the six places the column stores."""
    return Decimal(whole).scaleb(-PRICE_PLACES)


def amount(whole: int) -> Decimal:
    """Take ten-thousandths of the currency; return the decimal with the four places the column stores."""
    return Decimal(whole).scaleb(-MONEY_PLACES)


def plain(whole: int, places: int) -> str:
    """Take a scaled whole number; return its shortest decimal text ("12.5")."""
    text = f"{Decimal(whole).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(text: object, places: int, what: str) -> int:
    """Take a number as text or number; return it as a whole count of 10**-places, ValueError when it does not fit."""
    try:
        number = Decimal(str(text)).scaleb(places)
    except InvalidOperation as fault:
        raise ValueError(f"{what} {text!r} is no number.") from fault
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(f"{what} {text!r} has more than {places} decimals.")
    return int(number)
