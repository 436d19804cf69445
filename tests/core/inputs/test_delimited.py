"""Delimited text as people really write it."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema

X_Y = Schema((Field("x", DataType.DOUBLE), Field("y", DataType.DOUBLE)))


def chunks(
    path: Path,
    content: str | bytes,
    schema: Schema = X_Y,
    rows: int = 1000,
    options: dict[str, object] | None = None,
) -> list[Chunk]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(open_table(path, "csv", schema, options).chunks(ChunkSize(rows)))


def values(found: list[Chunk]) -> list[tuple[object, ...]]:
    return [tuple(record.values()) for chunk in found for record in chunk.typed.batch.to_pylist()]


def sentences(found: list[Chunk]) -> dict[int, str]:
    return {
        problem.row or 0: problem.message
        for chunk in found
        for problems in chunk.typed.problems.values()
        for problem in problems
    }


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize(
    "content",
    [
        "x,y\n1,2\n3,4\n",
        "x,y\n1,2\n3,4",
        "y;x\n2;1\n4;3\n",
        "x\ty\r\n1\t2\r\n3\t4\r\n",
        "x|y\r1|2\r3|4\r",
        '"x","y"\n"1","2"\n"3","4"\n',
        " x , y \n 1 , 2 \n 3 , 4 \n",
        "\n\nx,y\n1,2\n\n\n3,4\n\n",
        "\ufeffx,y\n1,2\n3,4\n",
        "x,y\n1,2,\n3,4,,\n",
        "a,x,b,y\nk,1,l,2\nm,3,n,4\n",
        "x,y\n1,2\n3,4\n".encode("utf-16"),
        "x,y\n1,2\n3,4\n".encode("utf-16-le"),
        "x,y\n1,2\n3,4\n".encode("utf-16-be"),
        "x,y\n1,2\n3,4\n".encode("utf-32"),
    ],
)
def test_the_same_table_written_in_many_ways_reads_the_same(
    table: Path, content: str | bytes
) -> None:
    found = chunks(table, content)
    assert values(found) == [(1.0, 2.0), (3.0, 4.0)]
    assert sentences(found) == {}


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_records_with_too_few_or_too_many_cells_keep_their_places(table: Path, rows: int) -> None:
    content = "x,y\n1\n1,2\n3\n4,5,6\n7,8\n,9,,10\n11,12\n13\n14\n"
    found = chunks(table, content, rows=rows)
    nothing = (None, None)
    assert values(found) == [
        *(nothing, (1.0, 2.0), nothing, nothing, (7.0, 8.0)),
        *(nothing, (11.0, 12.0), nothing, nothing),
    ]
    assert set(sentences(found)) == {1, 3, 4, 6, 8, 9}
    assert sentences(found)[4] == "The record has 3 cells; the header has 2."
    assert max(chunk.rows for chunk in found) <= rows


def test_a_file_of_only_ragged_records_still_has_all_its_rows(table: Path) -> None:
    found = chunks(table, "x,y\n1\n2\n3\n")
    assert values(found) == [(None, None)] * 3
    assert [chunk.raw[0]["x"] for chunk in found] == ["1"]


def test_ragged_records_keep_their_places_across_blocks(table: Path) -> None:
    count = 150_000
    lines = [f"{n},{n}" if n % 997 else f"{n}" for n in range(count)]
    found = chunks(table, "x,y\n" + "\n".join(lines), rows=40_000)
    assert [chunk.rows for chunk in found] == [40_000, 40_000, 40_000, 30_000]
    read = [x for x, _ in values(found)]
    assert read == [float(n) if n % 997 else None for n in range(count)]
    assert set(sentences(found)) == {n + 1 for n in range(0, count, 997)}


def test_a_cell_that_cannot_be_typed_is_kept_as_it_was_written(table: Path) -> None:
    found = chunks(table, "x,y\n1,2\n3,four\n5,6\n")
    assert values(found) == [(1.0, 2.0), (3.0, None), (5.0, 6.0)]
    assert found[0].raw == {1: {"y": "four"}}
    assert sentences(found) == {2: 'y: "four" is not a number.'}


def test_columns_that_the_model_does_not_take_are_kept_as_text(table: Path) -> None:
    found = chunks(table, 'id,x,note,y\n001,1,"a\nb",2\n002,3,,4\n')
    assert found[0].others.to_pylist() == [
        {"id": "001", "note": "a\nb"},
        {"id": "002", "note": None},
    ]


def test_repeated_and_blank_headers_become_names_of_their_own(table: Path) -> None:
    table.write_text("x,a,,a,y,a_2,a\n1,2,3,4,5,6,7\n")
    source = open_table(table, "csv", X_Y)
    assert list(source.names()) == ["x", "a", "column_3", "a_3", "y", "a_2", "a_4"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty"),
        ("\n \n", "The file is empty"),
        ("x,y\n", "no records below"),
        ("x,y", "no records below"),
        ("x,z\n1,2\n", "y is not given; the model needs it"),
        ("1,2\n3,4\n", "The first line must name the columns; it reads: 1, 2"),
        ("x,y,x\n1,2,3\n", "names x 2 times"),
        (b"PK\x03\x04\0\0\x01\0\x02\x03\0\0\0\0\0\xff\xff", "not text"),
        ('x,y\n1,"2\n3,4\n5,6\n', "opened in row 1 is not closed"),
        ("x,y,é,ü\n".encode() * 30 + b"1,2,\xff,\n", "UTF-8 but for a few broken bytes"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(
    table: Path, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        chunks(table, content)
    assert sentence in refusal.value.message


def test_a_misspelt_column_is_named_with_the_one_that_was_meant(table: Path) -> None:
    schema = Schema((Field("sepal_length", DataType.DOUBLE),))
    with pytest.raises(InvalidInput, match='Did you mean it by "sepal_lenght"'):
        chunks(table, "sepal_lenght\n1\n", schema)


def test_an_open_quotation_mark_in_a_large_file_is_named(table: Path) -> None:
    content = "x,y\n1,2\n" + '3,"4\n' + "5,6\n" * 600_000
    with pytest.raises(InvalidInput, match=r"after row 1 is too large.*quotation mark"):
        chunks(table, content)


def test_a_line_longer_than_a_block_is_read(table: Path) -> None:
    note = "n" * (3 << 20)
    found = chunks(table, f"x,y,note\n1,2,{note}\n3,4,\n")
    assert values(found) == [(1.0, 2.0), (3.0, 4.0)]
    assert found[0].others.column(0)[0].as_py() == note


def test_a_chunk_ends_where_it_has_enough_bytes(table: Path) -> None:
    lines = [f"{n},{n},{'w' * 50_000}" for n in range(100)]
    table.write_text("x,y,wide\n" + "\n".join(lines))
    source = open_table(table, "csv", X_Y)
    found = list(source.chunks(ChunkSize(rows=1000, bytes=1 << 20)))
    assert len(found) > 2
    assert values(found) == [(float(n), float(n)) for n in range(100)]


def test_encoding_and_delimiter_may_be_named(table: Path) -> None:
    schema = Schema((Field("x", DataType.STRING),))
    found = chunks(
        table,
        "x:n\né:1\n".encode("cp1250"),
        schema,
        options={"encoding": "cp1250", "delimiter": ":"},
    )
    assert values(found) == [("é",)]


@pytest.mark.parametrize(
    ("option", "value"), [("encoding", "no-such"), ("delimiter", "ab"), ("delimiter", 5)]
)
def test_an_option_that_makes_no_sense_is_refused_by_name(
    table: Path, option: str, value: object
) -> None:
    with pytest.raises(InvalidInput, match=f"^{option}: "):
        chunks(table, "x,y\n1,2\n", options={option: value})


def test_an_option_that_does_not_exist_is_refused_with_those_that_do(table: Path) -> None:
    with pytest.raises(
        InvalidInput, match='no option "delimeter"; there are encoding, delimiter and columns'
    ):
        chunks(table, "x,y\n1,2\n", options={"delimeter": ";"})


def test_a_named_encoding_that_is_wrong_is_refused(table: Path) -> None:
    with pytest.raises(InvalidInput, match="not written in utf-8"):
        chunks(table, b"x,y\n1,\xff\n", options={"encoding": "utf-8"})
    with pytest.raises(InvalidInput, match=r"not utf-8 throughout|cannot be read"):
        chunks(table, b"x,y\n" + b"1,2\n" * 400_000 + b"1,\xff\n", options={"encoding": "utf-8"})


def test_a_tensor_in_a_cell_is_a_json_list(table: Path) -> None:
    schema = Schema((Field("v", DataType.FLOAT, shape=(3,)),))
    found = chunks(table, 'v\n"[1, 2, 3]"\n"[1, 2]"\nabc\n', schema)
    assert values(found) == [([1.0, 2.0, 3.0],), (None,), (None,)]
    assert sentences(found) == {
        2: "v: the shape is 2, not 3.",
        3: 'v: "abc" is not a list such as [1, 2, 3].',
    }


def test_a_txt_file_holds_values_in_the_schemas_order(tmp_path: Path) -> None:
    table = tmp_path / "rows.txt"
    table.write_text("1\t2\n3\t4\n")
    found = list(open_table(table, "txt", X_Y).chunks(ChunkSize(10)))
    assert values(found) == [(1.0, 2.0), (3.0, 4.0)]
    table.write_text("y,x\n1,2\n")
    assert values(list(open_table(table, "txt", X_Y).chunks(ChunkSize(10)))) == [(2.0, 1.0)]
    table.write_text("1,2,3\n")
    with pytest.raises(InvalidInput, match=r"Line 1 has 3 cells; the model takes 2.*x, y"):
        open_table(table, "txt", X_Y)


def test_a_txt_file_for_a_model_of_one_text_is_a_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text('good, really "good"\n\n差评\n', encoding="gb18030")
    schema = Schema((Field("text", DataType.STRING),))
    found = list(open_table(path, "txt", schema).chunks(ChunkSize(1)))
    assert values(found) == [('good, really "good"',), ("差评",)]
    path.write_text("\n\n")
    with pytest.raises(InvalidInput, match="empty"):
        open_table(path, "txt", schema)


def test_another_kind_is_refused_with_those_that_are_tables(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match='"xls" is no table; give csv, txt, json'):
        open_table(tmp_path / "t", "xls", X_Y)
