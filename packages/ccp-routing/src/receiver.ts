import { backoffMs } from './backoff.js';
import { encodeRouteControlRequest } from './control-request.js';
import type { CcpPolicy } from './policy.js';
import { NO_TABLE, type RoutingTableId } from './table-id.js';
import type { AnnouncedRoute, RouteUpdateRequest } from './update-request.js';

/** Of the time that routes hold, the part after which a silent peer is asked. */
const ASK_AFTER = 0.75;

/** Where a receiver puts what it hears. */
export interface ReceiverOptions {
  readonly policy: CcpPolicy;
  /** The peer offers a route, new or changed. */
  readonly add: (route: AnnouncedRoute, generation: number) => void;
  /** The peer no longer offers one. */
  readonly withdraw: (prefix: string) => void;
  /** Everything older than this generation goes; all, if it is undefined. */
  readonly sweep: (generation: number | undefined) => void;
}

/** What became of an update: applied, passed over as older than what we have, or refused as it leaves a gap. */
export type UpdateOutcome = 'accepted' | 'old' | 'gap';

/** What a receiver is doing, for people. */
export interface ReceiverStatus {
  readonly routingTableId: RoutingTableId;
  /** The first epoch that is missing. */
  readonly epoch: number;
  /** Whether everything that the peer had at its last update is here. */
  readonly isComplete: boolean;
  /** When the routes expire unless the peer is heard of, in milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** How often it was asked since the last update that was accepted. */
  readonly attempts: number;
}

/**
 * Takes one peer's routes: asks for them, applies updates in the order of their epochs, asks again where one is missing, and
 * lets go of them when the peer is silent for too long.
 */
export class CcpReceiver {
  readonly #options: ReceiverOptions;
  #isConnected = false;
  #tableId: RoutingTableId = NO_TABLE;
  #epoch = 0;
  #generation = 0;
  /** Routes of an older table are still here. */
  #hasOlder = false;
  #isComplete = false;
  #expiresAt: number | undefined;
  #askAt: number | undefined;
  #lastAskedAt = 0;
  #attempts = 0;
  #timeoutAt: number | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  get status(): ReceiverStatus {
    return {
      routingTableId: this.#tableId,
      epoch: this.#epoch,
      isComplete: this.#isComplete,
      expiresAt: this.#expiresAt,
      attempts: this.#attempts,
    };
  }

  handleConnected(now: number): void {
    this.#isConnected = true;
    this.#attempts = 0;
    this.#askAt = now;
    this.#timeoutAt = undefined;
  }

  /** What came over the link is gone with it. */
  handleDisconnected(): void {
    this.#isConnected = false;
    this.#askAt = undefined;
    this.#timeoutAt = undefined;
    this.#forget();
  }

  /** The rules by which routes are taken have changed: all are wanted again; until they are here, those that are stay. */
  handleRulesChanged(now: number): void {
    this.#tableId = NO_TABLE;
    this.#epoch = 0;
    this.#isComplete = false;
    if (this.#isConnected) this.handleConnected(now);
  }

  handleUpdate(update: RouteUpdateRequest, now: number): UpdateOutcome {
    const isNewTable = update.routingTableId !== this.#tableId;
    if (update.fromEpochIndex > (isNewTable ? 0 : this.#epoch)) {
      this.#askSoon(now);
      return 'gap';
    }
    if (isNewTable) this.#openTable(update.routingTableId);
    else if (update.toEpochIndex < this.#epoch) return 'old';
    for (const prefix of update.withdrawnRoutes) this.#options.withdraw(prefix);
    for (const route of update.newRoutes) this.#options.add(route, this.#generation);
    this.#epoch = update.toEpochIndex;
    this.#isComplete = update.toEpochIndex === update.currentEpochIndex;
    if (this.#isComplete && this.#hasOlder) {
      this.#hasOlder = false;
      this.#options.sweep(this.#generation);
    }
    this.#renew(Math.max(update.holdDownTimeMs, this.#options.policy.minimumHoldDownMs), now);
    return 'accepted';
  }

  /** The control request to send now, or undefined; lets go of what has expired. */
  poll(now: number): Uint8Array | undefined {
    if (this.#expiresAt !== undefined && now >= this.#expiresAt) {
      this.#forget();
      // A request that is under way asks for what follows on routes that are gone.
      this.#timeoutAt = undefined;
      this.#askSoon(now);
    }
    if (this.#timeoutAt !== undefined && now >= this.#timeoutAt) this.handleReply(false, now);
    if (this.#askAt === undefined || now < this.#askAt) return undefined;
    this.#askAt = undefined;
    this.#lastAskedAt = now;
    this.#attempts += 1;
    this.#timeoutAt = now + this.#options.policy.replyTimeoutMs;
    return encodeRouteControlRequest({
      mode: 'sync',
      lastKnownRoutingTableId: this.#tableId,
      lastKnownEpoch: this.#epoch,
      features: [],
    });
  }

  /** What came of the control request under way. A peer that accepted it but sends nothing is asked again. */
  handleReply(isAccepted: boolean, now: number): void {
    if (this.#timeoutAt === undefined) return;
    this.#timeoutAt = undefined;
    const { policy } = this.#options;
    this.#askAt ??=
      now + (isAccepted ? policy.minimumHoldDownMs : backoffMs(this.#attempts, policy));
  }

  /** When {@link poll} may have something; undefined: not before something happens. */
  deadline(): number | undefined {
    const times = [this.#askAt, this.#timeoutAt, this.#expiresAt];
    const known = times.filter((time) => time !== undefined);
    return this.#isConnected && known.length > 0 ? Math.min(...known) : undefined;
  }

  #openTable(id: RoutingTableId): void {
    this.#tableId = id;
    this.#epoch = 0;
    this.#generation += 1;
    this.#hasOlder = true;
  }

  #renew(holdMs: number, now: number): void {
    this.#attempts = 0;
    this.#expiresAt = now + holdMs;
    // A peer that fell silent may only have forgotten that we are here.
    this.#askAt = now + holdMs * ASK_AFTER;
  }

  #askSoon(now: number): void {
    if (this.#timeoutAt !== undefined) return;
    const soon = Math.max(now, this.#lastAskedAt + backoffMs(this.#attempts, this.#options.policy));
    this.#askAt = Math.min(this.#askAt ?? Infinity, soon);
  }

  #forget(): void {
    this.#tableId = NO_TABLE;
    this.#epoch = 0;
    this.#hasOlder = false;
    this.#isComplete = false;
    this.#expiresAt = undefined;
    this.#options.sweep(undefined);
  }
}
