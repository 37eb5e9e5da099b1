"""`GET /v1/user/subscription`: what the caller may still do, in the words of a bill that nobody sends."""

from __future__ import annotations

import msgspec
from litestar import get

from entrypoints.http.elevenlabs.dialect import faults
from entrypoints.http.wiring import Calling, Wired
from voicecore.access import Scope

#: Stands for a limit that there is not.
_ENDLESS = 2**31 - 1


class Price(msgspec.Struct, kw_only=True):
    """What is owed: nothing."""

    amount: str = "0"
    currency: str = "usd"


class Subscription(msgspec.Struct, kw_only=True):
    """The limits of the key: `character_limit` is that of a day, and 2147483647 where there is none. `character_count` is not
    told, and 0.
    """

    tier: str = "self_hosted"
    status: str = "active"
    character_count: int = 0
    character_limit: int
    max_character_limit_extension: int = 0
    max_credit_limit_extension: int = 0
    can_extend_character_limit: bool = False
    allowed_to_extend_character_limit: bool = False
    next_character_count_reset_unix: int | None = None
    voice_slots_used: int
    voice_limit: int
    voice_add_edit_counter: int = 0
    max_voice_add_edits: int | None = None
    professional_voice_slots_used: int = 0
    professional_voice_slots_used_in_workspace: int = 0
    professional_voice_limit: int = 0
    can_extend_voice_limit: bool = False
    can_use_instant_voice_cloning: bool
    can_use_professional_voice_cloning: bool = False
    currency: str | None = None
    current_overage: Price
    billing_period: str | None = None
    character_refresh_period: str | None = None
    next_invoice: None = None
    open_invoices: list[str] = []
    has_open_invoices: bool = False


@get("/v1/user/subscription", sync_to_thread=True, responses=faults(503))
def subscription(service: Wired, caller: Calling) -> Subscription:
    """The limits of your key."""
    used = sum(caller.sees(voice.owner) for voice in service.catalog.voices.all())
    return Subscription(
        character_limit=caller.limits.characters_per_day or _ENDLESS, voice_slots_used=used,
        voice_limit=caller.limits.voices or _ENDLESS, current_overage=Price(),
        can_use_instant_voice_cloning=caller.may(Scope.CLONE),
    )  # fmt: skip


HANDLERS = (subscription,)
