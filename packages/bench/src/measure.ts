/** What does a job, and how it is called in the table. */
export interface Contender {
  readonly name: string;
  /** Does the job once and returns something of it, so that no engine can leave it out. */
  readonly job: () => unknown;
}

/** The median CPU time of one call of each contender, in nanoseconds. */
export type Result = ReadonlyMap<string, number>;

const ROUNDS = 15;
const ROUND_MS = 20;

let sink: unknown;

/**
 * Measures contenders in turns: in every round each of them runs for a while, so that a slow second of the machine
 * hits all of them; the median over the rounds is what counts.
 */
export function measure(contenders: readonly Contender[]): Result {
  const calls = contenders.map(({ job }) => calibrate(job));
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { job }] of contenders.entries()) {
      const count = calls[i] as number;
      times[i]?.push((time(job, count) / count) * 1e6);
    }
  }
  return new Map(contenders.map(({ name }, i) => [name, median(times[i] as number[])]));
}

/** How many calls take about one round; warms the job up on the way. */
function calibrate(job: () => unknown): number {
  for (let i = 0; i < 20; i++) time(job, 1000);
  const perCall = Math.max(1e-6, time(job, 5000) / 5000);
  return Math.max(100, Math.round(ROUND_MS / perCall));
}

/** Milliseconds of this process's CPU: what others do on the machine hardly counts. */
function time(job: () => unknown, count: number): number {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) sink = job();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** The last value that a job returned, for the curious and against the optimiser. */
export function lastValue(): unknown {
  return sink;
}
