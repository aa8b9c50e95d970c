import { encodeReject, type IlpErrorCode } from '@pennyswitch/ilp-packet';
import type { IlpAddress } from '@pennyswitch/ilp-address';
import type { Account } from '../account/account.js';
import type { Rejection } from './context.js';

const NO_DATA = new Uint8Array(0);

/** Why a packet goes no further, in short. */
export type RejectionName =
  | 'badPacket'
  | 'busy'
  | 'peerBusy'
  | 'rateLimited'
  | 'moneyBandwidth'
  | 'outgoingBandwidth'
  | 'maximumBalance'
  | 'liquidity'
  | 'nodeScope'
  | 'otherNetwork'
  | 'noAddressYet'
  | 'noRoute'
  | 'noReceiver'
  | 'backToSender'
  | 'unreachable'
  | 'notReady'
  | 'incomingNotReady'
  | 'noRate'
  | 'tooLittle'
  | 'expired'
  | 'expiresTooSoon'
  | 'timedOut'
  | 'lost'
  | 'badReply'
  | 'wrongFulfillment'
  | 'nextHopBusy'
  | 'internal'
  | 'notPeerCondition'
  | 'unknownPeerProtocol'
  | 'duplicate'
  | 'badEcho';

/**
 * The rejections of forwarding. Their texts go to other nodes: two of T04 and those of T05 and F05 are what deployed connectors
 * look for.
 */
export const REJECTIONS: Readonly<Record<RejectionName, Rejection>> = {
  badPacket: rejection('F01', 'the packet is not a valid ILP Prepare.'),
  busy: rejection('T03', 'connector busy.'),
  peerBusy: rejection('T02', 'peer busy.'),
  rateLimited: rejection('T05', 'too many requests, throttling.'),
  moneyBandwidth: rejection('T04', 'exceeded money bandwidth, throttling.'),
  outgoingBandwidth: anotherWay('T04', 'exceeded money bandwidth of the next hop, throttling.'),
  maximumBalance: rejection('T04', 'exceeded maximum balance.'),
  liquidity: anotherWay('T04', 'insufficient liquidity.'),
  nodeScope: rejection('F02', 'packets to this address do not leave the node that they start at.'),
  otherNetwork: rejection('F02', 'the destination is on another network.'),
  noAddressYet: rejection('T01', 'the connector has no address yet.'),
  noRoute: rejection('F02', 'no route found.'),
  noReceiver: rejection('F02', 'no such receiver.'),
  backToSender: rejection('F02', 'refusing to route packets back to their sender.'),
  unreachable: anotherWay('T01', 'the next hop is not connected.'),
  notReady: anotherWay('T01', 'the account with the next hop is not ready.'),
  incomingNotReady: rejection('T01', 'the account is not ready.'),
  noRate: anotherWay('T00', 'no exchange rate is available.'),
  tooLittle: anotherWay('R01', 'the amount is too little to forward.'),
  expired: rejection('R02', 'source transfer has already expired.'),
  expiresTooSoon: rejection('R02', 'source transfer expires too soon to complete payment.'),
  timedOut: rejection('R00', 'packet expired.'),
  lost: rejection('T00', 'the connection to the next hop was lost.'),
  badReply: rejection('T00', 'the next hop did not answer with an ILP packet.'),
  wrongFulfillment: rejection('F05', 'fulfillment did not match expected value.'),
  nextHopBusy: rejection('T03', 'connector busy.'),
  internal: rejection('T00', 'internal error.'),
  notPeerCondition: rejection('F01', 'condition must be peer protocol condition.'),
  duplicate: rejection('T01', 'this packet is under way already.'),
  badEcho: rejection('F01', 'bad echo request.'),
  unknownPeerProtocol: rejection('F01', 'unknown peer protocol.'),
};

/**
 * What an account is told whose packet is too much at the moment. A connector hears T02, so that it tries another way or tells
 * the sender itself; a child hears T03, which is for senders (RFC 0027).
 */
export function busyFor(from: Account | undefined): Rejection {
  return from === undefined || from.relation === 'child' ? REJECTIONS.busy : REJECTIONS.peerBusy;
}

/** The bytes of a rejection. */
export function encodeRejection(reason: Rejection, self: IlpAddress | undefined): Uint8Array {
  return encodeReject({
    code: reason.code,
    triggeredBy: self ?? '',
    message: reason.message,
    data: reason.data ?? NO_DATA,
  });
}

function rejection(code: IlpErrorCode, message: string): Rejection {
  return { code, message };
}

function anotherWay(code: IlpErrorCode, message: string): Rejection {
  return { code, message, anotherWay: true };
}
