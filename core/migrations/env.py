"""What Alembic runs around each migration. The connection, its transaction and the address come from `store.migrate`."""

from alembic import context

from slotgraph.core.tables import metadata

# transactional_ddl: SQLite can roll back CREATE and DROP, so a migration that fails half-way leaves nothing behind.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
