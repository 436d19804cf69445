"""Class names are read from the files that people keep beside their models."""

import json

import pytest

from core.errors import InvalidInput
from core.inputs.class_names import read_class_names

NAMES = ("cat", "dog", "鳥")


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\n鳥\n",
        "\ufeffcat\r\n\r\n  dog \r\n鳥",
        json.dumps(NAMES),
        json.dumps({"2": "鳥", "0": "cat", "1": "dog"}),
        json.dumps({"0": ["n01", "cat"], "1": ["n02", "dog"], "2": ["n03", "鳥"]}),
        json.dumps({"dog": 1, "cat": 0, "鳥": 2}),
    ],
    ids=["lines", "lines from Windows", "list", "by number", "with synsets", "by name"],
)
def test_the_usual_files_are_read(text: str) -> None:
    assert read_class_names(text.encode(), 3) == NAMES


def test_a_name_that_comes_twice_gets_its_number() -> None:
    assert read_class_names(b"crane\nfox\ncrane", 3) == ("crane (0)", "fox", "crane (2)")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names 0 classes; the model has 3"),
        (b"cat\ndog", "names 2 classes; the model has 3"),
        ("鳥".encode("gbk"), "not text in UTF-8"),
        (b"[1, 2", "no JSON"),
        (b"[1, 2, 3]", "names must be texts"),
        (b'["a", "", "c"]', "names must be texts"),
        (b'{"1": "a", "2": "b", "3": "c"}', "from 0 to 2"),
    ],
)
def test_a_file_that_does_not_name_each_class_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_class_names(content, 3)
