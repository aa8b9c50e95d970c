import type { CcpAccount } from './account.js';
import {
  CCP_CONTROL_DESTINATION,
  CCP_UPDATE_DESTINATION,
  encodeCcpPrepare,
} from './peer-packet.js';

/** A request to send to a peer. */
export interface CcpRequest {
  readonly accountId: string;
  /** To be given back with the reply. */
  readonly id: number;
  readonly prepare: Uint8Array;
  /** When the reply is no longer waited for, in milliseconds since 1970. */
  readonly deadline: number;
}

/** A request without a reply: an update is the sender's, a control request the receiver's. */
export interface OpenRequest {
  readonly account: CcpAccount;
  readonly kind: 'update' | 'control';
}

/** Which replies are waited for: of each account and kind, only that to the latest request. */
export class Requests {
  readonly #open = new Map<number, OpenRequest>();
  #nextId = 1;

  /** Makes a request, in place of the one before of the account and kind. */
  open(request: OpenRequest, data: Uint8Array, now: number, timeoutMs: number): CcpRequest {
    const { account, kind } = request;
    this.forget(request);
    const id = this.#nextId++;
    account.underWay[kind] = id;
    this.#open.set(id, request);
    const destination = kind === 'update' ? CCP_UPDATE_DESTINATION : CCP_CONTROL_DESTINATION;
    return {
      accountId: account.id,
      id,
      prepare: encodeCcpPrepare(destination, data, now),
      deadline: now + timeoutMs,
    };
  }

  /** What the reply of this id answers; undefined if nobody waits for it any more. */
  close(id: number): OpenRequest | undefined {
    const request = this.#open.get(id);
    if (request !== undefined) this.forget(request);
    return request;
  }

  /** The reply, if it comes, is not waited for any more. */
  forget({ account, kind }: OpenRequest): void {
    const id = account.underWay[kind];
    if (id !== undefined) this.#open.delete(id);
    account.underWay[kind] = undefined;
  }
}
