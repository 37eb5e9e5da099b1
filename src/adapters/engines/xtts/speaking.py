"""One utterance on its way: from the decoder's latents through the vocoder and the guards to chunks."""

from __future__ import annotations

import numpy as np
import torch

from voicecore.audio import Samples
from voicecore.engine import Utterance
from voicecore.timing import WordTimes

from .alignment import Alignment
from .denoise import denoised
from .guards import LoopWatch, TailGate
from .values import SAMPLE_RATE_HZ, TOKENS_PER_S, DecodeRequest, End, RowStep
from .vocoder import Vocoder, VocoderStream
from .words import Reading, heard_words

#: Tokens of the first window of an eager utterance (0.37 s), and of those after it (1.9 s). The vocoder looks three tokens
#: ahead, so the first sound comes after eleven.
FIRST_TOKENS, NEXT_TOKENS = 8, 40
#: Tokens of a window nobody waits for (3 s of sound). Smaller ones would spend more on their overlaps; a larger one would keep
#: a job that is called off waiting.
PATIENT_TOKENS = 64
#: What the vocoder needs beyond a window before it is settled: XTTS v2's HiFi-GAN looks 2.9 tokens ahead (`Shape.reach_frames`).
LOOK_AHEAD_TOKENS = 3


class Speaking:
    """What became of an utterance so far.

    The windows begin and end at tokens that depend on nothing but the utterance, so that equal latents give equal samples bit
    for bit, however the engine's time was divided.

    Attributes:
        attempt: 0, or how often the guards had it spoken again.
        end: why its row ended, or None while it is being decoded.
        looped: whether the row was stopped since it went round in circles; only what came before its second round is kept.
        heard: whether sound of it was given out; it cannot be taken back then.
        given_samples: how much sound of it was given out.
        alignment: what its tokens speak of its text, where the times of its words are wanted.
    """

    def __init__(self, utterance: Utterance, request: DecodeRequest, vocoder: Vocoder) -> None:
        self.utterance, self.request = utterance, request
        self._vocoder = vocoder
        self._denoise = bool(utterance.parameters.get("denoise", 0))
        self.attempt = 0
        self.begin(request)

    def begin(self, request: DecodeRequest) -> None:
        """Forget what was decoded: a row for `request` follows."""
        self.request = request
        self.tokens = 0
        self.end: End | None = None
        self.looped = False
        self.heard = False
        self.given_samples = 0
        self.alignment = Alignment() if request.watched else None
        self._latents: list[torch.Tensor] = []
        self._loop = LoopWatch()
        self._windows = 0
        self._stream = self._open()
        self._gate = TailGate(SAMPLE_RATE_HZ)
        self._held: list[Samples] = []

    def _open(self) -> VocoderStream:
        return self._vocoder.open(self.request.voice.speaker, self.utterance.parameters.get("speed", 1.0))

    @property
    def eager(self) -> bool:
        """Whether its first sound is given out before its last token is known. Denoising needs the whole of it."""
        return self.utterance.eager and not self._denoise

    @property
    def decoding(self) -> bool:
        """Whether its row is still in the decoder, or waits for it."""
        return self.end is None

    @property
    def cut_samples(self) -> int:
        """What the tail guard has cut off."""
        return self._gate.cut_samples

    def take_in(self, row: RowStep) -> None:
        """A token and its latent. Ends the utterance if it goes round in circles."""
        self.tokens += 1
        self._latents.append(row.latent)
        self.end = row.end
        if self.alignment is not None and row.attention is not None:
            self.alignment.add(row.attention)
        if self._loop.push(row.token) and not self.looped:
            self.looped = True
            self.end = End.OUT_OF_TOKENS
            # What was vocoded already cannot be taken back.
            del self._latents[max(self._loop.sane, self._stream.tokens_pushed) :]

    @property
    def ready(self) -> bool:
        """Whether a window can be vocoded now."""
        if self.end is not None:
            return True
        return self.eager and len(self._latents) - self._stream.tokens_pushed >= self._size()

    def _size(self) -> int:
        if not self.eager:
            return PATIENT_TOKENS + (0 if self._windows else LOOK_AHEAD_TOKENS)
        return NEXT_TOKENS if self._windows else FIRST_TOKENS + LOOK_AHEAD_TOKENS

    def vocode(self) -> tuple[Samples, bool]:
        """The sound of the next window, and whether it was the last. May be empty: what is held back comes later."""
        at, size = self._stream.tokens_pushed, self._size()
        self._windows += 1
        last = self.end is not None and len(self._latents) - at <= size
        window = self._latents[at:] if last else self._latents[at : at + size]
        if window:
            self._stream.push(torch.stack(window))
        sound = self._guarded(self._stream.take(final=last), last=last)
        self.heard = self.heard or sound.size > 0
        self.given_samples += sound.size
        return sound, last

    def word_times(self, reading: Reading) -> WordTimes | None:
        """When the words of its text are heard, once all of its sound is given out; None where nobody asked."""
        if self.alignment is None:
            return None
        speed = self.utterance.parameters.get("speed", 1.0)
        path = self.alignment.path(self._stream.tokens_pushed)
        return heard_words(
            self.utterance.text, reading, path,
            token_s=1.0 / (TOKENS_PER_S * speed), duration_s=self.given_samples / SAMPLE_RATE_HZ,
        )  # fmt: skip

    def _guarded(self, samples: Samples, *, last: bool) -> Samples:
        if self._denoise:
            self._held.append(samples)
            if not last:
                return np.zeros(0, np.float32)
            samples = denoised(np.concatenate(self._held), SAMPLE_RATE_HZ)
        out = self._gate.push(samples)
        return np.concatenate([out, self._gate.finish()]) if last else out
