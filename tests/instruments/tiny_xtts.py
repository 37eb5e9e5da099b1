"""Makes an XTTS v2 checkpoint with random weights: upstream's four files, for which upstream's and our code are real code.

The tiny one has every part of the real one, 2 layers of 64 channels and a vocoder of a 40th of the work. It "speaks" noise
of a sensible length: one head of attention is wired by hand so that n text tokens give about 6 + n / 2 audio tokens, which
also depend on voice and seed. The full one has the dimensions of the released model, for measurements of speed.
"""

from __future__ import annotations

import json
from pathlib import Path

from adapters.coqui import prepare_coqui
from adapters.engines.xtts.upstream import Widths, build

LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi")
#: Names of studio speakers of the released model, two of them with letters that an id cannot have.
SPEAKERS = (
    "Claribel Dervla", "Daisy Studious", "Gracie Wise", "Tammie Ema", "Alison Dietlinde", "Ana Florence",
    "Annmarie Nele", "Asya Anara", "Brenda Stern", "Sofia Hellen", "Tammy Grit", "Vjollca Johnnie", "Andrew Chipper",
    "Badr Odhiambo", "Dionisio Schuyler", "Royston Min", "Viktor Eka", "Craig Gutsy", "Damien Black", "Luis Moray",
    "Gilberto Mathias", "Camilla Holmström", "Szofi Granger",
)  # fmt: skip
#: Rows of the released text embedding.
FULL_VOCABULARY = 6681
_TINY = {
    "gpt_layers": 2, "gpt_n_model_channels": 64, "gpt_n_heads": 2, "decoder_input_dim": 64, "gpt_max_audio_tokens": 605,
    "gpt_num_audio_tokens": 258, "gpt_start_audio_token": 256, "gpt_stop_audio_token": 257,
}  # fmt: skip
_FULL = {
    "gpt_layers": 30, "gpt_n_model_channels": 1024, "gpt_n_heads": 16, "decoder_input_dim": 1024,
    "gpt_max_audio_tokens": 605, "gpt_num_audio_tokens": 1026, "gpt_start_audio_token": 1024, "gpt_stop_audio_token": 1025,
}  # fmt: skip
_NARROW = Widths(vocoder=32, encoder=(4, 8, 16, 32))


def make(folder: Path, *, full: bool = False, seed: int = 0) -> Path:
    """Write config.json, model.pth, vocab.json and speakers_xtts.pth into `folder`: 5 MB, or 1.9 GB if `full`."""
    prepare_coqui()
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    _write_vocabulary(folder / "vocab.json", FULL_VOCABULARY if full else None)
    _write_config(folder / "config.json", _FULL if full else _TINY)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = build(folder / "config.json", folder / "vocab.json", Widths() if full else _NARROW)
        _widen(model.gpt)
        _tame(model.hifigan_decoder, model.gpt.model_dim)
        if not full:
            _wire_length(model.gpt)
        torch.save({"model": model.state_dict()}, folder / "model.pth")
        speakers = {
            name: {
                "gpt_cond_latent": torch.randn(1, 32, model.gpt.model_dim),
                "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
            }
            for name in SPEAKERS
        }
        torch.save(speakers, folder / "speakers_xtts.pth")
    return folder


def _write_vocabulary(path: Path, size: int | None) -> None:
    """Characters without merges, and XTTS's special tokens, in the format of the `tokenizers` library."""
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import BPE

    special = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{each}]" for each in LANGUAGES), "[START]"]
    signs = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    signs += "¡¿ßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœčďěňřšťůžąćęłńśźżğışőű"
    signs += [chr(code) for code in range(0x430, 0x450)] + ["ё"]  # Chinese, Japanese and Korean are romanised upstream
    signs += [chr(code) for code in (*range(0x621, 0x653), *range(0x900, 0x970))]  # Arabic, Hindi
    tokens = list(dict.fromkeys([*special, *signs]))
    tokens += [f"<spare {number}>" for number in range((size or 0) - len(tokens))]
    tokenizer = Tokenizer(BPE(vocab={token: row for row, token in enumerate(tokens)}, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(path))


def _write_config(path: Path, sizes: dict[str, int]) -> None:
    """What the released config.json says, but for the sizes."""
    args = {
        "gpt_use_perceiver_resampler": True, "gpt_code_stride_len": 1024, "input_sample_rate": 22050,
        "output_sample_rate": 24000, "output_hop_length": 256, "d_vector_dim": 512, "tokenizer_file": "", "num_chars": 255,
        "gpt_max_text_tokens": 402, "gpt_max_prompt_tokens": 70, **sizes,
    }  # fmt: skip
    config = {
        "model": "xtts", "model_args": args, "languages": list(LANGUAGES),
        "audio": {"sample_rate": 22050, "output_sample_rate": 24000}, "temperature": 0.75, "length_penalty": 1.0,
        "repetition_penalty": 5.0, "top_k": 50, "top_p": 0.85, "gpt_cond_len": 30, "gpt_cond_chunk_len": 4,
        "max_ref_len": 30, "sound_norm_refs": False,
    }  # fmt: skip
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


def _widen(gpt) -> None:
    """GPT-2's start values let hardly anything of text and voice through; and flat logits make greedy paths unstable."""
    for name, weight in gpt.gpt.named_parameters():
        if weight.ndim == 2:
            gain = 2.0 if "c_attn" in name else 0.5
            weight.normal_(0.0, gain / weight.shape[0] ** 0.5)
    gpt.mel_head.weight.normal_(0.0, 8.0 / gpt.model_dim**0.5)
    gpt.mel_head.bias.zero_()
    gpt.mel_head.bias[gpt.start_audio_token] = -1e4  # a trained model never says it


def _tame(decoder, width: int) -> None:
    """A random vocoder says one large constant: without its mean, and about as loud as speech."""
    import torch

    last = decoder.waveform_decoder.conv_post
    last.weight.sub_(last.weight.mean(dim=2, keepdim=True))
    voice = torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1)
    heard = decoder.eval().forward(torch.randn(1, 40, width), g=voice)
    inside = heard[..., heard.shape[-1] // 4 : -heard.shape[-1] // 4]  # the ends ring
    last.weight.mul_(0.1 / torch.atanh(inside.clamp(-0.9999, 0.9999)).std())


def _wire_length(gpt, *, start: float = 6.0, per_token: float = 0.5) -> None:
    """Make the stop token win after about `start + per_token * n` audio tokens for n text tokens.

    Three directions of the stream are kept free of everything else. `audio` counts audio positions up; `text` counts text
    positions; `end` marks the end of the text. A head of the first block attends to the end of the text, reads the count
    there, and takes it off `audio`. The stop token listens to `audio`, so it wins when the speech has caught up.
    """
    import torch
    from torch.nn.functional import layer_norm, normalize

    width, head = gpt.model_dim, gpt.model_dim // gpt.heads
    basis, _ = torch.linalg.qr(torch.randn(width, width))
    basis = basis - basis.mean(0, keepdim=True)  # a layer norm takes the mean out
    audio, end, text = (normalize(basis[:, column], dim=0) for column in range(3))
    text_rows, audio_rows = gpt.text_pos_embedding.emb.weight, gpt.mel_pos_embedding.emb.weight
    writers = [gpt.text_embedding.weight, gpt.mel_embedding.weight, text_rows, audio_rows]
    for block in gpt.gpt.h:
        writers += [block.attn.c_proj.weight, block.mlp.c_proj.weight]
    for weight in writers:
        for direction in (audio, end, text):
            weight.sub_((weight @ direction)[:, None] * direction)

    step = 0.5
    mark = gpt.text_embedding.weight[gpt.stop_text_token]
    mark.add_(end * 4 * width**0.5)
    text_rows.add_(torch.arange(len(text_rows))[:, None] * text * 0.1)
    audio_rows.add_(torch.arange(len(audio_rows))[:, None] * audio * step)

    attention = gpt.gpt.h[0].attn
    for part in range(3):  # query, key, value of the first head
        attention.c_attn.weight[:, part * width : part * width + head] = 0.0
    attention.c_attn.bias[0] = 8.0 * head**0.5
    attention.c_attn.weight[:, width] = end * 2.0
    attention.c_attn.weight[:, 2 * width] = text
    short, long = 10, 40
    low, high = layer_norm(mark + text_rows[torch.tensor([short, long]) + 1], (width,)) @ text
    slope = step * per_token * (long - short) / (high - low)
    attention.c_proj.weight[:head] = 0.0
    attention.c_proj.weight[0] = -audio * slope

    # The layer norms after the blocks rescale the stream, so what counts is the angle to `audio`.
    threshold = step * (start + per_token * short) - slope * low
    rest = gpt.mel_embedding.weight.norm(dim=1).mean() * 1.2
    cosine = threshold / (threshold**2 + rest**2).sqrt()
    gpt.mel_head.weight[gpt.stop_audio_token] = audio * 20.0
    gpt.mel_head.bias[gpt.stop_audio_token] = 22.0 - 20.0 * width**0.5 * cosine
