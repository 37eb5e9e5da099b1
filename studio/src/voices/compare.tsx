import type { JobBody, Voice } from "../api/types";
import { go } from "../app/router";
import { Icon } from "../parts/icon";
import { PlayButton, SoundRow, Time } from "../parts/sounds";
import { Waveform } from "../parts/waveform";
import { sample, samplePlayer, sampled } from "../speak/sample_player";
import { sampleSentence } from "../speak/samples";
import { change } from "../speak/state";
import { t } from "./words";

/** What was given and what became of it, one above the other: hear both before you trust it. */
export function Compare({ voice }: { voice: Voice }) {
  const key = `voice ${voice.id}`;
  const here = sampled.value === key;
  const hear = () => {
    const wanted = { mode: "dubbing_with_clone", voice_id: voice.id, text: sampleSentence(voice.language), source_language: voice.language };
    void sample(key, wanted as JobBody);
  };
  return (
    <div class="compare" role="group" aria-label={t("compare")}>
      {voice.sample_url && (
        <div>
          <span class="row-name">{t("reference")}</span>
          <SoundRow source={voice.sample_url} label={`${t("reference")}, ${voice.name}`} />
        </div>
      )}
      <div>
        <span class="row-name">{t("result")}</span>
        <div class="sound-row">
          {here ? (
            <>
              <PlayButton player={samplePlayer} label={`${t("result")}, ${voice.name}`} toggle={hear} />
              <Waveform player={samplePlayer} height={40} />
              <Time player={samplePlayer} />
            </>
          ) : (
            <button type="button" disabled={voice.status !== "active"} aria-label={`${t("try")}: ${voice.name}`} onClick={hear}>
              <Icon name="play" /> {t("try")}
            </button>
          )}
        </div>
      </div>
      <button
        type="button" disabled={voice.status !== "active"}
        onClick={() => {
          change({ voice: { kind: "voice", id: voice.id }, language: voice.language, profile: "" });
          go("speak");
        }}
      >
        <Icon name="speak" /> {t("speak_with")}
      </button>
    </div>
  );
}
