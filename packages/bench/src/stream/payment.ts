/** A payment of many packets in one process, over a link in memory. */
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { payQuote, quotePayment, secureRandomBytes, StreamReceiver } from '@pennyswitch/stream';
import { FloorReceiver, floorKeys, payByHand } from './floor.js';
import { limitedLink } from './memory-link.js';
import { timeCpu, type Times } from './time-cpu.js';
import { payByInterledgerPay, payByProtocolStream } from './peers.js';

const AMOUNT = 1000;
const ASSET = { code: 'USD', scale: 6 } as const;
const ROUNDS = 5;

/** How a payment is made: so many packets of {@link AMOUNT}. @returns what was delivered. */
type Pay = (packets: number) => Promise<number>;

async function ours(packets: number): Promise<number> {
  const receiver = new StreamReceiver({
    secret: secureRandomBytes(32),
    address: () => parseIlpAddress('test.connector.receiver'),
    asset: ASSET,
  });
  const quote = await quotePayment({
    send: limitedLink(receiver.handle, BigInt(AMOUNT)),
    credentials: receiver.createCredentials(),
    source: { asset: ASSET },
    amount: { type: 'fixed-source', amount: BigInt(packets * AMOUNT) },
    prices: { USD: '1' },
  });
  const { delivered, error } = await payQuote(quote);
  if (error !== undefined) throw error;
  return Number(delivered);
}

function byHand(packets: number): Promise<number> {
  const keys = floorKeys(secureRandomBytes(32));
  const nextIv = (): Uint8Array => secureRandomBytes(12);
  const receiver = new FloorReceiver(keys, nextIv);
  const link = limitedLink((prepare) => Promise.resolve(receiver.handle(prepare)), BigInt(AMOUNT));
  const destination = `test.connector.receiver.${'x'.repeat(43)}`;
  return payByHand(keys, link, nextIv, destination, packets, AMOUNT);
}

async function timePayment(pay: Pay, packets: number): Promise<Times> {
  let delivered = 0;
  const times = await timeCpu(async () => (delivered = await pay(packets)));
  if (delivered !== packets * AMOUNT) throw new Error(`${delivered} units were delivered`);
  return times;
}

export async function runPayment(): Promise<void> {
  const contenders: readonly { name: string; pay: Pay; packets: number; rounds: number }[] = [
    { name: 'by hand', pay: byHand, packets: 10_000, rounds: ROUNDS },
    { name: 'ours', pay: ours, packets: 10_000, rounds: ROUNDS },
    {
      name: 'npm ilp-protocol-stream',
      pay: (packets) => payByProtocolStream(packets, AMOUNT),
      packets: 10_000,
      rounds: 1,
    },
    {
      name: '@interledger/pay',
      pay: (packets) => payByInterledgerPay(packets, AMOUNT),
      packets: 1000,
      rounds: 1,
    },
  ];
  const times = contenders.map((): Times[] => []);
  for (const { pay } of contenders) await timePayment(pay, 500); // warm
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { pay, packets, rounds }] of contenders.entries()) {
      if (round < rounds) times[i]?.push(await timePayment(pay, packets));
    }
  }
  console.log('\na payment over a link in memory; microseconds per packet, medians');
  console.log('                              packets        cpu       wall    ours is (cpu, wall)');
  const perPacket = contenders.map(({ packets }, i) => ({
    cpu: (median((times[i] ?? []).map(({ cpu }) => cpu)) * 1000) / packets,
    wall: (median((times[i] ?? []).map(({ wall }) => wall)) * 1000) / packets,
  }));
  const us = perPacket[1] as Times;
  for (const [i, { name, packets }] of contenders.entries()) {
    const { cpu, wall } = perPacket[i] as Times;
    console.log(
      `  ${name.padEnd(27)} ${String(packets).padStart(7)} ${cpu.toFixed(1).padStart(10)} ${wall.toFixed(1).padStart(10)}    ` +
        `${(cpu / us.cpu).toFixed(2)}, ${(wall / us.wall).toFixed(2)} times as fast`,
    );
  }
  console.log('  goals: 0.8 times as fast as by hand, 6 and 80 times as fast as the peers');
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
