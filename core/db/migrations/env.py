"""Runs the migrations on the connection that `core.db.engine.Database` hands over.

They are written by hand: DuckDB lacks the catalogue tables that autogenerate reads. A test holds
what they lead to against `core.db.tables`.
"""

from alembic import context

from core.db.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
