"""Which columns went to which inputs, by model and header."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "column_choices",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("model_id", sa.String, nullable=False),
        sa.Column("headers", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("columns", sa.String, nullable=False),
        sa.Column("chosen", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("column_choices")
