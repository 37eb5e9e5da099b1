"""What the XTTS engine says of itself, without torch."""

from __future__ import annotations

from voicecore.engine import EngineCard, Enrolment
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import ModelCorrupt
from voicecore.profiles import XTTS_PARAMETERS
from voicecore.timing import TimeSource

from .checkpoint import Checkpoint
from .languages import TAGS, notes, spoken_here
from .presets import make_presets, substituted
from .values import SAMPLE_RATE_HZ

NAME = "xtts"
#: Most that `measure` may say, see `text_size`.
SEGMENT_LIMIT = 1000
#: Ten rows of the decoder and five that wait or are being vocoded (`engine.decoder_width`). Measured on two processor cores: up
#: to ten rows cost little more than one, sixteen twice as much (docs/adr/0013).
DEFAULT_BATCH = 15
LICENCE = (
    "Coqui Public Model License 1.0.0, non-commercial use only (weights, https://coqui.ai/cpml); MPL-2.0 (coqui-tts)"
)
_ENROLMENT = Enrolment(
    method="cloning",
    description=(
        "Speaks in the voice of the reference, in every language of the engine, also in others than the reference's. "
        "Ten seconds of clean speech of one person are better than minutes with noise or music."
    ),
    min_reference_s=5.0,
    max_reference_s=300.0,
)


def make_card(checkpoint: Checkpoint, settings: EngineSettings) -> EngineCard:
    """The card of a stored checkpoint; reads its config and the names of its speakers.

    Raises `ModelCorrupt` if the config lists no language that can be spoken here.
    """
    listed = checkpoint.config.get("languages", list(TAGS))
    trained = [str(each) for each in listed] if isinstance(listed, list) else []
    languages = spoken_here(trained)
    if not languages:
        raise ModelCorrupt(f"{checkpoint.config_path} lists no language of XTTS v2: give the folder of an XTTS v2.")
    return EngineCard(
        name=NAME,
        title="XTTS v2",
        description="Voice cloning across languages: a GPT over audio tokens and a HiFi-GAN vocoder, by Coqui.",
        version=checkpoint.lock.version or "unknown",
        model_digest=checkpoint.digest,
        licence=LICENCE,
        sample_rate_hz=SAMPLE_RATE_HZ,
        languages=languages,
        presets=make_presets(checkpoint.speaker_names, languages),
        parameters=XTTS_PARAMETERS,
        segment_limit=SEGMENT_LIMIT,
        segment_unit="per mille of what the model takes at once",
        batch_size=settings.batch_size or DEFAULT_BATCH,
        streams_within_segment=True,
        enrolment=_ENROLMENT,
        mixes_voices=True,
        word_times=TimeSource.ATTENTION,
        notes=(*_notes(checkpoint, settings), *notes(trained)),
    )


def _notes(checkpoint: Checkpoint, settings: EngineSettings) -> list[str]:
    found = [
        "The licence of the weights (Coqui Public Model License) allows non-commercial use only.",
        "The times of words are estimates, found by alignment of the attention; how exact they are was not measured.",
        "The eight presets are studio speakers chosen by their names; how they sound was not measured.",
    ]
    if missing := substituted(checkpoint.speaker_names):
        found.append(
            f"This checkpoint lacks the studio speakers chosen for {', '.join(missing)}: others stand in for them."
        )
    if not checkpoint.lock.published:
        found.append("These are not the published weights, or they could not be compared with them.")
    if settings.precision is not Precision.EXACT:
        found.append(
            f"Precision {settings.precision} trades sound for speed; its quality on real weights is unverified."
        )
    return found
