import { hmacSha256 } from '#crypto';
import type { OpenedCredentials, StreamServerSecrets } from './credentials.js';
import { hex } from './hex.js';
import { StreamKeys } from './keys.js';

const CONNECTION_ID = new TextEncoder().encode('pennyswitch_stream_connection_id');
const PACKET_ID = new TextEncoder().encode('ilp_stream_packet_id');

/** A connection as its credentials describe it; made anew from any packet's destination. */
export class ReceiverConnection {
  readonly credentials: OpenedCredentials;
  readonly keys: StreamKeys;
  #id: string | undefined;

  constructor(credentials: OpenedCredentials) {
    this.credentials = credentials;
    this.keys = new StreamKeys(credentials.sharedSecret);
  }

  /** 32 hexadecimal digits, the same for every packet of the connection; does not tell the address. */
  get id(): string {
    return (this.#id ??= hex(
      hmacSha256(this.credentials.sharedSecret, CONNECTION_ID).subarray(0, 16),
    ));
  }

  /** 64 hexadecimal digits that belong to one packet of this connection alone, computed as ilp-protocol-stream does. */
  packetId(sequence: number): string {
    const message = new Uint8Array(PACKET_ID.length + 8);
    message.set(PACKET_ID);
    new DataView(message.buffer).setBigUint64(PACKET_ID.length, BigInt(sequence));
    return hex(hmacSha256(this.credentials.sharedSecret, message));
  }
}

/**
 * Finds connections by the token in their address. The keys of those used last are kept, a fixed number: deriving them costs
 * as much as a packet does. Nothing depends on it.
 */
export class ReceiverConnections {
  readonly #secrets: StreamServerSecrets;
  readonly #capacity: number;
  /** Two generations: when the young one is half the capacity it becomes the old one, which is dropped. */
  #young = new Map<string, ReceiverConnection>();
  #old = new Map<string, ReceiverConnection>();

  constructor(secrets: StreamServerSecrets, capacity: number) {
    this.#secrets = secrets;
    this.#capacity = capacity;
  }

  /** How many connections' keys are kept now; one in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The connection that a token belongs to; undefined for a token that none of the server's secrets has made. */
  find(token: string): ReceiverConnection | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old !== undefined) {
      this.keep(token, old);
      return old;
    }
    const credentials = this.#secrets.open(token);
    return credentials === undefined ? undefined : new ReceiverConnection(credentials);
  }

  /** Keeps a connection's keys; called once a packet has proved that the sender knows them. */
  keep(token: string, connection: ReceiverConnection): void {
    if (this.#capacity === 0 || this.#young.has(token)) return;
    if (this.#young.size >= Math.ceil(this.#capacity / 2)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(token, connection);
  }
}
