"""A PMML file as a tree: read without trusting it, and mended where the engine needs it.

PMML 4.4: https://dmg.org/pmml/v4-4/GeneralStructure.html
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import fromstring

from core.errors import InvalidModel

_VERSION = re.compile(r"PMML-(\d+)_(\d+)", re.IGNORECASE)
_DECLARATION = re.compile(
    rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["'][^>]*\?>"""
)
_PREFIX = re.compile(r"""xmlns:([\w.-]+)\s*=\s*["']([^"'<>&]+)["']""")
_ANY_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_MODELS = {
    "Header",
    "MiningBuildTask",
    "DataDictionary",
    "TransformationDictionary",
    "Extension",
}
_LATEST = "4.4"


@dataclass(slots=True)
class Document:
    """A PMML document; tags have no namespace. `mended` tells what was changed, and why."""

    root: Element
    mended: list[str]

    @property
    def version(self) -> str:
        """Return the version of PMML that the file says it has."""
        return self.root.get("version", "")

    @property
    def models(self) -> list[Element]:
        """Return the models of the file; the engine scores the first."""
        return [child for child in self.root if child.tag not in _NO_MODELS]

    @property
    def model(self) -> Element:
        """Return the model that is scored."""
        return self.models[0]

    def find(self, path: str) -> Element | None:
        """Return the first element at a path below the root."""
        return self.root.find(path)

    def elements(self, *tags: str) -> Iterator[Element]:
        """Return the elements of these kinds anywhere in the scored model."""
        wanted = set(tags)
        return (element for element in self.model.iter() if element.tag in wanted)

    def write(self, path: Path) -> None:
        """Write the document in UTF-8."""
        path.write_bytes(tostring(self.root, encoding="UTF-8", xml_declaration=True))


def read_document(path: Path) -> Document:
    """Read a PMML file; raises InvalidModel for whatever is not well-formed and harmless PMML."""
    text, mended = _decoded(path.read_bytes())
    root = _parsed(text)
    version = _strip_namespaces(root)
    _write_out_prefixes(root, text)
    if root.tag != "PMML":
        raise InvalidModel(f"The file is no PMML: its outermost element is {_local(root.tag)}.")
    document = Document(root, mended)
    if not document.version:
        root.set("version", version or _LATEST)
        mended.append(f"The file names no PMML version; it was read as {root.get('version')}.")
    if not document.models:
        raise InvalidModel("The PMML file holds no model, only its header and fields.")
    return document


def _decoded(content: bytes) -> tuple[str, list[str]]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _text(content[len(mark) :], encoding), [
                f"The byte order mark was removed and the file written as UTF-8 (was {encoding})."
            ]
    found = _DECLARATION.match(content)
    encoding = found[1].decode("ascii") if found else "utf-8"
    text = _text(content, encoding)
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return text, []
    return text, [f"The file was written as UTF-8 (was {encoding})."]


def _text(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except LookupError:
        raise InvalidModel(
            f"The file says that it is encoded as {encoding}, which is not known; save it as UTF-8."
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidModel(
            f"The file is not the {encoding} text that it says it is (line {line})."
        ) from None
    return _ANY_DECLARATION.sub("", text, count=1)


def _parsed(text: str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden):
        raise InvalidModel(
            "The file has a DOCTYPE or entities, which can read other files; remove them."
        ) from None
    except ParseError as error:
        line, column = error.position
        reason = str(error).split(":")[0]
        raise InvalidModel(
            f"The file is not well-formed XML: {reason} (line {line}, column {column + 1})."
        ) from None
    return root


def _strip_namespaces(root: Element) -> str:
    """Take the document's namespace off all its tags, and return the version that it names."""
    namespace = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    for element in root.iter():
        element.tag = element.tag.removeprefix(namespace)
    found = _VERSION.search(namespace)
    return f"{found[1]}.{found[2]}" if found else ""


def _write_out_prefixes(root: Element, text: str) -> None:
    """Give the tags of other namespaces the prefixes of the file again.

    Attributes name the columns of tables by them, so they are no mere abbreviations here.
    """
    prefixes = {uri: prefix for prefix, uri in _PREFIX.findall(text)}
    for element in root.iter():
        uri, _, local = element.tag.removeprefix("{").rpartition("}")
        if uri in prefixes:
            element.tag = f"{prefixes[uri]}:{local}"
            root.set(f"xmlns:{prefixes[uri]}", uri)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
