import { childAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { encodeBase64url } from '../base64url.js';
import { hmacSha256 } from '#crypto';
import type { StreamCredentials } from '../credentials.js';
import { ReceiverConnection } from '../receiver-connections.js';
import { ConnectionMachine } from './connection-machine.js';
import { connectionFacts, environmentOf, type ConnectionOptions } from './connection-options.js';
import { IncomingRouter } from './incoming-router.js';
import { StreamConnection } from './stream-connection.js';

/** Where a client can be reached by the server. */
export interface IncomingPackets {
  /** This end's address. The connection appends a segment of its own, so that several can share it. */
  readonly address: IlpAddress;
  /**
   * Makes packets to that address and below it go to a handler; what it returns is called when the connection
   * is over. A connector's or a link's own `setHandler` will do where there is one connection at a time.
   */
  readonly register: (handler: IlpPacketHandler) => (() => void) | undefined;
}

/** How a client connects. */
export interface ConnectOptions extends ConnectionOptions {
  /** From the server, by SPSP for example. One connection per credentials. */
  readonly credentials: StreamCredentials;
  /** How the server reaches this end; without it, the server can only answer. */
  readonly incoming?: IncomingPackets;
  /** Stops connecting. */
  readonly signal?: AbortSignal;
}

const CLIENT_SEGMENT = new TextEncoder().encode('pennyswitch_stream_client_segment');

/**
 * Opens a connection to a STREAM server, and resolves when it has answered.
 * @throws {@link StreamConnectionError} where it does not.
 */
export async function connectStream(options: ConnectOptions): Promise<StreamConnection> {
  const { credentials, incoming, signal } = options;
  const identity = new ReceiverConnection({
    token: new Uint8Array(0),
    sharedSecret: credentials.sharedSecret,
  });
  const address = incoming && childAddress(incoming.address, segmentOf(credentials));
  const environment = environmentOf(options);
  const machine = new ConnectionMachine({
    facts: connectionFacts(options, {
      role: 'client',
      address,
      remoteAddress: credentials.destination,
    }),
    connection: identity,
    fallbackAddress: credentials.destination,
    rate: environment.rate,
    randomBytes: environment.randomBytes,
  });
  const names = { id: identity.id, tag: undefined };
  const connection = new StreamConnection(machine, names, environment);
  if (incoming !== undefined) {
    const router = new IncomingRouter(() => machine.state.address, identity.keys, connection);
    const unregister = incoming.register(router.handle);
    if (unregister !== undefined) connection.once('close', unregister);
  }
  const abort = (): void => void connection.close().catch(() => undefined);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await connection.start();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A segment that tells nothing, and is the same whenever the same credentials are used. */
function segmentOf({ sharedSecret }: StreamCredentials): string {
  return encodeBase64url(hmacSha256(sharedSecret, CLIENT_SEGMENT).subarray(0, 12));
}
