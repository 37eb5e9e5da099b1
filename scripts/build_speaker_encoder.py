"""Make `models/speaker_encoder/resemblyzer.onnx` from the weights in the Resemblyzer wheel.

    pip download --no-deps Resemblyzer==0.1.4
    pip install torch onnx onnxruntime numpy
    python scripts/build_speaker_encoder.py Resemblyzer-0.1.4-py3-none-any.whl

Where each byte comes from: `resemblyzer/pretrained.pt` in the wheel (Apache-2.0, Corentin Jemine; the weights of his
Real-Time-Voice-Cloning encoder, trained on LibriSpeech and VoxCeleb). The network is that of Wan et al., "Generalized end-to-end
loss for speaker verification" (2018): three LSTM layers of 256, a linear layer, ReLU, unit length. torch is used here and only
here, to read the checkpoint (`weights_only`, so that nothing in it can run) and to check the graph against torch's own LSTM.

Weights are stored as float16 and cast back inside the graph: half the size; the script fails if an embedding moves more than 1e-3.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

WHEEL_SHA256 = "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
TARGET = Path(__file__).parents[1] / "models" / "speaker_encoder" / "resemblyzer.onnx"
LAYERS, HIDDEN, BANDS, FRAMES = 3, 256, 40, 160
LARGEST_DIFFERENCE = 1e-3


def read_checkpoint(wheel: Path) -> dict[str, torch.Tensor]:
    """The model's state from the wheel, whose digest is checked first."""
    data = wheel.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != WHEEL_SHA256:
        raise SystemExit(f"{wheel} has sha256 {digest}, expected {WHEEL_SHA256}: download Resemblyzer 0.1.4 again.")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        checkpoint = archive.read("resemblyzer/pretrained.pt")
    state: dict[str, torch.Tensor] = torch.load(io.BytesIO(checkpoint), map_location="cpu", weights_only=True)[
        "model_state"
    ]
    return state


def gates(weights: torch.Tensor) -> np.ndarray[Any, Any]:
    """Reorder the gates: torch orders an LSTM's gates i, f, g, o; ONNX orders them i, o, f, c."""
    i, f, g, o = np.split(weights.numpy(), 4, axis=0)
    return np.concatenate([i, o, f, g], axis=0)


def graph(state: dict[str, torch.Tensor]) -> onnx.ModelProto:
    """Network: mel (batch, frames, 40) float32 -> embedding (batch, 256) float32, unit length."""
    stored: list[onnx.TensorProto] = [
        numpy_helper.from_array(np.array([0], np.int64), "layer_axis"),
        numpy_helper.from_array(np.array([1], np.int64), "direction_axis"),
    ]
    nodes: list[onnx.NodeProto] = []

    def half(name: str, values: np.ndarray[Any, Any]) -> str:
        stored.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_f16"))
        nodes.append(helper.make_node("Cast", [f"{name}_f16"], [name], to=TensorProto.FLOAT))
        return name

    nodes.append(helper.make_node("Transpose", ["mel"], ["x0"], perm=[1, 0, 2]))
    for layer in range(LAYERS):
        w = half(f"W{layer}", gates(state[f"lstm.weight_ih_l{layer}"])[None])
        r = half(f"R{layer}", gates(state[f"lstm.weight_hh_l{layer}"])[None])
        bias = np.concatenate([gates(state[f"lstm.bias_ih_l{layer}"]), gates(state[f"lstm.bias_hh_l{layer}"])])
        b = half(f"B{layer}", bias[None])
        nodes.append(helper.make_node("LSTM", [f"x{layer}", w, r, b], [f"y{layer}", f"h{layer}"], hidden_size=HIDDEN))
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", "direction_axis"], [f"x{layer + 1}"]))
    nodes.append(helper.make_node("Squeeze", [f"h{LAYERS - 1}", "layer_axis"], ["last"]))
    linear = [half("LW", state["linear.weight"].numpy()), half("LB", state["linear.bias"].numpy())]
    nodes.append(helper.make_node("Gemm", ["last", *linear], ["raw"], transB=1))
    nodes.append(helper.make_node("Relu", ["raw"], ["positive"]))
    nodes.append(helper.make_node("LpNormalization", ["positive"], ["embedding"], axis=1, p=2))
    whole = helper.make_graph(
        nodes,
        "resemblyzer",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["batch", "frames", BANDS])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN])],
        stored,
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], producer_name="voicecore")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def reference(state: dict[str, torch.Tensor], mel: torch.Tensor) -> np.ndarray[Any, Any]:
    """The same embedding by torch's LSTM in float32."""
    lstm = torch.nn.LSTM(BANDS, HIDDEN, LAYERS, batch_first=True)
    linear = torch.nn.Linear(HIDDEN, HIDDEN)
    lstm.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("lstm.")})
    linear.load_state_dict({name[7:]: value for name, value in state.items() if name.startswith("linear.")})
    with torch.no_grad():
        _, (hidden, _) = lstm(mel)
        raw = torch.relu(linear(hidden[-1]))
        return (raw / raw.norm(dim=1, keepdim=True)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    state = read_checkpoint(parser.parse_args().wheel)
    serialised = graph(state).SerializeToString()
    mel = torch.rand(8, FRAMES, BANDS, generator=torch.Generator().manual_seed(0)) ** 4
    session = onnxruntime.InferenceSession(serialised, providers=["CPUExecutionProvider"])
    difference = float(np.abs(session.run(None, {"mel": mel.numpy()})[0] - reference(state, mel)).max())
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit(f"The graph differs from torch by {difference:.1e}, more than {LARGEST_DIFFERENCE:.0e}.")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(serialised)
    print(
        f"{TARGET.name}: {len(serialised)} bytes, sha256 {hashlib.sha256(serialised).hexdigest()}, off torch by {difference:.1e}"
    )


if __name__ == "__main__":
    main()
