/**
 * An Interledger connector: accounts, bilateral ledgers, routing, forwarding and settlement.
 *
 * @packageDocumentation
 */
export {};
