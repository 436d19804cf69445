"""Zips of any mix (I9), and those that were made to do harm."""

import io
import json
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InvalidInput
from core.inputs import archive as module
from core.inputs import zip_members
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.pictures import read_pictures
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema
from tests.core.inputs.media import photo, png, video, zipped
from tests.core.inputs.workbooks import write_workbook

X = Schema((Field("x", DataType.DOUBLE),))
PHOTO = Schema((photo(),))
Row = tuple[str, object, str | None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    return folder / "source"


def read(path: Path, content: bytes, schema: Schema = X, rows: int = 100) -> list[Row]:
    """Return the member, the value (of a picture the red) and the problem of each record."""
    path.write_bytes(content)
    found = [
        row
        for chunk in open_table(path, "zip", schema).chunks(ChunkSize(rows))
        for row in _rows(chunk, schema)
    ]
    assert list(path.parent.iterdir()) == [path]  # nothing unpacked is left
    return found


def _rows(chunk: Chunk, schema: Schema) -> list[Row]:
    read = read_pictures(schema, chunk.typed.batch)
    problems = {**read.problems, **chunk.typed.problems}
    members = map(json.loads, chunk.others.column("member").to_pylist())
    values = [_value(value) for value in read.batch.column(0).to_pylist()]
    return [
        (member, value, problems[row][0].message if row in problems else None)
        for row, (member, value) in enumerate(zip(members, values, strict=True))
    ]


def _value(value: object) -> object:
    return int(np.array(value)[0]) if isinstance(value, list) else value


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"x": [6.0]}), sink)
    return bytes(sink.getvalue())


def workbook() -> bytes:
    file = io.BytesIO()
    write_workbook(file, {"A": [["x"], [5]]})
    return file.getvalue()


def test_tables_of_every_kind_in_folders_come_in_the_order_of_the_archive(path: Path) -> None:
    content = zipped(
        {
            "b/": "",
            "b/one.csv": "id,x\nfirst,1\nsecond,2\n",
            "a.json": '[{"x": 3}]',
            "c/d/lines.jsonl": '{"x": 4, "note": "n"}\n',
            "e.xlsx": workbook(),
            "f.parquet": parquet(),
            "g.tsv": "x\ty\n7\t8\n",
        }
    )
    assert read(path, content) == [
        ("b/one.csv", 1.0, None),
        ("b/one.csv", 2.0, None),
        ("a.json", 3.0, None),
        ("c/d/lines.jsonl", 4.0, None),
        ("e.xlsx", 5.0, None),
        ("f.parquet", 6.0, None),
        ("g.tsv", 7.0, None),
    ]
    source = open_table(path, "zip", X)
    chunks = list(source.chunks(ChunkSize(10)))
    assert source.names() == ["member", "id", "x", "note", "y"]
    assert chunks[0].others.column("id").to_pylist() == ['"first"', '"second"']
    assert source.headers() == ("id", "x")


def test_pictures_come_one_a_record_and_videos_one_a_frame(path: Path) -> None:
    content = zipped(
        {"b.png": png(30), "猫/一.png": png(40), "v.mp4": video([100, 200], rate=1), "z": png(50)}
    )
    found = read(path, content, PHOTO)
    assert [member for member, _, _ in found] == ["b.png", "猫/一.png", "v.mp4", "v.mp4", "z"]
    reds = [red for _, red, _ in found]
    assert reds == [30, 40, pytest.approx(100, abs=4), pytest.approx(200, abs=4), 50]
    source = open_table(path, "zip", PHOTO)
    _, frames, _ = source.chunks(ChunkSize(9))
    assert frames.others.column("time").to_pylist() == ["0.0", "1.0"]
    assert source.names() == ["member", "time"]


def test_a_member_that_cannot_be_read_is_a_record_with_an_error(path: Path) -> None:
    content = zipped(
        {
            "a.png": png(10),
            "cut.png": png(20)[:45],
            "notes.gif": b"GIF89a....",
            "b.jpg": b"no picture",
            "table.csv": "y\n1\n",
            "c.png": png(30),
            "old.xls": b"\xd0\xcf\x11\xe0",
            "empty.csv": "",
        }
    )
    found = {member: (red, problem or "") for member, red, problem in read(path, content, PHOTO)}
    assert {name: red for name, (red, _) in found.items() if red is not None} == {
        "a.png": 10,
        "c.png": 30,
    }
    for name, words in {
        "cut.png": "cut off or damaged",
        "notes.gif": "a GIF; send a JPEG",
        "b.jpg": "no picture",
        "table.csv": "photo is not given",
        "old.xls": "save it as .xlsx",
        "empty.csv": "empty",
    }.items():
        assert words in found[name][1]


def test_a_ragged_table_is_treated_as_if_it_came_alone(path: Path) -> None:
    table = "x,y\n1,2\n3\nbad,4\n5,6,7\n8,9\n"
    found = read(path, zipped({"t.csv": table, "u.csv": "x\n1\n"}))
    (path.parent / "alone").write_text(table, encoding="utf-8")
    (alone,) = open_table(path.parent / "alone", "csv", X).chunks(ChunkSize(10))
    assert [problem for _, _, problem in found[:-1]] == [
        alone.typed.problems[row][0].message if row in alone.typed.problems else None
        for row in range(5)
    ]
    assert found[-1] == ("u.csv", 1.0, None)


def test_a_picture_is_an_error_for_a_model_of_numbers(path: Path) -> None:
    found = read(path, zipped({"a.png": png(1), "t.csv": "x\n1\n"}))
    assert found[1] == ("t.csv", 1.0, None)
    assert "This is a picture, and this model has no input that is an image" in str(found[0][2])


def test_what_systems_leave_in_archives_is_left_out(path: Path) -> None:
    litter = ["__MACOSX/._a.csv", ".DS_Store", "x/Thumbs.db", "._b.csv", "desktop.ini"]
    assert read(path, zipped({**dict.fromkeys(litter, "?"), "a.csv": "x\n1\n"})) == [
        ("a.csv", 1.0, None)
    ]


def test_zips_inside_are_read_but_not_without_end(path: Path) -> None:
    deepest = zipped({"c.csv": "x\n3\n"})
    inner = zipped({"b.csv": "x\n2\n", "deeper.zip": deepest})
    found = read(path, zipped({"a.csv": "x\n1\n", "in.zip": inner}))
    assert found[:2] == [("a.csv", 1.0, None), ("in.zip/b.csv", 2.0, None)]
    assert found[2][0] == "in.zip/deeper.zip"
    assert "Zips are read 2 deep" in str(found[2][2])


def test_a_column_of_the_name_member_steps_aside(path: Path) -> None:
    path.write_bytes(zipped({"a.csv": "x,member\n1,mine\n"}))
    source = open_table(path, "zip", X)
    (chunk,) = source.chunks(ChunkSize(10))
    assert chunk.others.schema.names == ["member", "member_given"]
    assert source.names() == ["member", "x", "member_given"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("照片/猫.csv".encode("gbk"), "照片/猫.csv"),
        ("照片/猫.csv".encode(), "照片/猫.csv"),
        ("äöü.csv".encode("cp437"), "äöü.csv"),
        (b"plain.csv", "plain.csv"),
    ],
)
def test_names_that_do_not_say_their_encoding_are_guessed(
    path: Path, raw: bytes, shown: str
) -> None:
    """Chinese names, as Windows and as others pack them."""
    placeholder = "x" * (len(raw) - 4) + ".csv"
    content = zipped({placeholder: "x\n1\n"}).replace(placeholder.encode(), raw)
    assert read(path, content) == [(shown, 1.0, None)]


def test_a_name_in_the_unicode_field_counts(path: Path) -> None:
    name = "猫.csv".encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo("q.csv")
        entry.extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, 0) + name
        archive.writestr(entry, "x\n1\n")
    assert read(path, file.getvalue())[0][0] in ("猫.csv", "q.csv")


# --- archives that were made to do harm --------------------------------------------------------


def with_mode(name: str, mode: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, "/etc/passwd")
    return file.getvalue()


def encrypted(content: bytes) -> bytes:
    """Say in both headers of the first member that it is encrypted."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


HOSTILE = {
    "climbs": (zipped({"../../etc/passwd": "x"}), '"../../etc/passwd" leads out'),
    "climbs inside": (zipped({"a/../../b.csv": "x"}), "leads out"),
    "climbs on windows": (zipped({"..\\b.csv": "x"}), "leads out"),
    "absolute": (zipped({"/etc/passwd": "x"}), "leads out"),
    "a drive": (zipped({"C:/b.csv": "x"}), "leads out"),
    "a link": (with_mode("a.csv", stat.S_IFLNK | 0o777), '"a.csv" is a link'),
    "a device": (with_mode("a.csv", stat.S_IFCHR | 0o666), "is a link"),
    "a bomb": (zipped({"bomb.csv": bytes(40 << 20)}), "more than 200 times"),
    "all encrypted": (encrypted(zipped({"a.csv": "x\n1\n"})), "The zip is encrypted"),
    "nothing": (zipped({}), "holds no files"),
    "folders alone": (zipped({"a/": ""}), "holds no files"),
    "cut off": (zipped({"a.csv": "x\n1\n"})[:-10], "no whole zip"),
    "no zip": (b"PK\3\4", "no whole zip"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_archive_made_to_do_harm_is_refused_by_name(path: Path, what: str) -> None:
    content, sentence = HOSTILE[what]
    with pytest.raises(InvalidInput, match=sentence):
        read(path, content)
    assert list(path.parent.iterdir()) == [path]


def test_an_encrypted_member_is_an_error_of_its_own(path: Path) -> None:
    found = read(path, encrypted(zipped({"a.csv": "x\n1\n", "b.csv": "x\n2\n"})))
    assert found[1] == ("b.csv", 2.0, None)
    assert found[0] == ("a.csv", None, "It is encrypted; pack it without a password.")


def test_a_damaged_member_is_an_error_of_its_own(path: Path) -> None:
    content = zipped({"a.csv": "x\n" + "123\n" * 500, "b.csv": "x\n2\n"})
    changed = bytearray(content)
    changed[40] ^= 0xFF
    found = read(path, bytes(changed))
    assert "damaged" in str(found[0][2])
    assert found[-1] == ("b.csv", 2.0, None)


def test_limits_hold_for_all_members_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MOST_UNPACKED", 5)
    with pytest.raises(InvalidInput, match="The zip unpacks to"):
        read(path, zipped({"a.csv": "x\n1\n", "b.csv": "x\n1\n"}))
    monkeypatch.undo()
    monkeypatch.setattr(zip_members, "MOST_MEMBERS", 1)
    with pytest.raises(InvalidInput, match="has 2 members; at most 1"):
        read(path, zipped({"a.csv": "x\n1\n", "b.csv": "x\n1\n"}))
    monkeypatch.undo()
    monkeypatch.setattr(module, "MOST_UNPACKED", 200)
    inner = zipped({"big.csv": "x\n" + "1\n" * 100})
    found = read(path, zipped({"a.zip": inner, "b.csv": "x\n1\n"}))
    assert "unpacks to more than" in str(found[0][2])


def test_many_pictures_come_in_chunks_that_fit_in_memory(path: Path) -> None:
    content = zipped({f"{n:04}.png": png(n % 256) for n in range(600)})
    path.write_bytes(content)
    sizes = [chunk.rows for chunk in open_table(path, "zip", PHOTO).chunks(ChunkSize(50_000))]
    assert sizes == [256, 256, 88]
    assert [red for _, red, _ in read(path, content, PHOTO)] == [n % 256 for n in range(600)]
