"""What admins were asked, and said, about the types in files."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("types", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("asked", sa.DateTime, nullable=False),
        sa.Column("asked_by_id", sa.String, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("decided", sa.DateTime, nullable=True),
        sa.Column("decided_by", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("approvals")
