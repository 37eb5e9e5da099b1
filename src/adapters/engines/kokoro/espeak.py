"""The one instance of libespeak-ng in this process, used only to turn words into IPA.

libespeak-ng (GPL-3.0-or-later) comes from the wheel `espeakng-loader`. It keeps its state in C globals and is not
thread-safe, so there is one instance per process behind one lock. API: espeak-ng `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import functools
import re
import threading
from typing import Any

from voicecore.errors import EngineFailed, MissingDependency

#: From `speak_lib.h`: output type "retrieval", do not exit the process on error, input is UTF-8.
_AUDIO_OUTPUT_RETRIEVAL = 1
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
#: Phoneme mode: bit 1 IPA as UTF-8, bit 7 use the character in bits 8.. as a tie inside multi-letter phonemes.
TIE = "^"
_PHONEME_MODE = 0x02 | 0x80 | (ord(TIE) << 8)
#: `N_PATH_HOME` of espeak-ng: a longer data path is cut in silence, and then nothing is found.
_MAX_DATA_PATH_BYTES = 159

#: espeak-ng has words for pictographs, and overruns its stack on one (U+1F17F in Hindi, which ends the process). They are
#: not spoken (`spoken` takes them out first), so none may reach it.
_PICTOGRAPHS = re.compile("[\U0001f000-\U0001faff]")

#: Voice files by language code. By file and not by code, because espeak does not find `en-gb` or `fr-fr` by name.
VOICE_FILES = {
    "en-us": "gmw/en-US",
    "en-gb": "gmw/en",
    "pt-br": "roa/pt-BR",
    "es": "roa/es",
    "fr-fr": "roa/fr",
    "it": "roa/it",
    "hi": "inc/hi",
}


class Espeak:
    """Owns the C library and the lock around it."""

    def __init__(self, library_path: str, data_path: str) -> None:
        if len(data_path.encode()) > _MAX_DATA_PATH_BYTES:
            raise EngineFailed(
                f"The path of the espeak-ng data is longer than {_MAX_DATA_PATH_BYTES} bytes ({data_path}): "
                "install voicecore in a shorter path."
            )
        self._lock = threading.Lock()
        self._language: str | None = None
        self._library: Any = ctypes.CDLL(library_path)
        self._library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        self._library.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        rate = self._library.espeak_Initialize(_AUDIO_OUTPUT_RETRIEVAL, 0, data_path.encode(), _INITIALIZE_DONT_EXIT)
        if rate <= 0:
            raise EngineFailed(f"espeak-ng did not start with the data in {data_path}.")

    def ipa(self, words: str, language: str) -> list[str]:
        """IPA of each clause of `words`, ties as "^", language switches as "(en)…(pt)".

        `language` is a key of `VOICE_FILES`. Safe to call from any thread.
        """
        with self._lock:
            self._select(language)
            plain = _PICTOGRAPHS.sub(" ", words).replace("\0", " ")
            text = ctypes.create_string_buffer(plain.encode("utf-8", "replace"))
            cursor = ctypes.cast(text, ctypes.c_char_p)
            clauses: list[str] = []
            while cursor.value is not None:
                clause = self._library.espeak_TextToPhonemes(ctypes.byref(cursor), _CHARS_UTF8, _PHONEME_MODE)
                clauses.append(clause.decode("utf-8", "replace"))
            return clauses

    def _select(self, language: str) -> None:
        if language == self._language:
            return
        name = VOICE_FILES[language]
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            self._language = None
            raise EngineFailed(f"espeak-ng has no voice {name}: install espeakng-loader again.")
        self._language = language


@functools.cache
def espeak() -> Espeak:
    """The instance of this process. Raises `MissingDependency` without espeakng-loader."""
    try:
        import espeakng_loader  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependency("The Kokoro engine needs espeakng-loader: pip install 'voicecore[kokoro]'.") from error
    return Espeak(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
