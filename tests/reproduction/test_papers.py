"""The papers' tables: they agree with themselves, and every row can be run."""

import numpy as np
import pytest

from fleeting.labels import SCHEMES
from fleeting.methods import METHODS
from fleeting.protocols import PROTOCOLS
from fleeting.reproduction.papers import PAPERS
from fleeting.stats import unpaired_t

TABLES = [(paper, table) for paper in PAPERS.values() for table in paper.tables]
TLCNN = {table.name: {row.name: row for row in table.rows} for table in PAPERS["tlcnn"].tables}


@pytest.mark.parametrize("rows", TLCNN.values(), ids=TLCNN)
def test_a_mean_is_the_mean_of_its_folds(rows):
    for row in rows.values():
        assert np.mean(row.folds) == pytest.approx(row.published["accuracy"], abs=6e-5)


@pytest.mark.parametrize(("paper", "table"), TABLES, ids=[f"{p.name}, {t.name}" for p, t in TABLES])
def test_a_table_can_be_run(paper, table):
    assert table.scheme in SCHEMES
    name, options = table.protocol
    PROTOCOLS[name](**options)
    assert {row.method for row in table.rows} <= set(METHODS)
    assert all(0 < value <= 1 for row in table.rows for value in (*row.published.values(), *row.folds))


def test_what_is_said_of_the_t_tests():
    folds = {name: TLCNN["Table 3, TIM32"][name].folds + TLCNN["Table 3, TIM64"][name].folds for name in TLCNN["Table 3, TIM32"]}
    assert unpaired_t(folds["TLCNN"], folds["STCLQP"]).p == pytest.approx(0.3346, abs=1e-3)
    assert unpaired_t(folds["TLCNN"], folds["TLCNN(EM)"]).p == pytest.approx(0.0605, abs=1e-3)
