import type { EventEmitter } from 'eventemitter3';
import type { Account } from '../account/account.js';
import type { BackoffPolicy } from '../backoff.js';
import type { Clock, Logger, RandomBytes } from '../environment.js';
import { ConnectorError, messageOf } from '../errors.js';
import type { ConnectorEvents } from '../events.js';
import type { SettlementPolicy } from '../ledger/settlement-policy.js';
import type { CreditResult, LedgerStore, OutgoingSettlement } from '../ledger/ledger-store.js';
import { notify } from '../notify.js';
import {
  SettlementEngineClient,
  SettlementEngineError,
  type EngineReply,
  type Fetch,
} from './engine-client.js';
import { sendSettleMessage, type MessageReply } from './messages.js';
import type { Quantity } from './quantity.js';
import { retry } from './retry.js';

/** RFC 0038 "Retry behavior": never more than an hour between two attempts. */
const SETTLEMENT_BACKOFF: BackoffPolicy = { firstMs: 1000, maxMs: 60 * 60 * 1000 };
const ACCOUNT_BACKOFF: BackoffPolicy = { firstMs: 1000, maxMs: 60_000 };
/** An engine that is gone for good must not keep an account from being removed. */
const DELETE_ATTEMPTS = 5;

/** What settling needs from the connector. */
export interface SettlementOptions {
  readonly store: LedgerStore;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  readonly events: EventEmitter<ConnectorEvents>;
}

interface Engine {
  readonly account: Account;
  readonly client: SettlementEngineClient;
  readonly stop: AbortController;
  /** Whether the account is settled on time already. */
  isTimed: boolean;
}

/** What an operator and a settlement engine may do. */
export type SettlementControl = Pick<Settlement, 'settle' | 'credit' | 'sendMessage' | 'outbox'>;

/**
 * The accounting system of RFC 0038: tells engines of accounts and settlements, and books what engines received. A settlement
 * has left the account and is in the store's outbox before the engine hears of it, and stays there until the engine
 * acknowledges it. It is never booked back.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #engines = new Map<string, Engine>();
  /** Keys that are being told to an engine. */
  readonly #sending = new Set<string>();
  readonly #stopListening: (() => void) | undefined;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#stopListening = options.store.onUnsent?.((settlement) => {
      this.start(settlement);
    });
  }

  /** Tells the engine of an account. */
  addAccount(account: Account): void {
    const { settlement } = account.settings;
    if (settlement === undefined) return;
    const { clock, fetch } = this.#options;
    const client = new SettlementEngineClient({
      account: account.id,
      engineUrl: settlement.engineUrl,
      engineToken: settlement.engineToken,
      fetch,
      clock,
    });
    const engine = { account, client, stop: new AbortController(), isTimed: false };
    this.#engines.set(account.id, engine);
    void this.#createAccount(engine);
  }

  /** Once the account's asset is known: sends what an earlier run left in the outbox, and settles what is due. */
  async resume(account: Account): Promise<void> {
    if (!this.#engines.has(account.id)) return;
    const { store } = this.#options;
    for (const left of await store.outbox(new Set([account.id]))) this.#send(left);
    await this.#settleDue(account, account.settlementPolicy);
    this.#settleRegularly(account);
  }

  /** Tells the engine that an account is gone. What is in the outbox stays there. */
  async removeAccount(id: string): Promise<void> {
    const engine = this.#engines.get(id);
    if (engine === undefined) return;
    this.#engines.delete(id);
    engine.stop.abort();
    await this.#retry('the settlement engine was not told that the account is gone', engine, {
      attempt: (signal) => engine.client.deleteAccount(signal),
      backoff: ACCOUNT_BACKOFF,
      signal: new AbortController().signal,
      maxFailures: DELETE_ATTEMPTS,
    });
  }

  /** Stops all attempts; the outbox keeps what was not acknowledged. */
  stop(): void {
    this.#stopListening?.();
    for (const engine of this.#engines.values()) engine.stop.abort();
    this.#engines.clear();
  }

  /**
   * Settles by hand.
   * @param amount in units of the account, above 0.
   * @throws {@link ConnectorError} `NOT_CONFIGURED` without an engine, `BAD_SETTING` for an amount that is not above 0.
   */
  async settle(id: string, amount: bigint): Promise<OutgoingSettlement> {
    this.#engine(id);
    if (amount <= 0n) {
      throw new ConnectorError('BAD_SETTING', `a settlement of ${amount}, it must be above 0`);
    }
    const { store, clock } = this.#options;
    const settlement = await store.debit(id, amount, clock.now());
    if (settlement === undefined) throw new ConnectorError('BAD_SETTING', 'nothing was settled');
    this.start(settlement);
    return settlement;
  }

  /** Goes on with a settlement that the ledger has just debited. */
  start(settlement: OutgoingSettlement): void {
    notify(this.#options, 'settlementDebited', settlement);
    this.#send(settlement);
  }

  async #settleDue(account: Account, policy: SettlementPolicy | undefined): Promise<void> {
    if (policy === undefined) return;
    const { store, clock } = this.#options;
    const due = await store.debit(account.id, policy, clock.now());
    if (due !== undefined) this.start(due);
  }

  /** Settles on time, until the account goes. */
  #settleRegularly(account: Account): void {
    const { clock, logger } = this.#options;
    const intervalMs = account.settings.settlement?.intervalMs;
    const engine = this.#engines.get(account.id);
    if (intervalMs === undefined || engine === undefined || engine.isTimed) return;
    engine.isTimed = true;
    const settle = (): void => {
      this.#settleDue(account, account.regularSettlementPolicy).catch((error: unknown) => {
        logger.warn('an account was not settled on time', {
          account: account.id,
          error: messageOf(error),
        });
      });
      timer = clock.setTimeout(settle, intervalMs);
    };
    let timer = clock.setTimeout(settle, intervalMs);
    engine.stop.signal.addEventListener('abort', () => {
      clock.clearTimeout(timer);
    });
  }

  /** Tells the engine of a settlement until it acknowledges: one key for all attempts, without end (RFC 0038). */
  #send(settlement: OutgoingSettlement): void {
    const engine = this.#engines.get(settlement.account);
    const scale = engine?.account.asset?.scale;
    if (engine === undefined || scale === undefined || this.#sending.has(settlement.key)) return;
    this.#sending.add(settlement.key);
    const { store } = this.#options;
    void this.#retry('a settlement was not acknowledged', engine, {
      backoff: SETTLEMENT_BACKOFF,
      signal: engine.stop.signal,
      attempt: async (signal) => {
        await settleOrCreate(
          engine.client,
          settlement.key,
          { amount: settlement.amount, scale },
          signal,
        );
        await store.acknowledge(settlement.key);
        notify(this.#options, 'settlementAcknowledged', settlement);
      },
    }).finally(() => this.#sending.delete(settlement.key));
  }

  /**
   * Books what the engine received for an account, once per key (RFC 0038 "Credit incoming settlement").
   * @throws {@link ConnectorError} `NOT_CONFIGURED` for an account without engine; {@link LedgerError} `UNKNOWN_ACCOUNT`
   * while its asset is not known.
   */
  async credit(id: string, key: string, quantity: Quantity): Promise<CreditResult> {
    this.#engine(id);
    const { store, clock } = this.#options;
    const result = await store.credit({ account: id, key, ...quantity, now: clock.now() });
    if (result.type === 'credited' && !result.replayed) {
      notify(this.#options, 'settlementCredited', id, result.credited);
    }
    return result;
  }

  /**
   * Carries a message of our engine to the peer's one (RFC 0038 "Send outgoing message").
   * @throws {@link ConnectorError} `NOT_CONFIGURED`; what the link throws; a decode error for a reply that is none.
   */
  async sendMessage(id: string, message: Uint8Array): Promise<MessageReply> {
    return sendSettleMessage(this.#engine(id).account, message, this.#options.clock);
  }

  /** Hands a message of the peer's engine to ours; undefined without engine. */
  async deliverMessage(id: string, message: Uint8Array): Promise<EngineReply | undefined> {
    const engine = this.#engines.get(id);
    return engine?.client.deliverMessage(message, engine.stop.signal);
  }

  /** Settlements that their engines have not acknowledged, oldest first. */
  async outbox(): Promise<readonly OutgoingSettlement[]> {
    return this.#options.store.outbox(new Set(this.#engines.keys()));
  }

  #engine(id: string): Engine {
    const engine = this.#engines.get(id);
    if (engine === undefined) {
      throw new ConnectorError('NOT_CONFIGURED', `account ${id} has no settlement engine`);
    }
    return engine;
  }

  #createAccount(engine: Engine): Promise<boolean> {
    return this.#retry('the settlement engine does not know the account yet', engine, {
      attempt: (signal) => engine.client.createAccount(signal),
      backoff: ACCOUNT_BACKOFF,
      signal: engine.stop.signal,
    });
  }

  #retry(
    message: string,
    engine: Engine,
    options: {
      readonly attempt: (signal: AbortSignal) => Promise<void>;
      readonly backoff: BackoffPolicy;
      readonly signal: AbortSignal;
      readonly maxFailures?: number;
    },
  ): Promise<boolean> {
    const { clock, randomBytes, logger } = this.#options;
    const { attempt, ...rest } = options;
    return retry(() => attempt(options.signal), {
      clock,
      randomBytes,
      onFailure: (error, failures) => {
        logger.warn(message, { account: engine.account.id, failures, error: messageOf(error) });
      },
      ...rest,
    });
  }
}

/** An engine that lost its memory is told of the account again. */
async function settleOrCreate(
  client: SettlementEngineClient,
  key: string,
  quantity: Quantity,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.settle(key, quantity, signal);
  } catch (error) {
    if (error instanceof SettlementEngineError && error.status === 404) {
      await client.createAccount(signal);
      await client.settle(key, quantity, signal);
      return;
    }
    throw error;
  }
}
