"""What every `JobStore` does.

Subclass `JobStoreContract`, override `make_store`, run pytest.
"""

from __future__ import annotations

from voicecore.testing.contracts.job_store_ending import EndingContract
from voicecore.testing.contracts.job_store_keeping import KeepingContract
from voicecore.testing.contracts.job_store_listing import ListingContract
from voicecore.testing.contracts.job_store_notices import NoticesContract
from voicecore.testing.contracts.job_store_turns import TurnsContract
from voicecore.testing.contracts.job_store_working import WorkingContract


class JobStoreContract(
    KeepingContract, TurnsContract, WorkingContract, EndingContract, NoticesContract, ListingContract
):
    """The whole contract: subclass this one, and override `make_store`."""
