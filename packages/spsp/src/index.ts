/**
 * Payment pointers and the Simple Payment Setup Protocol (RFC 0009, RFC 0026): resolve, quote, pay, receive.
 *
 * @packageDocumentation
 */
export {};
