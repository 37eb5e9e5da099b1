"""The contract suites live in the installed package; pytest shall explain their failed asserts, too."""

import signal

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("voicecore.testing.contracts", "voicecore.testing.job_machine")

# A run that was started in the background inherits an ignored SIGINT and would hand it on to the commands under test,
# which then could not be interrupted. A signal with a handler is set back to its default in every new program.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A run of CI judges what was changed, not what chance finds today nor how busy the machine is: examples are the same in every
# run, and none has a time. `--hypothesis-profile=exploring` looks for others.
settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("exploring"), derandomize=True, database=None)
settings.load_profile("same")
