"""scikit-learn's own checks, for the tests of the classifiers."""

import warnings

from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator


def failed(estimator):
    """Names of scikit-learn's checks that an estimator does not pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    return [each["check_name"] for each in results if each["status"] == "failed"]
