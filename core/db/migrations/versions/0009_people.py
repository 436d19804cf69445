"""Sign-ins, known addresses, settings that change while running, and what accounts wait for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ADDED = (
    ("pending", sa.Boolean),
    ("one_time_until", sa.DateTime),
    ("email", sa.String),
    ("subject", sa.String),
)


def upgrade() -> None:
    for name, kind in _ADDED:
        op.add_column("accounts", sa.Column(name, kind, nullable=True))
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("seen", sa.DateTime, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("by_identity", sa.Boolean, nullable=False),
    )
    op.create_table(
        "known_addresses",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("first", sa.DateTime, nullable=False, quote=True),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )


def downgrade() -> None:
    for table in ("settings", "known_addresses", "sign_ins"):
        op.drop_table(table)
    for name, _ in reversed(_ADDED):
        op.drop_column("accounts", name)
