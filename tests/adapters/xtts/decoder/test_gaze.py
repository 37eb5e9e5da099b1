"""A row that is watched tells what it looks at, and draws what it draws unwatched."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch


def steps_of(decoder, requests):
    for request in requests:
        decoder.admit(request)
    found = {request.id: [] for request in requests}
    while any(not found[name] or found[name][-1].end is None for name in found):
        for step in decoder.step():
            found[step.id].append(step)
    return found


@pytest.fixture(scope="module")
def found(texts):
    """The same rows, of which none is watched, and two of three."""
    requests = [texts.request(number, seed=number, max_tokens=12) for number in range(3)]
    watched = [replace(request, watched=number != 1) for number, request in enumerate(requests)]
    return requests, steps_of(texts.decoder(), requests), steps_of(texts.decoder(), watched)


def test_being_watched_changes_no_token_and_no_latent(found):
    requests, plain, watched = found
    for request in requests:
        one, other = plain[request.id], watched[request.id]
        assert [step.token for step in one] == [step.token for step in other]
        assert all(torch.equal(a.latent, b.latent) for a, b in zip(one, other, strict=True))


def test_each_step_of_a_watched_row_tells_how_much_each_head_looked_at_each_id_of_its_text(found):
    requests, plain, watched = found
    assert all(step.attention is None for steps in plain.values() for step in steps)
    assert all(step.attention is None for step in watched[requests[1].id])
    for request in (requests[0], requests[2]):
        for step in watched[request.id]:
            assert step.attention.shape[1] == len(request.text_ids)
            assert torch.allclose(step.attention.float().sum(dim=1), torch.ones(len(step.attention)), atol=0.01)
        heads = torch.stack([step.attention for step in watched[request.id]]).float()
        assert heads.std(dim=0).max() > 0


def test_a_head_looks_at_the_text_as_in_upstreams_network(texts, monkeypatch):
    """Beside the attention of its first layer in full: over the text's positions they are the same, up to a factor."""
    request = replace(texts.request(0, seed=1, max_tokens=4, greedy=True), watched=True)
    steps = steps_of(texts.decoder(), [request])[request.id]
    gpt, ids = texts.tiny.gpt, torch.tensor([request.text_ids])
    with torch.inference_mode():
        text = torch.nn.functional.pad(ids, (1, 0), value=gpt.start_text_token)
        text = torch.nn.functional.pad(text, (0, 1), value=gpt.stop_text_token)
        text_part = gpt.text_embedding(text) + gpt.text_pos_embedding(text)
        audio = torch.tensor([[gpt.start_audio_token, *[step.token for step in steps[:-1]]]])
        audio_part = gpt.mel_embedding(audio) + gpt.mel_pos_embedding(audio)
        whole = torch.cat([request.voice.gpt[None], text_part, audio_part], dim=1)
        monkeypatch.setattr(gpt.gpt.config, "_attn_implementation", "eager")
        full = gpt.gpt(inputs_embeds=whole, output_attentions=True, return_dict=True).attentions[0][0]
    first = len(request.voice.gpt) + 1
    over = full[:, first + len(request.text_ids) + 1 :, first : first + len(request.text_ids)]
    # Heads of random weights may look past the text altogether.
    looked = over.sum(dim=-1) > 1e-4
    ours = torch.stack([step.attention[: len(full)] for step in steps]).float().transpose(0, 1)
    assert looked.any()
    assert torch.allclose(ours[looked], (over / over.sum(dim=-1, keepdim=True))[looked], atol=2e-3)
