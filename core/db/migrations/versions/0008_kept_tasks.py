"""Which tasks keep their files, and when those of others were removed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("kept", sa.Boolean, nullable=True))
    op.add_column("tasks", sa.Column("removed", sa.DateTime, nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "removed")
    op.drop_column("tasks", "kept")
