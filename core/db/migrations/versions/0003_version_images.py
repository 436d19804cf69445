"""How pictures become inputs, kept with each version."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("images", sa.String, nullable=True))


def downgrade() -> None:
    op.drop_column("versions", "images")
