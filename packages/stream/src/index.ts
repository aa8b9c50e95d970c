/**
 * STREAM (RFC 0029): money and data, end to end, over Interledger packets.
 *
 * @packageDocumentation
 */
export {};
