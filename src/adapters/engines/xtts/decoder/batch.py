"""The rows at work: who is in, who waits, who leaves, and what happens when the memory is too small for all."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import torch

from adapters.engines.xtts.values import End, RowStep
from voicecore.errors import UtteranceFailed

from .cache import KeyValueCache
from .gaze import Gaze
from .prefix import PrefixCache
from .row import Row
from .sampler import draw
from .transformer import Segment, Transformer
from .weights import GptWeights

#: Positions that one pass of filling takes: enough for a fast matrix product, few enough for the memory of a small card.
_FILL_POSITIONS = 2048


class Batch:
    """Used by one thread; only `Row.dropped` may be set by others. Row i has slot i of the cache."""

    def __init__(self, weights: GptWeights, *, width: int, prefix_cache_bytes: int) -> None:
        self._weights = weights
        self._transformer = Transformer(weights)
        self.cache = KeyValueCache(
            layers=len(weights.blocks),
            heads=weights.heads,
            head_width=weights.width // weights.heads,
            width=width,
            device=weights.device,
        )
        self.prefixes = PrefixCache(prefix_cache_bytes)
        self.rows: list[Row] = []
        self.waiting: deque[Row] = deque()
        self._width = self._limit = width
        self.steps = self.tokens = self.filled_positions = self.out_of_memory = 0

    def step(self, arrived: Sequence[Row] = ()) -> list[tuple[Row, RowStep]]:
        """Fill what waits, then one token for every row. Raises `UtteranceFailed` if the memory is too small for one row."""
        self.waiting.extend(arrived)
        self._let_go()
        tried_alone = False
        while True:
            try:
                self._join()
                return self._advance()
            except torch.OutOfMemoryError as error:
                if len(self.rows) == 1 and tried_alone:
                    (row,) = self.rows
                    self.rows.clear()
                    raise UtteranceFailed(
                        "The device has too little memory for one sentence: free some of it, choose a smaller "
                        "VOICECORE_BATCH_SIZE and VOICECORE_VOICE_CACHE_MB, or run on the processor.",
                        utterance_id=row.request.id,
                    ) from error
            # Only here, as the error holds on to the tensors of the step that failed.
            self._retreat()
            # With all that was kept given back, a single row deserves another try.
            tried_alone = len(self.rows) == 1

    def clear(self) -> None:
        """Forget all rows and voices."""
        self.rows.clear()
        self.waiting.clear()
        self.cache.release()
        self.prefixes.clear()

    def _let_go(self) -> None:
        for slot in reversed(range(len(self.rows))):
            if self.rows[slot].dropped:
                self._remove(slot)
        for row in [row for row in self.waiting if row.dropped]:
            self.waiting.remove(row)
        self._rest()

    def _rest(self) -> None:
        """With no row at work, no memory is held for any, and there may be enough for all again."""
        if not self.rows:
            self.cache.release()
            self._limit = self._width

    def _remove(self, slot: int) -> None:
        """The last row takes the place, so that the slots in use stay the first ones."""
        last = self.rows.pop()
        if slot < len(self.rows):
            if last.filled:
                self.cache.move(len(self.rows), slot, last.filled)
            self.rows[slot] = last

    def _join(self) -> None:
        while self.waiting and len(self.rows) < self._limit:
            self.rows.append(self.waiting.popleft())
        if not self.rows:
            return
        self.cache.reserve(len(self.rows), max(row.position for row in self.rows) + 1)
        fresh = [(slot, row) for slot, row in enumerate(self.rows) if not row.filled]
        for group in _groups(fresh):
            self._fill(group)

    def _fill(self, group: Sequence[tuple[int, Row]]) -> None:
        prefixes = self._prefixes([row for _, row in group])
        segments = []
        for slot, row in group:
            store = self.cache.row(slot)
            for layer, prefix in zip(store, prefixes[row.request.voice.key], strict=True):
                layer[:, :, : row.latents] = prefix
            segments.append(Segment(row.unfilled(self._weights), row.latents, store))
        self._transformer.fill(segments)
        for _, row in group:
            row.filled = row.position
        self.filled_positions += sum(len(segment.embeddings) for segment in segments)

    def _prefixes(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Keys and values of the rows' voices; those that are not known yet are made in one pass."""
        found: dict[str, torch.Tensor] = {}
        made: dict[str, Segment] = {}
        for row in rows:
            voice = row.request.voice
            if voice.key in found:
                self.prefixes.hits += 1
                continue
            known = self.prefixes.find(voice.key)
            if known is not None:
                self.prefixes.hits += 1
            else:
                self.prefixes.misses += 1
                known = self._transformer.empty_prefix(row.latents)
                latents = voice.gpt.to(device=self._weights.device, dtype=torch.float32)
                made[voice.key] = Segment(latents, 0, known.unbind(0))
            found[voice.key] = known
        if made:
            self._transformer.fill(list(made.values()))
            self.filled_positions += sum(len(segment.embeddings) for segment in made.values())
        for key in made:
            self.prefixes.keep(key, found[key])
        return found

    def _advance(self) -> list[tuple[Row, RowStep]]:
        if not self.rows:
            return []
        rows = self.rows
        embeddings = self._weights.audio_embeddings([row.newest for row in rows], [len(row.tokens) for row in rows])
        watched = {slot: row.text_span for slot, row in enumerate(rows) if row.request.watched}
        gaze = Gaze(watched, len(self._weights.blocks)) if watched else None
        hidden = self._transformer.advance(embeddings, self.cache, [row.position for row in rows], gaze)
        tokens = draw(self._transformer.logits(hidden).cpu(), rows, self._weights.audio_stop)
        seen = {} if gaze is None else {slot: gaze.of(slot) for slot in watched}
        # From here on nothing can fail: a step that ran out of memory above is repeated whole.
        steps: list[tuple[Row, RowStep]] = []
        ended: list[int] = []
        for slot, (row, token) in enumerate(zip(rows, tokens, strict=True)):
            end: End | None = row.take(token, self._weights.audio_stop)
            steps.append(
                (row, RowStep(id=row.request.id, token=token, latent=hidden[slot], end=end, attention=seen.get(slot)))
            )
            if end is not None:
                ended.append(slot)
        for slot in reversed(ended):
            self._remove(slot)
        self._rest()
        self.steps += 1
        self.tokens += len(steps)
        return steps

    def _retreat(self) -> None:
        """The newest half of the rows waits again. All keys and values go, as making room must not need room; they are
        filled anew, with what the rows have said.
        """
        self.out_of_memory += 1
        self.cache.release()
        self.prefixes.clear()
        for row in self.rows:
            row.filled = 0
        by_age = sorted(self.rows, key=lambda row: row.arrival)
        self._limit = (len(by_age) + 1) // 2
        self.rows = by_age[: self._limit]
        self.waiting.extendleft(reversed(by_age[self._limit :]))
        if self._weights.device.type == "cuda":
            torch.cuda.empty_cache()


def _groups(fresh: Sequence[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Rows whose positions make at most `_FILL_POSITIONS` together, or one row."""
    group: list[tuple[int, Row]] = []
    total = 0
    for slot, row in fresh:
        if group and total + row.position > _FILL_POSITIONS:
            yield group
            group, total = [], 0
        group.append((slot, row))
        total += row.position
    if group:
        yield group
