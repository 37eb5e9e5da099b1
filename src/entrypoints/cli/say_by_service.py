"""`say` as a job of a service: with `--url`, and with what only the catalogue knows: a voice, a profile, a conversion model."""

from __future__ import annotations

import time
from typing import Any

from entrypoints.cli.client import Answer, ServiceClient, connect
from entrypoints.cli.formats import PCM
from entrypoints.cli.naming import find_model, find_voice
from entrypoints.cli.progress import spinner
from entrypoints.cli.speaking import Order
from entrypoints.cli.streaming import streamed
from entrypoints.cli.target import Target
from entrypoints.cli.waiting import completed_or_cancelled, progress_line
from voicecore.errors import InvalidInput, NotFound
from voicecore.request import OutputFormat

#: Its index is written last.
_UNSTREAMED = OutputFormat.M4A.value


def speak_by_service(order: Order, engine: str | None, target: Target, url: str | None) -> dict[str, Any]:
    """Submit the text and write its audio into `target`; the report, without single segments.

    What goes to stdout comes from a running service while it is made; else the job is waited for and downloaded.
    """
    streams = url is not None and (target.is_stdout or order.audio_format == PCM) and order.audio_format != _UNSTREAMED
    if order.audio_format == PCM and not streams:
        raise InvalidInput("pcm is only made by an engine in this process, or with --url; use --format wav.")
    with connect(url, works=True) as client, target.finished_or_discarded(), spinner("speaking") as told:
        began = time.perf_counter()
        body = _body(client, order, engine)
        if streams:
            job = streamed(client, "POST", "/jobs/stream", target.write, order.audio_format, json=body)
        else:
            accepted = client.call("POST", "/jobs", json=body)
            job = completed_or_cancelled(client, accepted["id"], lambda job: told(progress_line(job)))
            client.download(f"/jobs/{job['id']}/download", target.write, params={"format": order.audio_format})
        if order.captions is not None:
            query = {"format": order.captions.form.value}
            with order.captions.target.finished_or_discarded() as captions:
                client.download(f"/jobs/{job['id']}/subtitles", captions.write, params=query)
    elapsed_s = time.perf_counter() - began
    duration_s = job["duration"]
    return {
        "path": target.name, "format": order.audio_format, "bytes": target.bytes_written, "duration_s": duration_s,
        "sample_rate_hz": job["sample_rate_hz"], "engine": job["engine"], "language": job["spoken_language"],
        "voice": order.voice, "seed": order.seed, "segments": None, "job_id": job["id"], "speak_s": elapsed_s,
        "real_time_factor": elapsed_s / duration_s if duration_s else None,
    } | (_converted(job) if order.rvc is not None else {})  # fmt: skip


def _converted(job: Answer) -> Answer:
    """What became of the conversion."""
    return {
        "rvc": job["rvc"], "rvc_applied": job["rvc_applied"], "rvc_fallback_reason": job["rvc_fallback_reason"],
        "warnings": job["warnings"],
    }  # fmt: skip


def _body(client: ServiceClient, order: Order, engine: str | None) -> Answer:
    body: Answer = {"text": order.text, "source_language": order.language, "seed": order.seed}
    optional = {"speed": order.speed, "engine": engine, "quality_profile_id": order.profile}
    body |= {name: value for name, value in optional.items() if value is not None}
    if order.captions is not None:
        body["word_timestamps"] = True
    if order.rvc is not None:
        model = find_model(client, order.rvc)
        body |= {"enable_rvc": True, "rvc_model_id": model["id"], "rvc_required": order.rvc_required, **order.knobs}
    presets = [each["id"] for each in client.call("GET", "/presets")["presets"]]
    if order.voice in presets:
        return body | {"mode": "dubbing", "voice_preset": order.voice}
    try:
        voice = find_voice(client, order.voice)
    except NotFound as error:
        raise NotFound(f"{error.message} Presets are: {', '.join(dict.fromkeys(presets))}.") from error
    return body | {"mode": "dubbing_with_clone", "voice_id": voice["id"]}
