/**
 * A peer of the soak, a process of its own that may be killed at any moment: sends as many packets as it can, answers those that
 * come, and writes each fact into its journal (`journal.ts`) before anybody hears of it. What is written has reached the
 * operating system, so it survives the process.
 *
 * Arguments: its name, the other's name, the ports of the connector's processes with commas between, the journal, which life
 * this is, and how many packets are under way at a time.
 */
import { openSync, writeSync } from 'node:fs';
import { BtpClient } from '@pennyswitch/btp';
import { decodePrepare, encodeFulfill, encodeReject, PacketType } from '@pennyswitch/ilp-packet';
import { NEW_LIFE, type JournalLine } from './journal.js';
import { fulfillmentOf, makePacket, PACKET_LIFETIME_MS } from './packet.js';

const [name = '', other = '', ports = '', journalPath = '', life = '', inFlight = ''] =
  process.argv.slice(2);
const MAX_STEPS = 1_000_000;
/** Of so many packets that come, one is refused, and one gets no answer at all. */
const REFUSED_OF = 20;
const IGNORED_OF = 5000;
/** Before the next packet after one that could not be sent, in milliseconds. */
const PAUSE_MS = 50;
const EMPTY = new Uint8Array(0);

const journal = openSync(journalPath, 'a');
const write = (line: JournalLine): void => void writeSync(journal, `${line}\n`);
write(NEW_LIFE);

let isStopping = false;
let count = 0;

const clients = ports.split(',').map((port) => {
  const client = new BtpClient({
    url: `btp+ws://${name}:secret@127.0.0.1:${port}`,
    policy: { reconnectInitialMs: 20, reconnectMaxMs: 200 },
  });
  client.handle('ilp', answer);
  return client;
});

process.on('message', () => {
  isStopping = true;
});
process.on('disconnect', () => process.exit());

// A process of the connector that is dead now is connected to when it lives again.
await Promise.race(clients.map((client) => client.connect({ timeoutMs: Infinity })));
process.send?.('up');
await Promise.all(
  clients.flatMap((client, i) =>
    Array.from({ length: Math.ceil((Number(inFlight) - i) / clients.length) }, () =>
      worker(client),
    ),
  ),
);
process.send?.('stopped');

function answer(octets: Uint8Array): Promise<Uint8Array> {
  const { amount, data, expiresAt } = decodePrepare(octets);
  const packet = new TextDecoder().decode(data);
  if (isOneOf(IGNORED_OF)) return new Promise(() => undefined);
  // What has expired must not be fulfilled: nobody would pay for it.
  if (isOneOf(REFUSED_OF) || expiresAt.getTime() <= Date.now()) {
    return Promise.resolve(
      encodeReject({ code: 'F99', triggeredBy: '', message: '', data: EMPTY }),
    );
  }
  write(`r ${packet} ${amount}`);
  return Promise.resolve(encodeFulfill({ fulfillment: fulfillmentOf(packet), data: EMPTY }));
}

async function worker(client: BtpClient): Promise<void> {
  while (!isStopping) {
    count += 1;
    const steps = 1 + Math.floor(Math.random() * MAX_STEPS);
    const packet = makePacket(`${name}-${life}-${count}`, other, steps);
    write(`s ${packet.name} ${packet.amount}`);
    try {
      // A deadline behind the packet's: the connector answers first, if it lives.
      const reply = await client.send(packet.prepare, {
        deadline: Date.now() + 1.5 * PACKET_LIFETIME_MS,
      });
      const isFulfill = reply[0] === PacketType.fulfill;
      write(isFulfill ? `f ${packet.name}` : `x ${packet.name} ${Date.now()}`);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function isOneOf(count: number): boolean {
  return Math.random() * count < 1;
}
