"""What checks of versions against expected outputs came to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.String, primary_key=True),
        _text("model_id"),
        _text("version_id"),
        _text("file"),
        _text("file_name"),
        sa.Column("tolerance", sa.Double, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("agreeing", sa.BigInteger, nullable=False),
        _text("report"),
        _text("failure"),
        _text("engine"),
        _text("slipway"),
        sa.Column("made", sa.DateTime, nullable=False),
        _text("made_by"),
    )


def downgrade() -> None:
    op.drop_table("verdicts")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)
