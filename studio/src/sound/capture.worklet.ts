/** Runs beside the page, in the audio thread: hands on what the microphone gives, about twenty times a second. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

const BLOCK = 2_048;

class Capture extends AudioWorkletProcessor {
  private block = new Float32Array(BLOCK);
  private filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel === undefined) return true;
    for (const each of channel) {
      this.block[this.filled] = each;
      this.filled += 1;
      if (this.filled < BLOCK) continue;
      this.port.postMessage(this.block.slice());
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
