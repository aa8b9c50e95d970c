/** Every implementation of STREAM against ours, in both directions, over paths that are bad in every way that there is. */
import { randomBytes } from 'node:crypto';
import {
  decodeReply,
  encodeFulfill,
  encodeReject,
  IlpError,
  PacketType,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  Auditor,
  lossyLink,
  realClock,
  seededRandom,
  TinyConnector,
  type AuditedPlace,
  type LinkFaults,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import { describe, expect, it, vi } from 'vitest';
import { payees, payers, type Payee } from './stream-matrix-peers.js';

const PAIRS: readonly (readonly [payer: string, payee: string])[] = [
  ['our payment', 'npm ilp-protocol-stream'],
  ['our payment', 'npm @interledger/stream-receiver'],
  ['our connection', 'npm ilp-protocol-stream'],
  ['our connection', 'npm @interledger/stream-receiver'],
  ['npm ilp-protocol-stream', 'our StreamReceiver'],
  ['npm ilp-protocol-stream', 'our StreamServer'],
  ['npm @interledger/pay', 'our StreamReceiver'],
  ['npm @interledger/pay', 'our StreamServer'],
];

/** What is wrong with a path. `packet` counts those of money that reach the connector, from 1. */
interface BadPath {
  readonly settings?: Partial<TinyConnectorSettings>;
  /** Of the link behind the connector. */
  readonly faults?: LinkFaults;
  readonly veto?: (packet: number, settings: TinyConnectorSettings) => IlpError | undefined;
  /** Whether npm payers give up at what this path answers: then less is sent, and counted as exactly. */
  readonly endsPeers?: boolean;
  /** Whether npm receivers stop reading for ever: their queue of bytes does not get over bytes that come twice. */
  readonly stopsPeersReading?: boolean;
}

const LIMIT = { maxPacketAmount: 5_000n };

const PATHS: Readonly<Record<string, BadPath>> = {
  'loss, told after its time': {
    settings: LIMIT,
    faults: { losePrepare: 0.05, loseReply: 0.05, timeOutAfterMs: 200 },
    // What the reply was lost of is sent again.
    stopsPeersReading: true,
  },
  latency: { settings: LIMIT, faults: { delayMs: 15 } },
  reordering: { settings: LIMIT, faults: { delayMs: [0, 20] } },
  'a rate that changes in the middle': {
    settings: { ...LIMIT, rate: { numerator: 1000n, denominator: 1000n } },
    veto: (packet, settings) => {
      if (packet > 16) settings.rate = { numerator: 992n, denominator: 1000n };
      return undefined;
    },
  },
  'F08 with data': { settings: { maxPacketAmount: 3_333n } },
  'F08 without data': { settings: { maxPacketAmount: 3_333n, amountTooLargeData: false } },
  'bursts of T04': {
    settings: LIMIT,
    veto: (packet) => (packet % 12 > 8 && packet < 30 ? new IlpError('T04', 'dry') : undefined),
  },
  'packets that expire': {
    settings: LIMIT,
    veto: (packet) =>
      packet > 12 && packet % 6 === 0 ? new IlpError('R00', 'expired') : undefined,
    endsPeers: true,
  },
  'packets and their replies twice': {
    settings: LIMIT,
    faults: { duplicate: 0.3 },
    stopsPeersReading: true,
  },
};

/** 20 packets or so of money, and two of data. */
const AMOUNT = 100_000n;
const DATA = randomBytes(50_000);

/** npm payers end at R00: for them the node before the link that loses says T00. */
const sayT00 =
  (handle: IlpPacketHandler): IlpPacketHandler =>
  async (prepare) => {
    const reply = decodeReply(await handle(prepare));
    if (reply.type === PacketType.fulfill) return encodeFulfill(reply);
    return encodeReject(reply.message === 'no reply in time' ? { ...reply, code: 'T00' } : reply);
  };

function connect(payee: Payee, { settings, faults, veto }: BadPath, isPeer: boolean) {
  const auditor = new Auditor(realClock.now);
  const far = auditor.watch('payee', payee.handle);
  const random = seededRandom(7);
  const connector = new TinyConnector({
    clock: realClock,
    settings: settings ?? {},
    next:
      faults === undefined
        ? far.handle
        : lossyLink({ clock: realClock, random, faults, to: far.handle }),
  });
  let packets = 0;
  connector.settings.veto = ({ amount }) =>
    amount === 0n ? undefined : veto?.(++packets, connector.settings);
  const near = auditor.watch('payer', isPeer ? sayT00(connector.handle) : connector.handle);
  return { send: near.handle, atPayer: near.place, atPayee: far.place };
}

/** What arrived of the packets that were fulfilled to the payer: of each once, whatever came twice. */
function arrivedOf(atPayer: AuditedPlace, atPayee: AuditedPlace): bigint {
  const arrived = new Map(atPayee.packets.map(({ condition, amount }) => [condition, amount]));
  return atPayer.packets
    .filter(({ outcome }) => outcome === 'fulfilled')
    .reduce((sum, { condition }) => sum + (arrived.get(condition) ?? 0n), 0n);
}

describe.each(PAIRS)('%s pays %s', (payer, payee) => {
  it.concurrent.each(Object.keys(PATHS))('exactly, over a path with %s', async (name) => {
    const path = PATHS[name]!;
    const end = await payees[payee]!();
    const isPeer = payer.startsWith('npm');
    const { send, atPayer, atPayee } = connect(end, path, isPeer);
    const reads = end.data !== undefined && !(path.stopsPeersReading === true && !isPeer);
    const data = reads && /connection|stream$/.test(payer) ? DATA : Buffer.alloc(0);
    const paid = await payers[payer]!(send, end.credentials, AMOUNT, data);
    if (isPeer && path.endsPeers === true) expect(paid.sent).toBeLessThan(AMOUNT);
    else {
      expect(paid.error).toBeUndefined();
      expect(paid.sent).toBe(AMOUNT);
      if (data.length > 0) expect(Buffer.compare(await end.data!(), data)).toBe(0);
    }
    expect(paid.sent).toBe(atPayer.total('fulfilled'));
    expect(paid.delivered).toBe(arrivedOf(atPayer, atPayee));
    await vi.waitFor(() => expect(end.received()).toBe(atPayee.total('fulfilled')));
    await end.close?.();
  });
});
