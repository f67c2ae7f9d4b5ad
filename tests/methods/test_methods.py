"""Every registered method: built, copied, named, pickled; and those without a network fitted to a few small clips."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import fleeting.methods
from fleeting.base import ClipTransformer, open_seeds
from fleeting.clip import Clip
from fleeting.compute.identity import describe
from fleeting.errors import UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.evaluation.fold import asks_for_groups
from fleeting.features.lbp_top import LBPSIP
from fleeting.methods import METHODS
from fleeting.methods.load import load_method
from fleeting.methods.parts import Within, svm
from fleeting.preprocess.frames import OF_FLOW_MAPS
from fleeting.protocols import LOSO, SubjectKFold

from ..made_clips import Stored
from .made_set import flow_maps, made_set

# What makes a method small enough for clips of 56 px, or quick enough for a test; all else are the defaults.
SMALL = {
    "au_template": {"aumotion__find_mesh": False},
    "bi_woof": {"biwoof__method": "dis"},
    "cbp_top_elm": {"elm__draws": 3},
    "dtsa_elm": {"interpolate__n_frames": 12, "framestack__size": 16, "dtsa__n_components": (1, 6, 6, 6), "elm__draws": 3},
    "dwld_dbn": {"dbn__hidden": (40, 20), "dbn__lr": 0.01},
    "flow_krr": {"flowmap__method": "dis"},
    "gentle_svm": {"gabor__size": 16, "gabor__scales": 4},
    "hog3d": {"hog3d__find_mesh": False},
    "lbp_top_dbn": {"dbn__hidden": (40, 20), "dbn__lr": 0.01},
    "lbp_top_rf": {"interpolate__n_frames": 12, "randomforestclassifier__n_estimators": 50},
    "mdmo": {"interpolate__n_frames": 12, "mdmo__find_mesh": False},
    "pretrained": {"motionspectrum__find_mesh": False},
    "rpca_lstd": {"lstd__find_mesh": False},
    "stclqp": {"stclqpvectors__grid": (4, 4), "stclqpvectors__voxels": 100},
    "stlbp_ip": {"stlbpip__grid": (3, 3)},
    "fdm": {"interpolate__n_frames": 12},
    "flow_hmm": {"interpolate__n_frames": 14, "regionflow__find_mesh": False},
}
UNTRAINED = {"au_template", "pretrained"}
OF_PICTURES = {"apex_dcnn", "dwld_dbn", "eye_cnn", "gentle_svm"}
# What papers, or those who compare with them, state, by the parameter's name in the pipeline.
STATED = {
    "bi_woof": {"biwoof__grid": (8, 8), "biwoof__n_bins": 8, "biwoof__method": "tvl1", "svc__C": 10_000, "svc__kernel": "linear"},
    "dtsa_elm": {"interpolate__n_frames": 64, "framestack__size": 64, "framestack__colour": False, "dtsa__n_components": (1, 40, 40, 40)},
    "fdm": {"interpolate__n_frames": 32, "fdm__grid": (8, 8), "fdm__tau": 3, "gridsearchcv__estimator__kernel": "rbf"},
    "fhofo": {"fhofo__n_bins": 18},
    "gentle_svm": {"gabor__size": 48, "gabor__scales": 9, "gabor__orientations": 8, "gentlesvm__n_rounds": 100},
    "lbp_top_dbn": {"dbn__hidden": (500, 200)},
    "lbp_top_mkl": {"interpolate__n_frames": 10, "alignedkernel__kernels": ("intersection", "poly2", "poly6")},
    "lbp_top_rf": {"randomforestclassifier__n_estimators": 500, "randomforestclassifier__max_features": "sqrt"},
    "lbp_top_svm": {
        "interpolate__n_frames": 32, "lbptop__grid": (6, 6), "lbptop__radii": (3, 3, 3), "lbptop__neighbours": 8,
        "lbptop__uniform": True, "lbptop__colour": True,
    },
    "mdmo": {"interpolate__n_frames": 32, "mdmo__weight": 0.77, "gridsearchcv__estimator__kernel": "poly"},
    "rpca_lstd": {"lstd__rpca": True},
    "stclqp": {
        "interpolate__n_frames": 32, "stclqpvectors__grid": (8, 8), "stclqpvectors__radius": 2, "stclqp__n_words": 20,
        "svc__kernel": "linear",
    },
    "stlbp_ip": {
        "interpolate__n_frames": 32, "stlbpip__grid": (8, 9), "stlbpip__reach": 4, "stlbpip__radius": 3, "stlbpip__uniform": True,
        "stlbpip__difference": "first",
    },
    "strain_weighted": {"interpolate__n_frames": 10},
}  # fmt: skip
# What was to be there at least.
PROMISED = [
    "lbp_top_svm", "lbp_top_rf", "lbp_top_mkl", "lbp_top_mlp", "lbp_top_dbn", "cbp_top_elm", "stlbp_ip", "stclqp", "mdmo", "fdm", "fhofo",
    "bi_woof", "strain_weighted", "hog3d", "rpca_lstd", "dtsa_elm", "tics_lbp_top", "evm_lbp_top", "gentle_svm", "flow_hmm", "dwld_dbn",
    "flow_krr",
]  # fmt: skip
HAND_MADE = [name for name in METHODS if METHODS[name].__module__.rpartition(".")[2] not in ("networks", "transfer")]


def small(name):
    method = METHODS[name]().set_params(**SMALL.get(name, {}))
    return method.set_params(**dict.fromkeys(open_seeds(method), 0))


def fitted(method, clips, y):
    persons = [clip.person for clip in clips]
    with config_context(enable_metadata_routing=True):
        return method.fit(clips, y, **({"groups": persons} if asks_for_groups(method) else {}))


@pytest.fixture(scope="module")
def clips_and_classes():
    return made_set()


def test_what_was_promised_is_there_and_has_its_row():
    assert set(PROMISED) <= set(METHODS)
    rows = (Path(__file__).parents[2] / "docs/methods.md").read_text("utf-8").splitlines()
    for name in HAND_MADE:
        (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
        assert row.count("|") == 7
        assert all(cell.strip() for cell in row.strip("|").split("|"))


@pytest.mark.parametrize("name", STATED)
def test_the_papers_values_are_the_defaults(name):
    parameters = METHODS[name]().get_params()
    assert {key: parameters[key] for key in STATED[name]} == STATED[name]


def test_a_clip_that_cannot_be_described_is_named_by_the_method(clips_and_classes):
    clips, y = clips_and_classes
    short, grey = (replace(clips[0], offset=0), replace(clips[0], read=Stored(np.repeat(clips[0].frames[..., :1], 3, axis=3))))
    for method, clip, words in (
        (METHODS["lbp_top_svm"](C=1.0), short, "at least 2 frames"),
        (METHODS["lbp_top_svm"](3, C=1.0), clips[0], "at least 7 frames of 12 x 12 px; got 3 frames of 56 x 56 px"),
        (METHODS["lbp_top_svm"](C=1.0), grey, "colour is asked"),
        (METHODS["tics_lbp_top"](C=1.0), grey, "colour is asked"),
        (METHODS["stlbp_ip"](C=1.0), clips[0], "at least 8 frames of 81 x 72 px; got 32 frames of 56 x 56 px"),
        (METHODS["fdm"](3, C=1.0), clips[0], "FDM with tau=3 needs at least 4 frames"),
    ):
        with pytest.raises(UsageError, match=f"clip made/s0/negative: .*{words}"):
            method.fit([clip, *clips[1:4]], y[:4])


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_built_copied_named_and_pickled(name):
    method = METHODS[name]()
    assert repr(clone(method)) == repr(method)
    assert repr(pickle.loads(pickle.dumps(method))) == repr(method)
    assert describe(clone(method)) == describe(method)  # known again in a folder of runs
    first, *_ = (inspect.getdoc(METHODS[name]) or "").split("\n\n")
    assert first.endswith(".")
    assert getattr(fleeting.methods, name) is METHODS[name]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_set_output(name):
    """Pipelines with a clip step or a kernel step refused it."""
    method = METHODS[name]()
    assert method.set_output(transform="pandas").set_output(transform="default") is method


@pytest.mark.parametrize("name", ["lbp_top_svm", "lbp_top_mkl", "dtsa_elm", "stclqp", "flow_krr"])
def test_a_method_says_the_same_where_tables_are_asked_for(name, clips_and_classes):
    """scikit-learn cannot take a search's folds from a kernel that has become a table, so kernels stay arrays."""
    clips, y = clips_and_classes
    asked, plain = (fitted(each, clips, y) for each in (small(name).set_output(transform="pandas"), small(name)))
    np.testing.assert_array_equal(asked.predict(clips), plain.predict(clips))


@pytest.mark.parametrize("name", HAND_MADE)
def test_a_method_is_fitted_and_says_the_same_when_sent_elsewhere(name, clips_and_classes):
    clips, y = clips_and_classes
    method = fitted(small(name), clips, y)
    said = method.predict(clips)
    assert said.shape == (12,)
    if name not in UNTRAINED:
        assert set(said) <= set(y)
        assert (said == y).mean() >= 0.75  # of what it was fitted to
    assert list(pickle.loads(pickle.dumps(method)).predict(clips[:2])) == list(said[:2])


@pytest.mark.parametrize("name", ["bi_woof", "fhofo", "flow_krr", "mdmo"])
def test_flow_tells_strangers_movements_apart(name, clips_and_classes):
    clips, y = clips_and_classes
    run = evaluate(small(name), clips, y, SubjectKFold(3), cache=False)
    assert run.score("accuracy") >= 0.75
    assert len(run.predictions) == 12


def test_ready_flow_maps_are_taken_too(clips_and_classes):
    clips, y = clips_and_classes
    run = evaluate(METHODS["flow_krr"](), flow_maps(clips), y, LOSO(), cache=False)
    assert run.score("accuracy") >= 0.75


@pytest.mark.parametrize("name", METHODS)
def test_a_clip_of_one_frame_is_taken_or_it_is_said_who_takes_it(name, clips_and_classes):
    """Of ready flow maps, or of pictures, nobody makes a sequence by repeating them."""
    (given, *_) = flow_maps(clips_and_classes[0])
    said = ""
    try:
        for _, step in load_method(name).steps:
            if not (isinstance(step, ClipTransformer) and isinstance(given, Clip)):
                break
            given = step.transform_clip(given)
        if isinstance(given, Clip):
            given = given.frames
    except UsageError as error:
        said = str(error)
    if name in {*OF_FLOW_MAPS, *OF_PICTURES}:
        assert not said or "no face is found" in said
    else:
        assert said.startswith("clip made/s0/negative: ")
        assert "no sequence. Flow maps are taken by flow_krr, off_apexnet, pretrained and ststnet" in said


def test_the_forest_is_the_same_again_and_sees_what_is_plain(rng):
    forest = METHODS["lbp_top_rf"](random_state=0)[-1]
    assert (forest.n_estimators, forest.max_features) == (500, "sqrt")
    y = np.repeat([0, 1, 2], 20)
    X = rng.random((60, 9)) + 3 * y[:, None]
    forest.set_params(n_estimators=50, oob_score=True).fit(X, y)
    assert forest.oob_score_ == 1
    new = 9 * rng.random((40, 9))
    np.testing.assert_array_equal(clone(forest).fit(X, y).predict_proba(new), forest.predict_proba(new))


def test_what_is_said_of_a_clip_is_learned_from_the_training_clips_alone(clips_and_classes):
    """Words, projections, colour spaces and kernels: what is said of a clip does not depend on which others are asked about."""
    clips, y = clips_and_classes
    for name in ("stclqp", "tics_lbp_top", "lbp_top_mkl", "stlbp_ip"):
        method = fitted(small(name), clips[:8], y[:8])
        alone = method.decision_function(clips[8:9])
        np.testing.assert_allclose(method.decision_function(clips[8:])[:1], alone, atol=1e-6)


def test_a_search_keeps_persons_whole_and_is_recorded(clips_and_classes, tmp_path):
    clips, y = clips_and_classes
    run = evaluate(small("lbp_top_svm"), clips, y, SubjectKFold(2), tmp_path, cache=False)
    assert len(run.predictions) == 12
    assert run.about["selection"] == ["GridSearchCV: best mean f1_macro within the training clips, cv=Within(n_splits=5, seed=None)"]
    assert METHODS["cbp_top_elm"]()[-1].selection == "best pooled UF1 of leave-one-subject-out within the training clips"


def test_scikit_learns_own_search_is_kept_too(clips_and_classes, tmp_path):
    """Its parameters hold a NaN, for which the file of a run had no word."""
    clips, y = clips_and_classes
    method = make_pipeline(LBPSIP(), GridSearchCV(SVC(kernel="linear"), {"C": [1.0, 100.0]}, cv=LOSO()))
    run = evaluate(method, clips, y, SubjectKFold(2), tmp_path, cache=False)
    again = evaluate(method, clips, y, SubjectKFold(2), tmp_path, cache=False)
    assert again.predictions.equals(run.predictions)
    assert len(list(tmp_path.iterdir())) == 1


def test_with_one_c_there_is_nothing_to_choose_and_no_person_to_know(clips_and_classes):
    clips, y = clips_and_classes
    method = METHODS["lbp_top_svm"](C=2.0)
    assert method[-1].C == 2
    assert list(method.fit(clips, y).predict(clips)) == list(y)


def test_folds_within_are_as_many_as_there_are_persons(rng):
    people = np.repeat(["a/1", "a/2", "a/3"], 4)
    tests = [set(people[test].tolist()) for _, test in Within().split(np.zeros(12), None, people)]
    assert sorted(map(sorted, tests)) == [["a/1"], ["a/2"], ["a/3"]]
    assert Within(2).get_n_splits(np.zeros(12), None, people) == 2
    search = svm([0.1, 1.0], kernel="linear")
    with config_context(enable_metadata_routing=True), pytest.raises(UsageError, match="persons, 1"):
        search.fit(rng.normal(size=(12, 3)), np.arange(12) % 2, groups=["a/1"] * 12)
    with pytest.raises(UsageError, match="give groups"):
        search.fit(rng.normal(size=(12, 3)), np.arange(12) % 2)


def test_a_crop_comes_first_where_it_is_asked_for():
    for name in METHODS:
        if "align" in inspect.signature(METHODS[name]).parameters:
            assert METHODS[name](align=96)[0].size == 96


def test_names_alone_import_nothing_slow():
    code = (
        "import sys; from fleeting.methods import METHODS; names = list(METHODS); assert 'mdmo' in METHODS and 'no' not in METHODS; "
        "print(len(names), sorted({'sklearn', 'torch', 'skimage'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{len(METHODS)} []"


def test_a_name_that_is_none():
    with pytest.raises(KeyError):
        METHODS["nothing"]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        fleeting.methods.nothing  # noqa: B018
