/**
 * The Interledger Dynamic Configuration Protocol (RFC 0031): a child asks its parent which address to use and in which
 * asset their account is kept.
 *
 * {@link fetchIldcp} is the child's side, {@link serveIldcp} the parent's. Both work on ILP packets; how those travel is
 * the caller's business.
 *
 * @packageDocumentation
 */
export { fetchIldcp, type FetchIldcpOptions } from './client.js';
export { serveIldcp, type ServeIldcpOptions } from './server.js';
export { DEFAULT_TIMEOUT_MS, encodeIldcpRequest, ILDCP_DESTINATION } from './request.js';
export {
  decodeIldcpResponse,
  encodeIldcpResponse,
  MAX_ASSET_CODE_LENGTH,
  type IldcpResponse,
} from './response.js';
export { IldcpError, type IldcpErrorCode } from './errors.js';
