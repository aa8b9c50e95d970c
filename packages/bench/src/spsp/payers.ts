/** Thousands of payers at once to one SPSP server, with books on disk: every unit must be credited, once. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { Cashbook, createSpspHandler, pay, SpspClient } from '@pennyswitch/spsp';
import { createNodeFetch, FileJournal, SpspHttpServer } from '@pennyswitch/spsp/node';
import { StreamReceiver } from '@pennyswitch/stream';
import { realClock, TinyConnector } from '@pennyswitch/testkit';

const PAYERS = 5_000;
const USERS = 50;
const ASSET = { code: 'EUR', scale: 6 };

export async function payers(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pennyswitch-bench-'));
  const journalFile = join(folder, 'received.journal');
  const cashbook = await Cashbook.open({
    journal: await FileJournal.open(journalFile),
    asset: ASSET,
  });
  const receiver = new StreamReceiver({
    secret: randomBytes(32),
    address: () => parseIlpAddress('test.wallet'),
    asset: ASSET,
    keptConnections: 2 * PAYERS,
    ...cashbook.receiverOptions,
  });
  const answer = cashbook.answer(receiver, { tagOf: (path) => path.slice(1) });
  const server = await SpspHttpServer.listen({
    handler: createSpspHandler({ answer }),
    port: 0,
    tls: 'none',
    // Payers and server share one event loop here, which they keep busy for longer than a client may usually take.
    headersTimeoutMs: 120_000,
  });
  const connector = new TinyConnector({
    next: receiver.handle,
    clock: realClock,
    settings: { maxPacketAmount: 4_000n },
  });
  const client = new SpspClient({
    fetch: createNodeFetch({ allowPrivateAddresses: true }),
    allowHttpOnLoopback: true,
    timeoutMs: 120_000,
  });
  const startedAt = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: PAYERS }, (_, payer) =>
      pay({
        pointer: `http://127.0.0.1:${server.port}/user${payer % USERS}`,
        amount: { send: `0.01${String(payer).padStart(4, '0')}` },
        send: connector.handle,
        source: { asset: ASSET },
        client,
        policy: {
          progressTimeoutMs: 120_000,
          quoteTimeoutMs: 120_000,
          refusedTimeoutMs: 120_000,
          packetTimeoutMs: 60_000,
        },
      }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  check(
    outcomes.map(({ delivered, error }) => (error === undefined ? delivered : -1n)),
    cashbook,
  );
  await server.close();
  await cashbook.close();
  // What a restart finds is what counts.
  const again = await Cashbook.open({ journal: await FileJournal.open(journalFile), asset: ASSET });
  check(
    outcomes.map(({ delivered }) => delivered),
    again,
  );
  await again.close();
  await rm(folder, { recursive: true });
  console.log(
    `${PAYERS} payers at once, ${USERS} pointers: all credited exactly, before and after a restart, in ${seconds.toFixed(1)} s`,
  );
}

/** @throws Error where a user has not exactly what its payers paid. */
function check(delivered: readonly bigint[], cashbook: Cashbook): void {
  for (let user = 0; user < USERS; user++) {
    let expected = 0n;
    for (let payer = user; payer < PAYERS; payer += USERS) {
      expected += 10_000n + BigInt(payer);
      if (delivered[payer] !== 10_000n + BigInt(payer)) {
        throw new Error(`payer ${payer} was told of ${delivered[payer]} units delivered`);
      }
    }
    const received = cashbook.received(`user${user}`);
    if (received !== expected) {
      throw new Error(`user ${user} has ${received} units, and ${expected} were paid`);
    }
  }
}
