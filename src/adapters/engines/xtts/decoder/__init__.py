"""The decoder of XTTS v2: many texts and voices in one batch, token for token what upstream draws one by one.

`decoder.py` is the face; `batch.py` owns the rows at work; `transformer.py` is GPT-2 over the weights of `weights.py` with the
keys and values of `cache.py` and `prefix.py`; `sampler.py` draws; `gaze.py` tells of a row that is watched what it looks at in its text.
"""

from .decoder import Decoder

__all__ = ["Decoder"]
