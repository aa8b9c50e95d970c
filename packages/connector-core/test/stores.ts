import { MemoryLedgerStore, type LedgerStore } from '../src/index.js';

type Method = keyof Omit<LedgerStore, 'statistics' | 'close' | 'limitsThroughput' | 'onUnsent'>;

/**
 * The memory store behind promises, as a store on disk or network is: each step happens at once, and is heard of `delay`
 * later. `fail` makes a step fail before it happens.
 */
export function slowStore(
  delay: () => Promise<void>,
  fail: (method: Method) => boolean = () => false,
): LedgerStore {
  const memory = new MemoryLedgerStore();
  return new Proxy<LedgerStore>(memory, {
    get: (_target, name) => {
      const method = name as Method;
      if (!(method in memory)) return undefined; // not even `then`: it is no promise
      const step = memory[method].bind(memory) as (...args: unknown[]) => unknown;
      return async (...args: unknown[]) => {
        if (fail(method)) throw new Error(`the store failed at ${method}`);
        const result = step(...args);
        await delay();
        return result;
      };
    },
  });
}
