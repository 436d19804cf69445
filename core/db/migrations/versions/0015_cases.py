"""Inputs of models that people keep under a name, with the answers that they got."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("model_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("name_key", sa.String, nullable=False),
        sa.Column("record", sa.String, nullable=False),
        sa.Column("pictures", sa.String, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("author_id", sa.String, nullable=True),
        sa.Column("author", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("cases")
