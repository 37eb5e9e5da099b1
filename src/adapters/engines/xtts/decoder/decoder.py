"""The face of the decoder: requests in, one token a row and step out."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

import torch

from adapters.engines.xtts.values import DecodeRequest, RowStep
from voicecore.engine_settings import Precision
from voicecore.errors import Conflict, EngineFailed, InvalidInput, UtteranceFailed, require

from .batch import Batch
from .row import Row
from .weights import GptWeights


class Decoder:
    """Continuous batching over the GPT of XTTS v2. `step` belongs to one thread; `admit`, `drop` and `gauges` may come from others.

    With `Precision.EXACT` the tokens of a row are those that upstream draws for it alone: greedy ones always, sampled ones for
    the same seed on a processor. They do not depend on the rows beside it.

    Args:
        gpt: a loaded `TTS.tts.layers.xtts.gpt.GPT`. Its weights are copied and packed; its `gpt` part is not needed afterwards.
        width: rows that may be in at once.
        prefix_cache_bytes: memory for the keys and values of voices; 8 MB a voice in XTTS v2. 0 keeps none.

    Raises:
        InvalidInput: the precision is int8, or a number is out of range.
    """

    def __init__(
        self, gpt: Any, *, device: torch.device | str, precision: Precision, width: int, prefix_cache_bytes: int
    ) -> None:
        require(width >= 1, f"The decoder's width is {width}; it takes 1 row or more.")
        require(prefix_cache_bytes >= 0, "The cache of voices cannot be smaller than 0 bytes.")
        self.width = width
        self._weights = GptWeights.of(gpt, device=torch.device(device), precision=precision)
        self._batch = Batch(self._weights, width=width, prefix_cache_bytes=prefix_cache_bytes)
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._arrived: list[Row] = []
        self._arrivals = count()
        self._closed = False

    @property
    def channels(self) -> int:
        """Numbers in a latent: 1024 in XTTS v2."""
        return self._weights.width

    @property
    def device(self) -> torch.device:
        """Where the weights are, and the latents come from."""
        return self._weights.device

    @property
    def token_limit(self) -> int:
        """Most audio tokens of one row: 602 in XTTS v2."""
        return self._weights.token_limit

    def admit(self, request: DecodeRequest) -> None:
        """Take a row into the next step.

        Raises:
            Conflict: `width` rows are in, or one has this id.
            InvalidInput: the text has `gpt_max_text_tokens` ids or more (402), an id is not one of the tokenizer's, the voice
                is not of this model, or more tokens are asked for than the model has positions.
        """
        self._check_open()
        self.check(request)
        with self._lock:
            if request.id in self._rows:
                raise Conflict(f"Row {request.id!r} is in the decoder already.")
            if len(self._rows) >= self.width:
                raise Conflict(f"The decoder is full: it takes {self.width} rows at a time.")
            row = Row.of(request, self._weights, next(self._arrivals))
            self._rows[request.id] = row
            self._arrived.append(row)

    def step(self) -> list[RowStep]:
        """Fill the keys and values of rows that came since, then draw one token for every row.

        Raises `UtteranceFailed` if the memory does not even do for one row, which is then out and which it names, or
        `EngineFailed` if the decoder is closed.
        """
        self._check_open()
        with self._lock:
            arrived, self._arrived = self._arrived, []
        with torch.inference_mode():
            try:
                steps = self._batch.step(arrived)
            except UtteranceFailed as failure:
                self.drop(failure.utterance_id)
                raise
        with self._lock:
            told = [step for row, step in steps if not row.dropped]
            for step in told:
                if step.end is not None:
                    del self._rows[step.id]
        return told

    def drop(self, row_id: str) -> None:
        """Take a row out; of one that is not in, nothing. No step that ends after this tells of it."""
        with self._lock:
            row = self._rows.pop(row_id, None)
            if row is not None:
                row.dropped = True

    def gauges(self) -> dict[str, float]:
        """What the decoder holds (rows, bytes) and what it has done since it was made (`_total`)."""
        batch = self._batch
        return {
            "rows": float(len(batch.rows)),
            "rows_waiting": float(len(batch.waiting) + len(self._arrived)),
            "steps_total": float(batch.steps),
            "tokens_total": float(batch.tokens),
            "prefill_positions_total": float(batch.filled_positions),
            "prefix_hits_total": float(batch.prefixes.hits),
            "prefix_misses_total": float(batch.prefixes.misses),
            "prefix_cache_bytes": float(batch.prefixes.bytes),
            "kv_cache_bytes": float(batch.cache.bytes),
            "weight_bytes": float(self._weights.bytes),
            "out_of_memory_total": float(batch.out_of_memory),
        }

    def close(self) -> None:
        """Let all rows, keys and values go. May be repeated."""
        self._closed = True
        with self._lock:
            self._rows.clear()
            self._arrived.clear()
        self._batch.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineFailed("The decoder is closed: open the engine again.")

    def check(self, request: DecodeRequest) -> None:
        """Raise the `InvalidInput` that `admit` would."""
        limits = self._weights
        if len(request.text_ids) >= limits.text_limit:
            raise InvalidInput(
                f"The segment has {len(request.text_ids)} text tokens; the limit is {limits.text_limit - 1}: split the text."
            )
        if any(not 0 <= text_id < len(limits.text) for text_id in request.text_ids):
            raise InvalidInput(
                f"A text token is not one of the model's {len(limits.text)}: use the tokenizer of the checkpoint."
            )
        if not 1 <= request.max_tokens <= limits.token_limit:
            raise InvalidInput(
                f"{request.max_tokens} audio tokens were asked for; the model makes 1 to {limits.token_limit}."
            )
        if request.voice.gpt.ndim != 2 or request.voice.gpt.shape[1] != limits.width:
            raise InvalidInput(
                f"The voice's latents have the shape {tuple(request.voice.gpt.shape)}, the model takes (32, {limits.width}): "
                "learn the voice again with this model."
            )
