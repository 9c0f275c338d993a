"""Alembic runs the migrations on the connection that `engine.open_state` hands over, inside its transaction."""

from alembic import context

from connector.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
