import { decodeFulfill, decodeReject, packetType, PacketType } from '@pennyswitch/ilp-packet';
import type { IlpPacketHandler, IlpReject } from '@pennyswitch/ilp-packet';
import type { Clock } from '../environment.js';
import { sentOf, type Sent } from '../links/link.js';
import type { Reserved } from './context.js';
import type { ForwardingPolicy } from './policy.js';

/** What came of sending a packet on one way. */
export type Outcome =
  | { readonly type: 'fulfill'; readonly bytes: Uint8Array; readonly fulfillment: Uint8Array }
  | { readonly type: 'reject'; readonly bytes: Uint8Array; readonly reject: IlpReject }
  /** The other side answered with something else. */
  | { readonly type: 'garbage' }
  /** No answer until the expiry. */
  | { readonly type: 'expired' }
  /** The link gave up before the expiry. */
  | { readonly type: 'failed'; readonly sent: Sent; readonly error: unknown };

/** Told of a fulfillment that came after its packet had expired. */
export type LateListener = (fulfillment: Uint8Array, arrivedAt: number) => void;

/** What {@link exchange} needs beside the packet. */
export interface ExchangeServices {
  readonly clock: Clock;
  readonly policy: ForwardingPolicy;
  /** Takes the packets that end at this node. */
  readonly localHandler: IlpPacketHandler | undefined;
}

/**
 * Sends a packet on its way and waits for what comes first: the reply, or its expiry (RFC 0034: a Reject must go back then,
 * whatever comes later). Never rejects.
 */
export function exchange(
  packet: Reserved,
  { clock, policy, localHandler }: ExchangeServices,
  onLate: LateListener,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let isOver = false;
    const expiresAt = packet.outgoingExpiresAt;
    const finish = (outcome: Outcome): void => {
      if (isOver) return;
      isOver = true;
      clock.clearTimeout(timer);
      resolve(outcome);
    };
    const timer = clock.setTimeout(() => {
      finish({ type: 'expired' });
    }, expiresAt - clock.now());
    const receive = (bytes: Uint8Array): void => {
      const outcome = readReply(bytes);
      const arrivedAt = clock.now();
      if (arrivedAt < expiresAt && !isOver) {
        finish(outcome);
        return;
      }
      finish({ type: 'expired' });
      if (outcome.type === 'fulfill') onLate(outcome.fulfillment, arrivedAt);
    };
    const fail = (error: unknown): void => {
      finish(
        clock.now() < expiresAt
          ? { type: 'failed', sent: packet.to === undefined ? 'yes' : sentOf(error), error }
          : { type: 'expired' },
      );
    };
    send(packet, localHandler, expiresAt + policy.lateReplyMs).then(receive, fail);
  });
}

function send(
  packet: Reserved,
  localHandler: IlpPacketHandler | undefined,
  deadline: number,
): Promise<Uint8Array> {
  try {
    const { prepare, to } = packet;
    if (to !== undefined) return to.link.send(prepare.bytes, { deadline });
    return localHandler?.(prepare.bytes) ?? Promise.reject(new Error('there is no local handler'));
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function readReply(bytes: Uint8Array): Outcome {
  try {
    switch (packetType(bytes)) {
      case PacketType.fulfill:
        return { type: 'fulfill', bytes, fulfillment: decodeFulfill(bytes).fulfillment };
      case PacketType.reject:
        return { type: 'reject', bytes, reject: decodeReject(bytes) };
      default:
        return { type: 'garbage' };
    }
  } catch {
    return { type: 'garbage' };
  }
}
