"""`/v1/speech-to-speech/{voice_id}` and `/stream`: a recording, in the voice of a conversion model (RVC).

The official client asks for `/v1/voice-changer/…`, which is the same.
"""

from __future__ import annotations

import shutil
from typing import Annotated, Any, BinaryIO

import msgspec
from litestar import Request, post
from litestar.params import FromPath
from msgspec import Meta

from entrypoints.http.documented import FilePart, accepts, gives_stream
from entrypoints.http.door import CONVERT
from entrypoints.http.elevenlabs.formats import LATENCY, LOGGING, OUTPUT, output_of
from entrypoints.http.elevenlabs.names import CONVERTING_MODELS, target_model
from entrypoints.http.elevenlabs.text_to_speech import FAULTS
from entrypoints.http.elevenlabs.voice_settings import sliders_of, without_effect
from entrypoints.http.forms import from_fields, read_one_file, refuse_text
from entrypoints.http.live import Followed, audio_stream, submit_and_follow
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.uploads import Form
from entrypoints.http.warned import warnings_header
from entrypoints.http.whole_sound import whole_answer, whole_sound
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.conversion import ConversionSettings
from voicecore.errors import InvalidAudio, InvalidInput, NotFound
from voicecore.job import JobId, SynthesisJob
from voicecore.request import SEED_LIMIT
from voicecore.stream_format import StreamFormat
from voicecore.wavfile import wav_header

_AUDIO = FilePart(name="audio")
#: A recording that is nothing but samples, and one whose format stands in it.
BARE, OTHER = "pcm_s16le_16", "other"
_BARE_RATE_HZ = 16_000
_PATHS = ["/v1/speech-to-speech/{voice_id:str}", "/v1/voice-changer/{voice_id:str}"]


class RecordingBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the recording."""

    model_id: Annotated[str, Meta(
        description="Only a name: the voice says what the recording is converted with.",
        extra_json_schema={"enum": list(CONVERTING_MODELS)},
    )] | None = None  # fmt: skip
    voice_settings: Annotated[str, Meta(description="JSON. `similarity_boost` has an effect.")] | None = None
    seed: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": SEED_LIMIT})] | None = None
    remove_background_noise: Annotated[bool, Meta(description="Without effect.")] | None = None
    file_format: Annotated[str, Meta(
        description=f"`{BARE}`: nothing but samples, 16 bits, little-endian, 16 kHz, mono. Default `{OTHER}`.",
        extra_json_schema={"enum": [BARE, OTHER]},
    )] | None = None  # fmt: skip


_DOCUMENTED = gives_stream(accepts(RecordingBody, files=[_AUDIO]))


@post(
    _PATHS, needs=CONVERT, status_code=200, guards=[refuse_while_draining], operation_class=_DOCUMENTED,
    request_max_body_size=None, responses=FAULTS,
)  # fmt: skip
async def convert(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Give a recording (the field `audio`) another voice, and answer when all of it has it."""
    del enable_logging, optimize_streaming_latency
    followed, output, headers = await _converted(request, service, caller, voice_id, output_format)
    sound = await whole_sound(request, service, followed, output)
    return whole_answer(service, followed, sound, media_type=output.media_type, headers=headers)


@post(
    [f"{each}/stream" for each in _PATHS], needs=CONVERT, status_code=200, guards=[refuse_while_draining],
    operation_class=_DOCUMENTED, request_max_body_size=None, responses=FAULTS,
)  # fmt: skip
async def stream(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Give a recording another voice. The first bytes leave as soon as there is sound; a client that leaves cancels the job."""
    del enable_logging, optimize_streaming_latency
    followed, output, headers = await _converted(request, service, caller, voice_id, output_format)
    return await audio_stream(request, service, followed, output, headers=headers)


async def _converted(
    request: Request[Any, Any, Any], service: Service, caller: Caller, voice_id: str, output_format: str | None
) -> tuple[Followed, StreamFormat, dict[str, str]]:
    """The job, submitted and followed; what is sent of it, and what its caller should know."""
    output, kept_as = output_of(output_format)
    with Form() as form:
        await read_one_file(request, form, _AUDIO.name, max_file_bytes=service.limits.max_upload_bytes)
        body = _body(form)
        sliders = sliders_of(body.voice_settings)

        def submit(job_id: JobId) -> SynthesisJob:
            settings = ConversionSettings(
                model_id=target_model(service, voice_id, caller), seed=0 if body.seed is None else body.seed
            )
            file = form.files[0][1]
            return service.submit_conversion(
                sliders.of_conversion(settings) or settings, _with_header(form, file) if body.file_format == BARE else file,
                output_format=kept_as, caller=caller, job_id=job_id,
            )  # fmt: skip

        followed = await submit_and_follow(request, service, submit)
    idle = [
        *sliders.idle(speaks=False, converts=True),
        *(["remove_background_noise"] if body.remove_background_noise else []),
    ]
    return followed, output, warnings_header((*without_effect(idle), *followed.job.warnings))


def _body(form: Form) -> RecordingBody:
    refuse_text(form, _AUDIO.name)
    body = from_fields(form.fields, RecordingBody)
    if not form.files:
        raise InvalidInput(f"The field {_AUDIO.name!r} is missing; send a recording.", field=_AUDIO.name)
    if body.model_id not in (None, *CONVERTING_MODELS):
        raise NotFound(
            f"There is no model {str(body.model_id)[:80]!r} that converts speech; choose one of: {', '.join(CONVERTING_MODELS)}.",
            field="model_id",
        )
    if body.file_format not in (None, BARE, OTHER):
        raise InvalidInput(
            f"{str(body.file_format)[:60]!r} is not a file_format; choose {BARE} or {OTHER}.", field="file_format"
        )
    return body


def _with_header(form: Form, bare: BinaryIO) -> BinaryIO:
    """Samples without a header, as a WAV file."""
    size = bare.seek(0, 2)
    bare.seek(0)
    if not size or size % 2:
        raise InvalidAudio(
            f"The recording has {size} bytes, and samples of {BARE} have two each: send it whole, or with file_format {OTHER}.",
            field="file",
        )
    file = form.new_file(_AUDIO.name)
    file.write(wav_header(_BARE_RATE_HZ, size))
    shutil.copyfileobj(bare, file)
    file.seek(0)
    return file


HANDLERS = (convert, stream)
