/** What is around every screen: where to go, how it looks, and whether the service is there. */
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { reachable } from "../api/client";
import { LANGUAGES, type Language, language, useLanguage } from "../i18n";
import { Icon } from "../parts/icon";
import { Failed, Loading } from "../parts/states";
import { KeyDialog } from "./key_dialog";
import { health } from "./known";
import { SCREENS, type Screen, route } from "./router";
import { apiKey, keyWanted } from "./session";
import { THEMES, type Theme, theme, useTheme } from "./theme";
import { Toasts } from "./toasts";
import { common } from "./words";

const LOADERS: Record<Screen, () => Promise<{ default: ComponentType }>> = {
  speak: () => import("../speak/screen"),
  voices: () => import("../voices/screen"),
  convert: () => import("../convert/screen"),
  jobs: () => import("../jobs/screen"),
  profiles: () => import("../profiles/screen"),
  system: () => import("../system/screen"),
};
const NATIVE: Record<Language, string> = { en: "English", pt: "Português" };
/** How often the service is asked how it is: while something is wrong, and while all is well and the page is seen. */
const ASK_MS = { wrong: 4_000, well: 30_000 };

const screens = signal<Partial<Record<Screen, ComponentType>>>({});
const broken = signal<unknown>(null);

async function load(screen: Screen): Promise<void> {
  if (screens.peek()[screen] !== undefined) return;
  try {
    const found = await LOADERS[screen]();
    screens.value = { ...screens.peek(), [screen]: found.default };
    broken.value = null;
  } catch (error) {
    broken.value = error;
  }
}

export function Shell() {
  const { screen } = route.value;
  const content = useRef<HTMLElement>(null);
  useEffect(() => {
    void load(screen);
    document.title = `${common(screen)} · voicecore`;
  }, [screen, language.value]);
  useEffect(() => {
    void health.load();
  }, [apiKey.value]);
  const Shown = screens.value[screen];
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); content.current?.focus(); }}>
        {common("skip")}
      </a>
      <Navigation />
      <main id="content" tabIndex={-1} ref={content}>
        <Banner />
        <h1>{common(screen)}</h1>
        {Shown ? <Shown /> : broken.value ? <Failed error={broken.value} retry={() => void load(screen)} /> : <Loading />}
      </main>
      <Toasts />
      <KeyDialog />
    </>
  );
}

function Navigation() {
  return (
    <header class="bar">
      <a class="brand" href="#/speak">
        <span class="brand-mark"><Icon name="speak" /></span> voicecore
      </a>
      <nav aria-label={common("screens")}>
        {SCREENS.map((each) => (
          <a key={each} href={`#/${each}`} aria-current={route.value.screen === each ? "page" : undefined}>
            <Icon name={each} />
            <span>{common(each)}</span>
          </a>
        ))}
      </nav>
      <Choices />
    </header>
  );
}

function Choices() {
  return (
    <div class="choices">
      <select aria-label={common("language")} value={language.value} onChange={(event) => useLanguage(event.currentTarget.value as Language)}>
        {LANGUAGES.map((each) => (
          <option key={each} value={each} lang={each}>
            {NATIVE[each]}
          </option>
        ))}
      </select>
      <select aria-label={common("theme")} value={theme.value} onChange={(event) => useTheme(event.currentTarget.value as Theme)}>
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {common(`theme_${each}`)}
          </option>
        ))}
      </select>
      <button type="button" class="icon" aria-label={common("key")} title={common("key")} onClick={() => (keyWanted.value = { why: null })}>
        <Icon name="key" />
      </button>
    </div>
  );
}

function Banner() {
  const away = !reachable.value;
  const workers = health.value.value?.checks["workers"];
  const idle = workers !== undefined && workers.status !== "ok";
  const wrong = away || idle;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && void health.load(), wrong ? ASK_MS.wrong : ASK_MS.well);
    return () => clearInterval(timer);
  }, [wrong]);
  if (!away && !idle) return null;
  return (
    <div class="banner" role="alert">
      <Icon name="warn" />
      {away ? common("offline") : workers?.active === 0 || !workers?.detail ? common("no_workers") : workers.detail}
    </div>
  );
}
