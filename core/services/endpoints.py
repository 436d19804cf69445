"""The addresses of services: short, in plain ASCII, each once on a platform."""

import re
import unicodedata
from collections.abc import Container
from uuid import uuid4

_LONGEST = 60
_SPELLED = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)


def free_endpoint(model: str, deployment: str, taken: Container[str]) -> str:
    """Return an address of the names of a model and its deployment that nobody has.

    `churn` and `prod` give `churn-prod`, or `churn-prod-2` where that is taken. Names without a
    letter that ASCII can spell give `service-` and four hexadecimal digits.
    """
    wanted = _joined(_slug(model), _slug(deployment))
    if not wanted:
        return _random(taken)
    number, endpoint = 1, wanted
    while endpoint in taken:
        number += 1
        endpoint = f"{wanted}-{number}"
    return endpoint


def _joined(model: str, deployment: str) -> str:
    """Return both words once: a deployment is often named after its model."""
    if not model or not deployment or deployment.startswith(model):
        joined = deployment or model
    else:
        joined = f"{model}-{deployment}"
    return joined[:_LONGEST].strip("-")


def _slug(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_SPELLED))
    ascii_letters = letters.encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", ascii_letters).strip("-")


def _random(taken: Container[str]) -> str:
    digits = 4
    while (endpoint := f"service-{uuid4().hex[:digits]}") in taken:
        digits += 1
    return endpoint
