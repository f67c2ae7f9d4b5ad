"""Calls that run beside each other give what they would one after the other."""

from __future__ import annotations

import threading

import pytest

from fleeting.compute.workers import beforehand


def test_results_come_in_order_each_made_while_the_one_before_is_used():
    begun = [threading.Event() for _ in range(4)]

    def work(k):
        begun[k].set()
        return k * k

    for k, result in enumerate(beforehand(work, range(4))):
        assert result == k * k
        assert k == 3 or begun[k + 1].wait(60)
    assert list(beforehand(work, [])) == []


def test_what_goes_wrong_is_raised_in_its_place():
    results = beforehand(lambda k: 1 / k, [2, 0, 1])
    assert next(results) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(results)
