"""The model process: `python -m adapters.hosts.child [LEVEL]`. It opens engines and converters and answers calls
until its input ends.

A reader thread takes calls from the pipe, so that the end of the service is noticed at once, even while a model
computes: the process then ends too, and no orphan holds memory or a device.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from adapters.hosts import conversion_messages, messages
from adapters.hosts.frames import Frame, read_frame, write_frame
from adapters.hosts.known_converter import known_converter
from voicecore.errors import VoiceCoreError
from voicecore.language import Language
from voicecore.log_lines import belonging_to, log_to_stderr
from voicecore.ports import ModelConverter, SpeechEngine
from voicecore.registry import engine_provider

_log = logging.getLogger("voicecore.hosts")


class Child:
    """Answers one call after the other; keeps every engine and converter it opened."""

    def __init__(self) -> None:
        self._engines: dict[str, SpeechEngine] = {}
        self._converters: dict[str, ModelConverter] = {}

    def answer(self, call: Frame) -> Frame:
        """The answer to a call: the method's result, or its error. What is logged meanwhile belongs to whom the caller says."""
        with belonging_to(**call.head.get("belongs_to", {})):
            try:
                return getattr(self, f"call_{call.head['call']}")(call)  # type: ignore[no-any-return]
            except Exception as error:  # noqa: BLE001 - it travels to the service, whose caller handles it
                if not isinstance(error, VoiceCoreError):
                    # Where it came from cannot travel; without it here a defect could never be found.
                    _log.error("an engine failed unexpectedly", exc_info=error)
                return Frame(messages.pack_error(error))

    def call_open(self, call: Frame) -> Frame:
        """Load an engine, unless it is there."""
        name, threads, settings = messages.unpack_open(call)
        if name not in self._engines:
            self._engines[name] = engine_provider(name, settings).open(threads=threads)
        return Frame({})

    def call_measure(self, call: Frame) -> Frame:
        """Size of a text."""
        engine = self._engine(call)
        return Frame({"size": engine.measure(call.head["text"], Language.parse(call.head["language"]))})

    def call_enroll(self, call: Frame) -> Frame:
        """Learn a voice."""
        return messages.pack_print(self._engine(call).enroll(*messages.unpack_clips(call)))

    def call_mix(self, call: Frame) -> Frame:
        """Make a voice between others."""
        return messages.pack_print(self._engine(call).mix(messages.unpack_parts(call)))

    def call_admit(self, call: Frame) -> Frame:
        """Accept an utterance."""
        self._engine(call).admit(messages.unpack_utterance(call))
        return Frame({})

    def call_step(self, call: Frame) -> Frame:
        """Work for a while."""
        return messages.pack_chunks(self._engine(call).step())

    def call_drop(self, call: Frame) -> Frame:
        """Forget an utterance."""
        self._engine(call).drop(call.head["id"])
        return Frame({})

    def call_gauges(self, call: Frame) -> Frame:
        """What the engine counted and holds."""
        return Frame({"gauges": dict(self._engine(call).gauges())})

    def call_open_converter(self, call: Frame) -> Frame:
        """Load a converter, unless it is there."""
        name, threads, settings = messages.unpack_open(call)
        if name not in self._converters:
            self._converters[name] = known_converter(name, settings).open(threads=threads)
        return Frame({})

    def call_holds_model(self, call: Frame) -> Frame:
        """Whether a converter has a model."""
        return Frame({"holds": self._converter(call).holds(call.head["model"])})

    def call_load_model(self, call: Frame) -> Frame:
        """Give a model to a converter."""
        self._converter(call).load(*conversion_messages.unpack_model(call))
        return Frame({})

    def call_convert(self, call: Frame) -> Frame:
        """Convert sound."""
        return conversion_messages.pack_converted(
            *self._converter(call).convert(*conversion_messages.unpack_conversion(call))
        )

    def _engine(self, call: Frame) -> SpeechEngine:
        return self._engines[call.head["engine"]]

    def _converter(self, call: Frame) -> ModelConverter:
        return self._converters[call.head["converter"]]


def _read_calls(pipe: BinaryIO, calls: queue.SimpleQueue[Frame]) -> None:
    try:
        while True:
            calls.put(read_frame(pipe))
    except (EOFError, OSError, ValueError):
        # The service is gone, or no longer speaks our language. Nobody waits for an answer: end now.
        os._exit(0)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes to the service. What libraries print goes to stderr, where it cannot break a frame."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a library says before it takes the process down is wanted most, and would still lie in a buffer.
        sys.stdout.reconfigure(line_buffering=True)
    return incoming, outgoing


def main() -> None:
    """Serve until the input ends. An argument is the level from which on to log, in JSON as the service does."""
    faulthandler.enable()
    if len(sys.argv) > 1:
        log_to_stderr(sys.argv[1])
    # Ctrl-C, and the SIGTERM of a service manager, reach the whole group; the service decides what becomes of the work
    # under way, and this process ends with its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    incoming, outgoing = _private_pipes()
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read_calls, args=(incoming, calls), daemon=True).start()
    child = Child()
    while True:
        try:
            write_frame(outgoing, child.answer(calls.get()))
        except BrokenPipeError:
            sys.exit(0)


if __name__ == "__main__":
    main()
