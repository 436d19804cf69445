import socket
import struct
from collections.abc import Iterator
from threading import Thread

import pyarrow as pa
import pytest

from core.runtimes.jvm_lane import Lane, LaneClosedError
from core.runtimes.jvm_row import RowMaker, Value


@pytest.fixture
def ends() -> Iterator[tuple[Lane, Lane]]:
    one, other = (Lane(end) for end in socket.socketpair())
    yield one, other
    one.close()
    other.close()


@pytest.mark.parametrize("size", [0, 1, 65_531, 65_532, 65_536, 3_000_000])
def test_a_message_of_any_size_comes_whole(ends: tuple[Lane, Lane], size: int) -> None:
    message = bytes(range(256)) * (size // 256) + bytes(size % 256)
    sender = Thread(target=ends[0].send, args=(message,))
    sender.start()
    assert bytes(ends[1].receive(60)) == message
    sender.join()


def test_a_silent_end_is_waited_for_no_longer_than_asked(ends: tuple[Lane, Lane]) -> None:
    with pytest.raises(TimeoutError):
        ends[0].receive(0.01)


def test_a_closed_end_is_noticed_by_the_other(ends: tuple[Lane, Lane]) -> None:
    ends[0].close()
    with pytest.raises(LaneClosedError):
        ends[1].receive(60)
    with pytest.raises(LaneClosedError):
        ends[1].send(b"anyone there?")


@pytest.mark.parametrize(
    "values",
    [
        ("naïve 🙂", 0.1, -(2**63), True, None),
        ("", float("-inf"), 0, False, "an error"),
        (None, None, None, None, None),
    ],
)
def test_a_row_made_by_hand_is_what_arrow_makes_of_it(values: tuple[Value | None, ...]) -> None:
    kinds = [pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.string()]
    schema = pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)])
    made = RowMaker(schema).batch(values)
    made.validate(full=True)
    assert made.equals(
        pa.RecordBatch.from_pylist([dict(zip(schema.names, values, strict=True))], schema)
    )


@pytest.mark.parametrize("how", ["closed here", "reset there"])
def test_a_lane_that_breaks_within_a_message_is_a_closed_lane(how: str) -> None:
    here, there = socket.socketpair()
    there.sendall(struct.pack("<I", 1 << 20) + b"x" * 100)
    there.shutdown(socket.SHUT_RDWR)
    lane = Lane(here)
    if how == "closed here":
        lane.close()
    with pytest.raises(LaneClosedError):
        lane.receive(5)
    there.close()
    lane.close()
