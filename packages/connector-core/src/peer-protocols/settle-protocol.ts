import {
  encodeFulfill,
  encodeReject,
  MAX_DATA_LENGTH,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import type { Logger } from '../environment.js';
import { messageOf } from '../errors.js';
import { REJECTIONS } from '../pipeline/rejections.js';
import { SETTLE_DESTINATION } from '../settlement/messages.js';
import type { Settlement } from '../settlement/settlement.js';
import type { PeerProtocol } from './peer-protocols.js';

/**
 * The condition that RFC 0038 prints: the hash of nothing, which its fulfillment of zeros does not fulfil. Deployed nodes
 * send the other bilateral protocols' condition instead; both are taken, the deployed one is sent.
 */
const RFC_0038_CONDITION: Uint8Array = Uint8Array.from([
  0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
  0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/** Hands messages of the peer's engine to ours, and returns what ours says. */
export function settleProtocol(
  settlement: Pick<Settlement, 'deliverMessage'>,
  logger: Logger,
): PeerProtocol {
  return {
    name: 'settle',
    otherConditions: [RFC_0038_CONDITION],
    async handle({ account, prepare }) {
      if (prepare.destination !== SETTLE_DESTINATION) return REJECTIONS.unknownPeerProtocol;
      try {
        const reply = await settlement.deliverMessage(account.id, prepare.data);
        if (reply === undefined) return refuse('F00', 'this account has no settlement engine.');
        const { status, body } = reply;
        const data = body.length > MAX_DATA_LENGTH ? undefined : body;
        if (data !== undefined && status >= 200 && status < 300) {
          return encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data });
        }
        const code = status >= 400 && status < 500 ? 'F00' : 'T00';
        return refuse(code, 'the settlement engine refused the message.', data);
      } catch (error) {
        logger.warn('a settlement message was not delivered', {
          account: account.id,
          error: messageOf(error),
        });
        return refuse('T00', 'the settlement engine did not answer.');
      }
    },
  };
}

function refuse(
  code: 'F00' | 'T00',
  message: string,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return encodeReject({ code, triggeredBy: SETTLE_DESTINATION, message, data });
}
