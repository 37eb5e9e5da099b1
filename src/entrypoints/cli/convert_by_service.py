"""`convert -m NAME`: a job of mode `convert`, with a model that the catalogue knows."""

from __future__ import annotations

import time
from typing import Any

from entrypoints.cli.client import connect
from entrypoints.cli.converting import Recording
from entrypoints.cli.formats import PCM
from entrypoints.cli.naming import find_model
from entrypoints.cli.progress import spinner
from entrypoints.cli.rvc_options import KNOBS
from entrypoints.cli.waiting import completed_or_cancelled, progress_line
from voicecore.conversion import CONVERTER
from voicecore.errors import InvalidInput


def convert_by_service(order: Recording, wanted: str, url: str | None) -> dict[str, Any]:
    """Submit the recording, wait for the job, download its audio into the target; the report.

    Args:
        wanted: id or name of the model.
        url: of a running service; None means one in this process, as long as the command.
    """
    if order.audio_format == PCM:
        raise InvalidInput("pcm is not made by a service; use --format wav.")
    target = order.target
    with connect(url, works=True) as client, target.finished_or_discarded(), spinner("converting") as told:
        model = find_model(client, wanted)
        fields = {"mode": "convert", "rvc_model_id": model["id"], "seed": order.seed, **order.knobs}
        data = {name: str(value) for name, value in fields.items()}
        began = time.perf_counter()
        with order.source.open("rb") as file:
            accepted = client.call("POST", "/jobs", data=data, files={"file": (order.source.name, file)})
        job = completed_or_cancelled(client, accepted["id"], lambda job: told(progress_line(job)))
        client.download(f"/jobs/{job['id']}/download", target.write, params={"format": order.audio_format})
    elapsed_s = time.perf_counter() - began
    rvc = job["rvc"]
    asked = {name: rvc[name.removeprefix("rvc_")] for name in KNOBS}
    return {
        "path": target.name, "format": order.audio_format, "bytes": target.bytes_written, "duration_s": job["duration"],
        "sample_rate_hz": job["sample_rate_hz"], "converter": CONVERTER, "model": model["id"],
        "model_digest": model["sha256"], **asked, "seed": order.seed, "index_used": rvc["index_used"],
        "index_reason": rvc["index_reason"], "notes": job["warnings"], "job_id": job["id"], "convert_s": elapsed_s,
        "real_time_factor": elapsed_s / job["duration"],
    }  # fmt: skip
