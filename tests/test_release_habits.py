"""What a release says of itself, and the changelog that is folded for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

import fleeting

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_citation_is_whole_and_of_this_version():
    """What the schema of CFF 1.2.0 demands; the file was held against the schema itself with cffconvert 2.0.0."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert all(isinstance(cited[key], str) and cited[key] for key in ("message", "title", "abstract"))
    assert [author["name"] for author in cited["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert cited["type"] == "software"
    assert cited["license"] == PROJECT["license"]
    assert cited["version"] == fleeting.__version__
    assert isinstance(cited["date-released"], date)


def test_the_changelog_has_this_version():
    assert f"\n## {fleeting.__version__} (" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_each_change_is_of_a_kind_that_is_folded():
    kinds = {path.name.split(".", 1)[1] for path in (ROOT / "changes").iterdir() if path.name != "README.md"}
    assert kinds <= {"added.md", "changed.md", "fixed.md"}


def test_the_workflow_tests_each_python_that_is_supported_on_each_system():
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    named = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "Python :: 3." in each]
    assert matrix["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]},<3.{int(named[-1].partition('.')[2]) + 1}"
    assert jobs["test"]["defaults"]["run"]["shell"] == "bash"
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert scripts == ["scripts/test", "scripts/package"]
    assert all((ROOT / script).is_file() for script in scripts)


@pytest.mark.parametrize("path", sorted((ROOT / ".github/ISSUE_TEMPLATE").iterdir()), ids=lambda path: path.name)
def test_the_forms_can_be_read(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= set(form)
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked)
    assert all(field["attributes"]["label"] for field in asked)


@pytest.fixture
def fold(tmp_path):
    """A checkout of nothing but its changes, and what folds them into the changelog and gives it."""
    (tmp_path / "changes").mkdir()
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts/changelog", tmp_path / "scripts/changelog")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nAbout it.\n", "utf-8")
    (tmp_path / "changes/README.md").write_text("# How\n", "utf-8")

    def run(version, **changes):
        for name, text in changes.items():
            slug, _, kind = name.rpartition("_")
            (tmp_path / f"changes/{slug}.{kind}.md").write_text(text, "utf-8")
        subprocess.run([sys.executable, script, version], check=True)
        assert [path.name for path in (tmp_path / "changes").iterdir()] == ["README.md"]
        return (tmp_path / "CHANGELOG.md").read_text("utf-8")

    return run


def test_changes_are_folded_by_kind_and_later_ones_are_added(fold):
    today = date.today().isoformat()
    first = fold("0.2.0", b_fixed="It stopped,\nand goes on.\n", a_fixed="- One.\n- Two.\n", é_added="`new`: ü.\n")
    head = f"# Changelog\n\nAbout it.\n\n## 0.2.0 ({today})\n\n### Added\n\n- `new`: ü.\n\n### Fixed\n\n"
    assert first == f"{head}- One.\n- Two.\n- It stopped,\n  and goes on.\n"
    assert fold("0.2.0", c_fixed="Three.", d_changed="Four.") == (
        f"# Changelog\n\nAbout it.\n\n## 0.2.0 ({today})\n\n### Added\n\n- `new`: ü.\n\n### Changed\n\n- Four.\n\n"
        "### Fixed\n\n- One.\n- Two.\n- It stopped,\n  and goes on.\n- Three.\n"
    )
    again = fold("0.2.0")
    assert fold("0.3.0", e_added="Five.") == again.replace("## 0.2.0", f"## 0.3.0 ({today})\n\n### Added\n\n- Five.\n\n## 0.2.0", 1)


def test_what_is_no_version_is_refused(fold):
    with pytest.raises(subprocess.CalledProcessError):
        fold("next")
