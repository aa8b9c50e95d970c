/**
 * SPSP: queries per second of the server beside a bare handler on the same `node:http`, each in a process of its own, and
 * thousands of payers at once whose money is all credited.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { payers } from './payers.js';
import type { ServerReport } from './server.js';

const CONNECTIONS = 32;
const ROUNDS = 6;
const ROUND_MS = 1_500;
const GOAL = 0.7;

/** `sealing`: what no receiver that stores nothing can leave out. */
const KINDS = ['bare', 'sealing', 'ours'] as const;
type Kind = (typeof KINDS)[number];

interface Speed {
  /** Queries per second of the server's CPU. */
  readonly perCpu: number;
  /** Queries per second of the clock. */
  readonly perSecond: number;
}

export async function run(): Promise<void> {
  const servers = new Map(KINDS.map((kind) => [kind, start(kind)]));
  const ports = new Map<Kind, number>();
  for (const [kind, server] of servers) ports.set(kind, (await reportOf(server)).port);
  const speeds = new Map<Kind, Speed[]>(KINDS.map((kind) => [kind, []]));
  // In turns, so that a slow second of the machine hits all; the first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [kind, server] of servers) {
      const speed = await measure(server, ports.get(kind) ?? 0);
      if (round > 0) speeds.get(kind)?.push(speed);
    }
  }
  for (const server of servers.values()) server.kill();
  const [bare, sealing, ours] = KINDS.map((kind) => medianOf(speeds.get(kind) ?? []));
  if (bare === undefined || sealing === undefined || ours === undefined) return;
  console.log(`SPSP queries, ${CONNECTIONS} connections, median of ${ROUNDS} rounds`);
  console.log(`  bare handler, the same text for all   ${show(bare)}`);
  console.log(`  the same that makes credentials       ${show(sealing)}`);
  console.log(`  @pennyswitch/spsp                     ${show(ours)}`);
  console.log(
    `  of the bare handler                   ${ratio(ours, bare)} (goal at least ${GOAL})`,
  );
  console.log(`  of the one that makes credentials     ${ratio(ours, sealing)}`);
  await payers();
}

function ratio(ours: Speed, floor: Speed): string {
  const byCpu = (ours.perCpu / floor.perCpu).toFixed(2);
  return `${byCpu} by CPU, ${(ours.perSecond / floor.perSecond).toFixed(2)} by the clock`;
}

function show({ perCpu, perSecond }: Speed): string {
  return `${perCpu.toFixed(0).padStart(7)} per second of its CPU, ${perSecond.toFixed(0).padStart(7)} per second`;
}

function start(kind: Kind): ChildProcess {
  return fork(fileURLToPath(new URL('./server.ts', import.meta.url)), [kind], {
    execArgv: ['--conditions=@pennyswitch/source', '--import', 'tsx'],
  });
}

async function reportOf(server: ChildProcess): Promise<ServerReport> {
  const [report] = (await once(server, 'message')) as [ServerReport];
  return report;
}

async function measure(server: ChildProcess, port: number): Promise<Speed> {
  const ask = (): Promise<ServerReport> => {
    server.send('report');
    return reportOf(server);
  };
  const before = await ask();
  const startedAt = performance.now();
  const counts = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => query(port, startedAt + ROUND_MS)),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await ask();
  const queries = counts.reduce((sum, count) => sum + count, 0);
  return { perCpu: queries / ((after.cpu - before.cpu) / 1e6), perSecond: queries / seconds };
}

const REQUEST =
  'GET /bob HTTP/1.1\r\nHost: wallet.example\r\nAccept: application/spsp4+json, application/spsp+json\r\n\r\n';

/** One query after the other on one connection until then; returns how many were answered. */
function query(port: number, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!isWhole(text)) return;
      if (!text.startsWith('HTTP/1.1 200')) {
        reject(new Error(text.slice(0, 100)));
        socket.destroy();
        return;
      }
      text = '';
      answered += 1;
      if (performance.now() < until) {
        socket.write(REQUEST);
        return;
      }
      socket.destroy();
      resolve(answered);
    });
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: ([0-9]+)/i.exec(text)?.[1];
  return text.length >= end + 4 + Number(length);
}

function medianOf(speeds: readonly Speed[]): Speed {
  const median = (values: number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  return {
    perCpu: median(speeds.map(({ perCpu }) => perCpu)),
    perSecond: median(speeds.map(({ perSecond }) => perSecond)),
  };
}
