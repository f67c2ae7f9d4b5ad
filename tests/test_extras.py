"""What runs without the libraries of the extras, and what is said by what does not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fleeting.errors import MissingLibraryError
from fleeting.extras import EXTRAS, need

ROOT = Path(__file__).resolve().parents[1]
# A Python that does not find these libraries, as if they were not installed; what follows runs in it.
WITHOUT = """
import sys
from importlib.machinery import PathFinder
found = PathFinder.find_spec
def find_spec(cls, name, *more):
    return None if name.partition(".")[0] in {lacking} else found(name, *more)
PathFinder.find_spec = classmethod(find_spec)
"""
ALL = {name for names in EXTRAS.values() for name in names}
COMMANDS = """
from fleeting import cli
for line in sys.argv[1].splitlines():
    sys.argv = ["fleeting", *line.split("|")]
    try:
        cli.main()
    except SystemExit as end:
        if end.code not in (None, 0):
            sys.exit(f"{line}: {end.code}")
assert not {lacking} & set(sys.modules)
"""


def python(code: str, *arguments: str, lacking: set[str] = ALL, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = (WITHOUT + code).replace("{lacking}", repr(lacking))
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, encoding="utf-8", check=False, cwd=cwd
    )


def commands(*lines: str, lacking: set[str] = ALL, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The commands one after the other, words set apart by ``|``, until one fails."""
    return python(COMMANDS, "\n".join(lines), lacking=lacking, cwd=cwd)


def test_the_extras_are_those_of_the_package():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for extra, names in EXTRAS.items():
        brought = {"distributed" if "[distributed]" in each else each.partition(">")[0] for each in extras[extra]}
        assert brought == set(names) - {"dask"}
        assert set(extras[extra]) <= set(extras["dev"])


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_installed_is_not_asked_for(extra):
    need(extra, "nothing")


def test_names_and_help_need_no_extra():
    groups = ["analyze", "studio", "coded", "demo", "evaluate", "spot", "compare", "report", "inflate", "reproduce", "train", "methods"]
    done = python("import fleeting as fl; [getattr(fl, name) for name in fl.__all__]; dict(fl.methods.METHODS)")
    assert done.returncode == 0, done.stderr
    done = commands("--help", "methods", *(f"{each}|--help" for each in [*groups, "cache", "datasets", "models"]))
    assert done.returncode == 0, done.stderr


def test_the_main_job_and_hand_made_methods_need_no_extra(recording, tmp_path):
    """Ends with an error where PyTorch is imported on the way, whatever is installed."""
    done = commands(
        f"analyze|{recording}|--out|results",
        "coded|results/events.eaf|--against|results/events.csv",
        "datasets|synthesize|--subjects|2|--clips|6|--long-videos|0|--expressions|0|--maps|0|--jobs|1|release",
        "evaluate|flow_krr|--data|synthetic=release|--out|runs",
        "train|recogniser|--data|synthetic=release|--out|own",
        f"analyze|{recording}|--out|again|--recogniser|own.safetensors",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "report.html").is_file()
    assert (tmp_path / "again" / "report.html").is_file()


def test_the_studio_needs_its_own_extra_only(tmp_path):
    lacking = ALL - set(EXTRAS["studio"])
    code = "import fleeting.studio.server, fleeting.studio.desk, fleeting.studio.library\nassert not {lacking} & set(sys.modules)"
    done = python(code, lacking=lacking, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("methods|ststnet", "networks"),
        ("methods|sdf", "networks"),
        ("methods|c5_svm", "networks"),
        ("train|ststnet|--data|flow-maps=maps.npz|--out|x", "networks"),
        ("train|spotter|--out|x", "networks"),
        ("evaluate|lbp_top_dbn|--data|synthetic=release", "networks"),
        ("spot|--spotter|softnet|--data|synthetic=release", "networks"),
        ("analyze|{recording}|--recogniser|net.safetensors", "networks"),
        ("models|export|net.safetensors|net.onnx", "networks"),
        ("studio", "studio"),
    ],
)
def test_who_wants_an_extra_reads_how_to_get_it(line, extra, release, recording):
    done = commands(line.replace("{recording}", str(recording)), cwd=release)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(": 2")
    assert f'not installed here: pip install "fleeting[{extra}]"' in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (release / "runs").exists()


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A folder with a small synthetic release, flow maps, and what looks like a network's weights."""
    import torch

    from fleeting.datasets import synthesize
    from fleeting.synthetic.maps import write_maps
    from fleeting.training.weights import save_weights

    folder = tmp_path_factory.mktemp("release")
    synthesize(folder / "release", 2, 6, 50, size=64, long_videos=2, video_s=4, expressions=0, maps=0, jobs=1)
    write_maps(folder / "maps.npz", 12, 0)
    save_weights(folder / "net", {"weight": torch.ones(2)}, {"network": "ststnet.STSTNet"})
    return folder


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("fl.models.STSTNet", "networks"),
        ("fl.methods.off_apexnet()", "networks"),
        ("fl.models.NetClassifier", "networks"),
        ("fl.classifiers.DBN().fit([[0.0], [1.0]], ['a', 'b'])", "networks"),
        ("fl.models.export_onnx", "export"),
        ("list(fleeting.compute.workers.run_all(len, [((),)], cluster='tcp://127.0.0.1:1'))", "cluster"),
    ],
)
def test_python_is_told_the_same(code, extra):
    told = f"try: {code}\nexcept fleeting.errors.MissingLibraryError as error: assert isinstance(error, ImportError); print(error)"
    done = python(f"import fleeting as fl, fleeting.compute.workers\n{told}")
    assert done.stdout.endswith(f'not installed here: pip install "fleeting[{extra}]"\n'), done.stderr


def test_the_words():
    with pytest.raises(MissingLibraryError) as error:
        raise MissingLibraryError("x needs torch")
    assert str(error.value) == "x needs torch"
