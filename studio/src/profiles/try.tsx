/** Hearing a profile before it is saved. The service speaks with stored profiles only, so one is lent to it for a sentence. */
import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import { cancelQuietly, speak } from "../api/speech";
import type { JobBody, Profile } from "../api/types";
import { languages } from "../app/known";
import { firstLanguage, tag } from "../i18n";
import { TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Failed } from "../parts/states";
import { PlayButton, Time } from "../parts/sounds";
import { Waveform } from "../parts/waveform";
import { sampleSentence } from "../speak/samples";
import { Player } from "../sound/player";
import { giveBack, lentName } from "./lent";
import { t } from "./words";

export function Try({ engine, parameters }: { engine: string; parameters: Record<string, number> }) {
  useEffect(() => languages.want(), []);
  const player = useMemo(() => new Player(), []);
  const busy = useSignal(false);
  const wrong = useSignal<unknown>(null);
  const codes = (languages.value.value?.languages ?? []).filter((each) => each.engines.includes(engine)).map((each) => each.code);
  const language = firstLanguage(codes, [tag(), ...navigator.languages]);
  const text = useSignal("");
  const said = text.value || sampleSentence(language);
  const stop = useMemo(() => new AbortController(), []);
  useEffect(() => () => {
    stop.abort();
    player.clear();
  }, []);
  const hear = async () => {
    busy.value = true;
    wrong.value = null;
    player.begin();
    let lent: Profile | null = null;
    let jobId: string | null = null;
    // A tab that is closed runs no `finally`, but may still say a word.
    const closed = () => lent !== null && void giveBack(lent);
    addEventListener("pagehide", closed);
    try {
      const made = await body(api.POST("/quality-profiles", { body: { engine, name: lentName(Date.now()), parameters } }));
      lent = made;
      const wanted = { mode: "dubbing", text: said, source_language: language, engine, quality_profile_id: made.id } as JobBody;
      await speak(wanted, { onStarted: (id) => (jobId = id), onSound: (pcm) => player.grew(pcm), onSegment: () => undefined }, stop.signal);
      player.finish();
    } catch (error) {
      if (stop.signal.aborted && jobId !== null) cancelQuietly(jobId);
      player.clear();
      wrong.value = error;
    } finally {
      busy.value = false;
      removeEventListener("pagehide", closed);
      if (lent !== null) await giveBack(lent);
    }
  };
  return (
    <section class="column" aria-label={t("try")}>
      <TextField label={t("sentence")} value={said} maxLength={300} hint={t("try_note")} onInput={(value) => (text.value = value)} />
      <div class="sound-row">
        <button type="button" disabled={busy.value || codes.length === 0} aria-busy={busy.value} onClick={() => void hear()}>
          <Icon name="speak" /> {t(busy.value ? "trying" : "try")}
        </button>
        {player.state.value !== "empty" && (
          <>
            <PlayButton player={player} label={t("tried")} toggle={() => player.toggle()} />
            <Waveform player={player} height={40} />
            <Time player={player} />
          </>
        )}
      </div>
      {wrong.value !== null && <Failed error={wrong.value} />}
    </section>
  );
}
