import type { Awaitable } from '../awaitable.js';
import type { SharedTable } from './shared-table.js';

/** A question to another process of the group, about one of the accounts that all have. */
export interface GroupRequest {
  /** What the question is about; those who {@link ProcessGroup.answer} it know. */
  readonly topic: string;
  readonly account: string;
  readonly octets: Uint8Array;
}

/** Answers the questions of one topic. What it throws reaches the process that asked, with its `sent` (see `LinkError`). */
export type GroupAnswer = (
  account: string,
  octets: Uint8Array,
  deadline: number,
) => Awaitable<Uint8Array>;

/**
 * The processes of one operator that act as one connector, as one of them sees them. They have the same accounts and a store in
 * common; one at a time leads: it is the one to speak where only one may.
 */
export interface ProcessGroup {
  /** What this process is called among them; another name at each start. */
  readonly processId: string;
  /** The process that leads, as far as this one knows; undefined while there is none. */
  readonly leader: string | undefined;
  /** Whether this process leads. Two may think so for a moment, when one of them hung: what both do must be harmless. */
  readonly isLeader: boolean;
  /** Tells when this process begins to lead, and when it does no more. @returns how to stop listening. */
  onLead(listener: (isLeader: boolean) => void): () => void;
  /**
   * Opens a table that all processes have in common.
   * @throws {@link LedgerError} `STORE_UNAVAILABLE`.
   */
  openTable(name: string): Promise<SharedTable>;
  /**
   * Asks another process, once.
   * @param deadline when to stop waiting, in milliseconds since 1970.
   * @throws {@link LinkError} with what is known of whether the question arrived.
   */
  ask(process: string, request: GroupRequest, deadline: number): Promise<Uint8Array>;
  /** Answers the questions of a topic that other processes ask this one. */
  answer(topic: string, answer: GroupAnswer): void;
  /** Whether a process takes questions. Rejects where that cannot be found out. */
  isThere(process: string): Promise<boolean>;
}
