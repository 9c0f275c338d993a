"""Refuse misspelled keys of maps, as far as the settings alone can detect them.

Codes of Acumatica must be spelled as in Acumatica. If a key differs from a chosen name only by letter case or one
typing error, and that name has no entry, then the key means that name. It is refused with a hint, because the map would
silently have no effect for the name. Whether a name exists at all, only the two systems know (Test Connection, sync).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

STATUSES_OF_ORDERS = (
    "Awaiting Payment",
    "Back Order",
    "Canceled",
    "Completed",
    "Credit Hold",
    "Expired",
    "Invoiced",
    "On Hold",
    "Open",
    "Pending Approval",
    "Pending Processing",
    "Rejected",
    "Risk Hold",
    "Shipping",
    "Voided",
)
"""The order statuses of Acumatica itself; a site's own workflow may have others."""


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that differs only by letter case, else one that differs by one typing error, else None."""
    candidates = sorted(known)
    folded = name.casefold()
    same = [candidate for candidate in candidates if candidate.casefold() == folded]
    near = [candidate for candidate in candidates if len(candidate) > 2 and _is_one_typo(folded, candidate.casefold())]
    return next(iter([*same, *near]), None)


def refuse_misnamed(
    field: str, what: str, keys: Collection[str], names: Collection[str], *, any_case: bool = False
) -> None:
    """Raise ValueError for a key that is not one of the names, but resembles one that has no key.

    any_case: letter case does not matter.
    """
    without_key = set(names) - set(keys)
    for key in keys:
        same = [name for name in names if name.casefold() == key.casefold()]
        if key in names or (same and any_case):
            continue
        meant = same[0] if same else nearest_of(key, without_key)
        if meant is not None:
            raise ValueError(f"{field}: {key} is not a {what}. Did you mean {meant}?")


def refuse_twins(field: str, keys: Collection[str]) -> None:
    """Raise ValueError for two keys that differ only by letter case."""
    seen: dict[str, str] = {}
    for key in keys:
        other = seen.setdefault(key.strip().casefold(), key)
        if other != key:
            raise ValueError(f"{field}: {other} and {key} are the same name; keep the one that Acumatica writes")


def _is_one_typo(text: str, other: str) -> bool:
    """Return whether two texts differ by one typing error: a letter added, missing, wrong, or two letters swapped."""
    if text == other or abs(len(text) - len(other)) > 1:
        return False
    short, long = sorted((text, other), key=len)
    index = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[index:] == long[index + 1 :]
    swapped = short[:index] + short[index : index + 2][::-1] + short[index + 2 :]
    return short[index + 1 :] == long[index + 1 :] or swapped == long
