"""A stranger's checkpoint by torch's restricted unpickler, which makes tensors and plain containers and calls nothing."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from voicecore.errors import InvalidInput, ModelCorrupt

#: How the restricted unpickler says what a pickle asks for.
_ASKED_FOR = re.compile(r"GLOBAL ([\w.]{1,120})")
_OUT_OF_MEMORY = ("allocate memory", "not enough memory", "bad_alloc", "out of memory")


def unpickled(data: io.BytesIO) -> Any:
    """What the checkpoint holds; nothing about it is known yet.

    Raises:
        ModelCorrupt: it is damaged, or asks for anything but tensors and plain containers.
        InvalidInput: it wants more memory than there is for it.
    """
    import torch  # noqa: PLC0415 - optional, and heavy

    try:
        with warnings.catch_warnings():
            # torch deprecates what it finds in older files; the file's sender cannot help it.
            warnings.simplefilter("ignore")
            return torch.load(data, map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise out_of_memory() from error
    except Exception as error:
        # The unpickler raises whatever a broken or hostile file makes it raise.
        raise _explained(error) from error


def out_of_memory() -> InvalidInput:
    """For a file that is small and wants to be large."""
    return InvalidInput("Reading the model needs more memory than any RVC voice; it was given up.")


def _explained(error: Exception) -> ModelCorrupt | InvalidInput:
    text = str(error)
    if any(each in text for each in _OUT_OF_MEMORY):
        return out_of_memory()
    asked = _ASKED_FOR.search(text)
    if asked and asked[1].startswith("numpy"):
        return ModelCorrupt(
            "The model holds numbers of numpy where RVC has plain ones, and those can carry code; "
            "write its config with int(...) and save it again."
        )
    if asked:
        return ModelCorrupt(
            f"The model asks for '{asked[1]}' while it is loaded, which is no tensor; nothing of it was run and it is not taken."
        )
    return ModelCorrupt(f"The model cannot be read by torch ({type(error).__name__}); it is damaged or cut short.")
