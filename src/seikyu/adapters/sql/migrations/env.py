"""Run migrations on the connection that `adapters.sql.open` hands over, inside its transaction."""

from alembic import context

from seikyu.adapters.sql.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
