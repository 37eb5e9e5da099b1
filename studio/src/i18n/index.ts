/** Words in the reader's language. Each screen has its own dictionary, which is loaded with it. */
import { effect, signal } from "@preact/signals";

export const LANGUAGES = ["en", "pt"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Values = Record<string, string | number>;

const PLACE = "voicecore.language";
const TAGS: Record<Language, string> = { en: "en", pt: "pt-BR" };

/** The first of the reader's languages that we have. */
export function chosen(kept: string | null, wanted: readonly string[]): Language {
  const short = (tag: string) => tag.toLowerCase().split("-")[0];
  const candidates = [kept ?? "", ...wanted].map(short);
  return candidates.find((each): each is Language => LANGUAGES.includes(each as Language)) ?? "en";
}

function kept(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

export const language = signal<Language>(chosen(kept(), globalThis.navigator?.languages ?? []));

export function useLanguage(wanted: Language): void {
  language.value = wanted;
  try {
    localStorage.setItem(PLACE, wanted);
  } catch {
    // Then it lasts as long as the page.
  }
}

export const tag = () => TAGS[language.value];

if (globalThis.document) {
  effect(() => {
    document.documentElement.lang = tag();
  });
}

/** `{name}` stands for a value. `one|many` is chosen by the value `n`. */
export function filled(pattern: string, values: Values, locale: string): string {
  const forms = pattern.split("|");
  const one = forms.length > 1 && new Intl.PluralRules(locale).select(Number(values["n"])) === "one";
  const form = one ? forms[0] : forms[forms.length - 1];
  return (form ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}

export function dictionary<K extends string>(english: Record<K, string>, portuguese: Record<NoInfer<K>, string>) {
  const words: Record<Language, Record<K, string>> = { en: english, pt: portuguese };
  return (key: K, values: Values = {}): string => filled(words[language.value][key], values, tag());
}

/** 1:05, or 1:02:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(tag(), { maximumFractionDigits: digits });
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let rest = value;
  while (rest >= 1000 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${number(rest, rest < 10 && at > 0 ? 1 : 0)} ${units[at]}`;
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString(tag(), { dateStyle: "medium", timeStyle: "short" });
}

/** "Portuguese (Brazil)" for pt-BR, in the reader's language. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([tag()], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** The best of the languages that are spoken for somebody who reads this one. */
export function firstLanguage(codes: readonly string[], wanted: readonly string[]): string {
  for (const each of wanted) {
    const short = each.toLowerCase().split("-")[0];
    const found = codes.find((code) => code.toLowerCase() === each.toLowerCase()) ?? codes.find((code) => code.toLowerCase().split("-")[0] === short);
    if (found !== undefined) return found;
  }
  return codes[0] ?? "";
}
