"""The names of the entities' deployments, and of their work pool, in Prefect.

Prefect lists deployments by name, ten to a page. The prefix sorts the entities' deployments before those that are
started by hand, under any collation of the database (ADR 0057).
"""

from __future__ import annotations

FIRST = "A to M: "
POOL = "a2m"
"""The work pool of all deployments."""


def deployment_name(entity: str) -> str:
    """Return the name of an entity's deployment."""
    return f"{FIRST}{entity}"


def entity_of(deployment: str) -> str:
    """Return the entity of a deployment, or the name unchanged if it is not an entity's deployment."""
    return deployment.removeprefix(FIRST)


def full_name(entity: str) -> str:
    """Return `flow/deployment` of an entity, by which Prefect finds the deployment."""
    return f"{entity}/{deployment_name(entity)}"
