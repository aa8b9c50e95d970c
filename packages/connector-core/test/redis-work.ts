/** Work for stores: by this process, by one that is killed, and by hand at the server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import { isShortfall, type LedgerEntry, type LedgerStore, type NewEntry } from '../src/index.js';
import type { RedisServer } from './redis-server.js';

const PROCESS = fileURLToPath(new URL('./redis-process.ts', import.meta.url));

/** A packet from `a` to `b`. */
export const both = (amount: bigint, more: Partial<NewEntry> = {}): NewEntry => ({
  incoming: { account: 'a', amount },
  outgoing: { account: 'b', amount },
  ...more,
});

/** @throws when something is short. */
export async function held(store: LedgerStore, entry: NewEntry): Promise<LedgerEntry> {
  const result = await store.reserve(entry);
  if (isShortfall(result)) throw new Error(`shortfall: ${result.shortfall}`);
  return result;
}

/** Sends one command to a server. */
export async function ask(server: RedisServer, ...command: string[]): Promise<unknown> {
  const client = createClient({ socket: { path: server.url.slice(7), tls: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

/** Lets a process move money until it has said so many bytes, then kills it. @returns what it said was moved. */
export async function killedProcess(
  url: string,
  prefix: string,
  stuck: number,
  characters: number,
  replicas = 0,
): Promise<bigint> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--conditions=@pennyswitch/source',
      PROCESS,
      url,
      prefix,
      String(stuck),
      String(replicas),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  const closed = once(child, 'close');
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.length >= characters) child.kill('SIGKILL');
  });
  await closed;
  return text
    .split('\n')
    .slice(0, -1)
    .reduce((sum, line) => sum + BigInt(line), 0n);
}

/** Work without end. */
export interface Traffic {
  /** What was acknowledged, and what was decided but not heard of, once all have stopped. */
  readonly stop: () => Promise<{ readonly acknowledged: bigint; readonly unknown: bigint }>;
  /** Packets that were moved and acknowledged. */
  readonly moves: () => number;
  /** Packets that were refused because Redis was away. */
  readonly refusals: () => number;
}

/** Moves money, eight packets at a time, until it is stopped. */
export function traffic(store: LedgerStore): Traffic {
  let isRunning = true;
  const counts = { moves: 0, refusals: 0 };
  const sums = { acknowledged: 0n, unknown: 0n };
  const work = async (amount: bigint): Promise<void> => {
    while (isRunning) {
      let entry: LedgerEntry;
      try {
        entry = await held(store, both(amount));
      } catch {
        counts.refusals += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      try {
        await store.commit(entry, undefined, 0);
        sums.acknowledged += amount;
        counts.moves += 1;
      } catch {
        sums.unknown += amount;
      }
    }
  };
  const workers = Array.from({ length: 8 }, (_, i) => work(BigInt(i + 1)));
  return {
    moves: () => counts.moves,
    refusals: () => counts.refusals,
    stop: async () => {
      isRunning = false;
      await Promise.all(workers);
      return sums;
    },
  };
}
