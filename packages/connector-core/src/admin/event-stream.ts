import type { Connector } from '../connector.js';
import type { Clock } from '../environment.js';
import { toJson } from '../http/json.js';
import type { ConnectorEvents } from '../events.js';
import type { PacketResult } from '../pipeline/forwarder.js';
import { traceIdOf } from '../pipeline/trace-id.js';

/** The numbers of event streams. */
export interface EventStreamLimits {
  /** Streams at a time; more get 503. Default 16. */
  readonly maxStreams: number;
  /** Events that wait for one reader; the oldest are dropped beyond it, and the reader is told how many. Default 1000. */
  readonly maxQueued: number;
  /** A comment is sent after so long without an event, so that proxies keep the connection. Default 15 000. */
  readonly keepAliveMs: number;
}

export const DEFAULT_EVENT_LIMITS: EventStreamLimits = {
  maxStreams: 16,
  maxQueued: 1000,
  keepAliveMs: 15_000,
};

/** What each event says. Packets are told only to who asks for them: there may be thousands in a second. */
const FIELDS: {
  readonly [Name in keyof ConnectorEvents]: (...args: Parameters<ConnectorEvents[Name]>) => object;
} = {
  address: (address) => ({ address }),
  accountAdded: (account) => ({ account }),
  accountChanged: (account) => ({ account }),
  accountRemoved: (account) => ({ account }),
  link: (account, connected) => ({ account, connected }),
  accountProblem: (account, { code, message }) => ({ account, code, message }),
  routes: () => ({}),
  stopped: () => ({}),
  packet: describePacket,
  settlementDebited: (settlement) => settlement,
  settlementAcknowledged: (settlement) => settlement,
  settlementCredited: (account, amount) => ({ account, amount }),
  lateFulfillment: (late) => late,
  packetLost: (lost) => lost,
};

/** The names of all events. */
export const EVENT_NAMES: readonly (keyof ConnectorEvents)[] = Object.keys(
  FIELDS,
) as (keyof ConnectorEvents)[];

function describePacket(result: PacketResult): object {
  const { packet, to, outgoingAmount, code, reason, repliedAt } = result;
  return {
    id: packet.id,
    trace: traceIdOf(packet),
    from: packet.from?.id,
    to: to?.id,
    destination: packet.prepare.destination,
    amount: packet.amount,
    outgoingAmount,
    code,
    reason,
    tookMs: repliedAt - packet.now,
  };
}

/**
 * What happens in a connector as server-sent events, one stream for each reader. Nothing waits for a reader: one that is too
 * slow loses the oldest events and is told so by an event `dropped`.
 */
export class EventStreams {
  readonly #connector: Connector;
  readonly #clock: Clock;
  readonly #limits: EventStreamLimits;
  readonly #open = new Set<EventStream>();

  constructor(connector: Connector, clock: Clock, limits: Partial<EventStreamLimits> = {}) {
    this.#connector = connector;
    this.#clock = clock;
    this.#limits = { ...DEFAULT_EVENT_LIMITS, ...limits };
    // Later, so that readers hear of it first.
    connector.on('stopped', () => {
      queueMicrotask(() => {
        this.#close();
      });
    });
  }

  /** How many readers there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens a stream of these events; undefined where there are too many streams. */
  open(names: readonly (keyof ConnectorEvents)[]): ReadableStream<Uint8Array> | undefined {
    if (this.#open.size >= this.#limits.maxStreams) return undefined;
    const stream = new EventStream(this.#clock, this.#limits, () => {
      for (const stop of listening) stop();
      this.#open.delete(stream);
    });
    const listening = names.map((name) => this.#listen(name, stream));
    this.#open.add(stream);
    return stream.readable;
  }

  #close(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  #listen(name: keyof ConnectorEvents, stream: EventStream): () => void {
    const describe = FIELDS[name] as (...args: unknown[]) => object;
    const listener = (...args: unknown[]): void => {
      stream.push(name, describe(...args));
    };
    const events = this.#connector as {
      on(name: string, listener: (...args: unknown[]) => void): unknown;
      off(name: string, listener: (...args: unknown[]) => void): unknown;
    };
    events.on(name, listener);
    return () => events.off(name, listener);
  }
}

const encoder = new TextEncoder();

/** One reader: a bounded queue that is emptied as fast as the reader reads. */
class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #clock: Clock;
  readonly #limits: EventStreamLimits;
  readonly #onEnd: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #queue: string[] = [];
  #dropped = 0;
  #lastId = 0;
  #timer: unknown;
  #isOver = false;

  constructor(clock: Clock, limits: EventStreamLimits, onEnd: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onEnd = onEnd;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        // Headers go out with the first bytes: the reader knows at once that it is heard.
        controller.enqueue(encoder.encode(': connected\n\n'));
        this.#rearm();
      },
      pull: () => {
        this.#flush();
      },
      cancel: () => {
        this.#finish();
      },
    });
  }

  push(name: string, fields: object): void {
    this.#lastId += 1;
    const data = JSON.stringify(toJson({ at: this.#clock.now(), ...fields }));
    this.#queue.push(`id: ${this.#lastId}\nevent: ${name}\ndata: ${data}\n\n`);
    if (this.#queue.length > this.#limits.maxQueued) {
      this.#queue.shift();
      this.#dropped += 1;
    }
    this.#flush();
  }

  end(): void {
    if (this.#isOver) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#controller?.enqueue(encoder.encode(next));
    }
    this.#controller?.close();
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#queue = [];
    this.#onEnd();
  }

  /** Hands out what the reader has room for. */
  #flush(): void {
    const controller = this.#controller;
    if (controller === undefined || this.#isOver) return;
    while ((controller.desiredSize ?? 0) > 0) {
      const next = this.#next();
      if (next === undefined) return;
      controller.enqueue(encoder.encode(next));
      this.#rearm();
    }
  }

  #next(): string | undefined {
    if (this.#dropped === 0) return this.#queue.shift();
    const text = `event: dropped\ndata: {"events":${this.#dropped}}\n\n`;
    this.#dropped = 0;
    return text;
  }

  #rearm(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => {
      if ((this.#controller?.desiredSize ?? 0) > 0)
        this.#controller?.enqueue(encoder.encode(':\n\n'));
      this.#rearm();
    }, this.#limits.keepAliveMs);
  }
}
