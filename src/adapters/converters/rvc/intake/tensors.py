"""A stranger's tensors become arrays: only those of the architecture, in its shapes, with numbers in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.synthesiser import expected_shapes
from adapters.converters.rvc.values import VoiceConfig
from voicecore.errors import InvalidInput, ModelCorrupt

#: The posterior encoder, which only training needs.
_LEFT_OUT = "enc_q."
#: How newer versions of torch name the two halves of a weight-normalised weight (torch.nn.utils.parametrizations).
_RENAMED = {".parametrizations.weight.original0": ".weight_g", ".parametrizations.weight.original1": ".weight_v"}
_MAX_TENSORS = 4_096
_NAME_LENGTH = 200


def named_tensors(weight: Mapping[Any, Any]) -> dict[str, Any]:
    """The tensors that a conversion needs by RVC's names; nothing of their contents is looked at.

    Raises:
        ModelCorrupt: something in there is no plain tensor, or has a name twice.
        InvalidInput: there are more than any voice has.
    """
    import torch  # noqa: PLC0415 - optional, and heavy

    if len(weight) > _MAX_TENSORS:
        raise InvalidInput(f"The model has {len(weight)} tensors; the limit is {_MAX_TENSORS}.")
    found: dict[str, Any] = {}
    for name, tensor in weight.items():
        if not isinstance(name, str) or len(name) > _NAME_LENGTH:
            raise ModelCorrupt("The model has a tensor whose name is no short text; it is not an RVC voice.")
        if not isinstance(tensor, torch.Tensor) or type(tensor) not in (torch.Tensor, torch.nn.Parameter):
            raise ModelCorrupt(
                f"The model has a {type(tensor).__name__[:40]} as {_shown(name)}, which is no plain tensor."
            )
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise ModelCorrupt(
                f"The model's tensor {_shown(name)} is sparse, quantised, or has no numbers in the file."
            )
        known = _known_name(name)
        if known in found:
            raise ModelCorrupt(f"The model has {_shown(known)} twice; it is damaged.")
        if not name.startswith(_LEFT_OUT):
            # Not its own word for it: attributes that the file gave the tensor go in front of its methods, and end here.
            found[known] = torch.Tensor.detach(tensor)
    return found


def plain_arrays(tensors: Mapping[str, Any], config: VoiceConfig, file_bytes: int) -> dict[str, NDArray[Any]]:
    """float16 and float32 as they are, bfloat16 as float32.

    Raises:
        ModelCorrupt: a tensor is missing, too many, of another shape or kind, claims more than it has, or holds what is not a
            finite number. All shapes are compared before any number is touched.
    """
    expected = expected_shapes(config)
    _compare_names(tensors, expected)
    for name, shape in expected.items():
        _compare(name, tensors[name], shape)
    claimed = sum(each.numel() * each.element_size() for each in tensors.values())
    if claimed > file_bytes:
        raise ModelCorrupt(f"The model's tensors claim {claimed} bytes of a file of {file_bytes}; it was not loaded.")
    return {name: _array(name, tensors[name]) for name in expected}


def _compare_names(tensors: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelCorrupt(
            f"The model lacks {len(missing)} tensors of its architecture, {_shown(missing[0])} among them; "
            "its config is not that of its weights, or it is another network."
        )
    if extra := sorted(tensors.keys() - expected.keys()):
        raise ModelCorrupt(
            f"The model has {len(extra)} tensors that its architecture has not, {_shown(extra[0])} among them; "
            "its config is not that of its weights, or it is another network."
        )


def _compare(name: str, tensor: Any, shape: tuple[int, ...]) -> None:
    import torch  # noqa: PLC0415 - optional, and heavy

    found = tuple(tensor.shape)
    if found != tuple(shape):
        raise ModelCorrupt(
            f"The model's {_shown(name)} has the shape {str(found)[:60]}, its config makes it {tuple(shape)}; "
            "one of the two is not of this voice."
        )
    if tensor.dtype not in (torch.float16, torch.float32, torch.bfloat16):
        raise ModelCorrupt(f"The model's {_shown(name)} is of {tensor.dtype}; float16, float32 and bfloat16 are known.")
    repeated = any(step == 0 and size > 1 for step, size in zip(tensor.stride(), found, strict=True))
    if repeated or tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        raise ModelCorrupt(
            f"The model's {_shown(name)} claims more numbers than the file has for it; it was not loaded."
        )


def _array(name: str, tensor: Any) -> NDArray[Any]:
    import torch  # noqa: PLC0415 - optional, and heavy

    if not bool(torch.isfinite(tensor).all()):
        raise ModelCorrupt(
            f"The model's {_shown(name)} holds values that are not finite numbers; its training went wrong."
        )
    plain = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    array: NDArray[Any] = np.ascontiguousarray(plain.numpy())
    return array


def _known_name(name: str) -> str:
    for ending, known in _RENAMED.items():
        if name.endswith(ending):
            return name.removesuffix(ending) + known
    return name


def _shown(name: str) -> str:
    return repr(name[:60])
