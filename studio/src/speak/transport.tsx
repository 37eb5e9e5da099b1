/** The big button, the waveform, and what happened. */
import { Icon } from "../parts/icon";
import { Failed } from "../parts/states";
import { Time } from "../parts/sounds";
import { Waveform } from "../parts/waveform";
import { common } from "../app/words";
import { number } from "../i18n";
import { MOST } from "./editor";
import { begin, current, draft, plan, player, problem, refusable, running, spoken, stop, took } from "./state";
import { t } from "./words";

export function Transport() {
  return (
    <section class="transport" aria-label={common("play")}>
      <div class="transport-row">
        <MainButton />
        {/* Always there, so that the waveform keeps its place. */}
        <button type="button" class={running.value === null ? "icon round unseen" : "icon round"} aria-label={common("stop")} title={common("stop")} disabled={running.value === null} onClick={stop}>
          <Icon name="stop" />
        </button>
        <Waveform player={player} />
        <Time player={player} />
      </div>
      <Status />
      {problem.value !== null && <Failed error={problem.value} retry={() => void begin()} />}
    </section>
  );
}

function MainButton() {
  const busy = running.value !== null;
  const sounding = player.state.value === "playing" || player.state.value === "waiting";
  const { text, language } = draft.value;
  const there = player.state.value !== "empty" && (current.value || busy);
  if (there) {
    return (
      <button type="button" class="primary big" onClick={() => player.toggle()}>
        <Icon name={sounding ? "pause" : "play"} /> {common(sounding ? "pause" : "play")}
      </button>
    );
  }
  const ready = text.trim() !== "" && language !== "" && [...text].length <= MOST && !busy && !refusable.value;
  return (
    <button type="button" class="primary big" disabled={!ready} title={t("shortcut")} aria-keyshortcuts="Control+Enter" onClick={() => void begin()}>
      <Icon name="play" /> {t(spoken.value === null ? "speak" : "speak_again")}
    </button>
  );
}

function Status() {
  const heard = spoken.value;
  const { firstMs, allMs } = took.value;
  const seconds = (ms: number) => number(ms / 1000, 1);
  const words: string[] = [];
  if (running.value !== null) {
    const all = Math.max(plan.value?.segments.length ?? 0, heard?.segments.length ?? 0);
    if (firstMs === null) words.push(t("waiting"));
    else words.push(t("speaking", { done: Math.min(all, (heard?.segments.length ?? 0) + 1), all }));
  }
  if (firstMs !== null) words.push(t("first", { s: seconds(firstMs) }));
  if (allMs !== null) words.push(t("all", { s: seconds(allMs) }));
  const job = heard?.job;
  if (job && job.segments.cached > 0) words.push(t("reused", { n: job.segments.cached, all: job.segments.total }));
  if (job?.rvc_applied) words.push(t("converted"));
  return (
    <div class="status" role="status">
      <p class="hint">{words.length > 0 ? words.join(" · ") : heard === null ? t("nothing_hint") : t("jump")}</p>
      {job?.rvc_fallback_reason && <p class="wrong">{t("fallback", { reason: job.rvc_fallback_reason })}</p>}
      {job && job.warnings.length > 0 && (
        <p class="hint">
          {t("warnings")}: {job.warnings.join(" ")}
        </p>
      )}
    </div>
  );
}
