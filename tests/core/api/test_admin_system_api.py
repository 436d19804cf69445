"""Storage, health and questions in SQL over HTTP, for admins (A1)."""

from core.platform import Platform
from tests.core.api.conftest import Api


def test_an_admin_reads_what_takes_room_and_frees_it(ann: Api) -> None:
    """A1."""
    answer = ann.post("admin/storage")
    assert answer["database"] > 0
    assert [each["what"] for each in answer["freeable"]] == ["results", "artifacts", "records"]
    freed = ann.post("admin/storage/free", what="artifacts")
    assert freed == {"status": "success", "what": "artifacts", "count": 0, "bytes": 0}
    refused = ann.post("admin/storage/free", what="results", days="soon")
    assert (ann.http, refused["message"]) == (422, 'days is "soon"; it must be a number.')


def test_an_admin_reads_how_the_process_is_doing(ann: Api, platform: Platform) -> None:
    platform.load.inside, platform.load.busy = 3, 1
    answer = ann.post("admin/health")
    assert (answer["calls_busy"], answer["calls_waiting"]) == (1, 2)
    assert answer["memory"] > 1 << 20
    assert answer["java_memory"] is None
    assert set(answer["engines"]) == {"pmml", "onnx", "sklearn"}


def test_an_admin_asks_in_sql_and_takes_the_answer_as_json_or_csv(ann: Api) -> None:
    sql = "SELECT name, role FROM accounts"
    answer = ann.post("admin/sql", sql=sql)
    assert (answer["columns"], answer["rows"]) == (["name", "role"], [["ann", "admin"]])
    assert answer["more"] is False
    sent = {**ann.credentials, "sql": sql, "format": "csv"}
    file = ann.client.post("/api/admin/sql", data=sent)
    assert file.text == '"name","role"\n"ann","admin"\n'
    ann.post("admin/sql", sql="DELETE FROM accounts")
    assert ann.http == 422
