import { MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { isSameAsset, type Asset } from '../asset.js';
import type { StreamFrame } from '../frames.js';
import { LatestReceipt } from './latest-receipt.js';

/** How the other endpoint ended the connection, or the stream that money goes to. */
export interface RemoteClose {
  readonly scope: 'connection' | 'stream';
  readonly errorCode: number;
  /** Comes from the other endpoint: escape it before printing. */
  readonly errorMessage: string;
}

/** What the other endpoint has said of itself, in frames that are authentic. */
export class Remote {
  readonly #streamId: number;
  #asset: Asset | undefined;
  #contradiction: Asset | undefined;
  #receiveMax: bigint | undefined;
  #totalReceived = 0n;
  #close: RemoteClose | undefined;
  readonly #receipts = new LatestReceipt();

  /** @param streamId the stream that money is sent on. */
  constructor(streamId: number) {
    this.#streamId = streamId;
  }

  /** What it counts in; undefined until it said so. */
  get asset(): Asset | undefined {
    return this.#asset;
  }

  /** A second asset that it named: it may not change (RFC 0029 5.3.14). */
  get contradiction(): Asset | undefined {
    return this.#contradiction;
  }

  /** The most that the stream receives in total; without limit until it says otherwise. */
  get receiveMax(): bigint {
    return this.#receiveMax ?? MAX_AMOUNT;
  }

  /** What the stream has received, as it says. */
  get totalReceived(): bigint {
    return this.#totalReceived;
  }

  /** Whether, why and what it closed. */
  get close(): RemoteClose | undefined {
    return this.#close;
  }

  /** The receipt for the largest total (RFC 0039); undefined where it gives none. */
  get receipt(): Uint8Array | undefined {
    return this.#receipts.value;
  }

  handleFrames(frames: readonly StreamFrame[]): void {
    for (const frame of frames) {
      switch (frame.type) {
        case 'ConnectionAssetDetails':
          this.#handleAsset({ code: frame.assetCode, scale: frame.assetScale });
          break;
        case 'ConnectionClose':
          this.#close ??= { ...frame, scope: 'connection' };
          break;
        case 'StreamClose':
          if (frame.streamId === this.#streamId) this.#close ??= { ...frame, scope: 'stream' };
          break;
        case 'StreamMaxMoney':
          if (frame.streamId === this.#streamId) {
            this.#handleMaxMoney(frame.receiveMax, frame.totalReceived);
          }
          break;
        case 'StreamReceipt':
          if (frame.streamId === this.#streamId) this.#receipts.handle(frame.receipt);
          break;
        default:
      }
    }
  }

  #handleAsset(asset: Asset): void {
    if (this.#asset === undefined) this.#asset = asset;
    else if (!isSameAsset(asset, this.#asset)) this.#contradiction ??= asset;
  }

  /** Replies overtake one another, and neither number ever shrinks (RFC 0029 4.4.4). */
  #handleMaxMoney(receiveMax: bigint, totalReceived: bigint): void {
    if (this.#receiveMax === undefined || receiveMax > this.#receiveMax)
      this.#receiveMax = receiveMax;
    if (totalReceived > this.#totalReceived) this.#totalReceived = totalReceived;
  }
}
