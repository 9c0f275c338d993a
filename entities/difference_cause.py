"""Causes of differences, as codes to group by. A place whose message failed has the code of its failure instead."""

from __future__ import annotations

from enum import StrEnum

from connector.model.failures import label_of


class DifferenceCause(StrEnum):
    """The codes, each with its label."""

    label: str

    def __new__(cls, code: str, label: str = "") -> DifferenceCause:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    OTHER_VALUE = "other_value", "Magento shows another value"
    NOT_SHOWN = "not_shown", "Magento shows nothing"
    NOT_MADE = "not_made", "Not in Magento yet"
    NOT_ALL_OF_IT = "not_all_of_it", "Magento does not show all of it"
    WAITING = "waiting", "Waits for something, without a failure"
    TO_BE_SENT = "to_be_sent", "Waits to be sent"
    NOT_ANSWERED = "not_answered", "Magento did not show it"


def label_of_cause(code: str) -> str:
    """Return the label of a code, which may be a failure code."""
    known = DifferenceCause._value2member_map_
    return DifferenceCause(code).label if code in known else label_of(code)
