/**
 * Tests of Pennyswitch against the npm packages that deployed peers run.
 *
 * @packageDocumentation
 */
export {};
