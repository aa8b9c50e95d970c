import { randomUuid, type Logger, type RandomBytes } from '../../../environment.js';
import { LedgerError, messageOf } from '../../../errors.js';
import type { GroupAnswer, GroupRequest, ProcessGroup } from '../../../group/process-group.js';
import type { SharedTable, TableChanges, WriteOptions } from '../../../group/shared-table.js';
import type { ServerOptions } from '../master.js';
import { GroupConnection } from './group-connection.js';
import { Questions } from './questions.js';
import { RedisTable, type WireChanges } from './redis-table.js';
import { LEAVE_SCRIPT, PULSE_SCRIPT, READ_SCRIPT, WRITE_SCRIPT } from './scripts.js';

/** How a process joins the others. */
export interface GroupOptions extends ServerOptions {
  readonly prefix: string;
  readonly replicas: number;
  /** How long a leader may be silent, in milliseconds, before another one leads. */
  readonly lifetimeMs: number;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
}

/** So many signs of life within a lifetime. */
const PULSES = 5;
/** How long one WAIT waits for replicas, in milliseconds, before it is asked again. */
const WAIT_MS = 100;

/**
 * The processes that have one prefix in Redis. They are told of changes, and ask each other, by Redis's channels; what a channel
 * loses, the version of a table shows at the next sign of life.
 */
export class RedisProcessGroup implements ProcessGroup {
  readonly processId: string;
  readonly #options: GroupOptions;
  readonly #connection: GroupConnection;
  readonly #questions: Questions;
  readonly #tables = new Map<string, RedisTable>();
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  #store: string | undefined;
  #leader: string | undefined;
  /** Until when this process leads if it hears nothing more. */
  #leadsUntil = 0;
  #wasLeader = false;
  #timer: unknown;
  #isPulsing = false;
  /** Signs of life of our own that have not come back. */
  #unheard = 0;
  #isClosed = false;

  private constructor(options: GroupOptions) {
    this.#options = options;
    this.processId = randomUuid(options.randomBytes);
    this.#connection = new GroupConnection({
      ...options,
      channels: [`${options.prefix}:group`, this.#channelOf(this.processId)],
      onMessage: (text) => {
        try {
          this.#handle(text);
        } catch (error) {
          options.logger.warn('a message from another process cannot be read', {
            error: messageOf(error),
          });
        }
      },
      onConnected: () => this.#catchUp(),
    });
    this.#questions = new Questions({
      ...options,
      processId: this.processId,
      publish: async (process, message) =>
        Number(await this.#connection.command(['PUBLISH', this.#channelOf(process), message])),
      isUp: () => this.#connection.isUp,
    });
  }

  /** @throws {@link LedgerError} `STORE_UNAVAILABLE` if no master answers. */
  static async join(options: GroupOptions): Promise<RedisProcessGroup> {
    const group = new RedisProcessGroup(options);
    await group.#connection.connect();
    group.#comeBack();
    return group;
  }

  get leader(): string | undefined {
    return this.#leader === this.processId && !this.isLeader ? undefined : this.#leader;
  }

  get isLeader(): boolean {
    return this.#leader === this.processId && this.#options.clock.now() < this.#leadsUntil;
  }

  onLead(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async openTable(name: string): Promise<SharedTable> {
    const known = this.#tables.get(name);
    const table =
      known ??
      new RedisTable(name, {
        read: () => this.#read(name),
        write: (_, changes, options) => this.#write(name, changes, options),
      });
    this.#tables.set(name, table);
    await table.reload();
    return table;
  }

  ask(process: string, request: GroupRequest, deadline: number): Promise<Uint8Array> {
    return this.#questions.ask(process, request, deadline);
  }

  answer(topic: string, answer: GroupAnswer): void {
    this.#questions.answer(topic, answer);
  }

  async isThere(process: string): Promise<boolean> {
    const channel = this.#channelOf(process);
    const reply = await this.#connection.command(['PUBSUB', 'NUMSUB', channel]);
    return Array.isArray(reply) && Number(reply[1]) > 0;
  }

  /** Leaves the others; if this process led, another one does at once. */
  async leave(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#questions.close();
    await this.#run(LEAVE_SCRIPT, this.processId).catch(() => undefined);
    this.#connection.close();
    this.#see(undefined, 0);
  }

  #channelOf(process: string): string {
    return `${this.#options.prefix}:process:${process}`;
  }

  #handle(text: string): void {
    const [kind, ...rest] = JSON.parse(text) as [string, ...unknown[]];
    switch (kind) {
      case 'table': {
        const [name, version, changes] = rest as [string, number, WireChanges];
        this.#tables.get(name)?.handleChange(version, changes);
        return;
      }
      case 'vacant':
        void this.#pulse();
        return;
      case 'pulse':
        this.#unheard = 0;
        return;
      default:
        this.#questions.handle(kind, rest);
    }
  }

  /** After a connection was made: what was missed meanwhile. */
  async #catchUp(): Promise<void> {
    this.#unheard = 0;
    await this.#beat();
    await Promise.all([...this.#tables.values()].map((table) => table.reload()));
  }

  /** Gives a sign of life, and hears who leads and which versions tables have. */
  async #beat(): Promise<void> {
    const { clock, lifetimeMs } = this.#options;
    const sentAt = clock.now();
    this.#unheard += 1;
    const reply = await this.#run(PULSE_SCRIPT, this.processId, String(lifetimeMs));
    const [leader, versions] = reply as [string, readonly string[]];
    if (this.#isClosed) return;
    this.#see(leader, sentAt + lifetimeMs);
    for (const [name, version] of pairs(versions)) {
      this.#tables.get(name)?.handleVersion(Number(version));
    }
    if (this.#unheard > PULSES) this.#connection.renew('what is published does not arrive');
  }

  async #pulse(): Promise<void> {
    if (this.#isPulsing || this.#isClosed) return;
    this.#isPulsing = true;
    this.#options.clock.clearTimeout(this.#timer);
    try {
      if (this.#connection.isUp) await this.#beat();
    } catch (error) {
      this.#options.logger.debug('no sign of life reached Redis', { error: messageOf(error) });
    } finally {
      this.#isPulsing = false;
      this.#see(this.#leader, this.#leadsUntil);
      this.#comeBack();
    }
  }

  #comeBack(): void {
    if (this.#isClosed) return;
    const { clock, lifetimeMs } = this.#options;
    this.#timer = clock.setTimeout(() => void this.#pulse(), lifetimeMs / PULSES);
  }

  #see(leader: string | undefined, leadsUntil: number): void {
    this.#leader = leader;
    this.#leadsUntil = leadsUntil;
    const isLeader = this.isLeader;
    if (isLeader === this.#wasLeader) return;
    this.#wasLeader = isLeader;
    this.#options.logger.info(
      isLeader ? 'this process speaks for all with peers now' : 'another process speaks for all',
    );
    for (const listener of this.#listeners) listener(isLeader);
  }

  async #read(name: string): Promise<{ version: number; texts: Map<string, string> }> {
    const [version, texts] = await this.#run(READ_SCRIPT, name);
    return { version: Number(version), texts: new Map(pairs(texts as readonly string[])) };
  }

  async #write(name: string, changes: TableChanges, options: WriteOptions): Promise<number> {
    const { expect, asLeader } = options;
    const [version] = await this.#run(
      WRITE_SCRIPT,
      name,
      onWire(changes),
      onWire(expect ?? new Map()),
      asLeader === true ? this.processId : '',
    );
    await this.#waitForReplicas();
    return Number(version);
  }

  async #waitForReplicas(): Promise<void> {
    const { replicas, clock, timeoutMs } = this.#options;
    if (replicas === 0) return;
    const deadline = clock.now() + timeoutMs;
    for (;;) {
      const copies = await this.#connection.command(['WAIT', String(replicas), String(WAIT_MS)]);
      if (Number(copies) >= replicas) return;
      if (clock.now() >= deadline) {
        throw new LedgerError('STORE_UNAVAILABLE', 'too few replicas of Redis have the change');
      }
    }
  }

  /** @returns what the script replies behind the store's id, which must be that of before. */
  async #run(script: string, ...args: readonly string[]): Promise<unknown[]> {
    const command = ['EVAL', script, '1', this.#options.prefix, ...args];
    const [store, ...rest] = (await this.#connection.command(command)) as [string, ...unknown[]];
    this.#store ??= store;
    if (store !== this.#store) {
      this.#leadsUntil = 0;
      throw new LedgerError(
        'STORE_UNREADABLE',
        'Redis has lost the store, or another one is in its place: what is shared stays as it was until this process is restarted',
      );
    }
    return rest;
  }
}

function onWire(changes: TableChanges): string {
  const list: WireChanges = [...changes].map(([key, text]) =>
    text === undefined ? [key] : [key, text],
  );
  return JSON.stringify(list);
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] ?? '',
    flat[2 * i + 1] ?? '',
  ]);
}
