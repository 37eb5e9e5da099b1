"""The stored form of a checkpoint, loaded into upstream's networks."""

from __future__ import annotations

import numpy as np


def test_a_stored_checkpoint_speaks_by_upstreams_own_code(tiny):
    voice = tiny.speakers["Claribel Dervla"]
    said = tiny.model.inference(
        "Hello world, this is a test.", "en", voice.gpt[None], voice.speaker[None, :, None], do_sample=False,
        repetition_penalty=1.0, top_k=None, top_p=None, temperature=None,
    )  # fmt: skip
    assert np.isfinite(said["wav"]).all()
    assert 0.05 < np.sqrt((said["wav"] ** 2).mean()) < 0.5


def test_longer_texts_take_more_tokens_and_end_by_themselves(tiny):
    voice = tiny.speakers["Damien Black"]
    lengths = []
    for text in ("Hi.", "Hello world, this is a test.", "Hello world, this is a test of a longer sentence than that."):
        said = tiny.model.inference(
            text, "en", voice.gpt[None], voice.speaker[None, :, None], do_sample=False, repetition_penalty=1.0,
            top_k=None, top_p=None, temperature=None,
        )  # fmt: skip
        lengths.append(said["gpt_latents"].shape[1])
    assert lengths == sorted(set(lengths))
    assert lengths[-1] < tiny.gpt.max_gen_mel_tokens
