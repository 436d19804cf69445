"""Sentences whose values are in them already, known again by the templates they were made from."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

_HOLE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.?!])\s+(?=\S)")
_DEEPEST = 4


@dataclass(frozen=True)
class Template:
    """A sentence with named holes, such as `There is no account named "{name}".`"""

    text: str
    translated: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what a sentence looks like that was made from this template."""
        parts = _HOLE.split(self.text)
        seen: set[str] = set()
        wanted = ""
        for place, part in enumerate(parts):
            if place % 2 == 0:
                wanted += re.escape(part)
            else:
                wanted += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
                seen.add(part)
        return re.compile(wanted, re.DOTALL)

    @cached_property
    def weight(self) -> int:
        """Return how much of the template is its own words: of two that fit, more is nearer."""
        return len(_HOLE.sub("", self.text))

    @cached_property
    def anchor(self) -> str:
        """Return the longest word that every sentence of this template holds, or nothing."""
        words = [word for part in _HOLE.split(self.text)[::2] for word in _inner_words(part)]
        return max(words, key=len, default="")


def _inner_words(part: str) -> Iterator[str]:
    """Return the whole words of a part; one at its end may go on in the hole beside it."""
    for found in _WORD.finditer(part):
        if found.start() > 0 and found.end() < len(part):
            yield found.group()


class Sentences:
    """Translates sentences by the whole, by template, and else each of several in one text."""

    def __init__(self, translated: Mapping[str, str]) -> None:
        self._whole = {text: to for text, to in translated.items() if not _HOLE.search(text)}
        self._templates: dict[str, list[Template]] = defaultdict(list)
        for text, to in translated.items():
            if _HOLE.search(text):
                template = Template(text, to)
                self._templates[template.anchor].append(template)

    def translate(self, text: str) -> str:
        """Return a text in the other language; what is unknown in it stays as it is."""
        return self._translate(text, _DEEPEST)

    def _translate(self, text: str, depth: int) -> str:
        found = self._find(text, depth)
        if found is not None or not depth:
            return text if found is None else found
        parts = _END.split(text)
        if len(parts) == 1:
            return text
        return self._each(parts, depth)

    def _find(self, text: str, depth: int) -> str | None:
        whole = self._whole.get(text)
        if whole is not None or not depth:
            return whole
        words = {"", *_WORD.findall(text)}
        near = [each for word in words for each in self._templates.get(word, ())]
        for template in sorted(near, key=lambda each: -each.weight):
            if match := template.pattern.fullmatch(text):
                values = {
                    name: self._translate(value, depth - 1)
                    for name, value in match.groupdict().items()
                }
                return _HOLE.sub(lambda hole, values=values: values[hole[1]], template.translated)
        return None

    def _each(self, parts: list[str], depth: int) -> str:
        """Return several sentences, of which a template may hold more than one, each translated."""
        for end in range(len(parts) - 1, 0, -1):
            found = self._find(" ".join(parts[:end]), depth)
            if found is not None:
                rest = self._translate(" ".join(parts[end:]), depth - 1)
                return found + _joint(found) + rest
        return parts[0] + " " + self._translate(" ".join(parts[1:]), depth - 1)


def _joint(sentence: str) -> str:
    """Return what stands after a sentence: a full-width stop brings its own space."""
    return "" if sentence.endswith(("。", "！", "？", "；")) else " "
