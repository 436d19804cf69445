"""The history of services; that of services made before is read off their rows and the events."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A service could only be started and paused until now, and had one version all its life.
_FILL = """
INSERT INTO deployment_changes
SELECT id, deployment_id, row_number() OVER (PARTITION BY deployment_id ORDER BY first, "at", id),
       "at", "action", version, state, "by", ''
FROM (
    SELECT id, id AS deployment_id, 0 AS first, created AS "at", 'deployed' AS "action", version,
           'running' AS state, created_by AS "by"
    FROM deployments
    UNION ALL
    SELECT e.id, d.id, 1, e."at", e."action", d.version,
           CASE e."action" WHEN 'paused' THEN 'paused' ELSE 'running' END, e.actor
    FROM events e JOIN deployments d ON d.id = e.object_id
    WHERE e.object_kind = 'deployment' AND e."action" IN ('started', 'paused')
) AS known
"""


def upgrade() -> None:
    op.create_table(
        "deployment_changes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("deployment_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False, quote=True),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False, quote=True),
        sa.Column("note", sa.String, nullable=False),
    )
    op.execute(_FILL)


def downgrade() -> None:
    op.drop_table("deployment_changes")
