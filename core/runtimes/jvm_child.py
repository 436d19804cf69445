"""The process that holds the JVM; run as a module by `jvm`, never imported by the server.

A loop in a PMML file can't be stopped inside a JVM, so the JVM lives here, where the server can
end it. It ends by itself as soon as its standard input closes: with the server, however that ends.
"""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from core.runtimes.jvm_lane import (
    Answer,
    Drop,
    Dropped,
    Failed,
    Lane,
    LaneClosedError,
    Load,
    Loaded,
    Question,
    Score,
    Scored,
    ScoredRow,
    ScoreMatrix,
    Unknown,
)
from core.runtimes.pmml_cells import Records
from core.runtimes.pmml_engine import EngineError, PmmlEngine, PmmlModel


class Desk:
    """Answers the questions of all lanes."""

    def __init__(self, engine: PmmlEngine) -> None:
        self._engine = engine
        self._models: dict[int, PmmlModel] = {}

    def answer(self, question: Question) -> Answer:
        """Answer one question; whatever fails becomes an answer too."""
        try:
            return self._answer(question)
        except EngineError as error:
            return Failed(str(error), refused=True)
        except Exception as error:  # noqa: BLE001 - the server decides what to make of it
            return Failed(f"{type(error).__name__}: {error}", refused=False)

    def _answer(self, question: Question) -> Answer:
        if isinstance(question, Load):
            return self._load(question)
        if isinstance(question, Drop):
            self._models.pop(question.key, None)
            return Dropped()
        model = self._models.get(question.key)
        if model is None:
            return Unknown()
        records = _records(question, len(model.inputs))
        if len(records) == 1:
            return ScoredRow(model.score_one(records))
        return Scored(model.score(records).serialize().to_pybytes())

    def _load(self, question: Load) -> Loaded:
        model = self._engine.open(Path(question.path), question.inputs)
        self._models[question.key] = model
        return Loaded(model.schema.serialize().to_pybytes(), model.takes_matrix)


def _records(question: Score | ScoreMatrix, columns: int) -> Records:
    if isinstance(question, ScoreMatrix):
        return np.frombuffer(question.records).reshape(-1, columns)
    with pa.ipc.open_stream(question.batch) as stream:
        return stream.read_next_batch()


def serve(lane: Lane, answer: Callable[[Question], Answer]) -> None:
    """Answer the questions of one lane until it closes."""
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Question)
    encoder = msgspec.msgpack.Encoder()
    while True:
        try:
            lane.send(encoder.encode(answer(decoder.decode(lane.receive()))))
        except LaneClosedError:
            return


def main(heap_mb: int, ends: list[int]) -> None:
    """Start the JVM, say so on the first lane, and serve until standard input closes."""
    desk = Desk(PmmlEngine(heap_mb))
    lanes = [Lane(socket.socket(fileno=end)) for end in ends]
    lanes[0].send(b"ready")
    for lane in lanes:
        Thread(target=serve, args=(lane, desk.answer), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(end) for end in sys.argv[2:]])
