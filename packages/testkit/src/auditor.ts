import {
  decodePrepare,
  isFulfillmentOf,
  PacketType,
  decodeReply,
  type IlpPacketHandler,
  type IlpPrepare,
} from '@pennyswitch/ilp-packet';

/** One packet as it was seen at one place. */
export interface AuditedPacket {
  readonly amount: bigint;
  /** The condition in hexadecimal: the same at every place that the packet passes. */
  readonly condition: string;
  readonly sentAt: number;
  readonly expiresAt: number;
  /** `open` until a reply was seen; `false-fulfill` for a Fulfill that does not match the condition. */
  outcome: 'open' | 'fulfilled' | 'rejected' | 'false-fulfill';
  /** Of a Reject. */
  code?: string;
}

/** What passed one place of a path, written down by reading the bytes. */
export class AuditedPlace {
  readonly packets: AuditedPacket[] = [];
  /** Called with each packet that comes by; what it says is lost goes no further and is never answered. */
  onSent: ((packet: AuditedPacket, prepare: IlpPrepare) => 'pass' | 'lose') | undefined;
  /** Called with each packet that has been answered. */
  onAnswered: ((packet: AuditedPacket) => void) | undefined;

  constructor(readonly name: string) {}

  /** The sum of the packets with this outcome. */
  total(outcome: AuditedPacket['outcome']): bigint {
    return this.packets.reduce(
      (sum, packet) => (packet.outcome === outcome ? sum + packet.amount : sum),
      0n,
    );
  }

  /** The amounts of the fulfilled packets, in the order in which they were sent. */
  fulfilledAmounts(): bigint[] {
    return this.packets.filter(({ outcome }) => outcome === 'fulfilled').map((p) => p.amount);
  }
}

/**
 * Keeps books of its own over a path, from nothing but the bytes that pass the places where it looks, so that what the code
 * under test reports can be compared with what happened.
 */
export class Auditor {
  readonly places: AuditedPlace[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Looks at everything that passes into `handler`. Name the places from the sender to the receiver. */
  watch(
    name: string,
    handler: IlpPacketHandler,
  ): { place: AuditedPlace; handle: IlpPacketHandler } {
    const place = new AuditedPlace(name);
    this.places.push(place);
    const handle: IlpPacketHandler = async (bytes) => {
      const prepare = decodePrepare(bytes);
      const { amount, executionCondition, expiresAt } = prepare;
      const condition = executionCondition.slice();
      const packet: AuditedPacket = {
        amount,
        condition: hex(condition),
        sentAt: this.#now(),
        expiresAt: expiresAt.getTime(),
        outcome: 'open',
      };
      place.packets.push(packet);
      if (place.onSent?.(packet, prepare) === 'lose') return new Promise(() => undefined);
      const answer = await handler(bytes);
      try {
        const reply = decodeReply(answer);
        if (reply.type === PacketType.reject) {
          packet.outcome = 'rejected';
          packet.code = reply.code;
        } else {
          packet.outcome = isFulfillmentOf(reply.fulfillment, condition)
            ? 'fulfilled'
            : 'false-fulfill';
        }
      } catch {
        packet.outcome = 'rejected';
        packet.code = 'unreadable';
      }
      place.onAnswered?.(packet);
      return answer;
    };
    return { place, handle };
  }

  /**
   * Checks that money moved in one direction only: a packet that is fulfilled at one place of the path is fulfilled at the
   * place behind it. `nearest` is the place next to the sender.
   * @returns the first thing that is wrong, or undefined.
   */
  findFault(nearest: AuditedPlace, behind: AuditedPlace): string | undefined {
    const proved = new Set(
      behind.packets.filter((p) => p.outcome === 'fulfilled').map((p) => p.condition),
    );
    const unpaid = nearest.packets.find(
      (p) => p.outcome === 'fulfilled' && !proved.has(p.condition),
    );
    return unpaid === undefined
      ? undefined
      : `a packet of ${unpaid.amount} is fulfilled at ${nearest.name} and not at ${behind.name}`;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
