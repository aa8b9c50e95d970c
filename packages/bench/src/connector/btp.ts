/**
 * Packets between two BTP peers over loopback, the hop between them in a process of its own: our connector, beside a relay
 * that passes the same frames on blindly. Sender and receiver are in this process, the same for both. On few cores they
 * are the slower end, so that the hop's processor time per packet is shown and compared too.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BtpClient, BtpServer } from '@pennyswitch/btp';
import type { HopReport } from './hop.js';
import { median } from './median.js';
import { drive, Traffic } from './traffic.js';

const ROUNDS = 9;
const WARM_UP = 3;
const AMOUNT = 1_000_000n;

/** A way from the sender to the receiver. */
export interface Way {
  readonly name: string;
  readonly client: BtpClient;
}

/** A hop that is up, and a sender connected to it. */
export interface Path extends Way {
  readonly hop: ChildProcess;
}

/** What a hop did in one round. */
export interface Figures {
  readonly perSecond: number;
  /** Of the hop's processor time per packet. */
  readonly cpuMicros: number;
}

/** Sender and receiver, and the hops between them that are to be compared. */
export class Bench {
  readonly traffic: Traffic = new Traffic(AMOUNT);
  readonly #paths: Path[] = [];
  readonly #receiver = new BtpServer({
    authenticate: ({ username }) => Promise.resolve(username),
  });
  #port = 0;

  async start(): Promise<void> {
    this.#receiver.on('account', (account) =>
      account.handle('ilp', (prepare) => Promise.resolve(this.traffic.answer(prepare))),
    );
    ({ port: this.#port } = await this.#receiver.listen({ port: 0 }));
  }

  /** Starts a hop. @param args what `hop.ts` takes behind the receiver's port. */
  async path(name: string, kind: string, ...args: string[]): Promise<Path> {
    const hop = fork(
      fileURLToPath(new URL('./hop.ts', import.meta.url)),
      [kind, String(this.#port), ...args],
      { execArgv: ['--import', 'tsx', '--conditions=@pennyswitch/source'] },
    );
    const { port } = await reportOf(hop);
    const client = new BtpClient({ url: `btp+ws://alice:secret@127.0.0.1:${port}` });
    await client.connect({ timeoutMs: 20_000 });
    const path = { name, client, hop };
    this.#paths.push(path);
    return path;
  }

  /** A sender that is connected to the receiver itself, without a hop between them. */
  async direct(): Promise<Way> {
    const client = new BtpClient({ url: `btp+ws://direct:secret@127.0.0.1:${this.#port}` });
    await client.connect({ timeoutMs: 20_000 });
    return { name: 'no hop', client };
  }

  /** Sends packets over one path. */
  async round(path: Path, total: number, inFlight: number): Promise<Figures> {
    this.traffic.renew();
    const before = await cpuOf(path.hop);
    const start = performance.now();
    await drive(this.traffic, total, inFlight, (prepare) =>
      path.client.send(prepare, { deadline: Date.now() + 30_000 }),
    );
    const seconds = (performance.now() - start) / 1000;
    const cpuMicros = ((await cpuOf(path.hop)) - before) / total;
    return { perSecond: total / seconds, cpuMicros };
  }

  /** Rounds over the paths in turns, so that a slow second of the machine hits all; the medians. */
  async compare(paths: readonly Path[], total: number, inFlight: number): Promise<Figures[]> {
    const rounds = paths.map((): Figures[] => []);
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      for (const [i, path] of paths.entries()) {
        const figures = await this.round(path, total, inFlight);
        if (round >= 0) rounds[i]?.push(figures);
      }
    }
    return rounds.map((all) => ({
      perSecond: median(all.map(({ perSecond }) => perSecond)),
      cpuMicros: median(all.map(({ cpuMicros }) => cpuMicros)),
    }));
  }

  /** Ends a hop, so that it takes no time from what is measured after it. */
  async end({ client, hop }: Path): Promise<void> {
    await client.close();
    hop.kill();
  }

  async stop(): Promise<void> {
    for (const path of this.#paths) await this.end(path);
    await this.#receiver.close();
  }
}

async function cpuOf(hop: ChildProcess): Promise<number> {
  hop.send('report');
  return (await reportOf(hop)).cpuMicros;
}

async function reportOf(hop: ChildProcess): Promise<HopReport> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    return await Promise.race([
      once(hop, 'message', { signal }).then(([report]) => report as HopReport),
      once(hop, 'exit', { signal }).then(() => {
        throw new Error('the hop ended');
      }),
    ]);
  } finally {
    listening.abort();
  }
}
