/**
 * A test runner for `mutate.ts`: runs each test of a file once, to see which mutants it meets, and then again with each
 * of those switched on, quick tests first, until some test fails. Everything happens in one process, so that thousands
 * of mutants take no longer than some thousand tests.
 */
import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { collectTests, type Suite, type Test } from '@vitest/runner';
import { TestRunner, vi } from 'vitest';

type Task = Parameters<NonNullable<TestRunner['onBeforeRunTask']>>[0];
type File = Parameters<TestRunner['onCollectStart']>[0];

/** What a test file found out. */
export interface Findings {
  /** The test that failed, by the id of the mutant. */
  readonly killed: Readonly<Record<number, string>>;
  /** Mutants that some test met. */
  readonly met: readonly number[];
  /** Tests that fail without any mutant. */
  readonly failing: readonly string[];
}

interface Known {
  readonly name: string;
  readonly run: () => unknown;
  readonly ms: number;
  readonly met: ReadonlySet<number>;
  readonly ticks: number;
}

/**
 * The hunt goes over all files three times, so that what a quick test can kill is not left to a slow one: with quick
 * tests, with all, and for what is met while the files are loaded.
 */
const PASS = process.env['MUTATE_PASS'];
/** What the first pass takes for quick. */
const QUICK_MS = 40;
/** Tests that take longer are not repeated: they measure time, or are the same as others with more runs. */
const SLOW_MS = 4000;
/** How long a promise may stay open. */
const PATIENCE_MS = 5000;

class Switch {
  active = 0;
  ticks = 0;
  limit = Infinity;
  met = new Set<number>();
  readonly #resets: (() => void)[] = [];

  is(id: number): boolean {
    if (this.active === 0) this.met.add(id);
    return this.active === id;
  }

  tick(): void {
    this.ticks += 1;
    if (this.ticks > this.limit) throw new Error('the mutant does not end');
  }

  keepValue<T>(get: () => T, set: (value: T) => void): void {
    const value = get();
    this.#resets.push(() => {
      set(value);
    });
  }

  keepContents(value: unknown): void {
    if (value instanceof Uint8Array) {
      const copy = value.slice();
      this.#resets.push(() => {
        value.set(copy);
      });
    } else if (Array.isArray(value)) {
      const copy: unknown[] = [...(value as unknown[])];
      this.#resets.push(() => {
        (value as unknown[]).splice(0, value.length, ...copy);
      });
    }
  }

  reset(): void {
    for (const reset of this.#resets) reset();
  }
}

const mutants = new Switch();
(globalThis as unknown as { __mutants: Switch }).__mutants = mutants;
// The same values in every run: what is killed today is killed tomorrow.
fc.configureGlobal({ seed: 20_260_101 });

export default class MutationRunner extends TestRunner {
  readonly #tests: Known[] = [];
  readonly #failing: string[] = [];
  #early = new Set<number>();

  override onCollectStart(file: File): void {
    super.onCollectStart(file);
    mutants.met = this.#early;
  }

  async runTask(test: Task): Promise<void> {
    const run = TestRunner.getTestFn(test);
    mutants.reset(); // What one test cached, the next is to make again, and to meet the mutants in it.
    mutants.met = new Set();
    mutants.ticks = 0;
    const start = performance.now();
    try {
      await run();
    } catch {
      // One that measures time, for which the switches are too slow: nothing is counted on it.
      this.#failing.push(test.name);
      mutants.met = this.#early;
      return;
    }
    const ms = performance.now() - start;
    this.#tests.push({ name: test.name, run, ms, met: mutants.met, ticks: mutants.ticks });
    mutants.met = this.#early;
  }

  override async onAfterRunSuite(
    suite: Parameters<TestRunner['onAfterRunSuite']>[0],
  ): Promise<void> {
    if ('filepath' in suite) await this.#hunt(suite.filepath as string);
    await super.onAfterRunSuite(suite);
  }

  async #hunt(path: string): Promise<void> {
    const folder = process.env['MUTATE_FOLDER'] ?? '.';
    const alive = new Set(JSON.parse(readFileSync(`${folder}/alive.json`, 'utf8')) as number[]);
    const killed: Record<number, string> = {};
    const limit = PASS === 'quick' ? QUICK_MS : PASS === 'slow' ? SLOW_MS : 0;
    const tests = this.#tests.filter(({ ms }) => ms < limit).sort((a, b) => a.ms - b.ms);
    const met = new Set(this.#tests.flatMap((test) => [...test.met]));
    for (const test of tests) {
      for (const id of test.met) {
        if (!alive.has(id)) continue;
        if (!(await fails(test, id))) continue;
        alive.delete(id);
        killed[id] = `${basename(path)}: ${test.name}`;
        if (await fails(test, 0)) throw new Error(`mutant ${id} leaves a mess behind`);
      }
    }
    for (const id of PASS === 'load' ? this.#early : []) {
      if (!alive.has(id) || !(await this.#failsFromTheStart(path, id))) continue;
      alive.delete(id);
      killed[id] = basename(path);
    }
    const findings: Findings = {
      killed,
      met: [...met, ...this.#early],
      failing: this.#failing,
    };
    writeFileSync(`${folder}/alive.json`, JSON.stringify([...alive]));
    writeFileSync(`${folder}/found-${PASS}-${basename(path)}.json`, JSON.stringify(findings));
  }

  /**
   * For mutants that are met while the file is loaded: loads it, and the sources, once more with the mutant switched on.
   */
  async #failsFromTheStart(path: string, id: number): Promise<boolean> {
    mutants.active = id;
    mutants.limit = Infinity;
    vi.resetModules();
    try {
      const quiet = Object.create(this, {
        onCollected: { value: () => undefined },
      }) as TestRunner;
      const files = await collectTests([path], quiet);
      mutants.active = 0;
      if (files.some(({ result }) => result?.state === 'fail')) return true;
      const tests = files.flatMap(testsOf).map((test) => ({
        run: TestRunner.getTestFn(test),
        known: this.#tests.find(({ name }) => name === test.name),
      }));
      tests.sort((a, b) => (a.known?.ms ?? 0) - (b.known?.ms ?? 0));
      for (const { run, known } of tests) {
        if (known === undefined || known.ms > SLOW_MS) continue;
        if (await fails({ ...known, run }, id)) return true;
      }
      return false;
    } finally {
      mutants.active = 0;
    }
  }
}

function testsOf(suite: Suite): Test[] {
  return suite.tasks.flatMap((task) => (task.type === 'test' ? [task] : testsOf(task)));
}

async function fails(test: Known, id: number): Promise<boolean> {
  mutants.active = id;
  mutants.ticks = 0;
  mutants.limit = test.ticks * 4 + 100_000;
  mutants.met = new Set();
  let timer: NodeJS.Timeout | undefined;
  const outOfPatience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the mutant does not end'));
    }, PATIENCE_MS);
  });
  try {
    const result = test.run();
    if (result instanceof Promise) await Promise.race([result, outOfPatience]);
    return false;
  } catch {
    return true;
  } finally {
    clearTimeout(timer);
    outOfPatience.catch(() => undefined);
    mutants.active = 0;
    mutants.limit = Infinity;
    mutants.reset();
  }
}
