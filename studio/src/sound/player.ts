/** Plays sound that may still grow. One player sounds at a time.
 *
 * Pieces of a quarter of a second are given to the audio clock some seconds ahead, so that a tab in the background, whose
 * timers run once a second, has no gaps. The audio context has the sound's own rate, so pieces join without resampling.
 */
import { signal } from "@preact/signals";
import type { Pcm } from "./pcm";

export type PlayerState = "empty" | "waiting" | "playing" | "paused" | "ended";

const PIECE_S = 0.25;
const AHEAD_S = 2.5;
const TICK_MS = 50;
/** What the audio clock needs to begin a piece in time. */
const LEAD_S = 0.03;

let sounding: Player | null = null;
let shared: AudioContext | null = null;

function contextOf(rateHz: number): AudioContext {
  if (shared === null || shared.sampleRate !== rateHz) {
    void shared?.close();
    shared = new AudioContext({ sampleRate: rateHz });
  }
  void shared.resume();
  return shared;
}

export class Player {
  readonly state = signal<PlayerState>("empty");
  readonly positionS = signal(0);
  readonly durationS = signal(0);
  /** How many samples there are, for those who draw them. */
  readonly grown = signal(0);
  readonly complete = signal(false);
  readonly gain = signal(1);
  pcm: Pcm | null = null;

  private next = 0;
  private anchor: { clock: number; sample: number } | null = null;
  private context: AudioContext | null = null;
  private sources = new Set<AudioBufferSourceNode>();
  private timer: ReturnType<typeof setInterval> | null = null;

  /** Forgets what was there and waits for a sound that is still made. Called from a user's click, it may sound later. */
  begin(): void {
    this.silence();
    this.pcm = null;
    this.next = 0;
    this.complete.value = false;
    this.positionS.value = this.durationS.value = this.grown.value = 0;
    this.state.value = "waiting";
    sounding?.pauseFor(this);
    sounding = this;
    void (shared ??= new AudioContext()).resume();
  }

  /** Takes a sound that is whole. */
  load(pcm: Pcm): void {
    this.silence();
    this.next = 0;
    this.pcm = pcm;
    this.complete.value = true;
    this.positionS.value = 0;
    this.durationS.value = pcm.durationS;
    this.grown.value = pcm.length;
    this.state.value = "paused";
  }

  /** More of it has come. */
  grew(pcm: Pcm): void {
    this.pcm = pcm;
    this.durationS.value = pcm.durationS;
    this.grown.value = pcm.length;
    if (this.state.value === "waiting" && sounding === this) this.start();
  }

  /** Nothing more comes. */
  finish(): void {
    this.complete.value = true;
    if (this.state.value === "waiting") this.state.value = this.pcm === null ? "empty" : "ended";
  }

  play(): void {
    if (this.pcm === null) return;
    if (this.state.value === "ended") this.next = 0;
    sounding?.pauseFor(this);
    sounding = this;
    this.start();
  }

  pause(): void {
    if (this.state.value !== "playing" && this.state.value !== "waiting") return;
    const at = this.sampleNow();
    this.silence();
    this.next = at;
    this.state.value = "paused";
  }

  toggle(): void {
    if (this.state.value === "playing" || this.state.value === "waiting") this.pause();
    else this.play();
  }

  /** Goes on from there, or will when it is played. */
  seek(seconds: number): void {
    if (this.pcm === null) return;
    const running = this.state.value === "playing" || this.state.value === "waiting";
    this.silence();
    this.next = Math.max(0, Math.min(this.pcm.length, Math.round(seconds * this.pcm.rateHz)));
    this.positionS.value = this.next / this.pcm.rateHz;
    if (running) this.start();
    else if (this.state.value === "ended") this.state.value = "paused";
  }

  clear(): void {
    this.silence();
    this.pcm = null;
    this.positionS.value = this.durationS.value = this.grown.value = 0;
    this.state.value = "empty";
  }

  private pauseFor(other: Player): void {
    if (other !== this) this.pause();
  }

  private start(): void {
    if (this.pcm === null) return;
    this.context = contextOf(this.pcm.rateHz);
    this.anchor = null;
    this.state.value = "playing";
    this.timer ??= setInterval(() => this.tick(), TICK_MS);
    this.tick();
  }

  private tick(): void {
    const { pcm, context } = this;
    if (pcm === null || context === null) return;
    const now = context.currentTime;
    if (this.anchor === null && this.next < pcm.length) {
      this.anchor = { clock: now + LEAD_S, sample: this.next };
      if (this.state.value === "waiting") this.state.value = "playing";
    }
    this.schedule(pcm, context, now);
    const at = this.sampleNow();
    this.positionS.value = at / pcm.rateHz;
    if (at < pcm.length) return;
    if (this.complete.value) {
      this.silence();
      this.positionS.value = pcm.durationS;
      this.state.value = "ended";
    } else if (this.anchor !== null) {
      // The service is slower than the ear: go on as soon as there is more.
      this.anchor = null;
      this.state.value = "waiting";
    }
  }

  private schedule(pcm: Pcm, context: AudioContext, now: number): void {
    const { anchor } = this;
    if (anchor === null) return;
    const until = anchor.sample + (now + AHEAD_S - anchor.clock) * pcm.rateHz;
    while (this.next < pcm.length && this.next < until) {
      const end = Math.min(pcm.length, this.next + Math.round(PIECE_S * pcm.rateHz));
      const piece = pcm.floats(this.next, end);
      const buffer = context.createBuffer(1, piece.length, pcm.rateHz);
      buffer.copyToChannel(piece, 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      const loud = context.createGain();
      loud.gain.value = this.gain.value;
      source.connect(loud).connect(context.destination);
      // A piece that comes late is begun at once and the rest moves with it.
      const due = anchor.clock + (this.next - anchor.sample) / pcm.rateHz;
      if (due < now) this.anchor = { clock: now, sample: this.next };
      source.start(Math.max(due, now));
      source.onended = () => this.sources.delete(source);
      this.sources.add(source);
      this.next = end;
      if (due < now) return;
    }
  }

  private sampleNow(): number {
    const { anchor, context, pcm } = this;
    if (anchor === null || context === null || pcm === null) return this.next;
    const played = Math.max(0, context.currentTime - anchor.clock) * pcm.rateHz;
    return Math.min(pcm.length, this.next, Math.round(anchor.sample + played));
  }

  private silence(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    for (const each of this.sources) {
      each.onended = null;
      each.stop();
      each.disconnect();
    }
    this.sources.clear();
    this.anchor = null;
  }
}
