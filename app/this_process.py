"""How this process names itself to others that wait for its lease or its Acumatica session."""

from __future__ import annotations

import os
import socket


def describe_this_process() -> str:
    """Return the user, the machine and the process id, for people to read."""
    return f"{os.environ.get('USER', 'somebody')} on {socket.gethostname()}, process {os.getpid()}"
