/** The packets that every contender carries, and a peer that fulfils them. */
import { conditionOf, encodeFulfill, encodePrepare } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';

/** Different packets that take turns: more than are ever in flight, so that none looks like a packet sent twice. */
const COUNT = 4096;
/** What a STREAM packet with a few frames comes to. */
const DATA_LENGTH = 100;
const LIFETIME_MS = 30_000;
const DESTINATION = parseIlpAddress('g.bob.wallet.3kQ9');

/** Packets to send, and the reply to each. */
export class Traffic {
  readonly #prepares: Uint8Array[] = [];
  readonly #fulfills: Uint8Array[] = [];
  #dataAt = 0;
  #next = 0;
  #sent = 0;

  /** @param amount of every packet. */
  constructor(amount: bigint) {
    const expiresAt = new Date(Date.now() + LIFETIME_MS);
    for (let i = 0; i < COUNT; i++) {
      const fulfillment = new Uint8Array(32).fill(7);
      new DataView(fulfillment.buffer).setUint32(0, i);
      const data = new Uint8Array(DATA_LENGTH);
      new DataView(data.buffer).setUint32(0, i);
      const prepare = encodePrepare({
        amount,
        expiresAt,
        executionCondition: conditionOf(fulfillment),
        destination: DESTINATION,
        data,
      });
      this.#dataAt = prepare.length - DATA_LENGTH;
      this.#prepares.push(prepare);
      this.#fulfills.push(encodeFulfill({ fulfillment, data: new Uint8Array(0) }));
    }
  }

  /** The next packet, in bytes of its own: connectors write into them. Its data is new: a peer remembers what it saw. */
  next(): Uint8Array {
    this.#next = (this.#next + 1) % COUNT;
    const prepare = (this.#prepares[this.#next] as Uint8Array).slice();
    const serial = ++this.#sent;
    const at = this.#dataAt + 4;
    prepare[at] = serial >>> 24;
    prepare[at + 1] = serial >>> 16;
    prepare[at + 2] = serial >>> 8;
    prepare[at + 3] = serial;
    return prepare;
  }

  /** The Fulfill of a packet, whose number stands in its data. */
  answer(prepare: Uint8Array): Uint8Array {
    const at = this.#dataAt;
    const index = ((prepare[at + 2] as number) << 8) | (prepare[at + 3] as number);
    return this.#fulfills[index] as Uint8Array;
  }

  /** Makes packets whose expiry is ahead again. To be called between rounds, a round must be shorter than their life. */
  renew(): void {
    const expiresAt = timestamp(Date.now() + LIFETIME_MS);
    for (const prepare of this.#prepares) prepare.set(expiresAt, prepare.length - expiryFromEnd());
  }
}

const CONDITION_LENGTH = 32;
const TIMESTAMP_LENGTH = 17;

/** How far before the end the expiry starts: behind it stand the condition, and destination and data with their lengths. */
function expiryFromEnd(): number {
  return TIMESTAMP_LENGTH + CONDITION_LENGTH + 1 + DESTINATION.length + 1 + DATA_LENGTH;
}

function timestamp(at: number): Uint8Array {
  return new TextEncoder().encode(new Date(at).toISOString().replace(/[^0-9]/gu, ''));
}

/** Keeps `inFlight` packets under way until `total` have their reply; fails at the first that is no Fulfill. */
export async function drive(
  traffic: Traffic,
  total: number,
  inFlight: number,
  send: (prepare: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const reply = await send(traffic.next());
      if (reply[0] !== 13)
        throw new Error(`not a Fulfill: ${Buffer.from(reply).toString('latin1')}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}
