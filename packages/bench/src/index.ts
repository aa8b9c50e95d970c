/**
 * Benchmarks of Pennyswitch beside peers and hand-written floors.
 *
 * @packageDocumentation
 */
export {};
