"""Which column goes to which input, in every kind of table (P7)."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.columns import ColumnMap, read_columns
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema
from tests.core.inputs.workbooks import write_workbook

SCHEMA = Schema((Field("age", DataType.INTEGER), Field("sex", DataType.STRING)))
COLUMNS = {"age": "Age in years", "sex": "Sex"}


def write(path: Path, kind: str) -> None:
    rows = [{"Age in years": 41, "Sex": "f", "age": "adult"}]
    if kind == "csv":
        path.write_text("Age in years;Sex;age\n41;f;adult\n", encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write_workbook(path, {"A": [list(rows[0]), list(rows[0].values())]})


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "xlsx"])
def test_an_input_takes_the_column_that_it_is_told_to(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "table", kind)
    source = open_table(tmp_path / "table", kind, SCHEMA, {"columns": COLUMNS})
    (chunk,) = source.chunks(ChunkSize(10))
    assert chunk.typed.batch.to_pylist() == [{"age": 41, "sex": "f"}]
    assert chunk.others.schema.names == ["age_given"]
    assert list(source.headers()) == ["Age in years", "Sex", "age"]
    assert list(source.names()) == ["age", "sex", "age_given"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"age": "Years"}, 'age takes the column "Years", and there is none of that name'),
        ({"height": "Sex"}, 'the model has no input "height"; it has age, sex'),
        ({"age": "Sex", "sex": "Sex"}, 'age and sex take the same column "Sex"'),
        ({"age": 3}, "the column of age must be a text"),
        (["age"], "columns must be an object"),
    ],
)
def test_a_map_that_cannot_be_is_refused(tmp_path: Path, columns: object, sentence: str) -> None:
    write(tmp_path / "table", "csv")
    with pytest.raises(InvalidInput, match=sentence):
        open_table(tmp_path / "table", "csv", SCHEMA, {"columns": columns})


def test_an_input_without_a_column_goes_by_its_own_name() -> None:
    columns = read_columns(SCHEMA, {"age": None, "sex": " S "})
    assert columns.renamed(["age", "S", "sex", "sex_given"]) == (
        "age",
        "sex",
        "sex_given_",
        "sex_given",
    )
    assert ColumnMap().renamed(["a", "b"]) == ("a", "b")


def test_records_that_lack_a_mapped_field_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"Sex": "f"}, 7, {"Age in years": 1, "Sex": "m"}]', encoding="utf-8")
    (chunk,) = open_table(path, "json", SCHEMA, {"columns": COLUMNS}).chunks(ChunkSize(10))
    assert list(chunk.typed.problems) == [0, 1]
