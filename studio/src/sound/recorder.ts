/** The microphone, without loss: what is recorded is what a voice is learned from. */
import { signal } from "@preact/signals";
import { Pcm } from "./pcm";

/** Where the build put the worklet. */
declare const __CAPTURE__: string;

/** A voice needs no more, and nobody waits for ever. */
const MOST_S = 300;

export class Recorder {
  readonly recording = signal(false);
  /** Loudest sample of the last moment, in [0, 1]. */
  readonly level = signal(0);
  readonly durationS = signal(0);
  private context: AudioContext | null = null;
  private stream: MediaStream | null = null;
  private pcm: Pcm | null = null;

  /** Raises a DOMException if there is no microphone, or the user does not lend it. */
  async start(): Promise<void> {
    if (navigator.mediaDevices === undefined) throw new DOMException("", "SecurityError");
    // What makes calls better makes voices worse.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule(__CAPTURE__);
    const node = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    const pcm = (this.pcm = new Pcm(this.context.sampleRate));
    node.port.onmessage = (event: MessageEvent<Float32Array>) => this.take(pcm, event.data);
    this.context.createMediaStreamSource(this.stream).connect(node);
    this.durationS.value = 0;
    this.recording.value = true;
  }

  /** What was recorded. */
  stop(): Pcm | null {
    for (const each of this.stream?.getTracks() ?? []) each.stop();
    void this.context?.close();
    this.context = this.stream = null;
    this.recording.value = false;
    this.level.value = 0;
    const { pcm } = this;
    this.pcm = null;
    return pcm !== null && pcm.length > 0 ? pcm : null;
  }

  private take(pcm: Pcm, samples: Float32Array): void {
    if (!this.recording.value || pcm !== this.pcm || pcm.durationS > MOST_S) return;
    pcm.append(Pcm.ofFloats(samples, pcm.rateHz).view());
    this.durationS.value = pcm.durationS;
    this.level.value = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  }
}
