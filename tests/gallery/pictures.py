"""The pictures of the guide and of README: states of the gallery, cut and made small."""

from pathlib import Path

from PIL import Image

PICTURES = {
    "home-full": "home",
    "models-upload": "upload",
    "model-labels": "model",
    "model-checks": "check",
    "try-number": "try",
    "service-watch": "watch",
    "service-use": "use",
    "task-summary": "result",
    "admin-users": "admin",
}
_TALLEST = 900
_COLOURS = 96


def publish(taken: Path, name: str, folder: Path) -> None:
    """Write a picture of a state as a small PNG of the documentation."""
    with Image.open(taken) as picture:
        cut = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, _TALLEST)))
    small = cut.quantize(_COLOURS, dither=Image.Dither.NONE)
    small.save(folder / f"{name}.png", optimize=True)
