/** What durability costs: the same BTP peers, the store on disk beside the one in memory, and what the disk itself can do. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Figures, Path } from './btp.js';
import { show } from './throughput.js';

const IN_FLIGHT = 1000;
const ROUND_PACKETS = 10_000;
const SYNCS = 500;
/** What a batch of the store comes to with two accounts. */
const APPEND_BYTES = 700;
const GOAL = 0.5;

/** Compares and prints. */
export async function runDurable(bench: Bench, memory: Path, durable: Path): Promise<void> {
  console.log(`The same with ${IN_FLIGHT.toLocaleString('en')} in flight`);
  const [fast, safe] = (await bench.compare([memory, durable], ROUND_PACKETS, IN_FLIGHT)) as [
    Figures,
    Figures,
  ];
  show('memory store', fast);
  show('level store', safe);
  const syncMs = rawSyncMs();
  console.log(
    `  append and fdatasync, nothing else: ${syncMs.toFixed(2)} ms, so ${Math.round(1000 / syncMs)} packets/s with one each`,
  );
  const ratio = safe.perSecond / fast.perSecond;
  console.log(`  on disk: ${ratio.toFixed(2)} of memory (goal ${GOAL})`);
  if (ratio < GOAL) process.exitCode = 1;
}

function rawSyncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-bench-'));
  const file = openSync(join(folder, 'log'), 'a');
  const bytes = new Uint8Array(APPEND_BYTES);
  const start = performance.now();
  for (let i = 0; i < SYNCS; i++) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const ms = (performance.now() - start) / SYNCS;
  closeSync(file);
  rmSync(folder, { recursive: true });
  return ms;
}
