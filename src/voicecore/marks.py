"""Marks: what a generated file says of itself, in one line of ASCII that stands in the metadata of every format.

    SYNTHETIC=true GENERATOR=voicecore/0.1.0 JOB=job_… ENGINE=kokoro MODEL=0123456789abcdef CREATED=2026-11-22T10:00:00Z
    RATE=024000 SAMPLES=000000048000 PCM=<sha256> SKETCH=<64 hex> KEY=<8 hex> MARK=v1:<64 hex>

`MARK` is the HMAC-SHA256 of all before it, with a key that only this service has (RFC 2104), so that a stranger can read a
mark and cannot write one. `PCM` and `SKETCH` tie it to its sound. A stream begins before its sound is known; they are 0 there.
A line always has the same length for the same job, so that a header may be written before and put right after.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from voicecore.audio import Audio, pcm16_bytes
from voicecore.errors import require
from voicecore.sound_sketch import WINDOWS, Sound, SoundMeter
from voicecore.wavfile import wav_header

#: What an encoder asks for the line: with the sound, once it is known, or None.
Marking: TypeAlias = Callable[[Sound | None], str]

LEAST_SECRET_BYTES = 16
_MODEL_LETTERS = 16
_UNTIED = Sound(0, 8_000, "0" * 64, "00" * WINDOWS)
_STRANGE = re.compile(r"[^A-Za-z0-9_.:/+-]+")
_LINE = re.compile(
    rb"SYNTHETIC=true GENERATOR=(?P<generator>[!-~]{1,80}) JOB=(?P<job>[!-~]{1,80}) ENGINE=(?P<engine>[!-~]{1,80}) "
    rb"MODEL=(?P<model>[!-~]{1,64}) CREATED=(?P<created>[!-~]{1,40}) RATE=(?P<rate>\d{6}) SAMPLES=(?P<samples>\d{12}) "
    rb"PCM=(?P<pcm>[0-9a-f]{64}) SKETCH=(?P<sketch>[0-9a-f]{%d}) KEY=(?P<key>[0-9a-f]{8}) MARK=v1:(?P<mac>[0-9a-f]{64})"
    % (2 * WINDOWS)
)
#: A file with more lines than this was made to keep us busy.
_MOST_LINES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a sound comes from.

    Attributes:
        job_id: of the job that made it; `-` for none.
        engine: what spoke, `kokoro`, and what converted, `kokoro+rvc`.
        model_digest: sha256 of the model; its first 16 digits are told.
        created_at: when the job was asked for, so that files stay a function of their job; None without a job.
    """

    job_id: str
    engine: str
    model_digest: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that was found in a file; nothing of it is believed until `Marker.made` says so.

    Attributes:
        line: all of it.
        key: first digits of the digest of the key that it says it was made with.
        tied: whether it says of which sound it is.
    """

    line: str
    generator: str
    job_id: str
    engine: str
    model: str
    created: str
    key: str
    sound: Sound

    @property
    def tied(self) -> bool:
        """Whether it says of which sound it is."""
        return self.sound.samples > 0


@dataclass(frozen=True, slots=True, repr=False)
class Marker:
    """Writes marks, and knows its own.

    Attributes:
        generator: name and version of this program, without blanks.
        secret: the key, `LEAST_SECRET_BYTES` at least; None signs nothing, and knows no mark as its own.
    """

    generator: str
    secret: bytes | None

    def __post_init__(self) -> None:
        if self.secret is None:
            return
        require(len(self.secret) >= LEAST_SECRET_BYTES, f"The key of marks has under {LEAST_SECRET_BYTES} bytes.")

    @property
    def key_name(self) -> str:
        """What tells this key from others, and nothing of it."""
        return "0" * 8 if self.secret is None else hashlib.sha256(b"voicecore mark key" + self.secret).hexdigest()[:8]

    def marking(self, origin: Origin) -> Marking:
        """The mark of a file of this origin."""
        return lambda sound: self.line(origin, sound)

    def line(self, origin: Origin, sound: Sound | None) -> str:
        """The line; untied where the sound is None."""
        told = sound or _UNTIED
        body = (
            f"SYNTHETIC=true GENERATOR={_word(self.generator)} JOB={_word(origin.job_id)} ENGINE={_word(origin.engine)} "
            f"MODEL={_word(origin.model_digest[:_MODEL_LETTERS])} CREATED={_time(origin.created_at)} "
            f"RATE={told.sample_rate_hz:06d} SAMPLES={told.samples:012d} PCM={told.pcm_sha256} SKETCH={told.sketch} "
            f"KEY={self.key_name}"
        )
        return f"{body} MARK=v1:{self._mac(body)}"

    def made(self, mark: Mark) -> bool:
        """Whether this key made the mark, every letter of it."""
        body, _, mac = mark.line.rpartition(" MARK=v1:")
        return self.secret is not None and hmac.compare_digest(self._mac(body), mac)

    def _mac(self, body: str) -> str:
        return "0" * 64 if self.secret is None else hmac.new(self.secret, body.encode(), hashlib.sha256).hexdigest()


def found_marks(data: bytes) -> Iterator[Mark]:
    """The lines in a file's bytes, wherever they stand: no format is parsed for them, so a hostile one can do nothing."""
    for count, match in enumerate(_LINE.finditer(data)):
        if count == _MOST_LINES:
            return
        text = {name: value.decode("ascii") for name, value in match.groupdict().items()}
        sound = Sound(int(text["samples"]), max(1, int(text["rate"])), text["pcm"], text["sketch"])
        yield Mark(
            match[0].decode("ascii"), text["generator"], text["job"], text["engine"], text["model"], text["created"],
            text["key"], sound,
        )  # fmt: skip


def info_texts(line: str) -> dict[str, str]:
    """A mark as the INFO list of a WAV file says it."""
    generator = line.split(" ", 2)[1].removeprefix("GENERATOR=")
    return {"ISFT": generator, "ICMT": line}


def marked_wav(audio: Audio, marking: Marking | None) -> bytes:
    """A sound that is in memory as a WAV file, with its mark."""
    if marking is None:
        return audio.wav_bytes()
    pcm = pcm16_bytes(audio.samples)
    meter = SoundMeter(audio.sample_rate_hz)
    meter.add(pcm)
    return wav_header(audio.sample_rate_hz, len(pcm), info_texts(marking(meter.sound()))) + pcm


def _word(text: str) -> str:
    """One word: a blank would make two of it."""
    return _STRANGE.sub("-", text)[:80] or "-"


def _time(moment: datetime | None) -> str:
    return "-" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
