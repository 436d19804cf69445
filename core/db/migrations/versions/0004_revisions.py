"""What people add to the schemas of versions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("version_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("edits", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
    )
    op.add_column("versions", sa.Column("edits", sa.String, nullable=True))
    op.add_column("versions", sa.Column("revision", sa.Integer, nullable=True))
    op.add_column("verdicts", sa.Column("revision", sa.Integer, nullable=True))


def downgrade() -> None:
    op.drop_column("verdicts", "revision")
    op.drop_column("versions", "revision")
    op.drop_column("versions", "edits")
    op.drop_table("revisions")
