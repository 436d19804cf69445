"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_accounts()
    _create_models()
    _create_deployments()
    _create_tasks()
    _create_events()


def downgrade() -> None:
    for table in (
        "events",
        "tasks",
        "calls",
        "deployments",
        "versions",
        "models",
        "tokens",
        "accounts",
    ):
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String, primary_key=True)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _id(),
        _text("name"),
        _text("name_key"),
        _text("password_hash"),
        _text("role"),
        sa.Column("active", sa.Boolean, nullable=False),
        _time("created"),
        _time("valid_after"),
    )
    op.create_table(
        "tokens",
        _id(),
        _text("account_id"),
        _text("name"),
        _text("digest"),
        _time("created"),
        _time("expires"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        _id(),
        _text("owner_id"),
        _text("name"),
        _text("name_key"),
        _text("model_type"),
        _text("description"),
        _text("visibility"),
        _time("created"),
        _time("updated"),
    )
    op.create_table(
        "versions",
        _id(),
        _text("model_id"),
        sa.Column("number", sa.Integer, nullable=False),
        _text("artifact"),
        _text("source"),
        _text("file_name"),
        sa.Column("size", sa.BigInteger, nullable=False),
        _text("info"),
        _text("notes"),
        _time("created"),
        _text("created_by"),
    )


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        _id(),
        _text("model_id"),
        _text("version_id"),
        sa.Column("version", sa.Integer, nullable=False),
        _text("name"),
        _text("name_key"),
        _text("endpoint"),
        _text("state"),
        _time("created"),
        _text("created_by"),
    )
    op.create_table(
        "calls",
        _text("deployment_id"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False, quote=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("failed_rows", sa.BigInteger, nullable=False),
        _text("code"),
        sa.Column("latency_ms", sa.Double, nullable=False),
        _text("caller_id"),
    )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        _id(),
        _text("model_id"),
        _text("deployment_id", nullable=True),
        _text("version_id"),
        sa.Column("version", sa.Integer, nullable=False),
        _text("owner_id"),
        _text("kind"),
        _text("file_name"),
        _text("state"),
        _text("options"),
        sa.Column("rows_total", sa.BigInteger),
        sa.Column("rows_failed", sa.BigInteger),
        _text("message"),
        _time("created"),
        _time("started", nullable=True),
        _time("finished", nullable=True),
        _text("retry_of", nullable=True),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        _id(),
        sa.Column("at", sa.DateTime, nullable=False, quote=True),
        _text("actor_id"),
        _text("actor"),
        _text("action"),
        _text("object_kind"),
        _text("object_id"),
        _text("object_name"),
        _text("detail"),
    )
