"""Make the data that voice matching is fitted on: Kokoro speaking in random mixtures of its own voices. No human recording is used.

    pip install 'voicecore[kokoro]'
    nice python scripts/make_matching_data.py --seed 1 --count 1200      # one process a core, another seed each
    python scripts/train_voice_matching.py

Each utterance is one of sixteen short sentences (eight pt-BR, eight en-US) in a random style:
- timbre half: 1 to 4 of the 54 voices with Dirichlet(1) weights, stretched 0.8 to 1.6 times away from the mean voice, because
  people lie further out than mixtures do;
- prosody half: by even chance the same mixture, or one voice of the gender that prevails in it, as enrolled voices are spoken.

Kept of each: the style, its Resemblyzer embedding, median and spread of ln F0, mean envelope. One process makes about one
utterance in 1.5 s on one core; memory 0.5 GB. Files are written every 50 utterances, so a killed run loses little.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.engines.kokoro.matching.envelope import mean_envelope
from adapters.engines.kokoro.matching.pitch import contour, pitch_of
from adapters.engines.kokoro.model import SAMPLE_RATE_HZ, KokoroModel
from adapters.engines.kokoro.phonemes import phonemes
from adapters.engines.kokoro.voices import PROSODY, TIMBRE, Voices, style_row
from adapters.engines.speaker_encoder import SpeakerEncoder
from voicecore.audio import Audio

SENTENCES = {
    "pt-BR": (
        "O trem da manhã chegou atrasado outra vez.",
        "Ela não acreditou que a casa velha era dela.",
        "Por favor, feche a janela antes de sair.",
        "Hoje o céu está claro e o vento sopra forte.",
        "Quem trouxe o bolo de chocolate para a festa?",
        "Meu irmão comprou um livro sobre a lua.",
        "A gente vai jantar junto no domingo.",
        "Guarde as chaves em cima da mesa redonda.",
    ),
    "en-US": (
        "The morning train was late again today.",
        "She could not believe the old house was hers.",
        "Please close the window before you leave.",
        "A strong wind is blowing over the quiet sea.",
        "Who brought the chocolate cake to the party?",
        "My brother bought a book about the moon.",
        "We should have dinner together on Sunday.",
        "Put the keys on top of the round table.",
    ),
}
CHUNK = 50
FOLDER = Path(__file__).parents[1] / "build" / "matching-data"


class StyleMixer:
    """Random styles, the same ones for the same seed."""

    def __init__(self, voices: Voices, seed: int) -> None:
        self._styles = np.stack([voices.styles(name) for name in voices.names])
        self._female = np.array([name[1] == "f" for name in voices.names])
        self.random = np.random.default_rng(seed)

    def draw(self, token_count: int) -> npt.NDArray[np.float32]:
        """A style for so many phonemes: float32, shape (256,)."""
        random, row = self.random, self._styles[:, style_row(token_count)]
        count = int(random.integers(1, 5))
        weights = np.zeros(len(row))
        np.add.at(weights, random.integers(0, len(row), count), random.dirichlet(np.ones(count)))
        centre = row[:, TIMBRE].mean(axis=0)
        timbre = centre + random.uniform(0.8, 1.6) * (weights @ row[:, TIMBRE] - centre)
        if random.random() < 0.5:
            prosody = weights @ row[:, PROSODY]
        else:
            same_gender = np.flatnonzero(self._female == (weights[self._female].sum() > 0.5))
            prosody = row[int(random.choice(same_gender)), PROSODY]
        return np.concatenate([timbre, prosody]).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1200)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    network, encoder = KokoroModel.load(threads=1), SpeakerEncoder()
    mixer = StyleMixer(Voices(), options.seed)
    said = [phonemes(text, tag).ids for tag, texts in SENTENCES.items() for text in texts]
    rows: list[dict[str, npt.NDArray[np.float32]]] = []
    for made in range(1, options.count + 1):
        ids = said[int(mixer.random.integers(len(said)))]
        style = mixer.draw(len(ids))
        samples = np.clip(network.speak(ids, style), -1.0, 1.0)
        f0, _ = contour(samples, SAMPLE_RATE_HZ)
        pitch, envelope = pitch_of(f0), mean_envelope(samples, SAMPLE_RATE_HZ, f0)
        # Far-stretched styles sometimes whisper or fall silent: there is nothing to learn from those.
        if pitch is not None and envelope is not None:
            rows.append({
                "style": style,
                "embedding": encoder.embed(Audio(samples, SAMPLE_RATE_HZ)),
                "pitch": np.array([pitch.median_log_hz, pitch.spread_log], np.float32),
                "envelope": envelope,
            })  # fmt: skip
        if rows and (made % CHUNK == 0 or made == options.count):
            target = options.folder / f"matching-{options.seed}-{made:05d}.npz"
            np.savez(target, **{name: np.stack([row[name] for row in rows]) for name in rows[0]})
            rows.clear()
            print(f"seed {options.seed}: {made} of {options.count}", flush=True)


if __name__ == "__main__":
    main()
