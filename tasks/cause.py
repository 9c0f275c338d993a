"""The kind of a failure, by which equal ones are counted: the same for every record, whatever its key looks like.

It is made of Magento's own message before its placeholders were filled. What Magento filled in by itself is taken out
again: what is in quotes, the record's own keys, and whatever has a digit. (Failure codes are to take its place.)
"""

from __future__ import annotations

import re

from connector.magento.batches import RowResult
from connector.magento.words import LEFT_OUT
from connector.state.queue.messages import Message

LONGEST = 200
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)|(?<!\w)‘[^’]*’(?!\w)")
_DIGIT = re.compile(r"\S*\d\S*")
_SEVERAL = re.compile(rf"{LEFT_OUT}(?:[\s,;/|]*{LEFT_OUT})+")


def cause(message: Message, outcome: RowResult) -> str:
    """The kind of this failure."""
    words = outcome.template or (outcome.reason or "no reason given").split("\n")[0]
    for own in sorted({message.sku or "", message.key, message.acumatica_key, message.source}, key=len, reverse=True):
        if own.strip() and (not outcome.template or LEFT_OUT not in outcome.template):
            words = re.sub(rf"(?<!\w){re.escape(own.strip())}(?!\w)", LEFT_OUT, words, flags=re.IGNORECASE)
    if outcome.template:
        words = _QUOTED.sub(LEFT_OUT, words)
    return _SEVERAL.sub(LEFT_OUT, " ".join(_DIGIT.sub(LEFT_OUT, words).split()))[:LONGEST]
