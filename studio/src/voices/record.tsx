import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { number } from "../i18n";
import { Icon } from "../parts/icon";
import { Recorder } from "../sound/recorder";
import { wavOf } from "../sound/wav";
import { add } from "./clips";
import { promptsOf } from "./prompts";
import { t } from "./words";

/** Reading into the microphone, with something to read and a level to watch. */
export function Record({ language }: { language: string }) {
  const recorder = useMemo(() => new Recorder(), []);
  const at = useSignal(0);
  const taken = useSignal(0);
  const wrong = useSignal<string | null>(null);
  useEffect(() => () => void recorder.stop(), []);
  const prompts = promptsOf(language);
  const on = recorder.recording.value;
  const start = async () => {
    wrong.value = null;
    try {
      await recorder.start();
    } catch (error) {
      recorder.stop();
      wrong.value = t(error instanceof DOMException && error.name === "SecurityError" ? "insecure" : "no_microphone");
    }
  };
  const stop = () => {
    const pcm = recorder.stop();
    if (pcm === null) return;
    taken.value += 1;
    at.value += 1;
    void add(`${t("record")} ${taken.value}.wav`, wavOf(pcm), pcm);
  };
  return (
    <div class="record">
      <p class="hint">{t("read")}:</p>
      <blockquote lang={language}>{prompts[at.value % prompts.length]}</blockquote>
      <div class="row">
        <button type="button" class={on ? "danger" : ""} onClick={on ? stop : () => void start()}>
          <Icon name={on ? "stop" : "mic"} /> {t(on ? "record_stop" : "record")}
        </button>
        <button type="button" class="plain" onClick={() => (at.value += 1)}>
          {t("next_sentence")}
        </button>
        {on && (
          <>
            <meter min={0} max={1} low={0.05} high={0.95} optimum={0.4} value={recorder.level.value} aria-label={t("level")} />
            <span class="time" role="status">
              {t("recording", { s: number(recorder.durationS.value, 0) })}
            </span>
          </>
        )}
      </div>
      {wrong.value && (
        <p class="wrong" role="alert">
          {wrong.value}
        </p>
      )}
    </div>
  );
}
