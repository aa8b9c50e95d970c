import type { AuditedPacket, AuditedPlace } from '@pennyswitch/testkit';
import type { IlpPrepare } from '@pennyswitch/ilp-packet';

/** Beyond it an end does not send any more, it spins. */
const MAX_PACKETS = 6_000;
/** A packet may live so long, in milliseconds: the most that a sender asks for. */
const MAX_LIFETIME_MS = 60_000;
/** So many temporary errors in one second are those of one window of packets; more come from a sender that does not wait. */
const MAX_FAILURES = 150;

/** Checks everything that an end sends, at the place next to it, and remembers the first thing that is wrong. */
export class PacketBooks {
  packets = 0;
  fault: string | undefined;
  /** When the last of them were sent. */
  readonly #failures: number[] = [];
  readonly #conditions = new Set<string>();
  readonly #vectors = new Set<string>();

  constructor(place: AuditedPlace) {
    place.onSent = (packet, prepare) => this.#handleSent(packet, prepare);
    place.onAnswered = (packet) => this.#handleAnswered(packet);
  }

  #handleSent(
    { condition, expiresAt, sentAt }: AuditedPacket,
    { data }: IlpPrepare,
  ): 'pass' | 'lose' {
    this.packets++;
    // Two packets under one initialization vector, or with one condition, give the key or the money away.
    this.#check(this.#conditions, condition, 'a condition is used twice');
    const vector = String.fromCharCode(...data.subarray(0, 12));
    this.#check(this.#vectors, vector, 'an initialization vector is used twice');
    const lifetime = expiresAt - sentAt;
    if (lifetime <= 0 || lifetime > MAX_LIFETIME_MS) this.#fail(`a packet lives ${lifetime} ms`);
    if (this.packets < MAX_PACKETS) return 'pass';
    this.#fail(`${MAX_PACKETS} packets are sent, and there is no end`);
    // An answer at once to an end that spins would let time stand still.
    return 'lose';
  }

  #handleAnswered({ code, sentAt }: AuditedPacket): void {
    // Lack of liquidity makes itself felt one burst late, and is told to all of it.
    if (code?.startsWith('T') !== true || code === 'T04') return;
    this.#failures.push(sentAt);
    if (this.#failures.length <= MAX_FAILURES) return;
    const first = this.#failures.shift() ?? sentAt;
    if (sentAt < first + 1_000) this.#fail(`${MAX_FAILURES} packets fail within a second`);
  }

  #check(known: Set<string>, bytes: string, fault: string): void {
    const { size } = known;
    known.add(bytes);
    if (known.size === size) this.#fail(fault);
  }

  #fail(fault: string): void {
    this.fault ??= fault;
  }
}
