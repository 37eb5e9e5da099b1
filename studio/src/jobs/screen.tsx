import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import { asProblem } from "../api/problem";
import type { Job, JobStatus } from "../api/types";
import { go, route } from "../app/router";
import { say } from "../app/toasts";
import { SelectField, TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Empty, Failed, Loading } from "../parts/states";
import { Row } from "./row";
import type { Mode } from "./merging";
import { above, filters, first, jobs, leaving, listenWhileSeen, live, load, lookedAt, newer, nextCursor, older, problem, pushedOff, total, trail } from "./state";
import { t } from "./words";

const STATES: JobStatus[] = ["queued", "processing", "completed", "failed", "cancelled"];
const MODES: Mode[] = ["dubbing", "dubbing_with_clone", "convert", "clone", "mix"];
const AN_ID = /^job_[a-z0-9]{20}$/;
const LONGEST_SEARCH = 200;
/** Between the last letter and the search. */
const PAUSE_MS = 300;

export default function JobsScreen() {
  const wanted = useSignal(filters.peek().search);
  const pause = useRef(0);
  const single = useSignal<Job | null>(null);
  const { detail } = route.value;
  useEffect(() => listenWhileSeen(), []);
  useEffect(() => {
    if (detail === null) {
      single.value = null;
      return;
    }
    if (jobs.peek()?.some((each) => each.id === detail)) return;
    body(api.GET("/jobs/{job_id}", { params: { path: { job_id: detail } } }))
      .then((found) => (single.value = found))
      .catch((error: unknown) => say(asProblem(error)?.line ?? t("gone"), "bad"));
  }, [detail]);
  const find = (event: Event) => {
    event.preventDefault();
    clearTimeout(pause.current);
    const text = wanted.value.trim();
    if (AN_ID.test(text)) go("jobs", text);
    else filter({ search: text });
  };
  const typed = (text: string) => {
    wanted.value = text;
    clearTimeout(pause.current);
    pause.current = window.setTimeout(() => filter({ search: text.trim() }), PAUSE_MS);
  };
  return (
    <>
      <form class="filters" role="search" onSubmit={find}>
        <SelectField
          label={t("status")} value={filters.value.status} choices={[{ value: "", label: t("any") }, ...STATES.map((each) => ({ value: each, label: t(each) }))]}
          onChange={(status) => filter({ status: status as JobStatus | "" })}
        />
        <SelectField
          label={t("mode")} value={filters.value.mode} choices={[{ value: "", label: t("any") }, ...MODES.map((each) => ({ value: each, label: t(each) }))]}
          onChange={(mode) => filter({ mode: mode as Mode | "" })}
        />
        <TextField label={t("find")} type="search" maxLength={LONGEST_SEARCH} value={wanted.value} placeholder={t("search")} onInput={typed} />
        <p class="filters-state" role="status">
          <span class={live.value ? "pill good" : "pill"}>{t(live.value ? "live" : "away")}</span> {t("total", { n: total.value })}
          {lookedAt.value !== null && ` · ${t("looking", { n: lookedAt.value })}`}
        </p>
      </form>
      {problem.value !== null && <Failed error={problem.value} retry={() => void load()} />}
      {single.value && single.value.id === detail && !jobs.value?.some((each) => each.id === detail) && (
        <ul class="job-list">
          <Row job={single.value} open onOpen={() => go("jobs")} />
        </ul>
      )}
      <List />
      <Pages />
    </>
  );
}

function filter(changes: Partial<typeof filters.value>): void {
  filters.value = { ...filters.value, ...changes };
  void first();
}

function List() {
  const { detail } = route.value;
  if (jobs.value === null) return problem.value === null ? <Loading /> : null;
  const there = jobs.value.filter((each) => !leaving.value.has(each.id));
  if (there.length === 0) {
    if (lookedAt.value !== null) return <Loading />;
    return filters.value.search !== "" ? (
      <p class="hint">{t("none_found")}</p>
    ) : (
      <Empty icon="jobs" title={t("none")}>
        <p>{t("none_hint")}</p>
      </Empty>
    );
  }
  return (
    <>
      {above.value > 0 && (
        <button type="button" class="plain" onClick={() => void first()}>
          {t("new_above", { n: above.value })}
        </button>
      )}
      <ul class="job-list" aria-label={t("jobs")}>
        {there.map((each) => (
          <Row key={each.id} job={each} open={detail === each.id} onOpen={() => (detail === each.id ? go("jobs") : go("jobs", each.id))} />
        ))}
      </ul>
    </>
  );
}

function Pages() {
  const page = trail.value.length + 1;
  const last = nextCursor.value === null && !pushedOff.value;
  if (page === 1 && last) return null;
  return (
    <nav class="pages" aria-label={t("page", { n: page })}>
      <button type="button" disabled={page === 1} onClick={() => void newer()}>
        {t("previous")}
      </button>
      <span>{t("page", { n: page })}</span>
      <button type="button" disabled={last} onClick={() => void older()}>
        {t("next")} <Icon name="jobs" />
      </button>
    </nav>
  );
}
