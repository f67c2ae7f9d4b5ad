"""What the pages say: commands and options that exist, links that lead somewhere, no name that is not there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import typer.main

from fleeting.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import generate  # noqa: E402

PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
EXAMPLES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*.py"))}
OTHERS = ("python", "dask", "srun", "helm", "pip", "FLEETING_PIP_ARGS", "scripts/")  # programs with options of their own
BENCHMARKS = {option for path in (ROOT / "benchmarks").glob("*.py") for option in re.findall(r'"(--[a-z-]+)"', path.read_text("utf-8"))}


def _options() -> dict[str, set[str]]:
    """The options of each command, by its whole name, such as ``datasets check``."""
    found: dict[str, set[str]] = {}

    def walk(command, name):
        names = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        found[name] = {each for each in names if each.startswith("-")} | {"--help"}
        for word, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{name} {word}".strip())

    walk(typer.main.get_command(app), "")
    return found


OPTIONS = _options()


def _code(text: str) -> list[str]:
    """Lines of code blocks, those that go on joined, and what stands between backquotes."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]
    return [line.partition("#")[0] for line in lines] + re.findall(r"``?([^`\n]+)``?", _prose(text))


def wrong_in(text: str) -> list[str]:
    """Commands and options that a text names and the command line does not have."""
    wrong = []
    anywhere = BENCHMARKS.union(*OPTIONS.values())
    for line in _code(text):
        options = re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)
        if not (called := re.match(r"\s*(?:\S*/)?fleeting(?: +[\w-]+)+", line)):
            if not line.strip().startswith(OTHERS):
                wrong += [f"{option} in {line.strip()!r}: no command has it" for option in options if option not in anywhere]
            continue
        words = called[0].split()[1:]
        name = next((name for n in (2, 1, 0) if (name := " ".join(words[:n])) in OPTIONS), "")
        if not name and not words[0].startswith("-"):
            wrong.append(f"fleeting {words[0]}: there is no such command")
        wrong += [f"fleeting {name} {option}" for option in options if option not in OPTIONS[name]]
    return wrong


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES])
def test_commands_and_options_are_those_of_the_command_line(page):
    assert not wrong_in({**PAGES, **EXAMPLES}[page])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`fleeting analyse a.mp4`", "fleeting analyse: there is no such command"),
        ("```sh\nfleeting analyze a.mp4 --outt b\n```", "fleeting analyze --outt"),
        ("`fleeting datasets check casme2 --shallow`", "fleeting datasets check --shallow"),
        ("`--no-such-thing`", "--no-such-thing in '--no-such-thing': no command has it"),
    ],
)
def test_what_does_not_exist_is_noticed(text, said):
    assert wrong_in(text) == [said]


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_somewhere_on_the_code_host(page):
    text = (ROOT / page).read_text("utf-8")
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(text)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in _anchors(file.read_text("utf-8"))):
            wrong.append(target)
    assert not wrong


def test_help_texts_messages_and_docstrings_name_only_what_exists():
    source = ROOT / "src" / "fleeting"
    files = [path for path in sorted(source.rglob("*.py")) if path.parent.name != "drawing"]  # whose style sheets have names like options
    wrong = {path.name: found for path in files if (found := wrong_in(path.read_text("utf-8")))}
    assert not wrong
    assert not wrong_in(generate.command_line())


def test_pages_that_the_code_names_exist():
    named = {name for path in (ROOT / "src").rglob("*.py") for name in re.findall(r"docs/[\w-]+\.md", path.read_text("utf-8"))}
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_command_lines_page_has_every_command_and_option():
    page = generate.command_line()
    for name, options in OPTIONS.items():
        heading = f"# fleeting {name}\n" if name else "# Command line\n"
        section = page[page.index(heading) :].partition("\n#")[0]
        assert not [option for option in options if option not in section], name


def test_each_public_name_has_its_place_in_the_reference():
    pages = generate.reference()
    names = generate.public_objects()
    assert {"fleeting.analyze", "fleeting.LBPTOP", "fleeting.features.lbp_top", "fleeting.metrics.uf1"} <= set(names)
    lost = []
    for name in names:
        page, short = pages[name.rpartition(".")[0]], re.escape(name.rpartition(".")[2])
        if not re.search(rf"^ +{short}$|^\.\. autodata:: {short}$", page, re.MULTILINE):
            lost.append(name)
    assert not lost


def test_the_sections_of_the_readme_become_pages_of_the_site():
    pages = generate.of_the_readme()
    assert "| `onset_frame`, `apex_frame`, `offset_frame` |" in pages["results"]
    assert "](../signals.md)" in pages["results"]
    assert not [page for page in pages.values() if re.search(r"\]\((?!\.\./|http|#)", page)]


def _prose(text: str) -> str:
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def _anchors(text: str) -> set[str]:
    """What the code host makes of headings."""
    headings = re.findall(r"^#+ +(.*?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
