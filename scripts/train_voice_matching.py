"""Fit `models/kokoro/matching.npz` on the data of `make_matching_data.py`: three ridge regressions and a table of pitches.

    python scripts/train_voice_matching.py

1. speaker embedding (256) → timbre half of the style (128): how an enrolled voice is found;
2. timbre half and ln F0 (129) → mean envelope (64): what the found voice will sound like, so that the equaliser needs no synthesis;
3. prosody half (128) → ln F0: its gradient, turned along the covariance of prosodies so that styles stay among those Kokoro knows,
   is the direction that moves pitch;
4. the pitch of each native voice in each language, heard from two sentences.

Prints the held-out R² of each map, then fits on everything. Deterministic: same data, same file.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.engines.kokoro.matching.pitch import contour, pitch_of
from adapters.engines.kokoro.model import SAMPLE_RATE_HZ, KokoroModel
from adapters.engines.kokoro.phonemes import phonemes
from adapters.engines.kokoro.voices import Voices, style_row

TARGET = Path(__file__).parents[1] / "models" / "kokoro" / "matching.npz"
FOLDER = Path(__file__).parents[1] / "build" / "matching-data"
#: For the timbre, .1 to 2 were equally near to people (docs/voice-matching.md); the others by held-out R², flat around these.
TIMBRE_PENALTY, ENVELOPE_PENALTY, PITCH_PENALTY = 1.0, 0.3, 0.3
HELD_OUT = 6
#: Native voices whose prosody an enrolled voice may borrow: one a gender and language, where there is one.
NATIVE = {
    "pt-BR": ("pf_dora", "pm_alex"),
    "en-US": ("af_heart", "am_michael"),
    "en-GB": ("bf_emma", "bm_george"),
    "es": ("ef_dora", "em_alex"),
    "fr": ("ff_siwis",),
    "it": ("if_sara", "im_nicola"),
    "hi": ("hf_alpha", "hm_omega"),
}
PITCH_SENTENCES = {
    "pt-BR": ("Hoje o céu está claro e o vento sopra forte.", "Meu irmão comprou um livro sobre a lua."),
    "en-US": ("A strong wind is blowing over the quiet sea.", "My brother bought a book about the moon."),
    "en-GB": ("A strong wind is blowing over the quiet sea.", "My brother bought a book about the moon."),
    "es": ("Hoy el cielo está claro y el viento sopla fuerte.", "Mi hermano compró un libro sobre la luna."),
    "fr": ("Aujourd'hui le ciel est clair et le vent souffle fort.", "Mon frère a acheté un livre sur la lune."),
    "it": ("Oggi il cielo è sereno e il vento soffia forte.", "Mio fratello ha comprato un libro sulla luna."),
    "hi": ("आज आसमान साफ़ है और हवा तेज़ चल रही है।", "मेरे भाई ने चाँद के बारे में एक किताब खरीदी।"),
}
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """`(x - centre) @ weights + offset`, fitted with a squared penalty on the weights."""

    centre: Array
    weights: Array
    offset: Array

    @classmethod
    def fit(cls, x: Array, y: Array, penalty: float) -> Ridge:
        centre, offset = x.mean(axis=0), y.mean(axis=0)
        inputs = x - centre
        weights = np.linalg.solve(inputs.T @ inputs + penalty * np.eye(inputs.shape[1]), inputs.T @ (y - offset))
        return cls(centre, weights, offset)

    def __call__(self, x: Array) -> Array:
        return (x - self.centre) @ self.weights + self.offset

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        half = self.weights.astype(np.float16)
        return {f"{name}_centre": self.centre.astype(np.float32), f"{name}_weights": half,
                f"{name}_offset": self.offset.astype(np.float32)}  # fmt: skip


def fit(name: str, x: Array, y: Array, penalty: float) -> Ridge:
    """A map on all rows; the R² printed is that of a map which had not seen every sixth row."""
    held = np.arange(len(x)) % HELD_OUT == 0
    guess = Ridge.fit(x[~held], y[~held], penalty)(x[held])
    spread = ((y[held] - y[held].mean(axis=0)) ** 2).sum()
    print(f"{name}: {len(x)} utterances, held-out R² {1 - ((y[held] - guess) ** 2).sum() / spread:.3f}")
    return Ridge.fit(x, y, penalty)


def pitch_direction(prosody: Array, ln_f0: Array) -> Array:
    """The likeliest change of a prosody half that raises ln F0 by 1: covariance · gradient, scaled. Shape (128,)."""
    gradient = fit("prosody -> ln F0", prosody, ln_f0[:, None], PITCH_PENALTY).weights[:, 0]
    direction = np.cov(prosody.T) @ gradient
    return direction / (direction @ gradient)


def native_pitches() -> list[tuple[str, str, float]]:
    """(tag, voice, median ln F0) of every native voice, heard."""
    network, voices = KokoroModel.load(), Voices()
    found = []
    for tag, names in NATIVE.items():
        said = [phonemes(text, tag).ids for text in PITCH_SENTENCES[tag]]
        for name in names:
            spoken = [network.speak(ids, voices.styles(name)[style_row(len(ids))]) for ids in said]
            pitch = pitch_of(contour(np.concatenate(spoken), SAMPLE_RATE_HZ)[0])
            if pitch is None:
                raise SystemExit(f"{name} was not heard speaking in {tag}.")
            print(f"{tag} {name}: {np.exp(pitch.median_log_hz):.0f} Hz")
            found.append((tag, name, pitch.median_log_hz))
    return found


def write(arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """An npz whose bytes depend on the arrays only: fixed dates, fixed order."""
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    files = sorted(parser.parse_args().folder.glob("matching-*.npz"))
    if not files:
        raise SystemExit("There is no matching-*.npz in that folder: run scripts/make_matching_data.py first.")
    parts = [dict(np.load(path, allow_pickle=False)) for path in files]
    data = {name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]}
    timbre, prosody, ln_f0 = data["style"][:, :128], data["style"][:, 128:], data["pitch"][:, 0]
    towards = fit("embedding -> timbre", data["embedding"], timbre, TIMBRE_PENALTY)
    sounds = fit("timbre, ln F0 -> envelope", np.c_[timbre, ln_f0], data["envelope"], ENVELOPE_PENALTY)
    native = native_pitches()
    write({
        **towards.arrays("timbre"),
        **sounds.arrays("envelope"),
        "pitch_direction": pitch_direction(prosody, ln_f0).astype(np.float32),
        "native_tag": np.array([tag for tag, _, _ in native]),
        "native_voice": np.array([name for _, name, _ in native]),
        "native_pitch": np.array([pitch for _, _, pitch in native], np.float32),
    })  # fmt: skip


if __name__ == "__main__":
    main()
