/**
 * Virtual clock, seeded randomness, faulty links and an auditor, for the tests of every package above ilp-packet.
 *
 * @packageDocumentation
 */
export {};
