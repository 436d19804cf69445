"""Sentences whose values are in them already, known again by the templates they were made from."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

HOLE = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=\S)")
_AFTER = (": ", "; ")  # what stands before may be a name, what follows is said of it
_FULL_WIDTH = {": ": "：", "; ": "；", ", ": "、"}
_STOPS = ("。", "！", "？", "；", "：")
_DEEPEST = 5
_LONGEST = 2_000
# The holes whose values are words of the core; in all others a word may be a name that people gave.
# fmt: off
_WORDS = frozenset({
    "state", "role", "level", "decision", "kind", "kind2", "side", "action", "what", "have",
    "algorithm", "function", "fit", "colour", "layout", "preset", "now", "was",
})
# fmt: on


@dataclass(frozen=True)
class Template:
    """A sentence with named holes, such as `There is no account named "{name}".`"""

    text: str
    translated: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what a sentence looks like that was made from this template."""
        wanted, seen = "", set[str]()
        for place, part in enumerate(HOLE.split(self.text)):
            if place % 2 == 0:
                wanted += re.escape(part)
            else:
                wanted += f"(?P={part})" if part in seen else f"(?P<{part}>.*?)"
                seen.add(part)
        return re.compile(wanted, re.DOTALL)

    @cached_property
    def weight(self) -> int:
        """Return how much of the template is its own words: of two that fit, more is nearer."""
        return len(HOLE.sub("", self.text))

    @cached_property
    def anchor(self) -> str:
        """Return the longest word that every sentence of this template holds, or nothing."""
        parts = HOLE.split(self.text)[::2]
        last = len(parts) - 1
        words = [
            word
            for place, part in enumerate(parts)
            for word in _whole_words(part, place == 0, place == last)
        ]
        return max(words, key=len, default="")

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the translation with values in its holes."""
        return HOLE.sub(lambda hole: values[hole[1]], self.translated)


def _whole_words(part: str, first: bool, last: bool) -> Iterator[str]:
    """Return the words of a part that cannot go on in the hole before or after it."""
    for found in _WORD.finditer(part):
        if (first or found.start() > 0) and (last or found.end() < len(part)):
            yield found.group()


class Sentences:
    """Translates sentences: the whole, by template, or each part of what is put together.

    What is unknown stays as it is, and so do the values in the holes, unless they are known, too.
    """

    def __init__(self, translated: Mapping[str, str]) -> None:
        self._whole: dict[str, str] = {}
        self._templates: dict[str, list[Template]] = defaultdict(list)
        for text, to in translated.items():
            if HOLE.search(text):
                template = Template(text, to)
                self._templates[template.anchor].append(template)
            else:
                self._whole[text] = to

    def translate(self, text: str) -> str:
        """Return a text in the other language."""
        if text in self._whole or len(text) > _LONGEST:
            return self._whole.get(text, text)
        return self._translate(text, _DEEPEST)

    def _translate(self, text: str, depth: int) -> str:
        core = text.strip()
        if not depth or " " not in core:
            return text
        found = self._find(core, depth)
        if found is None:
            found = self._in_parts(core, depth - 1)
        return text.replace(core, found, 1)

    def _find(self, text: str, depth: int) -> str | None:
        """Return the translation of what the catalogue has as one sentence, or None."""
        if text in self._whole:
            return self._whole[text]
        words = {"", *_WORD.findall(text)}
        near = [each for word in words for each in self._templates.get(word, ())]
        for template in sorted(near, key=lambda each: -each.weight):
            if match := template.pattern.fullmatch(text):
                values = match.groupdict()
                return template.filled(
                    {name: self._value(name, value, depth) for name, value in values.items()}
                )
        return None

    def _value(self, name: str, value: str, depth: int) -> str:
        if name in _WORDS and value in self._whole:
            return self._whole[value]
        return self._translate(value, depth - 1)

    def _in_parts(self, text: str, depth: int) -> str:
        """Return a text that is put together, each part that is known translated."""
        sentences = _SENTENCES.split(text)
        if len(sentences) > 1:
            return self._one_after_the_other(sentences, depth)
        for joint in _AFTER:
            subject, found, rest = text.partition(joint)
            if found and (said := self._translate(rest, depth)) != rest:
                return self._translate(subject, depth) + _FULL_WIDTH[joint] + said
        items = text.split(", ")
        said_items = [self._translate(item, depth) for item in items]
        return text if said_items == items else "、".join(said_items)

    def _one_after_the_other(self, sentences: list[str], depth: int) -> str:
        """Return sentences translated; one template may hold several, so the most come first."""
        for end in range(len(sentences) - 1, 0, -1):
            said = self._find(" ".join(sentences[:end]), depth)
            if said is not None:
                break
        else:
            end, said = 1, self._translate(sentences[0], depth)
        rest = self._translate(" ".join(sentences[end:]), depth)
        return said + ("" if said.endswith(_STOPS) else " ") + rest
