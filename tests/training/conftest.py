"""Small networks on one core, as in the tests of their architectures."""

from ..models.conftest import one_thread  # noqa: F401  # a fixture
