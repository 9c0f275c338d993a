"""What `a2m serve` lets processes of their own do, which are forked with the flows: it never imports them itself.

A process that is forked imports the module of the function that it calls, so nothing else is here.
"""

from __future__ import annotations

from deployments.signals import end_with_the_parent


def register() -> list[str]:
    """Register everything, and return the names of the deployments."""
    from deployments.register import register_all

    return register_all()


def keep_up_to_date() -> None:
    """Compare once what is registered with what the settings and the state say."""
    end_with_the_parent()
    from deployments.register import keep_up_to_date as compare

    compare()
