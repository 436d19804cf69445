"""Small tasks whose every step a test can watch: a scorer that greets, and files of people."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pyarrow as pa
import pyarrow.compute as pc

from core.files import Staged
from core.runtimes.base import ModelInfo, Scorer

Upload = Callable[[str, str], Staged]
Lease = Callable[[str, ModelInfo], AbstractContextManager[Scorer]]
PART_ROWS = 3


class Greeter(Scorer):
    """Predicts sex and age as one text; cannot do 13, and calls `before` first."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.before: Callable[[], None] = lambda: None

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self.before()
        self.batches.append(batch.num_rows)
        ages, sexes = batch.columns
        unlucky = pc.equal(ages, 13)
        outputs = pc.binary_join_element_wise(sexes, ages.cast(pa.string()), "")
        return pa.record_batch(
            [pc.if_else(unlucky, None, outputs), pc.if_else(unlucky, "13 is too much.", None)],
            names=["prediction", "error"],
        )


PEOPLE = "age,sex\n" + "".join(f"{age},{'fm'[age % 2]}\n" for age in range(1, 11))
