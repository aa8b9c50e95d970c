import type { Held, Operation } from './operations.js';

interface Page {
  /** Of the batch whose effects are on it. */
  readonly number: number;
  readonly at: number;
  /** Cleared of each account: incoming, outgoing. */
  readonly cleared: Map<string, [bigint, bigint]>;
  /** What else the batch did, as operations that do it whatever has happened since. */
  readonly others: Operation[];
}

/**
 * What this process has been told is done, for a server that turns out to have forgotten the last of it: one that crashed
 * before it synced, or a replica that took over before it had everything. Holds are kept as they are, the rest as effects
 * of the last seconds: sums, not packets.
 */
export class Journal {
  readonly #keepMs: number;
  #pages: Page[] = [];
  /** What is held by this process, by id. */
  readonly held: Map<string, Held> = new Map<string, Held>();

  /** @param keepMs how long effects are kept: longer than what a server may forget. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Notes what a batch did. */
  record(
    number: number,
    operations: readonly Operation[],
    results: readonly unknown[],
    now: number,
  ): void {
    const page: Page = { number, at: now, cleared: new Map(), others: [] };
    for (const [i, operation] of operations.entries()) this.#note(page, operation, results[i]);
    if (page.cleared.size > 0 || page.others.length > 0) this.#pages.push(page);
    const oldest = now - this.#keepMs;
    let old = 0;
    while (old < this.#pages.length && (this.#pages[old]?.at ?? 0) < oldest) old += 1;
    if (old > 0) this.#pages.splice(0, old);
  }

  /** What to do again on a server whose last batch of this process is `number`. */
  effectsAfter(number: number): Operation[] {
    const merged = merge(this.#pages.filter((page) => page.number > number));
    const sums = [...merged.cleared].map(([account, sum]) => [account, ...sum.map(String)]);
    const opens = merged.others.filter(([name]) => name === 'open');
    const others = merged.others.filter(([name]) => name !== 'open');
    return [...opens, ...(sums.length > 0 ? [['cleared', sums] as const] : []), ...others];
  }

  /** The effects after `number` are done again, by the batch `redone`. */
  renumber(number: number, redone: number, now: number): void {
    const merged = merge(this.#pages.filter((page) => page.number > number));
    this.#pages = this.#pages.filter((page) => page.number <= number);
    // A new session counts from 1: what an earlier one did is not behind it.
    if (redone <= number) this.#pages = [];
    this.#pages.push({ ...merged, number: redone, at: now });
  }

  #note(page: Page, operation: Operation, result: unknown): void {
    const [name] = operation;
    const isDone = !(Array.isArray(result) && result[0] === 'error');
    switch (name) {
      case 'hold':
        if (result === 1) this.held.set(operation[1] as string, operation[2] as Held);
        return;
      case 'release':
        this.held.delete(operation[1] as string);
        return;
      case 'commit':
        this.held.delete(operation[1] as string);
        if (isDone) this.#clear(page, operation, result);
        return;
      case 'debit':
        if (isDone) noteDebit(page, operation[1] as string, operation[4], result);
        return;
      case 'acknowledge':
      case 'credit':
      case 'open':
      case 'delete':
      case 'keep':
        if (isDone) page.others.push(operation);
        return;
      default:
    }
  }

  #clear(page: Page, operation: Operation, result: unknown): void {
    const [, , from, fromAmount, to, toAmount, , , now] = operation;
    if (typeof from === 'string') addTo(page.cleared, from, 0, BigInt(fromAmount as string));
    if (typeof to !== 'string') return;
    addTo(page.cleared, to, 1, BigInt(toAmount as string));
    noteDebit(page, to, now, result);
  }
}

/** @param result of the debit: its key and amount, if there was one. */
function noteDebit(page: Page, account: string, now: unknown, result: unknown): void {
  if (!Array.isArray(result)) return;
  page.others.push(['debited', result[0], account, result[1], now]);
}

function addTo(
  cleared: Map<string, [bigint, bigint]>,
  account: string,
  side: 0 | 1,
  amount: bigint,
): void {
  const sums = cleared.get(account);
  if (sums === undefined) cleared.set(account, side === 0 ? [amount, 0n] : [0n, amount]);
  else sums[side] += amount;
}

function merge(pages: readonly Page[]): Pick<Page, 'cleared' | 'others'> {
  const cleared = new Map<string, [bigint, bigint]>();
  for (const page of pages) {
    for (const [account, [incoming, outgoing]] of page.cleared) {
      addTo(cleared, account, 0, incoming);
      addTo(cleared, account, 1, outgoing);
    }
  }
  return { cleared, others: pages.flatMap((page) => page.others) };
}
