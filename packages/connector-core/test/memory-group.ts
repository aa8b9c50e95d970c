/** Processes that act as one connector, in one process, for tests on virtual time. */
import type { VirtualClock } from '@pennyswitch/testkit';
import {
  LinkError,
  MemoryTable,
  type GroupAnswer,
  type GroupRequest,
  type Link,
  type ProcessGroup,
  type SharedTable,
} from '../src/index.js';

/** What all of them have in common, and who leads. */
export class MemoryGroup {
  readonly #tables = new Map<string, MemoryTable>();
  readonly #members = new Map<string, Member>();
  leader: string | undefined;

  join(processId: string): Member {
    const member = new Member(processId, this);
    this.#members.set(processId, member);
    return member;
  }

  /** Makes another one lead, or nobody. */
  lead(processId: string | undefined): void {
    this.leader = processId;
    for (const member of this.#members.values()) member.tell();
  }

  /** It is as if it had never been there. */
  remove(processId: string): void {
    this.#members.delete(processId);
  }

  memberOf(processId: string): Member | undefined {
    return this.#members.get(processId);
  }

  table(name: string): MemoryTable {
    const table = this.#tables.get(name) ?? new MemoryTable();
    this.#tables.set(name, table);
    return table;
  }
}

/** One of them. */
export class Member implements ProcessGroup {
  readonly processId: string;
  readonly #group: MemoryGroup;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  readonly #answers = new Map<string, GroupAnswer>();
  #wasLeader = false;

  constructor(processId: string, group: MemoryGroup) {
    this.processId = processId;
    this.#group = group;
    this.#wasLeader = this.isLeader;
  }

  get leader(): string | undefined {
    return this.#group.leader;
  }

  get isLeader(): boolean {
    return this.leader === this.processId;
  }

  tell(): void {
    if (this.isLeader === this.#wasLeader) return;
    this.#wasLeader = this.isLeader;
    for (const listener of this.#listeners) listener(this.isLeader);
  }

  onLead(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  openTable(name: string): Promise<SharedTable> {
    const table = this.#group.table(name);
    return Promise.resolve({
      get size() {
        return table.size;
      },
      get: (key) => table.get(key),
      entries: () => table.entries(),
      onChange: (listener) => table.onChange(listener),
      write: (changes, options = {}) =>
        options.asLeader === true && !this.isLeader
          ? Promise.resolve(false)
          : table.write(changes, options),
    });
  }

  async ask(process: string, { topic, account, octets }: GroupRequest): Promise<Uint8Array> {
    const answer = this.#group.memberOf(process)?.answerTo(topic);
    if (answer === undefined) throw new LinkError('NOT_CONNECTED', 'no', 'nobody is there');
    return answer(account, octets.slice(), Infinity);
  }

  answer(topic: string, answer: GroupAnswer): void {
    this.#answers.set(topic, answer);
  }

  answerTo(topic: string): GroupAnswer | undefined {
    return this.#answers.get(topic);
  }

  isThere(process: string): Promise<boolean> {
    return Promise.resolve(this.#group.memberOf(process) !== undefined);
  }
}

const DELAY_MS = 50;

type Handler = Parameters<Link['setHandler']>[0];

/** The link between a peer and several processes, whose packets a load balancer gives to one after the other. */
export class BalancedLink {
  readonly far: Link;
  readonly #handlers: (Handler | undefined)[] = [];
  #farHandler: Handler | undefined;
  readonly #clock: VirtualClock;
  #turn = 0;

  /** @param clock packets take some milliseconds by it. */
  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.far = this.#link(
      (octets) => {
        const there = this.#handlers.filter((handler) => handler !== undefined);
        const handler = there[this.#turn++ % there.length];
        if (handler === undefined) throw new LinkError('NOT_CONNECTED', 'no', 'nobody is there');
        return handler(octets.slice());
      },
      (handler) => (this.#farHandler = handler),
    );
  }

  /** The end of one process. */
  near(index: number): Link {
    return this.#link(
      (octets) => {
        if (this.#farHandler === undefined) throw new LinkError('NOT_CONNECTED', 'no', 'nobody');
        return this.#farHandler(octets.slice());
      },
      (handler) => (this.#handlers[index] = handler),
    );
  }

  /** The load balancer finds the process dead. */
  drop(index: number): void {
    this.#handlers[index] = undefined;
  }

  #link(
    send: (octets: Uint8Array) => Promise<Uint8Array>,
    setHandler: (handler: Handler) => void,
  ): Link {
    return {
      isConnected: true,
      send: async (octets) => {
        await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, DELAY_MS));
        return send(octets);
      },
      setHandler,
      onConnectionChange: () => () => undefined,
      close: () => Promise.resolve(),
    };
  }
}
