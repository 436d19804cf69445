"""Calls summed up by the minute and by the hour, those that there are included."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SPANS = ("minute", "hour")

# Minutes are kept for three days, hours longer than the calls. The buckets are powers of 1.04.
_COUNTS = """
INSERT INTO call_{span}s
SELECT deployment_id, date_trunc('{span}', "at"), version, caller_id, code,
    count(*), sum(rows), sum(failed_rows),
    sum(latency_ms), min(latency_ms), max(latency_ms), min("at"), max("at")
FROM calls
WHERE '{span}' = 'hour' OR "at" >= (SELECT max("at") FROM calls) - INTERVAL 3 DAYS
GROUP BY ALL ORDER BY 2
"""
_LATENCIES = """
INSERT INTO latency_{span}s
SELECT deployment_id, date_trunc('{span}', "at"), version,
    CAST(ceil(ln(greatest(latency_ms, 0.001)) / ln(1.04)) AS SMALLINT), count(*)
FROM calls
WHERE '{span}' = 'hour' OR "at" >= (SELECT max("at") FROM calls) - INTERVAL 3 DAYS
GROUP BY ALL ORDER BY 2
"""


def upgrade() -> None:
    for span in _SPANS:
        _create_counts(f"call_{span}s")
        _create_latencies(f"latency_{span}s")
        op.execute(_COUNTS.format(span=span))
        op.execute(_LATENCIES.format(span=span))


def downgrade() -> None:
    for span in _SPANS:
        op.drop_table(f"latency_{span}s")
        op.drop_table(f"call_{span}s")


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=False, quote=True)


def _create_counts(name: str) -> None:
    op.create_table(
        name,
        sa.Column("deployment_id", sa.String, nullable=False),
        _time("at"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("caller_id", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("failed_rows", sa.BigInteger, nullable=False),
        sa.Column("latency_sum", sa.Double, nullable=False),
        sa.Column("latency_min", sa.Double, nullable=False),
        sa.Column("latency_max", sa.Double, nullable=False),
        _time("first_call"),
        _time("last_call"),
    )


def _create_latencies(name: str) -> None:
    op.create_table(
        name,
        sa.Column("deployment_id", sa.String, nullable=False),
        _time("at"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("bucket", sa.SmallInteger, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
    )
