"""The language that an account reads the pages in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("language", sa.String, nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "language")
