/** The text, with the segments it will be spoken in, and where it is heard now. */
import { useRef } from "preact/hooks";
import { useComputed } from "@preact/signals";
import { number } from "../i18n";
import { Tip } from "../parts/tip";
import { begin, change, current, draft, plan, planProblem, player, running, spoken } from "./state";
import { heardAt, kept, partsOf, timeAt } from "./places";
import { t } from "./words";

export const MOST = 10_000;

export function Editor() {
  const area = useRef<HTMLTextAreaElement>(null);
  const { text } = draft.value;
  const heard = current.value ? spoken.value : null;
  const onClick = () => {
    const at = area.current?.selectionStart;
    if (heard === null || at === undefined || at !== area.current?.selectionEnd) return;
    const seconds = timeAt(text, heard.segments, at);
    if (seconds !== null && player.pcm !== null) player.seek(seconds);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (text.trim() && text.length) void begin();
  };
  return (
    <div class="editor-frame">
      <label class="field-head" for="text">
        {t("text")}
      </label>
      <div class="editor">
        <Mirror />
        <textarea
          id="text" ref={area} dir="auto" value={text} placeholder={t("placeholder")} aria-describedby="text-notes" aria-invalid={planProblem.value !== null}
          spellcheck lang={draft.value.language || undefined} onInput={(event) => change({ text: event.currentTarget.value })} onClick={onClick} onKeyDown={onKeyDown}
        />
      </div>
      <Notes />
    </div>
  );
}

/** Lies under the text area, letter by letter as it, and shows colours. Nobody reads it but the eye. */
function Mirror() {
  const { text } = draft.value;
  const heard = current.value ? spoken.value : null;
  const planned = plan.value;
  // Until all are told, the plan says where the others are.
  const whole = heard !== null && running.value === null && heard.segments.length > 0;
  const here = whole ? heard.segments : planned?.text === text ? planned.segments : (heard?.segments ?? []);
  const segment = useComputed(heardSegment).value;
  const word = useComputed(() => {
    const words = current.value ? (spoken.value?.segments[segment]?.words ?? []) : [];
    return heardAt(words, player.positionS.value);
  }).value;
  const fresh = heard === null && planned?.text === text && spoken.value !== null ? kept(text, planned.segments, spoken.value).map((each) => !each) : [];
  const words = heard?.segments[segment]?.words ?? [];
  const parts = partsOf(text, here, segment, words);
  return (
    <div class="mirror" dir="auto" aria-hidden="true">
      {parts.map((each) => (
        <span
          key={each.start}
          class={[
            each.segment >= 0 ? `segment ${each.segment % 2 ? "odd" : "even"}` : "",
            each.segment >= 0 && each.segment === segment ? "heard" : "",
            each.word >= 0 && each.word === word ? "word" : "",
            fresh[each.segment] ? "fresh" : "",
          ].join(" ")}
        >
          {text.slice(each.start, each.end)}
        </span>
      ))}
      {"\n"}
    </div>
  );
}

/** Which segment is heard. A segment is told when all of its sound is there, so the one after the last may sound already. */
function heardSegment(): number {
  const at = player.positionS.value;
  if (!current.value || player.grown.value === 0) return -1;
  const found = spoken.value?.segments ?? [];
  const last = heardAt(found, at);
  const end = found[last]?.end_s ?? 0;
  return running.value !== null && last === found.length - 1 && at >= end ? last + 1 : last;
}

function Notes() {
  const { text } = draft.value;
  const length = [...text].length;
  const planned = plan.value?.text === text ? plan.value : null;
  const fresh = planned !== null && spoken.value !== null && !current.value ? kept(text, planned.segments, spoken.value).filter((each) => !each).length : 0;
  return (
    <p id="text-notes" class={length > MOST || planProblem.value ? "notes wrong" : "notes"} role={planProblem.value ? "alert" : undefined}>
      <span>{length > MOST ? t("too_long", { n: number(length), most: number(MOST) }) : length > MOST * 0.8 ? t("limit", { n: number(length), most: number(MOST) }) : t("characters", { n: length })}</span>
      {planned !== null && (
        <span>
          {t(planned.estimated ? "segments_about" : "segments", { n: planned.segments.length })}
          {fresh > 0 && fresh < planned.segments.length && `, ${t("changed", { n: fresh })}`} <Tip about={t("segments", { n: 2 })} text={t("segments_tip")} />
        </span>
      )}
      {planProblem.value && length <= MOST && <span>{planProblem.value.line}</span>}
    </p>
  );
}
