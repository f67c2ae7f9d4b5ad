"""A spotter with weights: what it is given, what it adds to the rules, and what it says of weights that are none."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.spotting import FlowSpotter, NetSpotter, check_spotter, load_spotter
from fleeting.spotting.check import made_up
from fleeting.spotting.flow_spotter import Stretch
from fleeting.spotting.net_spotter import MEASURED, RATE, SKIN, Net, at_rate, evidence, features, mirrored
from fleeting.synthetic.signals import add_expressions
from fleeting.synthetic.talking import Talk


@pytest.fixture(scope="module")
def talk():
    table = Talk.shipped().draw(round(20 * RATE), np.random.default_rng(1))
    table.insert(0, "frame", np.arange(len(table)))
    return table.assign(seen=True, track=1.0)


def test_it_keeps_the_contract_of_a_spotter():
    check_spotter(NetSpotter())
    check_spotter(NetSpotter(candidates=20))


def test_what_the_rules_are_sure_of_stays():
    table = made_up(400)
    sure, found = (spotter.spot(table).intervals for spotter in (FlowSpotter(), NetSpotter()))
    kept = found.merge(sure, on=["onset", "apex", "offset", "kind"])
    assert len(sure) > 0
    assert len(kept) == len(sure)


def test_candidates_are_as_many_a_minute_as_were_asked_for_and_the_strongest(talk):
    few, many = (NetSpotter(candidates=rate).spot(talk).intervals for rate in (6, 20))
    weak = [events[(events["kind"] == "micro") & ~events["certain"]] for events in (few, many)]
    assert [len(some) for some in weak] == [2, 7]  # of 20 s
    assert set(weak[0]["apex"]) <= set(weak[1]["apex"])
    assert (weak[1]["offset"] - weak[1]["onset"] + 1 <= 0.5 * RATE).all()


def test_more_speaks_for_an_expression_where_one_was_added(talk):
    from fleeting.synthetic.script import expression
    from fleeting.synthetic.signals import mean_skin

    rng, net = np.random.default_rng(2), NetSpotter()._net
    apexes = [100, 300, 500, 700, 900]
    placed = [(apex - 8, expression("micro", 17, RATE, mean_skin(), rng, (5.0, 5.0))[1]) for apex in apexes]
    before, after = (evidence(Stretch(each, FlowSpotter()), net) for each in (talk, add_expressions(talk, placed)))
    gained = [after[apex - 4 : apex + 5].max() - before[apex - 4 : apex + 5].max() for apex in apexes]
    assert np.mean(gained) > 0.2


def test_any_frame_rate_is_taken_and_gives_the_same_features(talk):
    slow = talk.iloc[::2]
    assert len(at_rate(slow)) == pytest.approx(len(talk), abs=2)
    assert features(at_rate(talk)).shape[1] == features(at_rate(slow)).shape[1]


def test_a_mirror_image_twice_is_the_picture(talk):
    table = at_rate(talk)
    once = mirrored(table)
    np.testing.assert_allclose(once["right_brow_x"], -table["left_brow_x"])
    np.testing.assert_allclose(once["right_brow_y"], table["left_brow_y"])
    np.testing.assert_allclose(mirrored(once)[list(MEASURED)], table[list(MEASURED)])


def test_the_score_is_that_of_the_mirror_image(talk):
    net = NetSpotter()._net
    a, b = (evidence(Stretch(each, FlowSpotter()), net) for each in (at_rate(talk), mirrored(at_rate(talk))))
    assert np.corrcoef(a, b)[0, 1] > 0.99


def test_a_threshold_for_a_rate_of_false_events():
    for spotter in (FlowSpotter(), NetSpotter()):
        rates = [0.5, 1, 3, 10]
        thresholds = [spotter.threshold_at(rate) for rate in rates]
        assert thresholds == sorted(thresholds, reverse=True)
    assert NetSpotter().threshold_at(1) == pytest.approx(5.0)
    with pytest.raises(UsageError, match="above 0"):
        FlowSpotter().threshold_at(0)


def test_the_card_says_what_it_learned_from_and_is_not_for():
    card = NetSpotter().card_
    assert "SYNTHETIC" in card["trained_on"]
    assert "lies" in card["must_not"]
    assert NetSpotter().file["name"] == "spotter.safetensors"


def test_a_file_that_holds_no_spotter_is_refused(tmp_path):
    from fleeting.classifiers.motion_kernel import SHIPPED as RECOGNISER

    with pytest.raises(UsageError, match="no weights can be read"):
        load_spotter(str(tmp_path / "none.safetensors")).spot(made_up(400))
    with pytest.raises(UsageError, match="weights of pretrained, not of a spotter"):
        load_spotter(str(RECOGNISER)).spot(made_up(400))
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UsageError, match="cannot be read"):
        Net.read(str(tmp_path / "broken.safetensors"))
    with pytest.raises(UsageError, match="is not known"):
        load_spotter("none")


def test_skin_is_what_the_signals_have_first():
    assert MEASURED[: len(SKIN)] == SKIN
