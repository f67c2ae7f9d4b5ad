"""The codes with which the command line ends, beside those of the errors."""

SOME_FAILED, INTERRUPTED = 4, 130
