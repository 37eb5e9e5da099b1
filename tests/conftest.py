"""The suites live in the installed package; pytest shall explain their failed asserts, too."""

import pytest

pytest.register_assert_rewrite("voicecore.testing.contracts", "voicecore.testing.job_machine")
