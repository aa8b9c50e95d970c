/** What the peers wrote down, read after the run. Packets are kept as numbers by life: there are millions of them. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What a peer's journal says: one line for each fact, written before anybody hears of it. */
export type JournalLine =
  /** The peer sends a packet. */
  | `s ${string} ${bigint}`
  /** It got the fulfillment. */
  | `f ${string}`
  /** It was told that the packet failed, at a time in milliseconds since 1970. */
  | `x ${string} ${number}`
  /** It fulfilled a packet of the other's, of an amount in its own units. */
  | `r ${string} ${bigint}`
  /** It begins a new life. If the kill cut the last line off, this stands at its end: nobody had heard of that fact. */
  | typeof NEW_LIFE;

/** Stands at the end of a line only if that line was cut off. */
export const NEW_LIFE = ' life';

/** What is known of a packet. */
export interface SoakFate {
  readonly name: string;
  readonly sent: bigint;
  readonly received: bigint;
  readonly isFulfilled: boolean;
  /** When the sender was told that it failed; undefined if it was told nothing, or the good news. */
  readonly failedAt: number | undefined;
}

/** The packets that one peer sent, from its journal and the other's. */
export class SoakDirection {
  readonly #lives = new Map<string, Life>();
  /** Lines that contradict others, in words. */
  readonly faults: string[] = [];

  /** @param sender, receiver the journals' paths. */
  static async read(sender: string, receiver: string): Promise<SoakDirection> {
    const direction = new SoakDirection();
    for await (const line of linesOf(sender)) direction.#take(line, 'sfx');
    for await (const line of linesOf(receiver)) direction.#take(line, 'r');
    return direction;
  }

  *fates(): Generator<SoakFate> {
    for (const [prefix, life] of this.#lives) yield* life.fates(prefix);
  }

  #take(line: string, kinds: string): void {
    if (line.endsWith(NEW_LIFE)) return;
    const [kind = '', name = '', number = '0'] = line.split(' ');
    if (!kinds.includes(kind)) return;
    const end = name.lastIndexOf('-');
    const prefix = name.slice(0, end);
    let life = this.#lives.get(prefix);
    if (life === undefined) this.#lives.set(prefix, (life = new Life()));
    const problem = life.take(kind, Number(name.slice(end + 1)), Number(number));
    if (problem !== undefined) this.faults.push(`${name}: ${problem}`);
  }
}

/** Packets of one life of a peer. Amounts and times are below 2^53 here. */
class Life {
  readonly #sent: number[] = [];
  readonly #received: number[] = [];
  readonly #fulfilled: boolean[] = [];
  readonly #failedAt: number[] = [];

  take(kind: string, index: number, number: number): string | undefined {
    if (kind !== 's' && this.#sent[index] === undefined) return 'nobody sent it';
    switch (kind) {
      case 's':
        this.#sent[index] = number;
        return undefined;
      case 'f':
        this.#fulfilled[index] = true;
        return undefined;
      case 'x':
        this.#failedAt[index] = number;
        return undefined;
      default: {
        const before = this.#received[index];
        this.#received[index] = (before ?? 0) + number;
        return before === undefined ? undefined : 'it was delivered twice';
      }
    }
  }

  *fates(prefix: string): Generator<SoakFate> {
    for (let i = 0; i < this.#sent.length; i++) {
      const sent = this.#sent[i];
      if (sent === undefined) continue;
      yield {
        name: `${prefix}-${i}`,
        sent: BigInt(sent),
        received: BigInt(this.#received[i] ?? 0),
        isFulfilled: this.#fulfilled[i] === true,
        failedAt: this.#failedAt[i],
      };
    }
  }
}

function linesOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path), crlfDelay: Infinity });
}
