import {
  decodePrepare,
  decodeReply,
  PacketType,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import type { FaultyPacket, LinkFault } from '@pennyswitch/testkit';
import { StreamKeys } from '@pennyswitch/stream';

/** What happened to a packet: on a link, or at a connector. */
export type ScheduleFault = LinkFault | 'too large' | 'no liquidity' | 'rate falls';

/** Which of a packet's two halves a fault concerns: its frames are those that had to bear it. */
const REPLY_FAULTS: ReadonlySet<ScheduleFault> = new Set([
  'lose reply',
  'reorder replies',
  'corrupt reply',
  'strip reply',
  'swap data',
  'swap fulfillment',
]);

/** So many packets of one schedule are looked into for each fault: enough, and cheap. */
const LOOKS = 12;

/** Which fault hit which frames, over many schedules. */
export class FaultCoverage {
  readonly #counts = new Map<ScheduleFault, Map<string, number>>();

  add(fault: ScheduleFault, frame: string, count = 1): void {
    const row = this.#counts.get(fault) ?? new Map<string, number>();
    this.#counts.set(fault, row.set(frame, (row.get(frame) ?? 0) + count));
  }

  isHit(fault: ScheduleFault, frame: string): boolean {
    return (this.#counts.get(fault)?.get(frame) ?? 0) > 0;
  }

  /** Takes in what another one has counted, in {@link toJSON}'s form. */
  merge(other: CoverageCounts): void {
    for (const [fault, row] of Object.entries(other)) {
      for (const [frame, count] of Object.entries(row)) {
        this.add(fault as ScheduleFault, frame, count);
      }
    }
  }

  toJSON(): CoverageCounts {
    return Object.fromEntries(
      [...this.#counts].map(([fault, row]) => [fault, Object.fromEntries(row)]),
    );
  }

  /** The cells of these faults and frames that nothing has hit; empty where all were. */
  holes(faults: readonly ScheduleFault[], frames: readonly string[]): string[] {
    return faults.flatMap((fault) =>
      frames.filter((frame) => !this.isHit(fault, frame)).map((frame) => `${fault} x ${frame}`),
    );
  }

  /** A table to print: a line for each frame, a column for each fault. */
  toString(): string {
    const faults = [...this.#counts.keys()].sort();
    const frames = [
      ...new Set([...this.#counts.values()].flatMap((row) => [...row.keys()])),
    ].sort();
    const width = Math.max(...frames.map((frame) => frame.length)) + 1;
    const head = `${' '.repeat(width)}${faults.map((fault) => fault.padStart(fault.length + 2)).join('')}`;
    const lines = frames.map((frame) => {
      const cells = faults.map((fault) =>
        String(this.#counts.get(fault)?.get(frame) ?? '.').padStart(fault.length + 2),
      );
      return frame.padEnd(width) + cells.join('');
    });
    return [head, ...lines].join('\n');
  }
}

/** Counts by fault and frame. */
export type CoverageCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Watches one schedule: what went wrong, and, where it is given keys, which frames it hit. */
export class FaultLog {
  /** How often each happened. */
  readonly counts: Map<ScheduleFault, number> = new Map();
  readonly #coverage: FaultCoverage;
  #keys: StreamKeys | undefined;

  constructor(coverage: FaultCoverage) {
    this.#coverage = coverage;
  }

  /** Both ends' secret, without which frames cannot be seen. */
  setSecret(sharedSecret: Uint8Array): void {
    this.#keys = new StreamKeys(sharedSecret);
  }

  readonly note = (fault: ScheduleFault, packet: FaultyPacket): void => {
    const count = (this.counts.get(fault) ?? 0) + 1;
    this.counts.set(fault, count);
    if (count > LOOKS || this.#keys === undefined) return;
    const data = dataOf(packet, REPLY_FAULTS.has(fault));
    for (const { type } of this.#keys.open(data)?.frames ?? []) this.#coverage.add(fault, type);
  };

  /** Notes what connectors answer, as the sender hears it. */
  watch(handler: IlpPacketHandler): IlpPacketHandler {
    return async (prepare) => {
      const reply = await handler(prepare);
      const code = codeOf(reply);
      if (code === 'F08') this.note('too large', { prepare });
      else if (code === 'T04') this.note('no liquidity', { prepare });
      return reply;
    };
  }
}

function dataOf({ prepare, reply }: FaultyPacket, isReply: boolean): Uint8Array {
  return isReply && reply !== undefined ? decodeReply(reply).data : decodePrepare(prepare).data;
}

/** Of a Reject, without reading more than its head; undefined for anything else. */
function codeOf(reply: Uint8Array): string | undefined {
  if (reply[0] !== PacketType.reject) return undefined;
  const length = reply[1] ?? 0;
  const start = length < 128 ? 2 : 2 + (length - 128);
  return String.fromCharCode(...reply.subarray(start, start + 3));
}
