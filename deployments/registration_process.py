"""Functions that `a2m serve` calls in child processes, which are forked with the flows already imported.

`a2m serve` itself never imports the flows. It has to import the module of the function that it calls in a child, so
nothing else is here (ADR 0067).
"""

from __future__ import annotations

from deployments.signals import end_with_the_parent


def register() -> list[str]:
    """Register everything; return the names of the deployments."""
    from deployments.register import register_all

    return register_all()


def keep_up_to_date() -> None:
    """Update once what is registered. The process ends with its parent."""
    end_with_the_parent()
    from deployments import register as registration

    registration.keep_up_to_date()
