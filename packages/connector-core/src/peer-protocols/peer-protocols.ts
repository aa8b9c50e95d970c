import { addressScope, addressSegments } from '@pennyswitch/ilp-address';
import { PEER_PROTOCOL_CONDITION, type PrepareView } from '@pennyswitch/ilp-packet';
import type { Account } from '../account/account.js';
import type { Awaitable } from '../awaitable.js';
import type { Incoming, Verdict } from '../pipeline/context.js';
import { REJECTIONS } from '../pipeline/rejections.js';
import type { Step } from '../pipeline/step.js';

/** Answers one bilateral protocol's packets: the reply in bytes, or a rejection. */
export interface PeerProtocol {
  /** The segment behind `peer.`: `config` for `peer.config` and whatever lies below. */
  readonly name: string;
  /** Conditions to take beside the usual one (RFC 0031). */
  readonly otherConditions?: readonly Uint8Array[];
  readonly handle: (request: {
    account: Account;
    prepare: PrepareView;
    now: number;
  }) => Awaitable<Exclude<Verdict, undefined>>;
}

/**
 * Answers everything under `peer.`, which never leaves the link it came over (RFC 0034 "Special Addresses"). These packets
 * move no money whatever their amount says.
 */
export class PeerProtocols {
  readonly #protocols = new Map<string, PeerProtocol>();

  /** Adds a protocol, instead of one of the same name. */
  add(protocol: PeerProtocol): void {
    this.#protocols.set(protocol.name, protocol);
  }

  /** The step that answers bilateral packets and lets all others go on. */
  step(): Step<Incoming> {
    return { name: 'peer-protocol', run: (context) => this.#answer(context) };
  }

  #answer({ from, prepare, now }: Incoming): Awaitable<Verdict> {
    if (!prepare.destination.startsWith('peer.') || addressScope(prepare.destination) !== 'peer') {
      return undefined;
    }
    const protocol = this.#protocols.get(addressSegments(prepare.destination)[1] ?? '');
    if (protocol === undefined || from === undefined) return REJECTIONS.unknownPeerProtocol;
    const conditions = [PEER_PROTOCOL_CONDITION, ...(protocol.otherConditions ?? [])];
    if (!conditions.some((condition) => areEqual(condition, prepare.executionCondition))) {
      return REJECTIONS.notPeerCondition;
    }
    if (prepare.expiresAtMs <= now) return REJECTIONS.expired;
    return protocol.handle({ account: from, prepare, now });
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
