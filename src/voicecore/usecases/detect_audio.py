"""Say whether a file was made here, and how that is known."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import numpy as np

from voicecore.access import Caller
from voicecore.audio import Audio
from voicecore.errors import EngineFailed, Gone, InvalidInput, NotFound, NotInstalled
from voicecore.job import JobId, JobResult, JobStatus, SynthesisJob
from voicecore.limits import Limits
from voicecore.marks import Mark, Marker, found_marks
from voicecore.ports import AudioCodec, AudioLimits, BlobStore, JobQuery, JobStore, Watermarker
from voicecore.request import OutputFormat
from voicecore.sound_sketch import SoundMeter, alike

#: A file without a mark is compared with the sound of so many of the latest jobs.
LOOK_BACK = 500
#: Score of a watermark from which on it is there, and seconds of sound from which on its absence says something.
WATERMARKED_FROM, JUDGED_FROM_S = 0.5, 1.0
_SILENT = 1e-3
#: A mark is looked for in so many bytes at a file's beginning, where every format has its metadata, and at its end. Searching
#: holds all other threads up, so a stranger's file is not searched as a whole.
SEARCHED_HEAD_BYTES, SEARCHED_TAIL_BYTES = 4 << 20, 1 << 20
_PAGE = 100
_HEAD_BYTES = 4_096
_BLOCK = 1 << 20
_JOB_ID = re.compile(r"[a-z0-9_]{1,64}")


class SoundMatch(StrEnum):
    """How the sound of a file goes with its mark."""

    SAME = "same"
    SIMILAR = "similar"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class JudgedMark:
    """A mark that was found.

    Attributes:
        genuine: whether our key made it.
        sound: whether it belongs to the sound that it is on.
    """

    mark: Mark
    genuine: bool
    sound: SoundMatch

    @property
    def tied(self) -> bool:
        """Whether it is ours, and of this sound."""
        return self.genuine and self.sound in (SoundMatch.SAME, SoundMatch.SIMILAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What is known of a file.

    Attributes:
        ours: True; None where nobody can say; False only where everything that is made here is watermarked, and this is not.
        by: what says so: `mark`, `digest`, `watermark`.
        verified: whether it rests on something that a stranger cannot make.
        job_id: of the job that made it; None where that is not known, or not the caller's to know.
        there: whether the job of `job_id` is still here.
        mark: the most believable mark.
        mark_told: whether the caller may know of which job the mark says that it is.
        watermark: score 0..1, if a watermark was looked for.
        notes: what the answer does not mean, one sentence each.
    """

    ours: bool | None
    by: tuple[str, ...] = ()
    verified: bool = False
    job_id: str | None = None
    there: bool = False
    mark: JudgedMark | None = None
    mark_told: bool = False
    watermark: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Watermark:
    """What was heard of it: a score, or why there is none."""

    score: float | None = None
    trouble: str = ""

    @property
    def there(self) -> bool:
        return self.score is not None and self.score >= WATERMARKED_FROM


@dataclass(frozen=True, slots=True)
class DetectAudio:
    """Reads a stranger's file as every upload is read, and believes nothing of what it says."""

    store: JobStore
    blobs: BlobStore
    codec: AudioCodec
    marker: Marker
    limits: Limits
    watermarker: Watermarker | None = None

    def __call__(self, file: BinaryIO, caller: Caller) -> Detection:
        """What is known of it. A job is named to those who see it, and to an admin, whatever became of it.

        Raises:
            InvalidAudio, UnsupportedAudioFormat, TooLarge: as for every upload.
        """
        file.seek(0)
        try:
            audio = self.codec.decode(file, AudioLimits(max_duration_s=self.limits.max_audio_s))
        except InvalidInput as error:
            raise type(error)(error.message, field="file") from error
        meter = _measured(audio)
        marks = [JudgedMark(mark, self.marker.made(mark), _match(mark, meter, audio)) for mark in _marks_of(file)]
        mark = min(marks, key=_doubt, default=None)
        left = self._by_digest(mark, file) or self._by_sound(meter, audio, caller)
        return self._concluded(mark, left, self._heard(audio), caller)

    def _by_digest(self, found: JudgedMark | None, file: BinaryIO) -> SynthesisJob | None:
        """The job, if the file is, to a bit, one of those that it left and that are still here."""
        job = None if found is None else self._job(found.mark.job_id)
        if job is None or job.result is None or job.result.audio_key is None:
            return None
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        stem = job.result.audio_key.rsplit(".", 1)[0]
        stats = (self.blobs.stat(f"{stem}.{each.value}") for each in OutputFormat)
        return job if any(stat is not None and stat.sha256 == digest for stat in stats) else None

    def _by_sound(self, meter: SoundMeter, audio: Audio, caller: Caller) -> SynthesisJob | None:
        """A job of the same sound, to a sample, among the latest: one that the caller sees, if there is one."""
        pcm_sha256, others = meter.sound().pcm_sha256, None
        for job in self._latest():
            # Few jobs last as long to a sample, so few files are opened.
            if job.result is None or job.result.audio_key is None or not _as_long(job.result, audio):
                continue
            try:
                with self.blobs.open(job.result.audio_key, start=0, end=_HEAD_BYTES) as reader:
                    head = reader.read()
            except NotFound:
                continue
            if any(self.marker.made(mark) and mark.sound.pcm_sha256 == pcm_sha256 for mark in found_marks(head)):
                if caller.sees(job.owner):
                    return job
                others = others or job
        return others

    def _latest(self) -> Iterator[SynthesisJob]:
        cursor = None
        for _ in range(LOOK_BACK // _PAGE):
            page = self.store.page(JobQuery(status=JobStatus.COMPLETED, limit=_PAGE, cursor=cursor))
            yield from page.jobs
            cursor = page.next_cursor
            if cursor is None:
                return

    def _job(self, job_id: str) -> SynthesisJob | None:
        if _JOB_ID.fullmatch(job_id) is None:
            return None
        try:
            return self.store.get(JobId(job_id))
        except Gone:
            return None

    def _heard(self, audio: Audio) -> _Watermark:
        if self.watermarker is None:
            return _Watermark()
        if audio.duration_s < JUDGED_FROM_S or float(np.abs(audio.samples).max()) < _SILENT:
            return _Watermark(trouble="There is too little sound to tell whether it has a watermark.")
        try:
            return _Watermark(self.watermarker.detect(audio))
        except (NotInstalled, EngineFailed) as error:
            # The other answers are as good without it.
            return _Watermark(trouble=f"The watermark could not be looked for: {error.message}")

    def _concluded(
        self, found: JudgedMark | None, left: SynthesisJob | None, heard: _Watermark, caller: Caller
    ) -> Detection:
        tied = found is not None and found.tied
        by = tuple(
            name for name, told in (("mark", tied), ("digest", left is not None), ("watermark", heard.there)) if told
        )
        ours: bool | None = None
        if tied or left is not None or (heard.there and self.watermarker is not None and self.watermarker.keyed):
            ours = True
        elif heard.score is not None and not heard.there and found is None:
            ours = False
        named = None if found is None else self._job(found.mark.job_id)
        mark_told = caller.admin or (named is not None and caller.sees(named.owner))
        job = named if tied else left
        job_id = found.mark.job_id if tied and found is not None else None if left is None else left.id
        told = caller.admin or (job is not None and caller.sees(job.owner))
        return Detection(
            ours=ours, by=by, verified=tied or left is not None, job_id=job_id if told else None,
            there=told and job is not None, mark=found, mark_told=mark_told, watermark=heard.score,
            notes=tuple(self._notes(found, heard, by)),
        )  # fmt: skip

    def _notes(self, found: JudgedMark | None, heard: _Watermark, by: tuple[str, ...]) -> Iterator[str]:
        if found is not None:
            yield _told_of(found, self.marker.key_name)
        elif not by:
            yield "Nothing was found. Marks are lost when a file is converted or cleaned, so this may be ours all the same."
        if heard.trouble:
            yield heard.trouble
        if heard.there and self.watermarker is not None and not self.watermarker.keyed:
            yield (
                f"The sound has the watermark {self.watermarker.name!r}, which others put into theirs, too: it is synthetic, and "
                "may be ours."
            )


def _measured(audio: Audio) -> SoundMeter:
    """Block by block, since a copy of ten minutes takes room."""
    meter = SoundMeter(audio.sample_rate_hz)
    for start in range(0, len(audio.samples), _BLOCK):
        # Readers of 16-bit files divide by 32768, so this gives their very numbers back.
        block = (audio.samples[start : start + _BLOCK] * 32768.0).round().clip(-32768, 32767)
        meter.add(block.astype("<i2").tobytes())
    return meter


def _marks_of(file: BinaryIO) -> Iterator[Mark]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    yield from found_marks(file.read(SEARCHED_HEAD_BYTES))
    if size > SEARCHED_HEAD_BYTES:
        file.seek(max(SEARCHED_HEAD_BYTES, size - SEARCHED_TAIL_BYTES), io.SEEK_SET)
        yield from found_marks(file.read(SEARCHED_TAIL_BYTES))


def _as_long(result: JobResult, audio: Audio) -> bool:
    half_a_sample_s = 0.5 / audio.sample_rate_hz
    return result.sample_rate_hz == audio.sample_rate_hz and abs(result.duration_s - audio.duration_s) < half_a_sample_s


def _match(mark: Mark, meter: SoundMeter, audio: Audio) -> SoundMatch:
    if not mark.tied:
        return SoundMatch.UNKNOWN
    if mark.sound.pcm_sha256 == meter.sound().pcm_sha256:
        return SoundMatch.SAME
    # Codecs add and cut a frame at the ends.
    if abs(audio.duration_s - mark.sound.duration_s) > max(0.2, 0.01 * mark.sound.duration_s):
        return SoundMatch.DIFFERENT
    like = alike(mark.sound.sketch, meter.energies())
    return SoundMatch.UNKNOWN if like is None else SoundMatch.SIMILAR if like else SoundMatch.DIFFERENT


def _doubt(found: JudgedMark) -> tuple[bool, int]:
    """The best mark of a file first: somebody may have added others."""
    return (not found.genuine, list(SoundMatch).index(found.sound))


def _told_of(found: JudgedMark, key_name: str) -> str:
    if not found.genuine:
        if found.mark.key == key_name:
            return "The file has a mark that names our key and was not made with it: it is forged, or was changed."
        return "The file has a mark of another key: another installation made it, or it is forged."
    match found.sound:
        case SoundMatch.SAME:
            return "The mark is ours, and was made for this sound, to a sample."
        case SoundMatch.SIMILAR:
            return "The mark is ours, and the sound is as loud as the marked one from part to part, as it is after converting."
        case SoundMatch.DIFFERENT:
            return "The mark is ours, but it does not belong to this sound: it was copied onto it, or the sound was edited."
        case SoundMatch.UNKNOWN:
            return "The mark is ours, but nothing ties it to this sound: it is a stream's, or there is too little sound to tell."
