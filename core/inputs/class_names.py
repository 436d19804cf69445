"""The names of a classifier's classes from a file, as people keep them beside a model."""

import json
from collections import Counter
from collections.abc import Sequence

from core.errors import InvalidInput

MOST_BYTES = 4 << 20


def read_class_names(content: bytes, count: int) -> tuple[str, ...]:
    """Return the names of so many classes, in the order of the model's numbers.

    The file has one name a line, or is JSON: a list, an object of numbers and names (as Keras and
    PyTorch keep ImageNet's, where a name may be a list that ends with it), or of names and numbers.
    A name that comes twice gets its number behind it. Raises InvalidInput.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("The file of class names is not text in UTF-8.") from error
    names = _from_json(text) if text.lstrip()[:1] in ("[", "{") else _from_lines(text)
    if len(names) != count:
        raise InvalidInput(f"The file names {len(names)} classes; the model has {count}.")
    twice = {name for name, times in Counter(names).items() if times > 1}
    return tuple(f"{name} ({at})" if name in twice else name for at, name in enumerate(names))


def _from_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _from_json(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The file of class names is no JSON: {error}.") from error
    return [_name(item) for item in (_ordered(found) if isinstance(found, dict) else found)]


def _ordered(found: dict[str, object]) -> list[object]:
    """Return the names of an object in the order of their numbers, which must be 0, 1, 2, …"""
    by_number: dict[str, object] = found
    if all(isinstance(value, int) for value in found.values()):
        by_number = {str(number): name for name, number in found.items()}
    wanted = [str(number) for number in range(len(found))]
    if set(by_number) != set(wanted):
        raise InvalidInput(
            f"The file must number its {len(found)} classes from 0 to {len(found) - 1}."
        )
    return [by_number[number] for number in wanted]


def _name(item: object) -> str:
    if isinstance(item, Sequence) and not isinstance(item, str) and item:
        item = item[-1]
    if not isinstance(item, str) or not item.strip():
        raise InvalidInput(f"A class is named {str(item)[:40]!r}; names must be texts.")
    return item.strip()
