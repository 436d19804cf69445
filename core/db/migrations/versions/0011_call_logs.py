"""Inputs and outputs of calls, of services whose owners want them kept."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_logs",
        sa.Column("deployment_id", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False, quote=True),
        sa.Column("caller_id", sa.String, nullable=False),
        sa.Column("row_number", sa.Integer, nullable=False),
        sa.Column("input", sa.String, nullable=True),
        sa.Column("output", sa.String, nullable=True),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("message", sa.String, nullable=False),
    )
    op.create_table(
        "call_logging",
        sa.Column("deployment_id", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("percent", sa.Double, nullable=False),
        sa.Column("hidden", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("call_logging")
    op.drop_table("call_logs")
