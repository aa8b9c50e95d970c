import type { Clock, Logger } from '../../../environment.js';
import { messageOf } from '../../../errors.js';
import type { GroupAnswer, GroupRequest } from '../../../group/process-group.js';
import { LinkError, sentOf, type Sent } from '../../../links/link.js';

/** What asking other processes needs. */
export interface QuestionsOptions {
  readonly processId: string;
  /** Puts a message on another process's channel. Resolves to how many listen there. */
  readonly publish: (process: string, message: string) => Promise<number>;
  readonly isUp: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Pending {
  readonly resolve: (octets: Uint8Array) => void;
  readonly reject: (error: LinkError) => void;
  readonly timer: unknown;
}

/** Questions to other processes that wait for an answer, and the answers to theirs. Each is told once and may get lost. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #answers = new Map<string, GroupAnswer>();
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  answer(topic: string, answer: GroupAnswer): void {
    this.#answers.set(topic, answer);
  }

  ask(process: string, request: GroupRequest, deadline: number): Promise<Uint8Array> {
    const { processId, clock, isUp, publish } = this.#options;
    const { topic, account, octets } = request;
    if (!isUp()) return Promise.reject(notConnected('there is no connection to Redis'));
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      const timer = clock.setTimeout(
        () => {
          this.#end(id)?.reject(
            new LinkError('TIMEOUT', 'unknown', 'another process did not answer'),
          );
        },
        Math.max(0, deadline - clock.now()),
      );
      this.#pending.set(id, { resolve, reject, timer });
      const message = ['ask', id, processId, topic, account, deadline, toBase64(octets)];
      publish(process, JSON.stringify(message)).then(
        (listeners) => {
          if (listeners === 0) this.#end(id)?.reject(notConnected('the process is not there'));
        },
        (error: unknown) => {
          this.#end(id)?.reject(new LinkError('CONNECTION_LOST', 'unknown', messageOf(error)));
        },
      );
    });
  }

  /** Takes a message that another process sent. */
  handle(kind: string, rest: readonly unknown[]): void {
    switch (kind) {
      case 'ask':
        void this.#answer(rest as unknown as Asked);
        return;
      case 'reply': {
        const [id, octets] = rest as [number, string];
        this.#end(id)?.resolve(fromBase64(octets));
        return;
      }
      case 'failure': {
        const [id, sent, message] = rest as [number, Sent, string];
        const code = sent === 'no' ? 'NOT_CONNECTED' : 'CONNECTION_LOST';
        this.#end(id)?.reject(new LinkError(code, sent, message));
        return;
      }
    }
  }

  close(): void {
    for (const id of this.#pending.keys()) {
      this.#end(id)?.reject(new LinkError('CLOSED', 'unknown', 'this process ends'));
    }
  }

  async #answer([id, from, topic, account, deadline, octets]: Asked): Promise<void> {
    const { publish, logger } = this.#options;
    let message: readonly unknown[];
    try {
      const answer = this.#answers.get(topic);
      if (answer === undefined) throw notConnected(`nobody answers questions of ${topic}`);
      message = ['reply', id, toBase64(await answer(account, fromBase64(octets), deadline))];
    } catch (error) {
      message = ['failure', id, sentOf(error), messageOf(error)];
    }
    try {
      await publish(from, JSON.stringify(message));
    } catch (error) {
      logger.warn('an answer did not reach the process that asked', { error: messageOf(error) });
    }
  }

  #end(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#options.clock.clearTimeout(pending.timer);
    return pending;
  }
}

type Asked = readonly [
  id: number,
  from: string,
  topic: string,
  account: string,
  deadline: number,
  octets: string,
];

function notConnected(message: string): LinkError {
  return new LinkError('NOT_CONNECTED', 'no', message);
}

function toBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
