import { sizeOfVarOctets } from '@pennyswitch/oer-codec';
import { backoffMs } from './backoff.js';
import type { BroadcastLog } from './broadcast-log.js';
import type { RouteControlMode, RouteControlRequest } from './control-request.js';
import type { CcpPolicy } from './policy.js';
import type { RouteEntry } from './route.js';
import { NO_TABLE, type RoutingTableId } from './table-id.js';
import {
  encodeRouteUpdateRequest,
  sizeOfRoute,
  sizeOfUpdateHead,
  type AnnouncedRoute,
} from './update-request.js';

/** What a sender needs of its node. */
export interface SenderOptions {
  readonly policy: CcpPolicy;
  readonly log: BroadcastLog;
  /** Our address; undefined while we have none, and send nothing. */
  readonly speaker: () => string | undefined;
  /** The id of the log's numbers. */
  readonly tableId: () => RoutingTableId;
  readonly drawTableId: () => RoutingTableId;
  /** This sender's own bit in a route's `tellers`; 0 where it has none, and cannot know what it told. */
  readonly bit: number;
  /** The route as this peer is told it, or undefined for one that it is not told. */
  readonly announce: (entry: RouteEntry) => AnnouncedRoute | undefined;
}

/** What a sender is doing, for people. */
export interface SenderStatus {
  readonly mode: RouteControlMode;
  readonly routingTableId: RoutingTableId;
  /** The first epoch that the peer does not have yet. */
  readonly nextEpoch: number;
  readonly currentEpoch: number;
  /** When the last update left, in milliseconds since 1970. */
  readonly lastSentAt: number | undefined;
  /** How many attempts since then were not accepted. */
  readonly failedAttempts: number;
}

/**
 * Tells one peer our routes, from the moment that it asks: what changed since the epoch that it has, as soon as may be,
 * and an empty update from time to time. One update is under way at a time; one that is not accepted is made anew and sent
 * again, later each time.
 */
export class CcpSender {
  readonly #options: SenderOptions;
  #isConnected = false;
  #mode: RouteControlMode = 'idle';
  #nextEpoch = 0;
  /** Set where this peer alone needs numbers that it never heard. */
  #ownTableId: RoutingTableId | undefined;
  /** Whether the peer may have routes of ours that this sender never told it. */
  #mayKnowMore = true;
  /** From where on the log was complete when the peer was last told everything. */
  #completeFrom = 0;
  #underWay: { readonly toEpoch: number; readonly timeoutAt: number } | undefined;
  #lastSentAt: number | undefined;
  #failedAttempts = 0;
  /** Nothing leaves before, unless it is 0. */
  #retryAt = 0;
  /** The peer asked and has had no answer yet. */
  #isAsked = false;
  /** The last update had no room for everything. */
  #isCatchingUp = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get status(): SenderStatus {
    return {
      mode: this.#mode,
      routingTableId: this.#tableId,
      nextEpoch: this.#nextEpoch,
      currentEpoch: this.#options.log.currentEpoch,
      lastSentAt: this.#lastSentAt,
      failedAttempts: this.#failedAttempts,
    };
  }

  get #tableId(): RoutingTableId {
    return this.#ownTableId ?? this.#options.tableId();
  }

  handleConnected(): void {
    this.#isConnected = true;
    this.#failedAttempts = 0;
    this.#retryAt = 0;
  }

  /** What the peer wanted still holds: a deployed peer may not ask again when the link is back. */
  handleDisconnected(): void {
    this.#isConnected = false;
    this.#underWay = undefined;
  }

  /** The peer says what it has and what it wants. */
  handleControl(request: RouteControlRequest): void {
    const { mode, lastKnownRoutingTableId, lastKnownEpoch } = request;
    const { log } = this.#options;
    this.#mode = mode;
    this.#underWay = undefined;
    this.#isAsked = true;
    // Who asks again and again gets no more than one update in each interval.
    this.#isCatchingUp = false;
    this.#failedAttempts = 0;
    this.#retryAt = 0;
    const isOurs = lastKnownRoutingTableId === this.#tableId;
    if (!isOurs) {
      this.#mayKnowMore = lastKnownRoutingTableId !== NO_TABLE;
      this.#begin();
    } else if (lastKnownEpoch > log.currentEpoch || lastKnownEpoch < log.completeFrom) {
      // A peer that missed a withdrawal which nobody remembers, or comes from the future, has to begin again.
      this.#beginAnew();
    } else {
      this.#nextEpoch = lastKnownEpoch;
    }
  }

  /** What this peer is told has changed: it is told everything anew, under a table id of its own. */
  handleRulesChanged(): void {
    this.#beginAnew();
    this.#underWay = undefined;
    this.#retryAt = 0;
    this.#isAsked = true;
  }

  /** The log has new numbers and a new id. */
  handleRenumbered(): void {
    this.#ownTableId = undefined;
    this.#begin();
    this.#underWay = undefined;
  }

  /** The update to send now, or undefined. Once given out it is under way until {@link handleReply} or its time-out. */
  poll(now: number): Uint8Array | undefined {
    const { policy } = this.#options;
    const speaker = this.#options.speaker();
    if (speaker === undefined || now < (this.deadline() ?? Infinity)) return undefined;
    if (this.#underWay !== undefined) {
      this.#fail(now);
      return this.poll(now);
    }
    // A withdrawal that this peer has not heard was forgotten meanwhile.
    if (this.#options.log.completeFrom > Math.max(this.#nextEpoch, this.#completeFrom)) {
      this.#beginAnew();
    }
    const { data, toEpoch } = this.#compose(speaker);
    this.#underWay = { toEpoch, timeoutAt: now + policy.replyTimeoutMs };
    this.#lastSentAt = now;
    this.#isAsked = false;
    this.#isCatchingUp = toEpoch < this.#options.log.currentEpoch;
    return data;
  }

  /** What came of the update under way. */
  handleReply(isAccepted: boolean, now: number): void {
    if (this.#underWay === undefined) return;
    if (!isAccepted) {
      this.#fail(now);
      return;
    }
    this.#nextEpoch = this.#underWay.toEpoch;
    this.#underWay = undefined;
    this.#failedAttempts = 0;
    this.#retryAt = 0;
  }

  /** When {@link poll} may have something; undefined: not before something happens. */
  deadline(): number | undefined {
    const { policy, log, speaker } = this.#options;
    if (!this.#isConnected || this.#mode === 'idle' || speaker() === undefined) return undefined;
    if (this.#underWay !== undefined) return this.#underWay.timeoutAt;
    if (this.#retryAt !== 0) return this.#retryAt;
    if (this.#lastSentAt === undefined) return 0;
    const isBehind = this.#nextEpoch < log.currentEpoch;
    if (isBehind && this.#isCatchingUp) return this.#lastSentAt;
    return (
      this.#lastSentAt +
      (isBehind || this.#isAsked ? policy.minimumUpdateIntervalMs : policy.heartbeatMs)
    );
  }

  /** The peer is told everything from the start. */
  #begin(): void {
    this.#nextEpoch = 0;
    this.#completeFrom = this.#options.log.completeFrom;
  }

  /** The same under a table id of its own: what the peer has of the old one and is not told now, goes. */
  #beginAnew(): void {
    this.#ownTableId = this.#options.drawTableId();
    this.#begin();
  }

  #fail(now: number): void {
    this.#underWay = undefined;
    this.#failedAttempts += 1;
    this.#retryAt = now + backoffMs(this.#failedAttempts, this.#options.policy);
  }

  /** Whether the peer may have a route to this prefix from us. */
  #mayKnow(entry: RouteEntry): boolean {
    const { bit } = this.#options;
    return this.#mayKnowMore || bit === 0 || (entry.tellers & bit) !== 0;
  }

  #compose(speaker: string): { data: Uint8Array; toEpoch: number } {
    const { policy, log, bit } = this.#options;
    const newRoutes: AnnouncedRoute[] = [];
    const withdrawnRoutes: string[] = [];
    let toEpoch = log.currentEpoch;
    let room = policy.maxUpdateBytes - sizeOfUpdateHead(speaker);
    const wholeRoom = room;
    for (const entry of log.since(this.#nextEpoch)) {
      const epoch = entry.epoch as number;
      const told = this.#options.announce(entry);
      const size = told === undefined ? 0 : sizeOfRoute(told.prefix, told.path);
      // What fits no packet cannot be told.
      const route = size > wholeRoom ? undefined : told;
      if (route === undefined && !this.#mayKnow(entry)) continue;
      const needed = route === undefined ? sizeOfVarOctets(entry.prefix.length) : size;
      const isFull = newRoutes.length + withdrawnRoutes.length === policy.maxEpochsPerUpdate;
      if (isFull || needed > room) {
        toEpoch = epoch;
        break;
      }
      room -= needed;
      if (route === undefined) withdrawnRoutes.push(entry.prefix);
      else {
        newRoutes.push(route);
        entry.tellers |= bit;
      }
    }
    const data = encodeRouteUpdateRequest({
      routingTableId: this.#tableId,
      currentEpochIndex: log.currentEpoch,
      fromEpochIndex: this.#nextEpoch,
      toEpochIndex: toEpoch,
      holdDownTimeMs: policy.holdDownMs,
      speaker,
      newRoutes,
      withdrawnRoutes,
    });
    return { data, toEpoch };
  }
}
