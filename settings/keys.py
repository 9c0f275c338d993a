"""Keys of maps that match nothing: what the settings alone can find out.

A code of Acumatica is written as Acumatica writes it. A key that differs from a chosen name only by letter case or one
typing error, while that name has no entry of its own, means that name. It is refused, and the message says which name
is meant, because what it maps would otherwise silently go elsewhere. Only the two systems know whether a name exists
at all (Test Connection, and the sync).
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
    """Return the known name that is meant: the same but for letter case, else one typing error away."""
    candidates = sorted(known)
    folded = name.casefold()
    same = [one for one in candidates if one.casefold() == folded]
    near = [one for one in candidates if len(one) > 2 and _is_one_slip(folded, one.casefold())]
    return next(iter([*same, *near]), None)


def refuse_misnamed(
    field: str, what: str, keys: Collection[str], names: Collection[str], *, any_case: bool = False
) -> None:
    """Raise ValueError for a key that is none of the names, and means one of those that have no key of their own.

    any_case: a key in another letter case is the name.
    """
    unnamed = set(names) - set(keys)
    for key in keys:
        same = [one for one in names if one.casefold() == key.casefold()]
        if key in names or (same and any_case):
            continue
        meant = same[0] if same else nearest_of(key, unnamed)
        if meant is not None:
            raise ValueError(f"{field}: {key} is not a {what}. Did you mean {meant}?")


def refuse_twins(field: str, keys: Collection[str]) -> None:
    """Raise ValueError for two keys that differ only by letter case."""
    seen: dict[str, str] = {}
    for key in keys:
        other = seen.setdefault(key.strip().casefold(), key)
        if other != key:
            raise ValueError(f"{field}: {other} and {key} are the same name; keep the one that Acumatica writes")


def _is_one_slip(one: str, other: str) -> bool:
    """Return whether the two texts differ by one letter: too many, too few, another one, or two that changed places."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    index = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[index:] == long[index + 1 :]
    swapped = short[:index] + short[index : index + 2][::-1] + short[index + 2 :]
    return short[index + 1 :] == long[index + 1 :] or swapped == long
