import { useEffect } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import type { Profile } from "../api/types";
import { engines, profiles } from "../app/known";
import { say, sayProblem, sayWithUndo } from "../app/toasts";
import { SelectField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Empty, Failed, Loading } from "../parts/states";
import { Editor } from "./editor";
import { giveBack, leftBehind, lentSince } from "./lent";
import { t } from "./words";

const chosen = signal("");
const leaving = signal<ReadonlySet<string>>(new Set());
const key = (profile: Profile) => `${profile.engine} ${profile.id}`;

export default function ProfilesScreen() {
  const editing = useSignal<{ profile: Profile | null } | null>(null);
  useEffect(() => {
    engines.want();
    void profiles.load().then(() => leftBehind(profiles.value.peek()?.profiles ?? [], Date.now()).forEach((each) => void giveBack(each)));
  }, []);
  if (profiles.error.value) return <Failed error={profiles.error.value} retry={() => void profiles.load()} />;
  if (profiles.value.value === null || engines.value.value === null) return <Loading />;
  const able = engines.value.value.engines.filter((each) => each.card);
  const engine = able.find((each) => each.name === chosen.value)?.name ?? engines.value.value.default;
  const shown = profiles.value.value.profiles.filter((each) => (each.engine === engine || each.engine === "*") && !leaving.value.has(key(each)) && lentSince(each.name) === null);
  return (
    <>
      <div class="filters">
        <SelectField label={t("engine")} value={engine} choices={able.map((each) => ({ value: each.name, label: each.card?.title ?? each.name }))} onChange={(value) => (chosen.value = value)} />
        <button type="button" class="primary" onClick={() => (editing.value = { profile: null })}>
          <Icon name="plus" /> {t("new")}
        </button>
      </div>
      {shown.length === 0 && <Empty icon="profiles" title={t("none")} />}
      <ul class="profile-list">
        {shown.map((each) => (
          <li key={key(each)} class="card profile">
            <header>
              <h2 dir="auto">{each.name}</h2>
              {each.default_of.includes(engine) && <span class="pill good">{t("standard")}</span>}
              {each.built_in && <span class="pill">{t("built_in")}</span>}
              {each.engine === "*" && <span class="pill">{t("any_engine")}</span>}
            </header>
            <p dir="auto">{each.description}</p>
            <p class="hint">
              {Object.entries(each.parameters).map(([knob, value]) => `${knob.replaceAll("_", " ")} ${value}`).join(" · ") || t("reset")}
            </p>
            <div class="row">
              <IconAct icon="edit" label={t(each.built_in ? "look" : "edit", { name: each.name })} act={() => (editing.value = { profile: each })} />
              <IconAct icon="copy" label={t("duplicate", { name: each.name })} act={() => void change(api.POST("/quality-profiles/{engine}/{profile_id}/duplicate", { params: { path: { engine: each.engine === "*" ? engine : each.engine, profile_id: each.id } }, body: {} }))} />
              {!each.default_of.includes(engine) && (
                <IconAct
                  icon="star" label={t("make_default", { name: each.name, engine })}
                  act={() => void change(api.POST("/quality-profiles/{engine}/{profile_id}/set-default", { params: { path: { engine, profile_id: each.id } } }), t("made_default", { name: each.name, engine }))}
                />
              )}
              {!each.built_in && <IconAct icon="trash" label={t("delete", { name: each.name })} act={() => remove(each)} />}
            </div>
          </li>
        ))}
      </ul>
      {editing.value && <Editor engine={editing.value.profile && editing.value.profile.engine !== "*" ? editing.value.profile.engine : engine} profile={editing.value.profile} onClose={() => (editing.value = null)} />}
    </>
  );
}

function IconAct({ icon, label, act }: { icon: "edit" | "copy" | "star" | "trash"; label: string; act(): void }) {
  return (
    <button type="button" class="icon" aria-label={label} title={label} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}

async function change(call: Promise<{ data?: unknown; response: Response }>, told?: string): Promise<void> {
  try {
    await body(call);
    await profiles.load();
    if (told) say(told, "good");
  } catch (error) {
    sayProblem(error);
  }
}

function remove(profile: Profile): void {
  leaving.value = new Set([...leaving.value, key(profile)]);
  const stay = () => (leaving.value = new Set([...leaving.value].filter((each) => each !== key(profile))));
  const settle = () => {
    const path = { engine: profile.engine, profile_id: profile.id };
    void change(api.DELETE("/quality-profiles/{engine}/{profile_id}", { params: { path }, keepalive: true })).finally(stay);
  };
  sayWithUndo(t("removed", { name: profile.name }), settle, stay);
}
