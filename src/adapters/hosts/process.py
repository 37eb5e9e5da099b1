"""The engine host of the service: one child process owns the models and can be killed without losing the service."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import BufferedReader, BufferedWriter
from typing import cast

from adapters.hosts import messages
from adapters.hosts.frames import BrokenFrame, Frame, read_frame, write_frame
from adapters.hosts.known_converter import known_converter
from adapters.hosts.remote_converter import RemoteConverter
from voicecore.audio import Audio, AudioChunk
from voicecore.engine import EngineCard, Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineCrashed, EngineFailed
from voicecore.language import Language
from voicecore.log_lines import belongings, level_here
from voicecore.measures import ENGINE_RESTARTS
from voicecore.ports import Meter
from voicecore.registry import engine_provider
from voicecore.unwatched import NO_METER
from voicecore.voice import VoicePrint

_log = logging.getLogger("voicecore.hosts")

#: How long a call under way may take to end by itself once it is interrupted. The promise is 2 s; killing takes a moment.
INTERRUPT_GRACE_S = 1.2


class _Process:
    """A running child and its pipes. Calls are answered in order; one at a time."""

    def __init__(self) -> None:
        # -P: else `-m` would import whatever is called `adapters` in the directory the service was started from.
        level = level_here()
        command = [sys.executable, "-P", "-m", "adapters.hosts.child", *([] if level is None else [level])]
        try:
            self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        except OSError as error:
            raise EngineCrashed(f"The process that runs the engine could not be started: {error}.") from error
        self._in = cast("BufferedWriter", self._popen.stdin)
        self._out = cast("BufferedReader", self._popen.stdout)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def alive(self) -> bool:
        return self._popen.poll() is None

    def call(self, frame: Frame) -> Frame:
        """The answer. Raises the engine's own error, or `EngineCrashed` if the process ended."""
        try:
            write_frame(self._in, frame)
            answer = read_frame(self._out)
        except (EOFError, ConnectionError, ValueError) as error:
            status = self.kill()
            what = str(error) if isinstance(error, BrokenFrame) else f"exit status {status}"
            raise EngineCrashed(f"The process that runs the engine ended while it worked ({what}).") from None
        if "error" in answer.head:
            raise messages.unpack_error(answer.head)
        return answer

    def kill(self) -> int:
        """End it by force, and wait until `alive` says so; its exit status."""
        self._popen.kill()
        return self._popen.wait()

    def close(self) -> None:
        """End it: an idle child leaves when its input ends; one that does not is killed."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._popen.wait(INTERRUPT_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._out.close()


class RemoteEngine:
    """A `SpeechEngine` whose model lives in the host's process. After that process ended every call raises `EngineCrashed`."""

    def __init__(self, host: ChildProcessHost, process: _Process, card: EngineCard) -> None:
        self._host, self._process, self._card = host, process, card

    @property
    def card(self) -> EngineCard:
        return self._card

    def measure(self, text: str, language: Language) -> int:
        return int(self._call("measure", Frame({"text": text, "language": language.tag})).head["size"])

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        return messages.unpack_print(self._call("enroll", messages.pack_clips(clips, language)))

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        return messages.unpack_print(self._call("mix", messages.pack_parts(parts)))

    def admit(self, utterance: Utterance) -> None:
        self._call("admit", messages.pack_utterance(utterance))

    def step(self) -> Sequence[AudioChunk]:
        return messages.unpack_chunks(self._call("step", Frame({})))

    def drop(self, utterance_id: str) -> None:
        self._call("drop", Frame({"id": utterance_id}))

    def gauges(self) -> Mapping[str, float]:
        told: dict[str, float] = self._call("gauges", Frame({})).head["gauges"]
        return told

    def close(self) -> None:
        """The host closes engines, with their process."""

    def _call(self, name: str, frame: Frame) -> Frame:
        head = {**frame.head, "call": name, "engine": self._card.name}
        return self._host.call(self._process, Frame(head, frame.arrays))


class ChildProcessHost:
    """Starts the child when it is first needed, again after it died, and again after it was idle for long.

    `idle_unload_s` is how long after `rest` the child is ended, so that its memory, and that of its device, is free; 0
    keeps it. `meter` is told when it is started in place of one that died.
    """

    def __init__(
        self, *, threads: int = 0, settings: EngineSettings | None = None, idle_unload_s: float = 0.0,
        meter: Meter = NO_METER,
    ) -> None:  # fmt: skip
        self._threads, self._settings, self._meter = threads, settings or EngineSettings(), meter
        self._idle_unload_s = idle_unload_s
        self._process: _Process | None = None
        self._engines: dict[str, RemoteEngine] = {}
        self._converters: dict[str, RemoteConverter] = {}
        self._gauges: dict[str, Mapping[str, float]] = {}
        self._calls = threading.Lock()
        #: Held while the process is started and ended, so that nobody gets an engine that is being unloaded.
        self._life = threading.RLock()
        self._unloading: threading.Timer | None = None
        # Guards the two below; never held during a call.
        self._state = threading.Condition()
        self._under_way: _Process | None = None
        self._calls_begun = 0

    @property
    def pid(self) -> int | None:
        """Process id of the child, or None if none runs."""
        process = self._process
        return process.pid if process is not None and process.alive() else None

    def engine(self, name: str) -> RemoteEngine:
        with self._life:
            self._keep()
            process = self._running()
            if name not in self._engines:
                card = engine_provider(name, self._settings).card()
                self.call(process, messages.pack_open(name, self._threads or None, self._settings))
                self._engines[name] = RemoteEngine(self, process, card)
            return self._engines[name]

    def converter(self, name: str) -> RemoteConverter:
        with self._life:
            self._keep()
            known = self._converters.get(name) if self.pid is not None else None
            if known is None or known.closed:
                # What is missing is said before a process is started for it.
                known_converter(name, self._settings).card()
                process = self._running()
                opening = messages.pack_open(name, self._threads or None, self._settings, call="open_converter")
                self.call(process, opening)
                self._converters[name] = RemoteConverter(name, partial(self.call, process))
            return self._converters[name]

    def rest(self) -> None:
        """Remember the gauges; what is loaded stays for `idle_unload_s`."""
        if self.pid is None:
            return
        try:
            self._gauges = {name: engine.gauges() for name, engine in list(self._engines.items())}
        except EngineFailed as error:
            _log.warning("the gauges of this job are not known: %s", error.message)
        if self._idle_unload_s > 0:
            with self._life:
                self._keep()
                self._unloading = threading.Timer(self._idle_unload_s, self._unload)
                self._unloading.daemon = True
                self._unloading.start()

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """An entry for each engine and converter that is loaded now; an engine's is empty before the end of its first job."""
        if self.pid is None:
            return {}
        told = {name: self._gauges.get(name, {}) for name in list(self._engines)}
        for name, converter in list(self._converters.items()):
            told[name] = {**told.get(name, {}), **converter.gauges()}
        return told

    def alive(self) -> bool:
        """True also after the process died or was killed: the next `engine` starts another."""
        return True

    def call(self, process: _Process, frame: Frame) -> Frame:
        """One call to the child, known to `interrupt` while it lasts."""
        told = Frame({**frame.head, "belongs_to": dict(belongings())}, frame.arrays)
        with self._calls, self._announced(process):
            return process.call(told)

    @contextlib.contextmanager
    def _announced(self, process: _Process) -> Iterator[None]:
        with self._state:
            self._under_way = process
            self._calls_begun += 1
        try:
            yield
        finally:
            with self._state:
                self._under_way = None
                self._state.notify_all()

    def interrupt(self) -> None:
        with self._state:
            process, call = self._under_way, self._calls_begun
            # By its number: another call may have begun before this thread looks again, and it is not to blame.
            if process is None or self._state.wait_for(
                lambda: self._under_way is None or self._calls_begun != call, INTERRUPT_GRACE_S
            ):
                return
        process.kill()

    def close(self) -> None:
        with self._life:
            self._keep()
            process, self._process = self._process, None
            self._engines.clear()
            self._converters.clear()
            self._gauges = {}
        if process is not None:
            process.close()

    def _keep(self) -> None:
        """What is loaded is not unloaded any more."""
        if self._unloading is not None:
            self._unloading.cancel()
            self._unloading = None

    def _unload(self) -> None:
        with self._life:
            # Cancelled in the moment in which it began to run.
            if self._unloading is not threading.current_thread():
                return
            self.close()
        _log.info("nothing to do for %g s: the models were unloaded", self._idle_unload_s)

    def _running(self) -> _Process:
        if self._process is not None and not self._process.alive():
            self.close()
            self._meter.count(ENGINE_RESTARTS)
        if self._process is None:
            self._process = _Process()
        return self._process
