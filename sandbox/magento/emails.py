"""The e-mail addresses that Magento accepts."""

from __future__ import annotations

import re

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_LOCAL}@({_LABEL}\.)+{_LABEL}", re.ASCII)


def is_email(text: str) -> bool:
    """Return whether the text is an e-mail address; letters beyond ASCII count in the domain, which may be
    international.
    """
    local, mark, domain = text.rpartition("@")
    try:
        plain = domain.encode("idna").decode()
    except UnicodeError:
        return False
    return bool(mark) and len(local) <= 64 and _EMAIL.fullmatch(f"{local}@{plain}") is not None
