/** What holding a frame costs beside its bytes. */
const FRAME_OVERHEAD = 256;

/**
 * Frames that came while the server checked credentials: some clients send requests right behind them. Whoever has not
 * authenticated gets only so much of our memory.
 */
export class HeldFrames {
  readonly #maxBytes: number;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false if that is too much. */
  add(octets: Uint8Array): boolean {
    this.#frames.push(octets);
    this.#bytes += octets.length + FRAME_OVERHEAD;
    return this.#bytes <= this.#maxBytes;
  }

  /** All of them, in order; none is held any more. */
  takeAll(): Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
