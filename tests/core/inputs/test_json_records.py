"""JSON files of records."""

import json
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema

X = Schema((Field("x", DataType.DOUBLE),))


def chunks(path: Path, content: str, rows: int = 100) -> list[Chunk]:
    path.write_text(content, encoding="utf-8")
    return list(open_table(path, "json", X).chunks(ChunkSize(rows)))


def values(found: list[Chunk]) -> list[object]:
    return [value for chunk in found for value in chunk.typed.batch.column(0).to_pylist()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.json"


@pytest.mark.parametrize(
    "content",
    [
        '[{"x": 1}, {"x": 2}]',
        '\ufeff [\n{"x": 1}\n,\n{"x": "2"}\n]\n',
        '{"x": 1}\n{"x": 2}\n',
        '{"x": 1}\r\n\r\n{"x": 2.0}',
        '{\n "x": 1\n}\n{\n "x": 2\n}',
    ],
)
def test_a_list_and_lines_of_objects_read_the_same(file: Path, content: str) -> None:
    assert values(chunks(file, content)) == [1.0, 2.0]


def test_a_long_file_is_cut_to_chunks_and_nothing_is_lost(file: Path) -> None:
    records = [{"x": n, "note": "n" * 200} for n in range(20_000)]
    found = chunks(file, json.dumps(records), rows=7_000)
    assert [chunk.rows for chunk in found] == [7_000, 7_000, 6_000]
    assert values(found) == [float(n) for n in range(20_000)]


def test_a_bad_record_keeps_its_place(file: Path) -> None:
    found = chunks(file, '[{"x": 1}, 7, {"y": 2}, {"x": "abc"}, {"x": 5}]', rows=2)
    assert values(found) == [1.0, None, None, None, 5.0]
    rows = [problem.row for chunk in found for p in chunk.typed.problems.values() for problem in p]
    assert rows == [2, 3, 4]
    assert found[1].raw == {0: {}, 1: {"x": "abc"}}


def test_other_fields_are_kept_as_json_and_named_in_order(file: Path) -> None:
    file.write_text('[{"id": 7, "x": 1}, {"x": 2, "tags": ["a"], "id": "7"}, {"x": 3, "k": null}]')
    source = open_table(file, "json", X)
    (chunk,) = source.chunks(ChunkSize(10))
    assert list(source.names()) == ["id", "x", "tags", "k"]
    assert chunk.others.to_pylist() == [
        {"id": "7", "tags": None, "k": None},
        {"id": '"7"', "tags": '["a"]', "k": None},
        {"id": None, "tags": None, "k": "null"},
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no records"),
        ("[]", "no records"),
        ("hello", "not JSON around record 1"),
        ('[{"x": 1}, {"x": 2]', "not JSON around record 2"),
        ('[{"x": 1} {"x": 2}]', "not JSON around record 2: a comma"),
        ('[{"x": 1}', "not JSON around record 2"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(
    file: Path, content: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        chunks(file, content)
    assert sentence in refusal.value.message
