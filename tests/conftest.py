"""The contract suites live in the installed package; pytest shall explain their failed asserts, too."""

import signal

import pytest

pytest.register_assert_rewrite("voicecore.testing.contracts", "voicecore.testing.job_machine")

# A run that was started in the background inherits an ignored SIGINT and would hand it on to the commands under test,
# which then could not be interrupted. A signal with a handler is set back to its default in every new program.
signal.signal(signal.SIGINT, signal.default_int_handler)
