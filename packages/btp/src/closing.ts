import type { SocketEnd } from './socket.js';

/** WebSocket close codes: normal, and ours for a peer that broke a rule (the private range of RFC 6455). */
export const CLOSE_NORMAL = 1000;
export const CLOSE_VIOLATION = 3000;

/** A WebSocket close reason has at most 123 bytes. */
export function closeReason(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}

/** How a socket ended, for people, without what the peer wrote. */
export function describeEnd({ code, error }: SocketEnd): string {
  if (error !== undefined) return error.message;
  return code === 1006 ? 'the connection broke' : `the peer closed the connection (code ${code})`;
}
