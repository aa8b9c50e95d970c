/**
 * What SPSP needs of Node: a server on `node:https` whose certificate can change while it runs ({@link SpspHttpServer}, or
 * {@link nodeListener} for a server of your own), and a `fetch` for the client that stays out of private networks
 * ({@link createNodeFetch}). A module of its own, so that the package's root needs nothing of Node.
 *
 *     createServer({ cert, key }, nodeListener(createSpspHandler({ answer }))).listen(443)
 *
 * @packageDocumentation
 */
export { nodeListener, type NodeHandler, type NodeListener } from './node/listener.js';
export { SpspHttpServer, type SpspHttpServerOptions } from './node/server.js';
export type { TlsFiles, TlsTexts } from './node/tls.js';
export { createNodeFetch, type NodeFetchOptions } from './node/fetch.js';
export { isPrivateAddress } from './node/private-addresses.js';
export { FileJournal } from './node/file-journal.js';
export { JournalError } from './node/journal-error.js';
