/** Two sounds of the same length, heard one at a time: switching keeps the place, and both are equally loud. */
import { signal } from "@preact/signals";
import { loudness } from "./peaks";
import type { Pcm } from "./pcm";
import { Player } from "./player";

export class Pair {
  readonly a = new Player();
  readonly b = new Player();
  readonly heard = signal<"a" | "b">("b");

  load(a: Pcm, b: Pcm): void {
    this.a.load(a);
    this.b.load(b);
    const [one, other] = [loudness(a), loudness(b)];
    // The louder one is turned down: turning up could clip.
    const least = Math.min(one, other);
    this.a.gain.value = one > 0 && least > 0 ? least / one : 1;
    this.b.gain.value = other > 0 && least > 0 ? least / other : 1;
  }

  get now(): Player {
    return this.heard.value === "a" ? this.a : this.b;
  }

  choose(which: "a" | "b"): void {
    if (this.heard.value === which) return;
    const from = this.now;
    const running = from.state.value === "playing";
    const at = from.positionS.value;
    from.pause();
    this.heard.value = which;
    this.now.seek(at);
    if (running) this.now.play();
  }

  clear(): void {
    this.a.clear();
    this.b.clear();
  }
}
