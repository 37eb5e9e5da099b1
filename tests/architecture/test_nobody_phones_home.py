"""Libraries that tell their makers what runs are told not to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["adapters.engines.kokoro.provider", "adapters.engines.speaker_encoder.encoder", "adapters.hosts.child"]
)
def test_onnxruntime_keeps_no_id_of_this_machine_and_no_list_of_what_was_done_on_it(tmp_path, module):
    code = f"import {module}, onnxruntime; onnxruntime.get_available_providers()"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=clean | {"HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
