"""The RVC converter: speech keeps its words and its melody and gets the voice that a model was trained for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from adapters import torch_device
from adapters.freed_memory import return_freed
from voicecore.audio import Audio, Samples, silence
from voicecore.conversion import CONVERTER, ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import EngineFailed, InvalidAudio
from voicecore.ports import ConversionReport, ModelParts
from voicecore.tone_colour import SILENT_BELOW, check_speech

from .content import stored as content_files
from .content.encoder import ContentEncoder
from .f0.repetition import HARDLY, MUCH, repeats
from .f0.smoothing import shifted
from .f0.tracker import Track
from .heard import at_rate, without_rumble
from .loudness import PEAK, limit_peak, mix_loudness
from .pieces import CONTEXT_S, ENDS_S, FRAME, Piece, cut, even_length, joined, window
from .pitch import PitchTrackers
from .retrieval import blended, protected
from .synthesiser.spans import LONG_WINDOW_FRAMES, WINDOW_FRAMES
from .values import FRAME_RATE_HZ, HEARD_RATE_HZ
from .voices import LoadedVoice, LoadedVoices

#: What the arrays of an hour take at 48 kHz is 0.7 GB; speech that is longer is cut by whoever has it.
LONGEST_SPEECH_S = 2 * 3_600.0
#: Compiled operators that are kept: enough for the lengths of one conversation, and 0.1 GB. 32 make a sentence of 2 s an eighth
#: slower, 1 024 gain nothing.
_COMPILED = 256


@dataclass(slots=True)
class _Work:
    """What one conversion uses, and what it finds out on the way."""

    voice: LoadedVoice
    settings: ConversionSettings
    method: F0Method
    pieces: int = 1
    frames: int = 0
    voiced: int = 0
    repeating: int = 0

    def count(self, sound: Samples, track: Track) -> None:
        """Take in what was found in a piece, as the synthesiser gets it."""
        found = shifted(track, -self.settings.pitch)
        self.frames += len(found)
        self.voiced += int(np.count_nonzero(found))
        self.repeating += int(np.count_nonzero(repeats(sound, found)))

    @property
    def window_frames(self) -> int:
        """Frames that the vocoder makes at once."""
        return WINDOW_FRAMES if self.pieces == 1 else LONG_WINDOW_FRAMES

    @property
    def hums(self) -> bool:
        """Whether a pitch was found here and there at least, and hardly any of that is periodic."""
        return self.voiced > MUCH * self.frames and self.repeating < HARDLY * self.voiced


@dataclass(frozen=True, slots=True)
class _Begun:
    """A piece before it is spoken: the frame that its sound begins with, the sound, how many frames the networks make of it, and
    what waits for its pitch; None where it has none.
    """

    first: int
    sound: Samples
    frames: int
    pitch: Callable[[], Track] | None


class RvcConverter:
    """`voicecore.ports.ModelConverter` by RVC v1 and v2. Open one with `RvcConverter.open`.

    Encoder and trackers are loaded once for all voices; voices stay in memory within `EngineSettings.rvc_cache_mb`. Memory of
    a conversion does not grow with the length of the speech, but for the sound itself. On a processor, the same call gives the
    same sound bit for bit with the same number of threads; graphics cards do not promise that.

    Args:
        context_s: of `pieces.CONTEXT_S`, and `ends_s` of `pieces.ENDS_S`: at least 0.1 s, since the networks leave out the last
            20 ms of what they hear. RVC's own pipeline has 1 s for both.
        even_lengths: whether networks hear pieces of a few lengths only (`pieces.even_length`); RVC's own pipeline does not.
    """

    name = CONVERTER

    def __init__(
        self,
        encoder: ContentEncoder,
        trackers: PitchTrackers,
        voices: LoadedVoices,
        *,
        context_s: float = CONTEXT_S,
        ends_s: float = ENDS_S,
        even_lengths: bool = True,
    ) -> None:
        self._parts: tuple[ContentEncoder, PitchTrackers, LoadedVoices] | None = (encoder, trackers, voices)
        self._context, self._ends = (round(each * FRAME_RATE_HZ) for each in (context_s, ends_s))
        self._even_lengths = even_lengths

    @classmethod
    def open(cls, settings: EngineSettings, *, threads: int | None = None) -> Self:
        """Load what all voices share from `settings.models_dir`, after checking it against its lock.

        Args:
            settings: `precision` `bf16` computes encoder and synthesiser in bfloat16, anything else in float32.
            threads: of torch, for this whole process; None leaves them.

        Raises:
            MissingModel: without the weights of the content encoder.
            MissingDependency: if a package is missing, or the device.
            ModelCorrupt: if a file is not what was taken in.
        """
        folder = content_files.find(settings.models_dir)
        device = torch_device.choose(settings.device)
        torch_device.use_threads(threads)
        torch_device.keep_compiled(_COMPILED)
        # What is not bf16 is exact here: int8 is another engine's trade.
        precision = settings.precision if settings.precision is Precision.BF16 else Precision.EXACT
        encoder = ContentEncoder.open(folder, device=device, precision=precision)
        voices = LoadedVoices(limit_bytes=settings.rvc_cache_mb << 20, device=device, precision=precision)
        return cls(encoder, PitchTrackers(models_dir=settings.models_dir, device=device), voices)

    def holds(self, model_id: str) -> bool:
        """Whether the voice is in memory; it may have had to make room for others."""
        return self._parts is not None and model_id in self._parts[2]

    def load(self, model_id: str, parts: ModelParts) -> None:
        """As the port says. What is not used for longest makes room.

        Raises:
            ModelCorrupt: the bytes are no voice.
            EngineFailed: there is no memory for it.
        """
        _, _, voices = self._opened()
        try:
            voices.load(model_id, parts)
        except (RuntimeError, MemoryError) as error:  # torch says so when memory is out
            raise EngineFailed(f"The voice model could not be loaded: {str(error)[:200]}") from error

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        """The speech in the voice of `settings.model_id`, at the model's rate, as long as the audio to a sample.

        Raises:
            NotFound: the model is not loaded.
            InvalidAudio: below 0.5 s or above two hours.
            MissingDependency, MissingModel: the pitch tracker cannot be used here; for `rmvpe` without weights `fcpe` is, and
                the report says so.
            EngineFailed: memory ran out, or the model made no sound.
        """
        _, trackers, voices = self._opened()
        voice = voices.use(settings.model_id)
        check_speech(audio.duration_s)
        if audio.duration_s > LONGEST_SPEECH_S:
            raise InvalidAudio(
                f"The audio lasts {audio.duration_s:.0f} s; give at most {LONGEST_SPEECH_S:.0f} s at once."
            )
        rate_hz = voice.config.sample_rate_hz
        length = round(len(audio.samples) * rate_hz / audio.sample_rate_hz)
        heard = at_rate(audio)
        if np.abs(heard).max() <= SILENT_BELOW:
            report = ConversionReport(
                False, "The audio is silent.", ("The audio is silent, so no voice was converted.",)
            )
            return Audio(silence(length / rate_hz, rate_hz), rate_hz), report
        heard = without_rumble(heard)
        method, told = trackers.choose(settings.f0_method)
        work = _Work(voice, settings, method)
        try:
            made, limited = self._converted(heard, length, work)
        except (RuntimeError, MemoryError) as error:  # torch says so when memory is out
            raise EngineFailed(f"RVC could not convert {audio.duration_s:.1f} s: {str(error)[:200]}") from error
        notes = (told if voice.config.f0 else "", *_notes(work, limited=limited))
        return Audio(made, rate_hz), ConversionReport(*_index_use(work), tuple(each for each in notes if each))

    def close(self) -> None:
        """Give back memory. Idempotent."""
        self._parts = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _converted(self, heard: Samples, length: int, work: _Work) -> tuple[Samples, bool]:
        """The converted samples, and whether they had to be made quieter."""
        config = work.voice.config
        pieces = cut(heard)
        work.pieces = len(pieces)
        numbers = {piece.start: number for number, piece in enumerate(pieces)}
        # One ahead: the next piece's pitch is looked for while this one is spoken.
        coming = (self._begun(heard, piece, pieces, work) for piece in pieces)
        ready = next(coming)

        def convert(piece: Piece, start: int, stop: int) -> Samples:
            nonlocal ready
            if piece is not pieces[0]:
                _give_back(work)
            begun, ready = ready, next(coming, ready)
            kept = start - begun.first, stop - begun.first
            return self._piece(begun, kept, _seed(work.settings.seed, numbers[piece.start]), work)

        made = joined(pieces, convert, length=length, samples_per_frame=config.samples_per_frame)
        mix_loudness(
            made, heard, rate_hz=config.sample_rate_hz, source_rate_hz=HEARD_RATE_HZ,
            mix_rate=work.settings.rms_mix_rate,
        )  # fmt: skip
        return made, limit_peak(made)

    def _begun(self, heard: Samples, piece: Piece, pieces: Sequence[Piece], work: _Work) -> _Begun:
        """What the piece hears, and its pitch, being looked for."""
        encoder, trackers, _ = self._opened()
        before = self._ends if piece is pieces[0] else self._context
        behind = self._ends if piece is pieces[-1] else self._context
        frames = piece.end - piece.start + before + behind
        sound = window(heard, piece, before, behind, frames=even_length(frames) if self._even_lengths else frames)
        # The encoder has a frame for every second of ours, which counts twice.
        frames = min(len(sound) // FRAME, 2 * encoder.frames_of(len(sound)))
        pitch = None
        if work.voice.config.f0 and np.abs(sound).max() > SILENT_BELOW:
            pitch = trackers.begin(work.method, sound, frames, work.settings)
        return _Begun(piece.start - before, sound, frames, pitch)

    @torch.no_grad()
    def _piece(self, begun: _Begun, kept: tuple[int, int], seed: int, work: _Work) -> Samples:
        """What becomes of the frames [start, stop) of all that a piece hears."""
        encoder, _, _ = self._opened()
        voice, settings, frames = work.voice, work.settings, begun.frames
        config = voice.config
        if np.abs(begun.sound).max() <= SILENT_BELOW:
            return np.zeros((kept[1] - kept[0]) * config.samples_per_frame, np.float32)

        def spoken(content: Tensor, f0_hz: Tensor | None) -> Samples:
            _give_back(work)
            return _sound(
                voice.synthesiser.convert(content, f0_hz, seed=seed, kept=kept, window_frames=work.window_frames)
            )

        original = encoder.encode(begun.sound, config.version)
        content = blended(original, voice.index, settings.index_rate)
        if begun.pitch is None:
            return spoken(_twice(content)[:frames], None)
        track = begun.pitch()
        work.count(begun.sound, track)
        f0_hz = torch.from_numpy(track).to(content.device)
        if content is not original:
            content = protected(_twice(content)[:frames], _twice(original)[:frames], f0_hz, settings.protect)
        else:
            content = _twice(content)[:frames]
        return spoken(content, f0_hz)

    def _opened(self) -> tuple[ContentEncoder, PitchTrackers, LoadedVoices]:
        if self._parts is None:
            raise EngineFailed("The converter was closed; open another one.")
        return self._parts


def _give_back(work: _Work) -> None:
    """Between the steps of long speech: pieces differ in length, so the gaps that one leaves in the heap do not fit the next.

    A single piece leaves few, and would pay for fresh pages.
    """
    if work.pieces > 1:
        return_freed()


def _twice(content: Tensor) -> Tensor:
    """50 frames a second as 100."""
    return content.repeat_interleave(2, dim=0)


def _sound(made: Tensor) -> Samples:
    samples: Samples = made.float().cpu().numpy()
    if not np.isfinite(samples).all():
        raise EngineFailed("The voice model made values that are not finite numbers; use another model or precision.")
    return samples


def _seed(seed: int, piece: int) -> int:
    """The first piece has the request's own seed, so that it does not matter to a sentence that there are pieces."""
    return seed if piece == 0 else int(np.random.SeedSequence((seed, piece)).generate_state(1)[0])


def _index_use(work: _Work) -> tuple[bool, str]:
    if work.voice.index is None:
        return False, "The model has no index."
    if work.settings.index_rate == 0:
        return False, "rvc_index_rate is 0."
    return True, ""


def _notes(work: _Work, *, limited: bool) -> tuple[str, ...]:
    config = work.voice.config
    notes: list[str] = []
    if not config.f0:
        notes.append("The model does not follow a pitch: rvc_pitch and the pitch tracker had no effect.")
    elif not work.voiced:
        notes.append(f"No pitch was found in the audio by {work.method.value}, so the voice whispers.")
    elif work.hums:
        notes.append(
            f"The pitch that {work.method.value} found is hardly there, as in noise without a voice, so the converted voice hums: "
            "choose another rvc_f0_method, or a recording with speech."
        )
    if limited:
        notes.append(f"The converted voice went beyond full scale and was made quieter, to {PEAK:g} at its peak.")
    return tuple(notes)
