"""The documentation names what there is: every setting, every route's path, every command."""

import re
from pathlib import Path

import pytest

from core.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    text = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if f"`SLIPWAY_{name.upper()}`" in line]
    assert len(lines) == 1
    description = Settings.model_fields[name].description
    assert description
    assert description in lines[0]


@pytest.mark.parametrize(
    "target",
    [
        "run",
        "backup",
        "restore",
        "test",
        "check",
        "docs",
        "screenshots",
        "messages",
        "bench",
        "lock",
    ],
)
def test_every_command_of_the_readme_is_in_the_makefile(target: str) -> None:
    assert f"\n{target}:" in (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert f"make {target}" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_architecture_names_every_package_that_is_asked_for() -> None:
    wanted = (PROJECT / "requirements.in").read_text(encoding="utf-8").splitlines()
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [line for line in wanted if line and not line.startswith("#")]
    assert [package for package in packages if package not in text] == []


def test_the_two_readmes_lead_to_each_other_and_give_the_same_commands_and_links() -> None:
    english, chinese = (
        (PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    assert "](README.zh-CN.md)" in english
    assert "](README.md)" in chinese
    blocks = re.compile(r"^ *```bash\n(.*?)```", re.DOTALL | re.MULTILINE)
    assert blocks.findall(chinese) == blocks.findall(english)
    for own, other in (("guide.zh-CN.md", "guide.md"), ("images/zh-CN/", "images/")):
        chinese = chinese.replace(f"docs/{own}", f"docs/{other}")  # each leads to its own
    for marks in (re.compile(r"`make \w+`"), re.compile(r"\]\(((?:docs/|CHANGELOG)[^)]*)\)")):
        assert set(marks.findall(chinese)) == set(marks.findall(english))
