/** `document.monetization` (RFC 0028), with the receipts of RFC 0039. */

/** What `monetizationstart` tells. */
export interface StartDetail {
  readonly paymentPointer: string;
  /** The Monetization ID, a UUID of version 4 that the receiver was asked with. */
  readonly requestId: string;
}

/** What `monetizationprogress` tells: so much has arrived. */
export interface ProgressDetail extends StartDetail {
  readonly amount: string;
  readonly assetCode: string;
  readonly assetScale: number;
  /** The receipt for all that has arrived over this connection, in base64, where the receiver gives receipts. */
  readonly receipt: string | null;
}

/** What a page listens at to be told that it is paid for. */
export class Monetization extends EventTarget {
  #state: 'pending' | 'started' = 'pending';

  get state(): 'pending' | 'started' {
    return this.#state;
  }

  /** Money has arrived. */
  progress(detail: ProgressDetail): void {
    if (this.#state === 'pending') {
      this.#state = 'started';
      const { paymentPointer, requestId } = detail;
      const start: StartDetail = { paymentPointer, requestId };
      this.dispatchEvent(new CustomEvent('monetizationstart', { detail: start }));
    }
    this.dispatchEvent(new CustomEvent('monetizationprogress', { detail }));
  }

  /** No more comes for now. */
  stop(): void {
    this.#state = 'pending';
  }
}

/** The pointer in `<meta name="monetization">`; undefined unless there is exactly one. */
export function monetizationPointer(): string | undefined {
  const tags = document.head.querySelectorAll<HTMLMetaElement>('meta[name="monetization"]');
  return tags.length === 1 ? tags[0]?.content : undefined;
}

declare global {
  interface Document {
    monetization?: Monetization;
  }
}
