import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { bundle, type SourceChange } from './bundle.js';
import { FaultCoverage } from './fault-coverage.js';
import type { RangeReport, ScheduleKind, ScheduleRange } from './run-schedules.js';

/** What many schedules were like. */
export interface SchedulesReport {
  readonly kind: ScheduleKind;
  /** Those that count: with at least two kinds of fault. */
  readonly schedules: number;
  readonly packets: number;
  readonly medianPackets: number;
  readonly results: ReadonlyMap<string, number>;
  readonly coverage: FaultCoverage;
  /** By the clock on the wall, all threads at once. */
  readonly elapsedMs: number;
  /** The failure with the lowest seed of those that were found. */
  readonly failure: { readonly seed: number; readonly what: string } | undefined;
}

/** So many schedules are given to a thread at a time. */
const CHUNK = 100;

/** A few threads that run schedules. */
export class SchedulePool {
  readonly #path: string;
  readonly #workers: readonly Worker[];

  private constructor(path: string, threads: number) {
    this.#path = path;
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(path, { execArgv: ['--enable-source-maps'] }),
    );
  }

  /** @param change a deliberate bug. */
  static async start(options: {
    readonly threads: number;
    readonly change?: SourceChange | undefined;
  }): Promise<SchedulePool> {
    return new SchedulePool(await bundle('schedule-thread.ts', options.change), options.threads);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    await rm(dirname(this.#path), { recursive: true });
  }

  /**
   * Runs schedules with seeds from `from` up until so many were counted, or one has failed. One alone is run once, whether it
   * counts or not.
   * @param onProgress called with how many have been counted.
   */
  async run(
    { kind, from, count }: ScheduleRange,
    onProgress: (counted: number) => void = () => undefined,
  ): Promise<SchedulesReport> {
    const startedAt = performance.now();
    const reports: RangeReport[] = [];
    let next = from;
    let counted = 0;
    let hasFailed = false;
    const work = async (worker: Worker): Promise<void> => {
      while (counted < count && !hasFailed && !(count === 1 && next > from)) {
        const range = { kind, from: next, count: Math.min(CHUNK, count) };
        next += range.count;
        const report = await ask(worker, range);
        counted += report.packets.length;
        hasFailed ||= report.failure !== undefined;
        reports.push(report);
        onProgress(counted);
      }
    };
    await Promise.all(this.#workers.map(work));
    return summarize(kind, reports, performance.now() - startedAt);
  }
}

async function ask(worker: Worker, range: ScheduleRange): Promise<RangeReport> {
  const done = new AbortController();
  const { signal } = done;
  const answer = once(worker, 'message', { signal });
  const exit = once(worker, 'exit', { signal });
  worker.postMessage(range);
  try {
    // Where the thread throws, waiting for either throws what it threw.
    const [report] = (await Promise.race([answer, exit])) as [RangeReport | number];
    if (typeof report === 'number') throw new Error(`a thread ended with ${report}`);
    return report;
  } finally {
    done.abort();
    await Promise.allSettled([answer, exit]);
  }
}

function summarize(
  kind: ScheduleKind,
  reports: readonly RangeReport[],
  elapsedMs: number,
): SchedulesReport {
  const coverage = new FaultCoverage();
  const results = new Map<string, number>();
  for (const report of reports) {
    coverage.merge(report.coverage);
    for (const [result, count] of Object.entries(report.results)) {
      results.set(result, (results.get(result) ?? 0) + count);
    }
  }
  const packets = reports.flatMap((report) => report.packets).sort((a, b) => a - b);
  const failures = reports.flatMap(({ failure }) => failure ?? []).sort((a, b) => a.seed - b.seed);
  return {
    kind,
    schedules: packets.length,
    packets: packets.reduce((sum, count) => sum + count, 0),
    medianPackets: packets[packets.length >> 1] ?? 0,
    ...{ results, coverage, elapsedMs },
    failure: failures[0],
  };
}

/** A report to print. */
export function describeReport(report: SchedulesReport): string {
  const { kind, schedules, packets, medianPackets, results, coverage, elapsedMs, failure } = report;
  const ends = [...results].sort(([, a], [, b]) => b - a).map(([end, count]) => `${end} ${count}`);
  const lines = [
    `${schedules} ${kind} schedules with ${packets} packets, median ${medianPackets} each, in ` +
      `${(elapsedMs / 1000).toFixed(1)} s: ${((1000 * schedules) / elapsedMs).toFixed(0)} schedules/s`,
    `ends: ${ends.join(', ')}`,
    `fault by frame, how often it was seen to hit one:\n${coverage.toString()}`,
  ];
  if (failure !== undefined) {
    lines.push(`seed ${failure.seed} fails: ${failure.what}`);
    lines.push(`again: npm run fuzz -- ${kind} --seed ${failure.seed}`);
  }
  return lines.join('\n');
}
