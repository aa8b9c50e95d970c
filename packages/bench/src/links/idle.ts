/**
 * Many idle connections on one server: what each costs in memory, ours beside a raw `ws` server, and how fast a message
 * is answered among them. Server and clients are processes of their own, without TLS; memory is the server's resident
 * set with the connections, less without. Needs that many file descriptors (`ulimit -n`) in the server's process.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BtpClient } from '@pennyswitch/btp';
import type { ServerReport } from './idle-server.js';

const CONNECTIONS = 10_000;
const CLIENT_PROCESSES = 2;
const MESSAGES = 500;
const MIB = 1024 * 1024;

/** What is to be reached. */
const GOAL_OF_RAW = 1.5;
const GOAL_MIB = 600;
const GOAL_ANSWER_MS = 100;

export async function run(): Promise<void> {
  console.log(`${CONNECTIONS} idle connections on one server`);
  const raw = await withConnections('raw', () => Promise.resolve());
  const ours = await withConnections('ours', answerTimes);
  console.log(`  raw ws            ${show(raw.bytes)}`);
  console.log(`  @pennyswitch/btp  ${show(ours.bytes)}, goal at most ${GOAL_MIB} MiB in all`);
  console.log(
    `  ours: ${(ours.bytes / raw.bytes).toFixed(2)} times raw (goal at most ${GOAL_OF_RAW})`,
  );
}

function show(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB, ${(bytes / CONNECTIONS / 1024).toFixed(1)} KiB each`;
}

async function withConnections(
  kind: 'raw' | 'ours',
  among: (port: number) => Promise<void>,
): Promise<{ bytes: number }> {
  const server = start('./idle-server.ts', [kind]);
  const before = await reportOf(server);
  const clients = Array.from({ length: CLIENT_PROCESSES }, (_, i) =>
    start('./idle-clients.ts', [
      String(before.port),
      String(CONNECTIONS / CLIENT_PROCESSES),
      `account-${i}`,
    ]),
  );
  await Promise.all(clients.map((client) => once(client, 'message')));
  server.send('report');
  const after = await reportOf(server);
  if (after.connections !== CONNECTIONS) {
    throw new Error(`${after.connections} of ${CONNECTIONS} connections are there`);
  }
  await among(before.port);
  for (const child of [...clients, server]) child.kill();
  return { bytes: after.rss - before.rss };
}

async function answerTimes(port: number): Promise<void> {
  const client = new BtpClient({ url: `btp+ws://one-more:secret@127.0.0.1:${port}` });
  await client.connect();
  const times: number[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const start = performance.now();
    await client.send(new Uint8Array(100), { deadline: Date.now() + 30_000 });
    times.push(performance.now() - start);
  }
  await client.close();
  times.sort((a, b) => a - b);
  const median = times[MESSAGES >> 1] ?? 0;
  const worst = times.at(-1) ?? 0;
  console.log(
    `  a message among them: median ${median.toFixed(1)} ms, worst of ${MESSAGES} ` +
      `${worst.toFixed(1)} ms (goal at most ${GOAL_ANSWER_MS})`,
  );
}

function start(module: string, args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(module, import.meta.url)), args);
}

async function reportOf(server: ChildProcess): Promise<ServerReport> {
  const [report] = (await once(server, 'message')) as [ServerReport];
  return report;
}
