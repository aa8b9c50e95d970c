/**
 * The Pennyswitch node, wallet and tools: the command that a person runs.
 *
 * @packageDocumentation
 */
export {};
