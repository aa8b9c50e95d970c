/**
 * The Bilateral Transfer Protocol (RFC 0023): carries packets between two nodes over WebSocket.
 *
 * @packageDocumentation
 */
export {};
