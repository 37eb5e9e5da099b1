"""`kokoro-onnx` behind a minimal server, as people write it: a peer for `peer_servers.py`, in a process of its own.

`python kokoro_onnx_server.py PORT MODEL VOICES`. It asks for no key, keeps nothing, and lets as many requests at the model as come:
onnxruntime's session may be called by several threads.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import numpy as np
import uvicorn
from kokoro_onnx import Kokoro
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route


def application(model: str, voices: str) -> Starlette:
    kokoro = Kokoro(model, voices)

    async def speech(request: Request) -> Response:
        body = await request.json()

        async def pieces() -> AsyncIterator[bytes]:
            async for samples, _ in kokoro.create_stream(body["input"], voice=body["voice"], lang=body["lang"]):
                yield (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()

        return StreamingResponse(pieces(), media_type="audio/pcm")

    async def health(_: Request) -> Response:
        return PlainTextResponse("healthy")

    return Starlette(routes=[Route("/v1/audio/speech", speech, methods=["POST"]), Route("/health", health)])


if __name__ == "__main__":
    uvicorn.run(application(*sys.argv[2:]), port=int(sys.argv[1]), log_level="warning")
