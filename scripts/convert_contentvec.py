"""Make `MODELS_DIR/contentvec` of ContentVec's weights in any form that they are passed around in.

    python scripts/convert_contentvec.py SOURCE MODELS_DIR

SOURCE is fairseq's checkpoint (`hubert_base.pt`, `checkpoint_best_legacy_500.pt`), or a folder as transformers saves it
(`config.json` with `model.safetensors` or `pytorch_model.bin`, such as lengyue233/content-vec-best). fairseq is not needed and
nothing of what the checkpoint pickles is run. For the published `hubert_base.pt`, `voicecore models pull contentvec` does the
same, after comparing its sha256.
"""

from __future__ import annotations

import sys
from pathlib import Path

from adapters.converters.rvc.content.intake import intake
from voicecore.errors import VoiceCoreError


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        print(intake(Path(sys.argv[1]), Path(sys.argv[2])))
    except VoiceCoreError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
