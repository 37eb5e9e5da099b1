"""Consent: who agreed that a voice may be made of theirs, when, and in which words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from voicecore.errors import InvalidInput
from voicecore.language import Language
from voicecore.voice import checked_name

ConsentId = NewType("ConsentId", str)

STATEMENT_LIMIT = 2_000
#: A recorded statement is a sentence or two.
RECORDING_LIMIT_S = 60.0
#: A text that stands alone has to say who agreed to what; `yes` and `true` say neither.
_LEAST_WORDS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

#: What a person may read and sign, by the main part of the language's tag.
STATEMENTS = {
    "en": "I am the speaker in these recordings. I agree that a synthetic voice is made of my voice and that it speaks texts "
    "that I have not spoken. I may withdraw this consent at any time.",
    "pt": "A voz nestas gravações é minha. Concordo que se faça dela uma voz sintética e que ela fale textos que eu não falei. "
    "Posso retirar este consentimento a qualquer momento.",
    "es": "La voz de estas grabaciones es la mía. Acepto que se cree con ella una voz sintética y que diga textos que yo no he "
    "dicho. Puedo retirar este consentimiento en cualquier momento.",
    "fr": "La voix de ces enregistrements est la mienne. J'accepte qu'une voix de synthèse soit créée à partir d'elle et qu'elle "
    "dise des textes que je n'ai pas dits. Je peux retirer ce consentement à tout moment.",
    "it": "La voce in queste registrazioni è la mia. Acconsento che se ne crei una voce sintetica e che dica testi che non ho "
    "detto. Posso revocare questo consenso in qualsiasi momento.",
    "de": "Die Stimme in diesen Aufnahmen ist meine. Ich bin einverstanden, dass daraus eine künstliche Stimme gemacht wird und "
    "dass sie Texte spricht, die ich nicht gesprochen habe. Ich kann diese Einwilligung jederzeit widerrufen.",
    "nl": "De stem in deze opnamen is de mijne. Ik ga ermee akkoord dat er een synthetische stem van wordt gemaakt en dat die "
    "teksten spreekt die ik niet heb gesproken. Ik kan deze toestemming op elk moment intrekken.",
    "pl": "Głos na tych nagraniach jest mój. Zgadzam się, aby stworzono z niego głos syntetyczny i aby mówił teksty, których nie "
    "wypowiedziałem ani nie wypowiedziałam. Mogę wycofać tę zgodę w każdej chwili.",
}  # fmt: skip
FALLBACK_LANGUAGE = "en"


def default_statement(language: Language | None) -> str:
    """The statement offered in this language, or in English."""
    return STATEMENTS.get(language.language if language else FALLBACK_LANGUAGE, STATEMENTS[FALLBACK_LANGUAGE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A spoken statement as it is kept.

    Attributes:
        key: blob of the decoded recording (WAV, mono), written by us.
        sha256: of that blob, in hex; it stays when the recording is removed.
        duration_s: seconds, above 0 up to `RECORDING_LIMIT_S`.
    """

    key: str
    sha256: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was agreed to.

    Attributes:
        by: name of the person who agreed; empty where only the text names them.
        text: the words of the consent, 1..2000 characters.
        given_at: when it was given, as far as the caller knows; else when we got it.
        recording: the same, spoken.
    """

    by: str
    text: str
    given_at: datetime
    recording: Recording | None = None

    def __post_init__(self) -> None:
        if self.by:
            object.__setattr__(self, "by", checked_name(self.by, field_name="consent_by"))
        object.__setattr__(self, "text", self.text.strip())
        if not 1 <= len(self.text) <= STATEMENT_LIMIT:
            raise InvalidInput(
                f"The consent has {len(self.text)} characters; give 1 to {STATEMENT_LIMIT}.", field="consent"
            )
        if _CONTROL.search(self.text):
            raise InvalidInput("The consent holds control characters; leave them out.", field="consent")
        if self.given_at.tzinfo is None:
            raise InvalidInput("given_at needs a time zone; write 2026-11-22T10:00:00Z.", field="given_at")

    @classmethod
    def read(
        cls, *, by: str | None, text: str | None, language: Language | None, now: datetime, given_at: datetime | None = None
    ) -> Statement | None:  # fmt: skip
        """The statement that a caller makes; None if they make none.

        A person without a text agreed to the text offered in the language. A text without a person is taken where it can
        stand alone.

        Raises:
            InvalidInput: for a limit, a text that says nothing, or a date that has not come.
        """
        who, words = (by or "").strip(), (text or "").strip()
        if not who and not words:
            return None
        if not who and len(words.split()) < _LEAST_WORDS:
            raise InvalidInput(
                f"The consent {words[:40]!r} does not say who agreed: send consent_by with the name of the person, or a whole "
                "sentence.", field="consent_by",
            )  # fmt: skip
        if given_at is not None and given_at.tzinfo is not None and given_at > now:
            raise InvalidInput("given_at has not come yet; send when the person agreed.", field="given_at")
        return cls(by=who, text=words or default_statement(language), given_at=given_at or now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A statement that is kept. Voices name it by its id, and are not used once it is withdrawn.

    Attributes:
        id: generated, grammar `cons_[a-z0-9]+`.
        source_job_id: the enrolment that brought it, so that it goes with its last voice; None for one made on its own,
            which stays until somebody deletes it.
        owner: id of the API key that it belongs to; empty for nobody's.
        revoked_at: when it was withdrawn; it is kept then only as long as a voice names it, to say why that is silent.
    """

    id: ConsentId
    statement: Statement
    language: Language | None = None
    created_at: datetime
    source_job_id: str | None = None
    revoked_at: datetime | None = None
    owner: str = ""

    @property
    def name(self) -> str:
        """What a shelf holds apart: its id, since people share names."""
        return self.id

    @property
    def revoked(self) -> bool:
        """Whether it was withdrawn."""
        return self.revoked_at is not None
