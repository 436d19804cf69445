"""What a sample model is: a file that Slipway makes itself, and data to try it with."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.runtimes.edits import SchemaEdits


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample model.

    `file_name` is what its file is called on upload, and what it is known by afterwards. `write`
    makes the file and `write_data` the file of data, the same model and rows every time. `edits`
    are the labels, units, ranges and start values that the file leaves out.
    """

    key: str
    name: str
    description: str
    file_name: str
    data_name: str
    write: Callable[[], bytes]
    write_data: Callable[[], bytes]
    edits: SchemaEdits


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as a CSV in UTF-8, as a file of data holds them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
