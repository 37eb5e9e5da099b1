/** The shape of a sound, which grows while it is made. A slider: click, drag or arrow keys go to a place. */
import { useEffect, useRef } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import WaveSurfer from "wavesurfer.js";
import { painted } from "../app/theme";
import { common } from "../app/words";
import { clock } from "../i18n";
import { peaksOf } from "../sound/peaks";
import type { Player } from "../sound/player";

const BINS = 600;
const STEP_S = 2;
/** A growing waveform is drawn anew so often at most. */
const REDRAW_MS = 250;

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

function colours(place: HTMLElement) {
  const style = getComputedStyle(place);
  return { progressColor: style.color, waveColor: style.outlineColor, cursorColor: style.color };
}

export function Waveform({ player, height = 72, label }: { player: Player; height?: number; label?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const wave = useRef<WaveSurfer | null>(null);
  const drawn = useRef({ at: 0, timer: 0 });

  useEffect(() => {
    const here = place.current;
    if (here === null) return undefined;
    const made = WaveSurfer.create({
      container: here, height, cspNonce: nonce(), barWidth: 2, barGap: 1, barRadius: 2, cursorWidth: 2, interact: true, dragToSeek: true,
      hideScrollbar: true, normalize: false, ...colours(here),
    });
    made.on("interaction", (seconds) => player.seek(seconds));
    wave.current = made;
    return () => {
      clearTimeout(drawn.current.timer);
      wave.current = null;
      made.destroy();
    };
  }, [player, height]);

  useSignalEffect(() => {
    const samples = player.grown.value;
    const whole = player.complete.value;
    const draw = () => {
      drawn.current = { at: performance.now(), timer: 0 };
      const { pcm } = player;
      // Reading it again: it may have been emptied meanwhile.
      if (pcm === null) wave.current?.empty();
      else void wave.current?.load("", [peaksOf(pcm, BINS)], pcm.durationS).then(() => wave.current?.setTime(player.positionS.peek()));
    };
    clearTimeout(drawn.current.timer);
    const wait = samples === 0 || whole ? 0 : REDRAW_MS - (performance.now() - drawn.current.at);
    drawn.current.timer = window.setTimeout(draw, Math.max(0, wait));
  });
  useSignalEffect(() => {
    const at = player.positionS.value;
    if (player.grown.peek() > 0) wave.current?.setTime(at);
  });
  useSignalEffect(() => {
    void painted.value;
    if (place.current !== null && wave.current !== null) wave.current.setOptions(colours(place.current));
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const at = player.positionS.peek();
    const places: Record<string, number> = {
      ArrowRight: at + STEP_S, ArrowUp: at + STEP_S, ArrowLeft: at - STEP_S, ArrowDown: at - STEP_S, Home: 0,
      End: player.durationS.peek(), PageUp: at + 5 * STEP_S, PageDown: at - 5 * STEP_S,
    };
    const wanted = places[event.key];
    if (event.key === " " || event.key === "Enter") player.toggle();
    else if (wanted !== undefined) player.seek(wanted);
    else return;
    event.preventDefault();
  };
  const all = player.durationS.value;
  const at = Math.floor(player.positionS.value);
  return (
    <div
      ref={place} class={all > 0 ? "waveform" : "waveform blank"} role="slider" tabIndex={0} aria-label={label ?? common("waveform")} aria-valuemin={0} aria-valuemax={Math.ceil(all)}
      aria-valuenow={at} aria-valuetext={common("time_of", { at: clock(at), all: clock(all) })} onKeyDown={onKeyDown}
      style={{ minHeight: `${height}px` }}
    />
  );
}
