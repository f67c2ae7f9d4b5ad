"""The five papers' tables as data: what was published, and which of our methods answers each row.

Every number is the paper's own, in the unit interval; ``None`` where it gives none. ``errors`` are the known contradictions
of a paper that bear on its tables. What a paper claims beyond its tables is not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of a results table.

    Attributes
    ----------
    name : str
        As it is printed.
    method : str
        A name of :data:`fleeting.methods.METHODS`.
    published : dict of str to float
        By column; empty where the paper gives no number, or none that can be trusted.
    options : dict
        What the method is built with, beside the scale's own.
    folds : tuple of float
        The score of each fold, where it is printed.
    note : str
    """

    name: str
    method: str
    published: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    folds: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """One results table.

    Attributes
    ----------
    name, title : str
    data : str
        What the paper used, in words.
    columns : tuple of str
        Scores as :meth:`fleeting.Run.score` knows them; the first is the one the paper argues with.
    rows : tuple of Row
    scheme : str
        Label scheme of :func:`fleeting.label`.
    protocol : tuple of str and dict
        The paper's own protocol: its name in :data:`fleeting.protocols.PROTOCOLS` and its parameters.
    frames : int or None
        Clips are interpolated to so many frames first, where the table says so.
    data_kind : str
        ``clips``, or ``expressions`` for single pictures of expressions.
    """

    name: str
    title: str
    data: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    scheme: str
    protocol: tuple[str, Mapping[str, Any]]
    frames: int | None = None
    data_kind: str = "clips"


@dataclass(frozen=True)
class Paper:
    """One of the papers: its tables and its known errors.

    Attributes
    ----------
    name, reference : str
    tables : tuple of Table
    errors : tuple of str
    tested : str
        The row that t-tests are said to set apart from others; empty where there are none.
    t_tests : dict of str to (float, float)
        Between which bounds the p of that row against each other one is said to lie.
    """

    name: str
    reference: str
    tables: tuple[Table, ...]
    errors: tuple[str, ...]
    tested: str = ""
    t_tests: Mapping[str, tuple[float, float]] = field(default_factory=dict)


_FIVE_FOLD = ("leaky-clip-kfold", {"n_splits": 5})


def _accuracy(value: float) -> dict[str, float]:
    return {"accuracy": value}


def _three(accuracy: float, f1: float, recall: float) -> dict[str, float]:
    return {"accuracy": accuracy, "uf1": f1, "uar": recall}


EYE_CNN = Paper(
    "eye-cnn",
    "Recognition of micro-expressions of the human eye by a convolutional neural network (our text of it names neither title nor authors).",
    (
        Table(
            "Figure 8",
            "A LeNet-like network on the eye region of expression pictures; the paper reports no score",
            "FER2013, cut down to the eyes",
            ("accuracy", "uf1", "uar"),
            (
                Row("CNN, as commonly trained", "eye_cnn"),
                Row("CNN, as the text has it", "eye_cnn", options={"variant": "text"}, note="sigmoid outputs, squared error"),
                Row("CNN, weights from U(-1, 1)", "eye_cnn", options={"init": "seed"}, note="the paper's initialisation saturates"),
            ),
            "7class",
            ("subject-kfold", {"n_splits": 5}),
            data_kind="expressions",
        ),
        Table(
            "Section 2.4",
            "What the paper quotes of others",
            "CASME, CASME II or not named",
            ("accuracy",),
            (
                Row("GentleSVM", "gentle_svm", _accuracy(0.8542), note="measured on METT pictures in 2011, not on CASME"),
                Row("Random forest on LBP-TOP and flow", "lbp_top_rf", _accuracy(0.6446)),
                Row("DTSA and ELM", "dtsa_elm"),
                Row("Double-layer HMM", "flow_hmm", _accuracy(0.8672), note="our reading: the thesis was not to be had"),
                Row("DBN", "lbp_top_dbn", _accuracy(0.4024)),
            ),
            "3class",
            _FIVE_FOLD,
        ),
    ),
    (
        "No score of its own is reported, and the speed-up by CUDA is not measured.",
        "FER2013 and its eye regions are pictures of posed and found expressions, not micro-expressions.",
        "The S2 layer is said to go through a sigmoid, the equations use ReLU, and its output error is that of sigmoids and squares.",
        "Weights drawn from U(-1, 1) are said to avoid saturation and cause it.",
        "The update rule (equations 7 and 8) is dimensionally odd; plain momentum stands in for it.",
        "Scores quoted of others are partly attributed to the wrong paper or database.",
    ),
)

APEX_DCNN = Paper(
    "apex-dcnn",
    "Houlton, S. Expression classification in microexpressions. Colorado State University (term paper).",
    (
        Table(
            "Section 6",
            "47 layers on apex frames, by clip",
            "CASME II, 254 apex frames, 7 classes",
            ("accuracy", "uf1", "uar"),
            (Row("47-layer DCNN, 5-fold", "apex_dcnn", _accuracy(0.45), note="the best of 50 epochs on the test fold"),),
            "7class",
            _FIVE_FOLD,
        ),
        Table(
            "Figure 5",
            "The same, 70/30",
            "CASME II, 254 apex frames, 7 classes",
            ("accuracy", "uf1", "uar"),
            (
                Row(
                    "47-layer DCNN, 70/30", "apex_dcnn",
                    note="printed as 100 % or 0 %: the author's code filled the test set with copies of one training picture",
                ),
            ),
            "7class",
            ("leaky-hold-out", {"test_share": 0.3}),
        ),
        Table(
            "Section 7",
            "The questions the paper leaves for later",
            "–",
            ("accuracy", "uf1", "uar"),
            (
                Row("onset, apex and offset as one sample", "apex_dcnn", options={"inputs": "onset-apex-offset"}),
                Row("deeper", "apex_dcnn", options={"depth": 18}),
                Row("another activation", "apex_dcnn", options={"activation": "elu"}),
            ),
            "7class",
            _FIVE_FOLD,
        ),
    ),
    (
        "Folds are drawn over pictures: the same people are trained on and tested.",
        "45 % is the best of the test epochs. The majority class alone has 39.0 %, and 51 pictures give a 95 % interval of .32 to .59.",
        "100 % or 0 % on the 70/30 split comes from an index that was not advanced; it is no evidence of anything.",
        "30 % of 254 is 76, not 71.",
        "Labels 1 to 7 were given to a seven-way cross-entropy, which knows 0 to 6.",
    ),
)

TWO_STREAM = Paper(
    "two-stream",
    "He, Y. & Li, L. (2020). Micro-expression recognition using enriched two stream 3D convolutional network. CSAE. "
    "doi:10.1145/3424978.3425116",
    (
        Table(
            "Table 3",
            "The method beside other networks",
            "CAS(ME)², 164 of 206 clips, 80/20",
            ("accuracy", "uf1", "uar"),
            (
                Row("CNN_RNN", "cnn_rnn", _three(0.58, 0.57, 0.55)),
                Row("One stream 3D CNN", "one_stream_3dcnn", _three(0.57, 0.58, 0.56)),
                Row("Our method", "two_stream", _three(0.66, 0.63, 0.60)),
            ),
            "3class",
            ("leaky-hold-out", {"test_share": 0.2}),
        ),
        Table(
            "Table 4",
            "Preprocessing",
            "CAS(ME)², 164 of 206 clips, 80/20",
            ("accuracy", "uf1", "uar"),
            (
                Row("Raw video frame", "two_stream", _three(0.58, 0.58, 0.56), {"magnification": None, "streams": "frames"}),
                Row("optical flow", "two_stream", _three(0.60, 0.61, 0.56), {"magnification": None}),
                Row("EVM", "two_stream", {}, {"magnification": "evm"}, note="announced in the abstract; the table has no such row"),
                Row("PBVM", "two_stream", _three(0.66, 0.63, 0.60)),
            ),
            "3class",
            ("leaky-hold-out", {"test_share": 0.2}),
        ),
    ),
    (
        "206 clips in three classes cannot be the 57 micro-expressions of CAS(ME)²; folders were probably renamed after their stimulus.",
        "With 33 clips to test, .57, .58 and .60 are one clip apart, and .66 has a 95 % interval of .49 to .80.",
        "The score is the validation score: clips of one person on both sides, the epoch probably chosen there.",
        "Table 1 pools over filters where it must mean time; both readings are built.",
        "That phase-based magnification does not amplify noise, or blinks, is not so.",
    ),
)

SURVEY = Paper(
    "survey",
    "Xie, M. (2024). Deep learning-based facial micro-expression analysis: a survey of datasets and algorithms.",
    (
        Table(
            "Table 3",
            "Recognition rates, quoted from Ben et al. (2021)",
            "MMEW and SAMM",
            ("accuracy", "uf1", "uar"),
            (
                Row("SDF", "sdf", {"mmew": 0.39, "samm": 0.429}),
                Row("ELRCN", "elrcn", {"mmew": 0.415, "samm": 0.462}),
                Row("DTSCNN", "dtscnn", {"mmew": 0.659, "samm": 0.692}),
                Row("TLCNN", "tlcnn", {"mmew": 0.694, "samm": 0.735}),
                Row("DWLD+DBN", "dwld_dbn", note="the table has an asterisk: another database, which it does not name clearly"),
            ),
            "3class",
            ("loso", {}),
        ),
    ),
    (
        "The row CASME³ of its Table 1 is CASME II; CAS(ME)³ is another release.",
        "ELRCN is by Khor et al. (2018), not by Kim et al.",
        "The five methods are said to do without transfer learning; SDF and TLCNN are transfer learning.",
        "MMEW was no longer the largest release when the survey appeared.",
        "The numbers are Ben et al.'s, of their own implementations, on their own splits.",
    ),
)


def _tlcnn(rows: dict[str, tuple[float, ...]]) -> tuple[Row, ...]:
    """The rows of Table 3: five folds, then the mean, in per cent."""
    ours: dict[str, tuple[str, dict[str, Any]]] = {
        "TLCNN": ("tlcnn", {}),
        "TLCNN(E)": ("tlcnn", {"skip_expression": True}),
        "TLCNN(EM)": ("tlcnn", {"skip_expression": True, "skip_frames": True}),
        "C5+SVM": ("c5_svm", {}),
        "3D-CNN": ("cnn3d", {}),
        "MDMO": ("mdmo", {}),
        "FDM": ("fdm", {}),
        "LBP-TOP": ("lbp_top_svm", {}),
        "STLBP-IP": ("stlbp_ip", {}),
        "STCLQP": ("stclqp", {}),
    }
    return tuple(
        Row(name, ours[name][0], _accuracy(round(mean / 100, 4)), ours[name][1], tuple(round(each / 100, 4) for each in folds))
        for name, (*folds, mean) in rows.items()
    )


_TLCNN_DATA = "SMIC-HS, CASME and CASME II, 560 clips"
TLCNN = Paper(
    "tlcnn",
    "Wang, S.-J., Li, B.-J., Liu, Y.-J., et al. (2018). Micro-expression recognition with small sample size by transferring long-term "
    "convolutional neural network. Neurocomputing 312.",
    (
        Table(
            "Table 3, TIM32",
            "Ten methods, clips of 32 frames",
            _TLCNN_DATA,
            ("accuracy", "uf1", "uar"),
            _tlcnn(
                {
                    "TLCNN": (76.17, 68.95, 67.77, 72.32, 70.73, 71.19),
                    "TLCNN(E)": (74.67, 67.08, 66.77, 72.43, 69.81, 70.15),
                    "TLCNN(EM)": (71.54, 65.63, 66.60, 70.01, 67.69, 68.29),
                    "C5+SVM": (64.29, 65.18, 64.29, 57.14, 66.07, 63.39),
                    "3D-CNN": (64.29, 64.29, 55.36, 67.86, 62.50, 62.86),
                    "MDMO": (61.11, 61.26, 61.47, 64.15, 57.27, 61.05),
                    "FDM": (53.57, 41.96, 48.21, 49.11, 44.64, 47.50),
                    "LBP-TOP": (65.18, 65.18, 66.96, 63.39, 72.32, 66.61),
                    "STLBP-IP": (66.96, 63.29, 73.21, 67.86, 67.86, 67.84),
                    "STCLQP": (69.64, 65.17, 72.32, 69.64, 71.43, 69.64),
                },
            ),
            "4class",
            _FIVE_FOLD,
            frames=32,
        ),
        Table(
            "Table 3, TIM64",
            "Ten methods, clips of 64 frames",
            _TLCNN_DATA,
            ("accuracy", "uf1", "uar"),
            _tlcnn(
                {
                    "TLCNN": (74.47, 64.62, 66.10, 70.98, 69.41, 69.12),
                    "TLCNN(E)": (73.20, 66.88, 65.32, 71.12, 67.31, 68.77),
                    "TLCNN(EM)": (69.56, 64.72, 65.42, 66.71, 66.98, 66.68),
                    "C5+SVM": (64.29, 65.18, 66.07, 60.71, 66.96, 64.64),
                    "3D-CNN": (63.39, 63.39, 56.25, 68.75, 61.61, 62.68),
                    "MDMO": (65.74, 58.56, 66.06, 62.26, 60.61, 62.65),
                    "FDM": (47.32, 50.89, 43.75, 45.54, 45.54, 46.61),
                    "LBP-TOP": (62.50, 66.96, 67.86, 66.96, 74.11, 67.68),
                    "STLBP-IP": (66.96, 62.50, 72.32, 65.18, 66.07, 66.61),
                    "STCLQP": (67.86, 66.07, 70.54, 69.64, 65.50, 67.92),
                },
            ),
            "4class",
            _FIVE_FOLD,
            frames=64,
        ),
    ),
    (
        "Folds are drawn over clips: the same people are trained on and tested.",
        "The snapshot, FDM's grid and MDMO's lambda were chosen by accuracy on the test fold.",
        "Classes sum to 559 clips, not 560.",
        "The t-tests come out as printed only as unpaired tests over the ten folds pooled, and that for STCLQP fails even so (p = .33).",
        "TLCNN(E) and TLCNN(EM) name what is left out, not what is kept.",
        "MDMO's best is 60.11 in the text and 61.05 in the table; its folds fit 544 clips, not 560.",
        "'112 iterations an epoch' fits four random windows of each clip, or another network; 448 clips in batches of 16 make 28.",
    ),
    "TLCNN",
    dict.fromkeys(("C5+SVM", "3D-CNN", "MDMO", "FDM"), (0, 0.05))
    | dict.fromkeys(("TLCNN(EM)", "LBP-TOP", "STLBP-IP", "STCLQP"), (0.05, 0.1))
    | {"TLCNN(E)": (0.2, 1)},
)

PAPERS = {paper.name: paper for paper in (EYE_CNN, APEX_DCNN, TWO_STREAM, SURVEY, TLCNN)}
