/**
 * The Bilateral Transfer Protocol 2.0 (RFC 0023): a link between two nodes that carries requests and responses both
 * ways over one WebSocket. It carries octets and knows nothing of what is in them.
 *
 * {@link BtpClient} dials and stays connected; {@link BtpServer} listens and has a {@link BtpAccount} for each peer.
 * Both ends are alike once connected, a {@link BtpEndpoint}: `send` octets of the sub-protocol `ilp`, `request` with
 * any other, `handle` what the peer asks. A request without a response says whether the peer may have got it
 * ({@link BtpRequestError}). Times and limits are one object with a reason for each number, {@link BtpPolicy}.
 *
 * Beneath are the packets ({@link encodeBtpPacket}, {@link decodeBtpPacket}) for whoever reads the wire.
 *
 * @packageDocumentation
 */

// Ends of a link.
export {
  BtpClient,
  type BtpClientEvents,
  type BtpClientOptions,
  type BtpConnectOptions,
} from './client.js';
export {
  BtpServer,
  type BtpCredentials,
  type BtpServerEvents,
  type BtpServerLimits,
  type BtpServerOptions,
} from './server.js';
export { BtpAccount } from './account.js';
export type { BtpCloseOptions, BtpEndpoint, BtpEndpointEvents, BtpGauges } from './endpoint.js';
export type { BtpRequestOptions } from './waiting.js';
export type { BtpMessageHandler, BtpRequest, BtpTransferHandler } from './exchange.js';
export { equalSecrets, type AuthenticationData } from './authentication.js';
export { parseBtpUrl, type BtpUrl } from './url.js';

// Errors.
export {
  BtpConnectError,
  BtpRefusal,
  BtpRequestError,
  BtpUrlError,
  describeBtpError,
  type BtpConnectErrorCode,
  type BtpRequestErrorCode,
  type BtpSent,
} from './errors.js';
export {
  BTP_ERROR_NAMES,
  isTemporary,
  MAX_ERROR_DATA_LENGTH,
  type BtpErrorCode,
} from './error-codes.js';

// Settings and figures.
export { DEFAULT_POLICY, type BtpPolicy } from './policy.js';
export type { BtpCounters, BtpLatency } from './counters.js';
export type { Clock, Logger, RandomBytes } from './environment.js';
export type {
  BtpPeer,
  BtpPeerCertificate,
  BtpServerTls,
  BtpTlsFiles,
  BtpTlsPair,
  UpgradeServer,
} from './server-socket.js';
export type {
  BtpClientTls,
  BtpSocket,
  OpenSocket,
  OpenSocketOptions,
  SocketEnd,
  SocketListener,
} from './socket.js';

// Packets.
export { decodeBtpPacket, encodeBtpPacket, type BtpDecodeOptions } from './codec.js';
export {
  BtpType,
  ContentType,
  type BtpError,
  type BtpFulfill,
  type BtpMessage,
  type BtpPacket,
  type BtpPacketBase,
  type BtpPrepare,
  type BtpReject,
  type BtpResponse,
  type BtpTransfer,
  type BtpTypeId,
  type BtpWritablePacket,
  type ProtocolData,
} from './packet.js';
export {
  findData,
  jsonData,
  MAX_PROTOCOL_DATA_ENTRIES,
  MAX_PROTOCOL_NAME_LENGTH,
  octetsData,
  textData,
} from './protocol-data.js';
