"""From when on a service is in trouble."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "thresholds",
        sa.Column("deployment_id", sa.String, primary_key=True),
        sa.Column("error_amber", sa.Double, nullable=True),
        sa.Column("error_red", sa.Double, nullable=True),
        sa.Column("p95_amber", sa.Double, nullable=True),
        sa.Column("p95_red", sa.Double, nullable=True),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("thresholds")
