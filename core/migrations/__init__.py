"""Alembic migrations of the one database; run by `slotgraph migrate` and at start."""
