"""The recogniser that ships on real flow maps: zero-shot, its calibration, few-shot, and real and synthetic maps together.

    python benchmarks/recogniser.py casme2_flows.npz [--maps NAME] [--out FOLDER] [--draws 20] [--ensemble]

Zero-shot: the weights as they are. Calibration: reliability diagram (reliability.svg in FOLDER) and expected calibration error in ten bins.
Few-shot: 2, 4, 8, 16 people drawn at random, tested on all others; beside the weights alone and kernel ridge on the real maps alone, with
95 % intervals of the paired difference over draws. Joint: leave one subject out, the weights bent towards all others' real maps.
Ensemble: leave one subject out, several methods mixed as they foretell people left out within the training clips; six minutes of a core,
for STSTNet is among them.

DEVELOPMENT numbers on CASME II: what the synthetic maps vary in was chosen with these 145 maps in view (docs/recogniser.md says how often).
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn import clone
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold

from fleeting.classifiers.motion_kernel import MotionKernel, duals, evaluated, softmax, targets
from fleeting.datasets.flow_maps import FlowMaps
from fleeting.evaluation.compare import compare
from fleeting.evaluation.evaluate import evaluate
from fleeting.features.motion_spectrum import FREQUENCIES, MotionSpectrum
from fleeting.labels import label
from fleeting.methods import METHODS
from fleeting.metrics import uar, uf1
from fleeting.protocols import LOSO
from fleeting.training.recogniser import fit_temperature

BINS = 10
PEOPLE = (2, 4, 8, 16)


def calibration(p, right, bins=BINS):
    """Expected calibration error, and of each bin that holds any: mean confidence, share that was right, how many."""
    sure = p.max(axis=1)
    where = np.minimum((sure * bins).astype(int), bins - 1)
    rows = [(sure[where == k].mean(), right[where == k].mean(), (where == k).sum()) for k in np.unique(where)]
    return sum(n / len(sure) * abs(said - was) for said, was, n in rows), rows


def reliability_svg(rows, title):
    """Confidence across, share that was right up; the area of a dot is how many."""
    most = max(n for *_, n in rows)
    dots = "".join(
        f'<circle cx="{40 + 240 * said:.1f}" cy="{260 - 240 * was:.1f}" r="{3 + 11 * np.sqrt(n / most):.1f}"/>'
        f'<text x="{40 + 240 * said:.1f}" y="{246 - 240 * was:.1f}">{n}</text>'
        for said, was, n in rows
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 300" font-family="sans-serif" font-size="10" text-anchor="middle">'
        f'<title>{title}</title><rect width="300" height="300" fill="#fff"/>'
        '<path d="M40 260H280V20H40Z M40 260L280 20" fill="none" stroke="#999"/>'
        f'<g fill="#0067a5" fill-opacity=".75">{dots}</g>'
        '<text x="40" y="275">0</text><text x="280" y="275">1</text><text x="160" y="290">probability of the class named</text>'
        f'<text transform="translate(15 140) rotate(-90)">share that was right</text><text x="160" y="13">{title}</text></svg>\n'
    )


def few_shot(X, y, people, draws, ridges=(1.0,)):
    """UF1 of few-shot, of real maps alone and of the weights alone, by number of people: (draws, 3) each."""
    rng, everybody, out = np.random.default_rng(0), np.unique(people), {}
    prior, classes = MotionKernel(), MotionKernel().classes_
    alone = prior.predict(X)
    for count in PEOPLE:
        rows = []
        while len(rows) < draws:
            seen = np.isin(people, rng.choice(everybody, count, replace=False))
            if len(np.unique(y[seen])) < len(classes):
                continue  # real maps alone could not name what they never saw
            bent = [MotionKernel(adapt=True, ridge=ridge).fit(X[seen], y[seen]).predict(X[~seen]) for ridge in ridges]
            code = np.searchsorted(classes, y[seen])
            share = np.bincount(code)[code] * len(classes) / len(code)
            spectra = X[:, :FREQUENCIES]
            real = classes[evaluated(spectra[~seen], spectra[seen], duals(spectra[seen], targets(code, 3), share)).argmax(axis=1)]
            rows.append([uf1(y[~seen], found) for found in (*bent, real, alone[~seen])])
        out[count] = np.array(rows)
    return out


class Ensemble(ClassifierMixin, BaseEstimator):
    """Methods mixed. Each one's temperature, and what share of the say it has, come of training people whom it was not fitted to."""

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(self, members, parts=3):
        self.members = members
        self.parts = parts

    def fit(self, X, y, groups):
        self.classes_, code = np.unique(y, return_inverse=True)
        scores = np.zeros((len(self.members), len(y), len(self.classes_)))
        for train, test in StratifiedGroupKFold(self.parts, shuffle=True, random_state=0).split(y, y, groups):
            fitted = self._fitted([X[k] for k in train], y[train])
            scores[:, test] = [_scores(member, [X[k] for k in test]) for member in fitted]
        self.temperatures_ = [fit_temperature(each, code) for each in scores]
        told = np.array([softmax(t * each)[range(len(y)), code] for t, each in zip(self.temperatures_, scores, strict=True)])
        self.shares_, weight = np.full(len(told), 1 / len(told)), 1 / np.bincount(code)[code]
        for _ in range(500):  # expectation and maximisation: the mixture's log loss, each class with the same weight, has one minimum
            part = self.shares_[:, None] * told
            self.shares_ = (part / part.sum(axis=0)) @ weight / weight.sum()
        self.fitted_ = self._fitted(X, y)
        return self

    def _fitted(self, X, y):
        return [clone(member).fit(X, y) for member in self.members]

    def predict_proba(self, X):
        parts = zip(self.shares_, self.temperatures_, self.fitted_, strict=True)
        return sum(share * softmax(temperature * _scores(member, X)) for share, temperature, member in parts)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _scores(member, X):
    return member.decision_function(X) if hasattr(member, "decision_function") else np.log(member.predict_proba(X) + 1e-9)


def ensembles():
    """Kernels on real maps, the weights, the weights bent; and STSTNet beside them, with fewer and larger steps than its authors'."""
    kernels = [METHODS["flow_krr"](), METHODS["pretrained"](), METHODS["pretrained"](adapt=True)]
    net = METHODS["ststnet"](epochs=100, mirror=True, lr=5e-4, device="cpu", random_state=0)
    return {"ensemble of kernels and weights": Ensemble(kernels), "ensemble with STSTNet": Ensemble([*kernels, net])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="npz of flow maps, or the folder norm_u_v_os")
    parser.add_argument("--maps", help="of an npz, the array to take")
    parser.add_argument("--out", type=Path, help="folder for reliability.svg")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--ridge", type=float, nargs="+", default=[1.0], help="of adapt; several are compared")
    parser.add_argument("--ensemble", action="store_true")
    arguments = parser.parse_args()
    clips, y = label(FlowMaps(arguments.data, maps=arguments.maps).clips(), "3class")
    X, people = MotionSpectrum().transform(clips), np.array([clip.person for clip in clips])

    model = MotionKernel()
    p = model.predict_proba(X)
    found = model.classes_[p.argmax(axis=1)]
    error, rows = calibration(p, found == y)
    print(f"zero-shot: UF1 {uf1(y, found):.3f}  UAR {uar(y, found):.3f}  expected calibration error {error:.3f}")
    for said, was, n in rows:
        print(f"  said {said:.2f}, right {was:.2f} of {n}")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "reliability.svg").write_text(reliability_svg(rows, f"pretrained, {len(y)} real maps"), "utf-8")

    names = [*(f"few-shot, ridge {ridge:g}" for ridge in arguments.ridge), "real maps alone", "weights alone"]
    for count, scores in few_shot(X, y, people, arguments.draws, arguments.ridge).items():
        print(f"{count} people: " + ", ".join(f"{name} {score:.3f}" for name, score in zip(names, scores.mean(axis=0), strict=True)))
        for k, name in enumerate(names[:-2]):
            for other in (-2, -1):
                gain = scores[:, k] - scores[:, other]
                low, high = np.percentile(np.random.default_rng(1).choice(gain, (2000, len(gain))).mean(axis=1), [2.5, 97.5])
                print(f"    {name} less {names[other]}: {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})")

    runs, methods = {}, {"flow_krr": METHODS["flow_krr"](), "joint": METHODS["pretrained"](adapt=True)}
    for name, method in (methods | (ensembles() if arguments.ensemble else {})).items():
        runs[name] = run = evaluate(method, clips, y, LOSO(), cache=False)
        f1, recall = run.interval("uf1"), run.interval("uar")
        print(f"{name}, leave one subject out: UF1 {f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})  UAR {recall.value:.3f}", flush=True)
    for name in list(runs)[1:]:
        print(compare(runs[name], runs["flow_krr"]))


if __name__ == "__main__":
    main()
