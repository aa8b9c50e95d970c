/** Measures links in turns, so that a slow second of the machine hits all of them. */

/** A link that is up. */
export interface Link {
  readonly name: string;
  /** Keeps `inFlight` requests of `octets` under way until `total` have been answered. */
  run(octets: Uint8Array, inFlight: number, total: number): Promise<void>;
  close(): Promise<void>;
}

/** Of one link. */
export interface Figures {
  readonly perSecond: number;
  /** Processor time of a round trip, both ends, in microseconds. */
  readonly cpuMicros: number;
}

/** How long it takes. */
export interface Turns {
  readonly inFlight: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** Round trips before anything is measured. */
  readonly warmUp: number;
}

/** The median of the rounds of each link. */
export async function measureInTurns<Links extends readonly Link[]>(
  links: Links,
  octets: Uint8Array,
  turns: Turns,
): Promise<{ [Index in keyof Links]: Figures }> {
  const { inFlight, rounds, roundMs, warmUp } = turns;
  const totals: number[] = [];
  for (const link of links) {
    await link.run(octets, inFlight, warmUp);
    const { perSecond } = await timed(link, octets, inFlight, Math.ceil(warmUp / 3));
    totals.push(Math.max(inFlight * 10, Math.round((perSecond * roundMs) / 1000)));
  }
  const all = links.map((): Figures[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, link] of links.entries()) {
      all[i]?.push(await timed(link, octets, inFlight, totals[i] ?? 0));
    }
  }
  return all.map((figures) => ({
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    cpuMicros: median(figures.map(({ cpuMicros }) => cpuMicros)),
  })) as { [Index in keyof Links]: Figures };
}

/** One row of a table. */
export function row({ name }: Link, { perSecond, cpuMicros }: Figures): string {
  const rate = Math.round(perSecond).toString().padStart(9);
  return `  ${name.padEnd(28)} ${rate} /s  ${cpuMicros.toFixed(1).padStart(7)} µs cpu`;
}

export function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}

/** Keeps `inFlight` of them under way until `total` are done. */
export async function workers(
  inFlight: number,
  total: number,
  send: () => Promise<unknown>,
): Promise<void> {
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function timed(
  link: Link,
  octets: Uint8Array,
  inFlight: number,
  total: number,
): Promise<Figures> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await link.run(octets, inFlight, total);
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (total / (performance.now() - start)) * 1000,
    cpuMicros: (user + system) / total,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
