import type { ScheduleFault } from './fault-coverage.js';

/** What happens to Prepares in each kind of schedule. */
export const PREPARE_FAULTS: readonly ScheduleFault[] = [
  'lose prepare',
  'duplicate',
  'refuse',
  'time out',
];

/** Frames that come when little else is on its way are hardly ever overtaken: of Prepares that are, these are expected. */
export const REORDERED_FRAMES = {
  payment: ['StreamMoney'],
  connection: ['StreamMoney', 'StreamData', 'StreamClose', 'StreamMaxMoney'],
} as const;

/** What happens to replies. */
export const REPLY_FAULTS: readonly ScheduleFault[] = [
  'lose reply',
  'reorder replies',
  'corrupt reply',
  'strip reply',
  'swap data',
  'swap fulfillment',
];

/** The frames that a payment's Prepares carry, and the stateless receiver's replies. */
export const PAYMENT_FRAMES = {
  prepare: [
    'ConnectionNewAddress',
    'StreamMaxMoney',
    'StreamMoney',
    'StreamClose',
    'ConnectionClose',
  ],
  reply: [
    'ConnectionAssetDetails',
    'ConnectionMaxData',
    'ConnectionMaxStreamId',
    'StreamMaxMoney',
    'StreamReceipt',
  ],
} as const;

/** The frames of connections: all but receipts travel in Prepares too. */
export const CONNECTION_FRAMES = {
  prepare: [
    'ConnectionClose',
    'ConnectionNewAddress',
    'ConnectionAssetDetails',
    'ConnectionMaxData',
    'ConnectionDataBlocked',
    'ConnectionMaxStreamId',
    'ConnectionStreamIdBlocked',
    'StreamClose',
    'StreamMoney',
    'StreamMaxMoney',
    'StreamMoneyBlocked',
    'StreamData',
    'StreamMaxData',
    'StreamDataBlocked',
  ],
  reply: [
    'ConnectionAssetDetails',
    'ConnectionMaxData',
    'ConnectionMaxStreamId',
    'StreamClose',
    'StreamMaxMoney',
    'StreamMaxData',
    'StreamReceipt',
  ],
} as const;
