import type { Pitch } from "../sound/pitch";
import { t } from "./words";

const WIDE = 600;
const HIGH = 160;

export function medianHz(pitch: Pitch): number {
  const voiced = [...pitch.hz].filter((each) => each > 0).sort((one, other) => one - other);
  return Math.round(voiced[voiced.length >> 1] ?? 0);
}

/** Lines of both melodies; in octaves, as ears hear. */
export function Melody({ before, after }: { before: Pitch | null; after: Pitch }) {
  const both = before === null ? [after] : [before, after];
  const voiced = both.flatMap((each) => [...each.hz].filter((hz) => hz > 0));
  if (voiced.length === 0) return null;
  const lowest = Math.log2(Math.min(...voiced)) - 0.1;
  const highest = Math.log2(Math.max(...voiced)) + 0.1;
  const length = Math.max(...both.map((each) => each.hz.length * each.stepS));
  const line = (pitch: Pitch) => {
    let pen = "M";
    let path = "";
    pitch.hz.forEach((hz, index) => {
      if (hz <= 0) {
        pen = "M";
        return;
      }
      const x = ((index * pitch.stepS) / length) * WIDE;
      const y = HIGH - ((Math.log2(hz) - lowest) / (highest - lowest)) * HIGH;
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    });
    return path;
  };
  const words = t("pitch_text", { a: before ? medianHz(before) : 0, b: medianHz(after) });
  return (
    <figure class="melody">
      <figcaption>
        <strong>{t("pitch")}</strong>
        {before && <span class="key-a">{t("before")}</span>}
        <span class="key-b">{t("after")}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label={words}>
        {before && <path class="line-a" d={line(before)} />}
        <path class="line-b" d={line(after)} />
      </svg>
      <p class="hint">{words}</p>
    </figure>
  );
}
