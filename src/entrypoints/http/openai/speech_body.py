"""The body of `POST /v1/audio/speech`, and the request that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from entrypoints.http.job_body import language_of
from entrypoints.http.openai.names import choose_voice, model_of
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.engine import SPEED
from voicecore.errors import InvalidInput, InvalidText
from voicecore.request import SEED_LIMIT, TEXT_LIMIT, OutputFormat, SynthesisRequest
from voicecore.stream_format import StreamFormat, StreamKind

INSTRUCTIONS_LIMIT = 4_096
#: `pcm` is 24 kHz, 16 bits, mono, whatever rate an engine has; the others have the engine's, or the nearest of the format.
PCM_RATE_HZ = 24_000
#: What is sent, and what the job is kept as for a later download.
FORMATS = {
    "mp3": (StreamFormat(StreamKind.MP3), OutputFormat.MP3),
    "opus": (StreamFormat(StreamKind.OPUS), OutputFormat.OPUS),
    "aac": (StreamFormat(StreamKind.AAC), OutputFormat.M4A),
    "flac": (StreamFormat(StreamKind.FLAC), OutputFormat.FLAC),
    "wav": (StreamFormat(StreamKind.WAV), OutputFormat.WAV),
    "pcm": (StreamFormat(StreamKind.PCM, PCM_RATE_HZ), OutputFormat.WAV),
}
DEFAULT_FORMAT = "mp3"
STREAM_FORMATS = ("audio", "sse")
IGNORED = "instructions have no effect: no engine here takes any."


class VoiceRef(msgspec.Struct, forbid_unknown_fields=True):
    """A voice by its id."""

    id: str


class SpeechBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text to speak: OpenAI's fields, then ours."""

    model: Annotated[str, Meta(description="GET /v1/models.", extra_json_schema={"examples": ["tts-1"]})]
    input: Annotated[str, Meta(
        description="What is spoken. OpenAI takes 4096 characters; here it is VOICECORE_MAX_TEXT.",
        extra_json_schema={"minLength": 1, "maxLength": TEXT_LIMIT, "examples": ["Olá, mundo!"]},
    )]  # fmt: skip
    voice: Annotated[str | VoiceRef, Meta(
        description="GET /v1/audio/voices: an id or a name, or either with `+` and a conversion model's.",
        extra_json_schema={"examples": ["alloy"]},
    )]  # fmt: skip
    instructions: Annotated[str, Meta(
        description="Read and without effect; the header X-Voicecore-Warnings says so.",
        extra_json_schema={"maxLength": INSTRUCTIONS_LIMIT},
    )] | None = None  # fmt: skip
    response_format: (
        Annotated[str, Meta(description=f"Default {DEFAULT_FORMAT}.", extra_json_schema={"enum": list(FORMATS)})] | None
    ) = None
    speed: Annotated[float, Meta(
        description=f"Engines speak at {SPEED.minimum:g} to {SPEED.maximum:g}; beyond it is refused. Default: the profile's.",
        extra_json_schema={"minimum": SPEED.minimum, "maximum": SPEED.maximum},
    )] | None = None  # fmt: skip
    stream_format: Annotated[str, Meta(
        description="The sound itself, or server-sent events with the sound in base64. Default audio.",
        extra_json_schema={"enum": list(STREAM_FORMATS)},
    )] | None = None  # fmt: skip
    language: Annotated[str, Meta(
        description="BCP 47 tag of the text. Default: the voice's own, or VOICECORE_DEFAULT_LANGUAGE.",
        extra_json_schema={"maxLength": 35, "examples": ["pt-BR"]},
    )] | None = None  # fmt: skip
    seed: Annotated[int, Meta(
        description="The same request has the same sound. Default 0.",
        extra_json_schema={"minimum": 0, "maximum": SEED_LIMIT},
    )] | None = None  # fmt: skip
    quality_profile: Annotated[str, Meta(description="GET /quality-profiles. Default: the model's.")] | None = None
    rvc_model: Annotated[str, Meta(description="Id or name of a conversion model: GET /rvc-models.")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What a body asks for.

    Attributes:
        events: whether the sound leaves in server-sent events.
        notes: what its caller should know.
    """

    request: SynthesisRequest
    output: StreamFormat
    events: bool
    notes: tuple[str, ...] = ()


def speech_of(service: Service, caller: Caller, body: SpeechBody) -> Speech:
    """What the body asks for. Looks into the catalogue, so it runs in a thread.

    Raises:
        InvalidInput: and its kinds, naming the field.
        NotFound: no such model, voice or conversion model.
        NotInstalled: the model's engine cannot speak here.
    """
    output, kept_as = _format(body.response_format)
    if body.stream_format not in (None, *STREAM_FORMATS):
        raise InvalidInput(
            f"{body.stream_format[:60]!r} is not a stream_format; choose audio or sse.", field="stream_format"
        )
    if body.instructions is not None and len(body.instructions) > INSTRUCTIONS_LIMIT:
        raise InvalidInput(
            f"The instructions have {len(body.instructions)} characters; give at most {INSTRUCTIONS_LIMIT}, or none: they "
            "have no effect.", field="instructions",
        )  # fmt: skip
    if len(body.input) > service.limits.max_text:
        raise InvalidText(
            f"The input has {len(body.input)} characters; the limit is {service.limits.max_text}: send it in several requests.",
            field="input",
        )
    model = model_of(service, body.model)
    voice = choose_voice(service)(
        body.voice if isinstance(body.voice, str) else body.voice.id, caller, engine=model.engine,
        language=None if body.language is None else language_of(body.language, "language"), model=body.rvc_model,
    )  # fmt: skip
    request = SynthesisRequest(
        text=body.input, source_language=voice.language, mode=voice.mode, voice_preset=voice.preset,
        voice_id=voice.voice_id, engine=voice.engine, quality_profile_id=body.quality_profile or model.profile_id,
        speed=body.speed, seed=0 if body.seed is None else body.seed, output_format=kept_as, conversion=voice.conversion,
        # The answer is nothing but sound: there is no place to say that it has another voice than was asked for.
        conversion_required=voice.conversion is not None,
    )  # fmt: skip
    return Speech(
        request=request, output=output, events=body.stream_format == "sse",
        notes=(IGNORED,) if body.instructions else (),
    )  # fmt: skip


def _format(name: str | None) -> tuple[StreamFormat, OutputFormat]:
    found = FORMATS.get(DEFAULT_FORMAT if name is None else name)
    if found is None:
        raise InvalidInput(
            f"{str(name)[:60]!r} is not a response_format; choose one of: {', '.join(FORMATS)}.",
            field="response_format",
        )
    return found
