import type { IncomingMoney } from '@pennyswitch/stream';

/** Money that came in over one connection, until it was quiet for a while. */
export interface IncomingPayment {
  readonly connectionId: string;
  readonly tag: string | undefined;
  /** In units of the receiver's asset. */
  readonly amount: bigint;
  readonly packets: number;
}

/** After so many milliseconds without money on a connection, what came in is told as one payment. */
const QUIET_MS = 500;

interface Running {
  amount: bigint;
  packets: number;
  timer: ReturnType<typeof setTimeout>;
}

/** Sums the packets of each connection up, since a payment of many packets is one payment to a person. */
export class IncomingPayments {
  readonly #running = new Map<string, Running>();
  readonly #tell: (payment: IncomingPayment) => void;
  #total = 0n;
  #packets = 0;

  constructor(tell: (payment: IncomingPayment) => void) {
    this.#tell = tell;
  }

  /** All that ever came in, in units. */
  get total(): bigint {
    return this.#total;
  }

  /** How many packets of money ever came in. */
  get packets(): number {
    return this.#packets;
  }

  /** Counts one packet. */
  add({ connectionId, tag, amount }: IncomingMoney): void {
    this.#total += amount;
    this.#packets += 1;
    const running = this.#running.get(connectionId);
    clearTimeout(running?.timer);
    const timer = setTimeout(() => {
      this.#finish(connectionId, tag);
    }, QUIET_MS);
    this.#running.set(connectionId, {
      amount: (running?.amount ?? 0n) + amount,
      packets: (running?.packets ?? 0) + 1,
      timer,
    });
  }

  /** Tells what has not been told yet. */
  flush(): void {
    for (const connectionId of [...this.#running.keys()]) this.#finish(connectionId, undefined);
  }

  #finish(connectionId: string, tag: string | undefined): void {
    const running = this.#running.get(connectionId);
    if (running === undefined) return;
    clearTimeout(running.timer);
    this.#running.delete(connectionId);
    this.#tell({ connectionId, tag, amount: running.amount, packets: running.packets });
  }
}
