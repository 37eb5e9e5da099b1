import { useEffect } from "preact/hooks";
import { engines } from "../app/known";
import { Failed, Loading } from "../parts/states";
import { t } from "./words";

export function EnginesPanel() {
  useEffect(() => void engines.load(), []);
  const known = engines.value.value;
  if (engines.error.value) return <Failed error={engines.error.value} retry={() => void engines.load()} />;
  if (known === null) return <Loading />;
  return (
    <section class="panel column" aria-label={t("engines")}>
      <h2>{t("engines")}</h2>
      {known.engines.map(({ name, available, problems, card, default: standard }) => (
        <article key={name} class="card engine">
          <header>
            <h3>{card?.title ?? name}</h3>
            <span class={available ? "pill good" : "pill bad"}>{t(available ? "available" : "missing")}</span>
            {standard && <span class="pill">{t("standard")}</span>}
          </header>
          {card && <p>{card.description}</p>}
          {problems.length > 0 && (
            <div class="failed">
              <div>
                <strong>{t("missing_what")}</strong>
                {problems.map((each) => (
                  <p key={each}>{each}</p>
                ))}
              </div>
            </div>
          )}
          {card && (
            <dl>
              <Fact name={t("licence")} value={card.licence} />
              <Fact name={t("languages")} value={card.languages.join(", ")} />
              <Fact name={t("voices")} value={String(card.presets.length)} />
              <Fact name={t("clones")} value={card.enrolment ? card.enrolment.method : t("none")} />
              <Fact name={t("mixes")} value={t(card.mixes_voices ? "yes" : "none")} />
            </dl>
          )}
        </article>
      ))}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
