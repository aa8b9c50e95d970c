/**
 * ILP over HTTP (RFC 0035): a link between two nodes that carries each packet in an HTTP request. It carries octets and
 * knows nothing of what is in them.
 *
 * {@link IlpHttpPeer} is the link to one peer: `send` asks it, `handle` answers it. {@link IlpHttpServer} listens and has
 * one for each peer; alone, an `IlpHttpPeer` is a client. Replies come in the response's body (`synchronous`: what Rafiki,
 * interledger-rs and the Java connector do) or in a request of their own to a callback URL (`asynchronous`: what the RFC
 * says), as is agreed with each peer. A request without a reply says whether the peer may have got it
 * ({@link IlpHttpError}). Times and limits are one object with a reason for each number, {@link IlpHttpPolicy}.
 *
 * @packageDocumentation
 */

// Links.
export { IlpHttpPeer, type IlpHttpCloseOptions, type IlpHttpPeerOptions } from './peer.js';
export {
  IlpHttpServer,
  type IlpHttpCredentials,
  type IlpHttpServerCounters,
  type IlpHttpServerOptions,
  type IlpHttpServerPeerOptions,
} from './server/server.js';
export type { IlpHttpSendOptions } from './exchange/outgoing.js';
export type { IlpHttpHandler, IlpHttpRequest } from './exchange/incoming.js';

// Who is who.
export type { BearerAuth, Hs256Auth, JwtClaims, OutgoingAuth, Rs256Auth } from './auth/outgoing.js';
export type {
  Hs256Verification,
  IncomingAuth,
  PeerCertificate,
  PeerCertificateMatch,
  Rs256Verification,
} from './auth/incoming.js';
export type { FetchKeys } from './auth/key-set.js';
export type { IlpHttpClientTls } from './client/transport.js';
export type { ListenerLimits, RequestListener } from './server/listener.js';
export type { IlpHttpServerTls, IlpHttpTlsFiles, IlpHttpTlsPair } from './server/tls.js';
export { equalSecrets, newBearerToken } from './tokens.js';

// Errors.
export {
  IlpHttpConfigError,
  IlpHttpError,
  type IlpHttpErrorCode,
  type IlpHttpSent,
} from './errors.js';

// Settings and figures.
export { DEFAULT_POLICY, type IlpHttpPolicy } from './policy.js';
export type { IlpHttpCounters, IlpHttpGauges, IlpHttpLatency } from './counters.js';
export type { Clock, Logger, RandomBytes } from './environment.js';

// For whoever serves HTTP in another way.
export { HttpRefusal, type Answer, type IncomingMessage } from './exchange/message.js';
export type { Headers } from './headers.js';
