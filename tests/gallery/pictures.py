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
WIDTH = 1280
_FOLDERS = {"en": "", "zh": "zh-CN"}
_ENDS = {"light": ".png", "dark": ".dark.png"}
_TALLEST = 900
_COLOURS = 96


def publish(taken: Path, images: Path) -> None:
    """Write the pictures of states, from a folder of the gallery, as those of the documentation.

    They lie in a folder for each language but English, and those in dark end in `.dark.png`.
    """
    for state, name in PICTURES.items():
        for language, folder in _FOLDERS.items():
            for theme, end in _ENDS.items():
                picture = taken / f"{state}-{language}-{theme}-{WIDTH}.png"
                _publish(picture, images / folder / f"{name}{end}")


def _publish(taken: Path, target: Path) -> None:
    """Write a picture of a state as a small PNG."""
    with Image.open(taken) as picture:
        cut = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, _TALLEST)))
    target.parent.mkdir(parents=True, exist_ok=True)
    cut.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
