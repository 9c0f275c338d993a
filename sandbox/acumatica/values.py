"""Values as Acumatica stores and writes them: the database's text order, timestamps, decimals."""

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
    """Return the JSON of a body. Raises `ValueError` if it is not JSON or is nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError as fault:
        raise ValueError("The reader's MaxDepth has been exceeded.") from fault


def whole_number(text: str) -> int | None:
    """Return the number that the digits make; None for anything else and for a number beyond 32 bits."""
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
    """Return a key whose order and equality are those of the database.

    Case and trailing blanks do not count. Punctuation comes before digits and digits before letters (unlike a plain
    byte order, as on a real SQL Server). An accent only decides between otherwise equal texts.
    """
    folded = text.rstrip(" ").casefold()
    if folded.isascii():
        return folded.translate(_ASCII) + "\x00" + folded
    letters = (one for one in unicodedata.normalize("NFD", folded) if not unicodedata.combining(one))
    return "".join(map(_weight, letters)) + "\x00" + folded


def stamped(moment: datetime) -> datetime:
    """Return a time as the column type `datetime` stores it: in steps of 1/300 second."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    return moment.replace(microsecond=0) + timedelta(milliseconds=round(ticks * 10 / 3))


def _fraction(moment: datetime) -> str:
    return f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""


@lru_cache(maxsize=100_000)
def with_offset(moment: datetime, zone: tzinfo) -> str:
    """Return the contract API's text of a time in the server's zone, without trailing zeros of the fraction."""
    local = moment.astimezone(zone)
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{_seconds(local)}{_fraction(local)}{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _seconds(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat()  # unlike %Y, four digits for every year


def in_utc(moment: datetime, mark: str = "Z") -> str:
    """Return OData's text of a time in UTC, followed by `mark`."""
    moment = moment.astimezone(UTC)
    return f"{_seconds(moment)}{_fraction(moment)}{mark}"


def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the aware time of an ISO or US date text (in `zone` if it has no offset); None if it cannot be parsed."""
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
    """Return the midnight of a date in `zone`, the form in which date-only fields are written; None for None."""
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone)


def quantity(whole: int) -> Decimal:
    """Return the decimal of ten-thousandths with the six places that the column stores."""
    return Decimal(whole * 100).scaleb(-6)


def price(whole: int) -> Decimal:
    """Return the decimal of millionths with the six places that the column stores."""
    return Decimal(whole).scaleb(-PRICE_PLACES)


def amount(whole: int) -> Decimal:
    """Return the decimal of ten-thousandths of the currency with the four places that the column stores."""
    return Decimal(whole).scaleb(-MONEY_PLACES)


def plain(whole: int, places: int) -> str:
    """Return the shortest decimal text of a scaled whole number ("12.5")."""
    text = f"{Decimal(whole).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled(text: object, places: int, what: str) -> int:
    """Return a number, given as text or number, as a whole count of 10**-places. Raises `ValueError` if it does not
    fit.
    """
    try:
        number = Decimal(str(text)).scaleb(places)
    except InvalidOperation as fault:
        raise ValueError(f"{what} {text!r} is no number.") from fault
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(f"{what} {text!r} has more than {places} decimals.")
    return int(number)
