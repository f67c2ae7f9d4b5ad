"""The figures of each paper; those that show what was learned train it once, on all there is, and keep the weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FleetingError
from .data import Material, labelled, mark
from .figures import Figure, amplified, curve_svg, eye_regions, layer_maps, moments, montage, pictures_html
from .papers import Paper, Row, Table

Build = Callable[[Row, Table], Any]
ALPHA = 20  # the two-stream paper's
LAMBDAS = tuple(k / 10 for k in range(1, 10))
PAPERS_LAMBDA = 0.77


def figures_of(paper: Paper, material: Material, build: Build, folder: Path, seed: int) -> list[Figure]:
    """The figures of a paper that are not those of its tables; one that cannot be drawn says why.

    Parameters
    ----------
    paper : Paper
        With the tables that were run.
    material : Material
    build : callable
        Gives the method of a row of a table.
    folder : Path
        Where trained weights are kept.
    seed : int
    """
    drawn: dict[str, list[tuple[str, Callable[[], Figure]]]] = {
        "apex-dcnn": [("", partial(moments, material.clips))],
        "two-stream": [("", partial(amplified, material.clips, ALPHA))],
        "eye-cnn": [
            ("eye_cnn", lambda: _regions(*_first(paper, "eye_cnn"), material, build)),
            ("eye_cnn", lambda: _layers(*_first(paper, "eye_cnn"), material, build, folder, seed)),
        ],
        "tlcnn": [
            ("tlcnn", lambda: _pretraining(*_first(paper, "tlcnn"), material, build)),
            ("tlcnn", lambda: _feature_maps(*_first(paper, "tlcnn"), material, build)),
            ("mdmo", lambda: _lambda_curve(*_first(paper, "mdmo"), material, build)),
        ],
    }
    methods = {row.method for table in paper.tables for row in table.rows}
    figures = []
    for needs, draw in drawn.get(paper.name, []):
        if needs and needs not in methods:
            continue
        try:
            figures.append(draw())
        except FleetingError as error:
            figures.append(Figure(f"A figure of {needs or paper.name} that could not be drawn", "", f"{error}"))
    return figures


def _first(paper: Paper, method: str) -> tuple[Row, Table]:
    return next((row, table) for table in paper.tables for row in table.rows if row.method == method)


def _regions(row: Row, table: Table, material: Material, build: Build) -> Figure:
    from ..preprocess import Eyes

    steps = [step for _, step in build(row, table).steps if isinstance(step, Eyes)]
    clips, _, _ = labelled(table, material.pictures)
    one_each = list({clip.emotion: clip for clip in reversed(clips)}.values())
    return eye_regions(one_each, [steps[0].transform_clip(clip) for clip in one_each])


def _layers(row: Row, table: Table, material: Material, build: Build, folder: Path, seed: int) -> Figure:
    from sklearn.base import clone

    method = build(row, table)
    clips, y, _ = labelled(table, material.pictures)
    X = method[:-1].fit_transform(clips)
    net = clone(method[-1]).set_params(validation=0.0, choose="last", random_state=seed, checkpoint=folder / "weights")
    net.fit(X, y)
    shown = next((k for k, word in enumerate(y) if word == "surprise"), 0)
    maps = layer_maps(net, X[shown], ("c1", "s2", "c3", "s4"))
    pictures = [(f"what it is given: {y[shown]}", _grey(X[shown]))]
    pictures += [(f"{name.upper()}, {len(each)} maps of {each.shape[1]} x {each.shape[2]}", montage(each)) for name, each in maps.items()]
    caption = (
        f"One picture in each layer of the network as commonly trained, here on all {len(y)} pictures for {net.epochs} epochs. "
        "Each map goes from its own least to its own greatest value."
    )
    return Figure(f"What each layer sees{mark(clips)}", pictures_html(pictures, 260), caption)


def _pretraining(row: Row, table: Table, material: Material, build: Build) -> Figure:
    import pandas as pd

    from ..evaluation.plot import curves_svg
    from ..training.weights import load_weights

    card = load_weights(build(row, table)[-1].expressions)[1]
    history = {"expressions": pd.DataFrame(card["history"])}
    drawn = [f"<figure><figcaption>{name}</figcaption>{curves_svg(history, name)}</figure>" for name in ("loss", "accuracy")]
    caption = (
        f"The first stage, on {card['trained_on']}. Second colour: people held out to choose the epoch. The paper's 94 % are on "
        "pictures of people it had trained on."
    )
    title = f"Training on expressions (the paper's Figure 9){mark(material.pictures)}"
    return Figure(title, f'<div class="row">{"".join(drawn)}</div>', caption)


def _feature_maps(row: Row, table: Table, material: Material, build: Build) -> Figure:
    from ..features.pictures import Picture
    from ..models import NetClassifier

    net = NetClassifier.load(build(row, table)[-1].expressions, device="cpu")
    clip = material.clips[0]
    picture = Picture(net.sample_shape_[-1]).transform_clip(clip)
    maps = layer_maps(net, picture, ("c5",))["c5"]
    shown = [(f"the apex of {clip.id}", _grey(picture)), (f"C5, {min(len(maps), 32)} of {len(maps)} maps", montage(maps))]
    caption = "The fifth convolution after the stage of expressions, each map from its own least to its own greatest value."
    return Figure(f"Feature maps of C5 (the paper's Figure 5){mark([clip])}", pictures_html(shown, 420), caption)


def _lambda_curve(row: Row, table: Table, material: Material, build: Build) -> Figure:
    from sklearn import clone, config_context

    clips, y, _ = labelled(table, material.clips)
    method = build(row, table)
    X = method[:-1].set_params(mdmo__weight=0.5).fit_transform(clips)
    half, persons = X.shape[1] // 2, [clip.person for clip in clips]
    points = []
    for weight in (*LAMBDAS, PAPERS_LAMBDA):
        weighted = np.hstack([2 * weight * X[:, :half], 2 * (1 - weight) * X[:, half:]])
        with config_context(enable_metadata_routing=True):
            search = clone(method[-1]).fit(weighted, y, groups=persons)
        points.append((weight, float(search.best_score_)))
    points.sort()
    svg = curve_svg(points, "macro F1 of MDMO over lambda", {"the paper's": PAPERS_LAMBDA})
    caption = (
        "Macro F1 within these clips, five folds of whole people, by the weight of lengths against directions. The paper's curve is of the "
        "accuracy on the test folds, where it then chose .77; here .77 is fixed, and nothing is chosen by this curve."
    )
    return Figure(f"MDMO's lambda (the paper's Figure 11){mark(clips)}", f'<div class="panel">{svg}</div>', caption)


def _grey(picture: np.ndarray) -> np.ndarray:
    """A network's uint8 picture (C, H, W) as one to be shown, (H, W) or (H, W, 3)."""
    return picture[0] if len(picture) == 1 else np.moveaxis(picture[:3], 0, -1)
