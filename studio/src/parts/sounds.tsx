/** Players of sounds that lie at the service. */
import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { fetched } from "../api/client";
import { sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { clock } from "../i18n";
import { decoded } from "../sound/decode";
import { Player, type PlayerState } from "../sound/player";
import { Icon } from "./icon";
import { Waveform } from "./waveform";

/** Saves a file of the service under a name of its own. A link could not send the key. */
export async function save(path: string, name: string): Promise<void> {
  const answer = await fetched(path);
  saveBlob(await answer.blob(), name);
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A player of a sound which is fetched when it is first wanted. */
export function useSound(source: string | Blob | null): { player: Player; busy: boolean; toggle(): Promise<void> } {
  const player = useMemo(() => new Player(), []);
  const busy = useSignal(false);
  useEffect(() => {
    player.clear();
    return () => player.clear();
  }, [source]);
  const toggle = async () => {
    if (source === null || busy.value) return;
    if (player.state.value !== "empty") return player.toggle();
    busy.value = true;
    try {
      player.begin();
      const file = typeof source === "string" ? await (await fetched(source)).blob() : source;
      const pcm = await decoded(file);
      const wished = (player.state.peek() as PlayerState) === "waiting";
      player.load(pcm);
      if (wished) player.play();
    } catch (error) {
      player.clear();
      sayProblem(error);
    } finally {
      busy.value = false;
    }
  };
  return { player, busy: busy.value, toggle };
}

export function PlayButton({ player, toggle, label, busy }: { player: Player; toggle(): void; label: string; busy?: boolean }) {
  const on = player.state.value === "playing" || player.state.value === "waiting";
  return (
    <button type="button" class="icon round" aria-label={`${common(on ? "pause" : "play")}: ${label}`} aria-busy={busy} onClick={toggle}>
      <Icon name={on ? "pause" : "play"} />
    </button>
  );
}

/** Button, waveform and time in a row. */
export function SoundRow({ source, label, height = 40 }: { source: string | Blob; label: string; height?: number }) {
  const { player, busy, toggle } = useSound(source);
  return (
    <div class="sound-row">
      <PlayButton player={player} busy={busy} label={label} toggle={() => void toggle()} />
      <Waveform player={player} height={height} label={`${common("waveform")}: ${label}`} />
      <Time player={player} />
    </div>
  );
}

export function Time({ player }: { player: Player }) {
  // A sound of half a second is not one of none.
  const all = Math.ceil(player.durationS.value - 0.001);
  return (
    <span class="time">
      {clock(player.state.value === "ended" ? all : player.positionS.value)} / {clock(all)}
    </span>
  );
}
