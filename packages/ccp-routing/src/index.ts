/**
 * Route broadcasting between connectors (CCP): the routing table, updates and path selection.
 *
 * @packageDocumentation
 */
export {};
