"""An admin asks the metadata in SQL, and nothing that is asked can write, read files, or tell
secrets (A1).
"""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.sandbox import Limits
from core.db.tables import Account, Base, SignIn
from core.errors import InvalidInput, NotAllowed
from core.services.accounts import Accounts, Caller
from core.services.sign_ins import SignIns
from core.services.support import Support, is_secret
from core.services.support_csv import as_csv

_SECONDS = 20.0


@pytest.fixture
def support(database: Database) -> Support:
    return Support(database, Limits(seconds=_SECONDS))


def test_a_select_is_answered_from_what_the_tables_hold_now(
    support: Support, admin: Caller, ann: Caller
) -> None:
    """A1."""
    found = support.query(admin, "SELECT name, role FROM accounts ORDER BY name")
    assert found.table.to_pydict() == {"name": ["ann", "root"], "role": ["analyst", "admin"]}
    assert not found.more


def test_tables_can_be_joined_and_read_more_than_once(
    support: Support, admin: Caller, ann: Caller
) -> None:
    sql = """
        WITH made AS (SELECT object_id, count(*) AS n FROM events GROUP BY object_id)
        SELECT a.name, n, a.created, [1, 2] AS list, a.name
        FROM accounts a JOIN made ON made.object_id = a.id JOIN accounts b ON a.id = b.id
        WHERE a.name = 'ann';
    """
    table = support.query(admin, sql).table
    assert table.column_names == ["name", "n", "created", "list", "name_2"]
    assert table.column("n").to_pylist() == [1]
    assert table.column("list").to_pylist() == ["[1, 2]"]


def test_a_long_answer_is_cut_and_says_so(database: Database, admin: Caller) -> None:
    support = Support(database, Limits(rows=7, seconds=_SECONDS))
    found = support.query(admin, "SELECT * FROM range(1000000000000)")
    assert (found.table.num_rows, found.more) == (7, True)


@pytest.mark.parametrize(
    ("sql", "limits", "sentence"),
    [
        ("SELECT count(*) FROM range(1000000000000)", Limits(seconds=3), "longer than 3 seconds"),
        (
            "SELECT repeat('x', 10000000) FROM range(100000)",
            Limits(seconds=_SECONDS, memory=400 << 20),
            "400 MiB of memory|more than 16 MiB",
        ),
        (
            "SELECT repeat('x', 1000000) FROM range(30)",
            Limits(seconds=_SECONDS),
            "more than 16 MiB",
        ),
    ],
)
def test_what_takes_too_much_is_stopped(
    database: Database, admin: Caller, sql: str, limits: Limits, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        Support(database, limits).query(admin, sql)


def test_nobody_but_an_admin_asks(support: Support, ann: Caller) -> None:
    with pytest.raises(NotAllowed):
        support.query(ann, "SELECT 1")
    with pytest.raises(NotAllowed):
        support.tables(ann)


def test_what_proves_who_somebody_is_cannot_be_asked_for(
    support: Support,
    database: Database,
    accounts: Accounts,
    sign_ins: SignIns,
    admin: Caller,
) -> None:
    token = accounts.create_token(admin, "nightly")
    sign_ins.begin(admin)
    with database.reading() as session:
        secrets = [
            *session.scalars(select(Account.password_hash)),
            *session.scalars(select(SignIn.id)),
        ]
    shown = support.query(
        admin,
        "SELECT a::VARCHAR AS a, t::VARCHAR AS t, s::VARCHAR AS s "
        "FROM accounts a, tokens t, sign_ins s",
    ).table
    text = str(shown.to_pydict())
    assert "nightly" in text
    assert not [secret for secret in [*secrets, token.token] if secret in text]
    for column in ("password_hash FROM accounts", "digest FROM tokens", "id FROM sign_ins"):
        with pytest.raises(InvalidInput, match="not found"):
            support.query(admin, f"SELECT {column}")


def test_columns_that_sound_secret_are_hidden_in_every_table(
    support: Support, admin: Caller
) -> None:
    hidden = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if is_secret(table.name, column.name)
    }
    assert hidden >= {"accounts.password_hash", "accounts.subject", "tokens.digest", "sign_ins.id"}
    assert hidden >= {"call_logs.input", "call_logs.output"}
    assert is_secret("webhooks", "secret")
    assert is_secret("webhooks", "url")
    shown = {f"{view.name}.{name}" for view in support.tables(admin) for name in view.columns}
    assert not shown & hidden


@pytest.mark.parametrize(
    "sql",
    [
        "COPY accounts TO '{file}'",
        "SELECT 1; DELETE FROM accounts",
        "SELECT * FROM read_text('{known}')",
        "SELECT '" + "x" * 20_000 + "'",
    ],
    ids=lambda sql: sql[:40],
)
def test_what_is_no_question_is_refused_and_changes_nothing(
    support: Support, admin: Caller, tmp_path: Path, sql: str
) -> None:
    """A1; tests/core/db/test_sandbox.py has many more."""
    known = tmp_path / "known.csv"
    known.write_text("the secret of this file\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(InvalidInput) as refused:
        support.query(admin, sql.replace("{file}", f"{tmp_path}/x").replace("{known}", str(known)))
    assert "the secret of this file" not in refused.value.message
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_csv_of_an_answer_holds_no_formula() -> None:
    table = pa.table({"name": ["=1+1", "plain"], "n": [1, 2]})
    rows = list(csv.reader(io.StringIO(as_csv(table).decode())))
    assert rows == [["name", "n"], ["'=1+1", "1"], ["plain", "2"]]
