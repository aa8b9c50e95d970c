import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeReply,
  encodePrepare,
  PacketType,
  PEER_PROTOCOL_CONDITION,
} from '@pennyswitch/ilp-packet';
import type { Account } from '../account/account.js';
import type { Clock } from '../environment.js';

/** Where messages between settlement engines go (RFC 0038 "Exchanging messages"). */
export const SETTLE_DESTINATION: IlpAddress = parseIlpAddress('peer.settle');

/** How long the peer's engine may take to answer, in milliseconds. */
const MESSAGE_TIMEOUT_MS = 30_000;

/** What the other engine answered: its message, and whether it was one of success. */
export interface MessageReply {
  readonly ok: boolean;
  readonly body: Uint8Array;
}

/**
 * Carries a message of our engine to the peer's one.
 * @throws what the link throws, or a decode error for a reply that is none.
 */
export async function sendSettleMessage(
  account: Account,
  message: Uint8Array,
  clock: Clock,
): Promise<MessageReply> {
  const deadline = clock.now() + MESSAGE_TIMEOUT_MS;
  const prepare = encodePrepare({
    amount: 0n,
    expiresAt: new Date(deadline),
    executionCondition: PEER_PROTOCOL_CONDITION,
    destination: SETTLE_DESTINATION,
    data: message,
  });
  const reply = decodeReply(await account.link.send(prepare, { deadline }));
  return { ok: reply.type === PacketType.fulfill, body: reply.data };
}
