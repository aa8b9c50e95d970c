import type { BtpRequestOptions } from './waiting.js';
import type { BtpCounters } from './counters.js';
import type { BtpMessageHandler, BtpTransferHandler } from './exchange.js';
import type { ProtocolData } from './packet.js';

/** What an endpoint tells. */
export interface BtpEndpointEvents {
  /** Authenticated, requests may be sent. Not repeated when an account's connection is replaced by another. */
  connect: [];
  /** No connection any more; says why, for people. */
  disconnect: [info: { readonly reason: string }];
}

/** What is going on right now, as plain numbers. */
export interface BtpGauges {
  /** Open connections; more than one while a replaced one finishes its requests. */
  readonly connections: number;
  /** Our requests without a response. */
  readonly outgoing: number;
  /** The peer's requests that are being answered. */
  readonly incoming: number;
  /** Bytes that the peer has not taken yet. */
  readonly bufferedBytes: number;
}

/**
 * One end of a link to one peer: a `BtpClient`, or a `BtpAccount` on a server. It outlives its connections; handlers
 * are registered once.
 *
 * The promises of `send`, `request` and `transfer` reject with `BtpRequestError` when there is no response, and with
 * oer-codec's `OerEncodeError` when what was given cannot be written.
 */
export interface BtpEndpoint {
  /** Whether requests can be sent now. */
  readonly isConnected: boolean;
  /** What happened so far. */
  readonly counters: BtpCounters;
  /** What is happening now. */
  readonly gauges: BtpGauges;
  /** Sends octets as the sub-protocol `ilp` and returns those of the response; empty if it has none. */
  send(octets: Uint8Array, options: BtpRequestOptions): Promise<Uint8Array>;
  /** Sends any Message and returns the entries of the response. */
  request(
    protocolData: readonly ProtocolData[],
    options: BtpRequestOptions,
  ): Promise<readonly ProtocolData[]>;
  /** Sends a Transfer. Once it has a response the peer has applied it; an Error says that it has not. */
  transfer(
    amount: bigint,
    protocolData: readonly ProtocolData[],
    options: BtpRequestOptions,
  ): Promise<readonly ProtocolData[]>;
  /** Answers Messages whose first entry is named `protocolName`, in place of an earlier handler of that name. */
  handle(protocolName: string, handler: BtpMessageHandler): void;
  /** Answers Transfers, in place of an earlier handler. Without one they get F00. */
  handleTransfer(handler: BtpTransferHandler): void;
  on<Name extends keyof BtpEndpointEvents>(
    name: Name,
    listener: (...args: BtpEndpointEvents[Name]) => void,
  ): unknown;
  off<Name extends keyof BtpEndpointEvents>(
    name: Name,
    listener: (...args: BtpEndpointEvents[Name]) => void,
  ): unknown;
  /** Takes no new requests, waits for those in flight both ways (by default `policy.drainTimeoutMs`), then closes. */
  close(options?: BtpCloseOptions): Promise<void>;
}

/** How to close. */
export interface BtpCloseOptions {
  /** How long to wait for requests in flight; 0 does not wait. */
  readonly drainTimeoutMs?: number;
}
