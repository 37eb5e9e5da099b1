import { useEffect } from "preact/hooks";
import { number } from "../i18n";
import { loaded } from "../parts/loaded";
import { Failed, Loading } from "../parts/states";
import { type Hour, lastHour, summed } from "./hour";
import { t } from "./words";

const hour = loaded(async () => summed(await lastHour()));
const WIDE = 300;
const HIGH = 80;

export function SpeedPanel() {
  useEffect(() => void hour.load(), []);
  const found = hour.value.value;
  if (hour.error.value) return <Failed error={hour.error.value} retry={() => void hour.load()} />;
  if (found === null) return <Loading />;
  return (
    <section class="panel column" aria-label={t("speed")}>
      <h2>{t("speed")}</h2>
      {found.done + found.failed === 0 ? (
        <p class="hint">{t("speed_none")}</p>
      ) : (
        <>
          <p class="row">
            <span class="pill good">{t("jobs_hour", { n: found.done })}</span>
            {found.failed > 0 && <span class="pill bad">{t("failed_hour", { n: found.failed })}</span>}
            {found.factor !== null && <span class="pill">{t("median", { n: number(found.factor, 2) })}</span>}
            {found.waitS !== null && <span class="pill">{t("wait", { s: number(found.waitS, 1) })}</span>}
          </p>
          <div class="pair">
            <Bars label={t("per")} values={found.perBucket} digits={0} />
            <Bars label={t("factor")} values={found.factorPerBucket} digits={2} />
          </div>
        </>
      )}
    </section>
  );
}

function Bars({ label, values, digits }: { label: string; values: Hour["factorPerBucket"]; digits: number }) {
  const most = Math.max(...values.map((each) => each ?? 0)) || 1;
  const width = WIDE / values.length;
  const told = values.map((each) => (each === null ? "–" : number(each, digits))).join(", ");
  return (
    <figure class="bars">
      <figcaption class="hint">{label}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={t("of", { label, value: told })}>
        {values.map((each, index) => {
          const high = Math.max(each === null ? 0 : 1.5, ((each ?? 0) / most) * (HIGH - 14));
          return (
            <g key={index}>
              <rect x={index * width + 2} y={HIGH - high} width={width - 4} height={high} rx={2} />
              {each !== null && each > 0 && (
                <text x={index * width + width / 2} y={HIGH - high - 3} text-anchor="middle">
                  {number(each, digits)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
