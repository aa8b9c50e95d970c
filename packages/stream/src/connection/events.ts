import type { StreamConnectionError } from './connection-error.js';
import type { StreamState } from './stream-state.js';

/** What a connection's machine tells whoever drives it. */
export type ConnectionEvent =
  /** The other end opened a stream. Told before anything that came with it is accepted. */
  | { readonly type: 'stream'; readonly stream: StreamState }
  /** Money was received on a stream. */
  | { readonly type: 'money'; readonly stream: StreamState; readonly amount: bigint }
  /** Something about a stream has changed that somebody may wait for: data to read, room to write, money sent, a close. */
  | { readonly type: 'change'; readonly stream: StreamState }
  /** What was to be sent on a stream cannot be. */
  | {
      readonly type: 'money-failed';
      readonly stream: StreamState;
      readonly error: StreamConnectionError;
    }
  /** The other endpoint proved its presence for the first time. */
  | { readonly type: 'connected' }
  /** The other endpoint allows more streams. */
  | { readonly type: 'stream-ids' }
  /** The connection is over; without error where both ends wanted that. */
  | { readonly type: 'closed'; readonly error: StreamConnectionError | undefined };
