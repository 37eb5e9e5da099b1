import { findings } from "../sound/check";
import { Icon } from "../parts/icon";
import { SoundRow } from "../parts/sounds";
import { number } from "../i18n";
import { type Clip, clips, remove, totalS } from "./clips";
import { t } from "./words";

/** The recordings with what was found about each: said before the upload, not after. */
export function ClipList({ least, most }: { least: number; most: number }) {
  const list = clips.value;
  if (list.length === 0) return null;
  const all = totalS(list);
  const whole = list.every((each) => each.measured);
  return (
    <section class="clips" aria-label={t("clips")}>
      <ul>
        {list.map((each) => (
          <li key={each.id} class="card clip">
            <div class="clip-head">
              <strong>{each.name}</strong>
              <Verdicts clip={each} />
              <button type="button" class="icon" aria-label={t("remove", { name: each.name })} onClick={() => remove(each.id)}>
                <Icon name="x" />
              </button>
            </div>
            {each.measured && <SoundRow source={each.file} label={each.name} />}
          </li>
        ))}
      </ul>
      <p class={whole && (all < least || all > most) ? "wrong" : "hint"} role="status">
        {t("total", { s: number(all, 1) })}
        {whole && all < least && ` · ${t("short", { least })}`}
        {whole && all > most && ` · ${t("long", { most })}`}
      </p>
    </section>
  );
}

function Verdicts({ clip }: { clip: Clip }) {
  if (clip.measured === null) return <span class="pill">{t("reading")}</span>;
  if (clip.measured === false) return <span class="pill warn">{t("unreadable")}</span>;
  // Length counts together, not one by one.
  const found = findings(clip.measured, 0, Infinity);
  if (found.length === 0) return <span class="pill good">{t("good")}</span>;
  return (
    <>
      {found.map((each) => (
        <span key={each} class="pill warn">
          {t(each, { db: clip.measured ? Math.round(clip.measured.clearDb) : 0 })}
        </span>
      ))}
    </>
  );
}
