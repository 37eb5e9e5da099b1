import { common } from "../app/words";
import { PlayButton, Time } from "../parts/sounds";
import { Waveform } from "../parts/waveform";
import { SaveRow } from "../speak/exports";
import { Melody } from "./melody";
import { converted, pair, single } from "./state";
import { t } from "./words";

export function BeforeAfter() {
  const found = converted.value;
  if (found === null) return null;
  const { rvc } = found.job;
  const heard = pair.heard.value;
  return (
    <section class="panel column" aria-label={t("result")}>
      <h2>{t("result")}</h2>
      {found.before === null ? (
        <>
          <p class="hint">{t("unreadable")}</p>
          <div class="sound-row">
            <PlayButton player={single} label={t("after")} toggle={() => single.toggle()} />
            <Waveform player={single} />
            <Time player={single} />
          </div>
        </>
      ) : (
        <>
          <fieldset class="switch">
            <legend class="hidden">{t("switch")}</legend>
            {(["a", "b"] as const).map((each) => (
              <label key={each} class={heard === each ? "chosen" : ""}>
                <input type="radio" name="heard" checked={heard === each} onChange={() => pair.choose(each)} />
                {t(each === "a" ? "before" : "after")}
              </label>
            ))}
          </fieldset>
          <div class="sound-row">
            <PlayButton player={pair.now} label={t(heard === "a" ? "before" : "after")} toggle={() => pair.now.toggle()} />
            <div class="grow stack">
              <div hidden={heard !== "a"}>
                <Waveform player={pair.a} label={`${common("waveform")}: ${t("before")}`} />
              </div>
              <div hidden={heard !== "b"}>
                <Waveform player={pair.b} label={`${common("waveform")}: ${t("after")}`} />
              </div>
            </div>
            <Time player={pair.now} />
          </div>
          <p class="hint">{t("matched")}</p>
        </>
      )}
      <Melody before={found.before} after={found.after} />
      <p class="hint">{rvc.index_used ? t("index_used") : rvc.index_reason ? t("index_not", { why: rvc.index_reason }) : ""}</p>
      <SaveRow jobId={found.job.id} />
    </section>
  );
}
