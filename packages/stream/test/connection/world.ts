import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import {
  Auditor,
  lossyLink,
  seededRandom,
  TinyConnector,
  VirtualClock,
  type AuditedPlace,
  type LinkFaults,
  type LossyLinkOptions,
  type SeededRandom,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import { connectStream, type ConnectOptions } from '../../src/connection/connect.js';
import type { StreamConnection } from '../../src/connection/stream-connection.js';
import type { MoneyStream } from '../../src/connection/money-stream.js';
import { StreamServer, type StreamServerOptions } from '../../src/server/stream-server.js';
import { StreamKeys } from '../../src/keys.js';
import type { Asset } from '../../src/asset.js';
import type { CredentialDetails } from '../../src/credentials-token.js';

export const USD: Asset = { code: 'USD', scale: 6 };
export const XRP: Asset = { code: 'XRP', scale: 9 };

export interface WorldOptions {
  readonly seed?: number;
  readonly faults?: LinkFaults | (() => LinkFaults);
  /** From the client to the server. */
  readonly there?: Partial<TinyConnectorSettings>;
  /** From the server to the client. */
  readonly back?: Partial<TinyConnectorSettings>;
  readonly client?: Partial<ConnectOptions>;
  readonly server?: Partial<StreamServerOptions>;
  readonly details?: CredentialDetails;
  /** Whether the server can reach the client; default true. */
  readonly isReachable?: boolean;
  /** Between the connector and the server, and between the connector and the client. */
  readonly nearServer?: (handler: IlpPacketHandler) => IlpPacketHandler;
  readonly nearClient?: (handler: IlpPacketHandler) => IlpPacketHandler;
  /** Default: a clock that lets the event loop turn too. */
  readonly clock?: VirtualClock;
  /** Where only one of the two links of each direction is a link at all; the other then is nothing but a call. Default both. */
  readonly faultySide?: 'near' | 'far' | 'both';
  /** Told of every fault of a link. */
  readonly onFault?: LossyLinkOptions['onFault'];
}

/** One client and one server with a connector for each direction between them, on virtual time, with auditors at all ends. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly server: StreamServer;
  readonly connections: StreamConnection[];
  readonly connectors: { readonly there: TinyConnector; readonly back: TinyConnector };
  /** What passed: named after who sends, and where it was seen. */
  readonly books: Record<'clientOut' | 'serverIn' | 'serverOut' | 'clientIn', AuditedPlace>;
  connect(options?: Partial<ConnectOptions>): Promise<StreamConnection>;
  /** Told the secret of each connection before it connects. */
  onSecret?: (sharedSecret: Uint8Array) => void;
  /** Of the last connection: to look into packets. */
  keys(): StreamKeys;
  /** Runs time until a promise settles. */
  until<T>(promise: Promise<T>): Promise<T>;
}

export function createWorld(options: WorldOptions = {}): World {
  const clock = options.clock ?? new VirtualClock();
  const random = seededRandom(options.seed ?? 1);
  const auditor = new Auditor(() => clock.now());
  const faults = options.faults ?? { delayMs: 10 };
  let clientHandler: IlpPacketHandler = () => Promise.reject(new Error('nobody is registered'));

  const { faultySide = 'both', onFault } = options;
  const link = (side: 'near' | 'far', to: IlpPacketHandler): IlpPacketHandler =>
    faultySide === side || faultySide === 'both'
      ? lossyLink({ clock, random: random.fork(), faults, to, onFault })
      : to;
  const path = (
    names: readonly [near: string, far: string],
    settings: Partial<TinyConnectorSettings> | undefined,
    to: IlpPacketHandler,
  ): {
    connector: TinyConnector;
    near: AuditedPlace;
    far: AuditedPlace;
    send: IlpPacketHandler;
  } => {
    const far = auditor.watch(names[1], to);
    const connector = new TinyConnector({
      next: link('far', far.handle),
      clock,
      settings: settings ?? {},
    });
    const near = auditor.watch(names[0], link('near', connector.handle));
    return { connector, near: near.place, far: far.place, send: near.handle };
  };

  const toClient = options.nearClient?.((p) => clientHandler(p)) ?? ((p) => clientHandler(p));
  const back = path(['server out', 'client in'], options.back, toClient);
  const server = new StreamServer({
    secret: random.bytes(32),
    address: () => parseIlpAddress('test.server'),
    asset: XRP,
    send: back.send,
    clock,
    randomBytes: random.fork().bytes,
    ...options.server,
  });
  const toServer = options.nearServer?.(server.handle) ?? server.handle;
  const there = path(['client out', 'server in'], options.there, toServer);
  const connections: StreamConnection[] = [];
  let secret: Uint8Array = new Uint8Array(32);
  server.on('connection', (connection) => void connections.push(connection));
  const world: World = {
    clock,
    random,
    server,
    connections,
    connectors: { there: there.connector, back: back.connector },
    books: { clientOut: there.near, serverIn: there.far, serverOut: back.near, clientIn: back.far },
    keys: () => new StreamKeys(secret),
    connect: (more) => {
      const credentials = server.createCredentials(options.details);
      secret = credentials.sharedSecret;
      world.onSecret?.(secret);
      return connectStream({
        credentials,
        send: there.send,
        asset: USD,
        clock,
        randomBytes: random.fork().bytes,
        ...(options.isReachable !== false && {
          incoming: {
            address: parseIlpAddress('test.client'),
            register: (handler: IlpPacketHandler) => {
              clientHandler = handler;
              return undefined;
            },
          },
        }),
        ...options.client,
        ...more,
      });
    },
    until: (promise) => clock.runUntil(promise),
  };
  return world;
}

/** Reads a stream to its end. @param onChunk told of each piece, where the end may not come. */
export async function readAll(
  readable: ReadableStream<Uint8Array>,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(chunks);
    chunks.push(value);
    onChunk?.(value);
  }
}

export async function writeAll(stream: MoneyStream, bytes: Uint8Array): Promise<void> {
  const writer = stream.writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

/** Bytes of which no two parts are alike. */
export function testBytes(length: number, seed = 7): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  for (let i = words.length * 4; i < length; i++) bytes[i] = random.uint32();
  return bytes;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
