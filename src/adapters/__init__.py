"""Adapters: one folder a port, inside it one module or folder a technology."""

import os

# onnxruntime (seen in 1.32) tells its maker what runs, by HTTPS, under an id that it keeps in ~/.cache; it looks for this
# variable when it is imported, which libraries do too. Nobody who hosts their own speech expects that. 0 turns it on again.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
