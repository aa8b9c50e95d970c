/** A peer that goes and comes back: which request fails, what is said about it, and that the next one gets through. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '@pennyswitch/testkit';
import type { IlpHttpPeerOptions, IlpHttpServer, IlpHttpServerOptions } from '../src/index.js';
import { Authority, type Pair } from './certificates.js';
import {
  aPeer,
  aServer,
  closing,
  deferred,
  failureOf,
  reversed,
  soon,
  TOKEN_OF_ALICE,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);
const REPLY = Uint8Array.of(3, 2, 1);

let authority: Authority;
let pair: Pair;
beforeAll(async () => {
  authority = await Authority.create();
  pair = await authority.issue({ ip: ['127.0.0.1'] });
});

/** Bob's node, on a port that it had before or on any. */
async function startBob(options: IlpHttpServerOptions, port = 0): Promise<[IlpHttpServer, number]> {
  const server = aServer(options);
  server.addPeer('alice', { incoming: { tokens: [TOKEN_OF_ALICE] } }).handle(reversed);
  return [server, (await server.listen({ port })).port];
}

/** A way to a port that can be disturbed. */
interface Wire {
  readonly port: number;
  /** Ends all connections on both sides. */
  readonly cut: () => void;
  /** Says on all connections that nothing more comes; they end when both sides have answered that. */
  readonly hangUp: () => void;
  /** From now on swallows what comes; new connections are as before. */
  readonly freeze: () => void;
  /** Whether it swallowed something. */
  readonly hasSwallowed: () => boolean;
  /** Connections that one side or the other has not closed yet. */
  readonly connections: () => number;
}

async function aWire(port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const frozen = new Set<Socket>();
  let swallowed = 0;
  const wire: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    near
      .on('data', (chunk) => {
        if (frozen.has(near)) swallowed += chunk.length;
        else far.write(chunk);
      })
      .once('end', () => far.end());
    far.on('data', (chunk) => near.write(chunk)).once('end', () => near.end());
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const hangUp = (): void => {
    for (const socket of sockets) socket.end();
  };
  closing(() => {
    cut();
    return new Promise((resolve) => wire.close(resolve));
  });
  const freeze = (): void => {
    for (const socket of sockets) frozen.add(socket);
  };
  return {
    port: (wire.address() as AddressInfo).port,
    cut,
    hangUp,
    freeze,
    hasSwallowed: () => swallowed > 0,
    connections: () => sockets.size,
  };
}

const VERSIONS: [string, boolean, IlpHttpPeerOptions['http2']][] = [
  ['HTTP/1.1', false, false],
  ['HTTP/2', false, 'prior-knowledge'],
  ['HTTP/1.1 over TLS', true, false],
  ['HTTP/2 over TLS', true, true],
];

describe.each(VERSIONS)('over %s', (_, isSecure, http2) => {
  const bobs = (): IlpHttpServerOptions => (isSecure ? { tls: pair } : {});
  const alices = (port: number): IlpHttpPeerOptions => ({
    url: `http${isSecure ? 's' : ''}://127.0.0.1:${port}/ilp`,
    http2: http2 ?? true,
    tls: { ca: authority.pem },
    auth: { type: 'bearer', token: TOKEN_OF_ALICE },
  });

  it('the first request after a restart is answered', async () => {
    const [first, port] = await startBob(bobs());
    const wire = await aWire(port);
    const alice = aPeer(alices(wire.port));
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    for (let restarts = 0, server = first; restarts < 3; restarts++) {
      await server.close({ drainTimeoutMs: 1 });
      // A request that crosses the end of its connection on the way is lost: not before Alice has seen the end, too.
      await until(() => wire.connections() === 0);
      [server] = await startBob(bobs(), port);
      expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    }
    expect(alice.counters).toMatchObject({ requestsLost: 0, requestsRetried: 0 });
  });

  it('a request while nobody listens was not sent', async () => {
    const [server, port] = await startBob(bobs());
    const alice = aPeer(alices(port));
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    await server.close({ drainTimeoutMs: 1 });
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'UNREACHABLE', sent: 'no' });
  });

  it('requests in flight when the wire is cut are of unknown outcome, and the next is answered', async () => {
    const server = aServer(bobs());
    const bob = server.addPeer('alice', { incoming: { tokens: [TOKEN_OF_ALICE] } });
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const wire = await aWire((await server.listen()).port);
    const alice = aPeer(alices(wire.port));
    const lost = [1, 2, 3].map(() => failureOf(alice.send(PACKET, soon())));
    await until(() => bob.counters.requestsReceived === 3);
    wire.cut();
    for (const error of await Promise.all(lost)) {
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
    }
    bob.handle(reversed);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    held.resolve(PACKET);
  });

  it('connections that were cut while idle cost no request', async () => {
    const [, port] = await startBob(bobs());
    const wire = await aWire(port);
    const alice = aPeer(alices(wire.port));
    await Promise.all([1, 2, 3].map(() => alice.send(PACKET, soon())));
    wire.hangUp();
    await until(() => wire.connections() === 0);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
  });
});

it('a host that went silent costs one request, not one for each kept connection', async () => {
  const clock = new VirtualClock();
  const [, port] = await startBob({});
  const wire = await aWire(port);
  const alice = aPeer({
    url: `http://127.0.0.1:${wire.port}/ilp`,
    clock,
    auth: { type: 'bearer', token: TOKEN_OF_ALICE },
  });
  const soon = (): { deadline: number } => ({ deadline: clock.now() + 1000 });
  await Promise.all([1, 2, 3, 4].map(() => alice.send(PACKET, soon())));
  wire.freeze();
  const first = failureOf(alice.send(PACKET, soon()));
  await until(() => wire.hasSwallowed());
  await clock.advance(1000);
  expect(await first).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'unknown' });
  expect(await alice.send(PACKET, soon())).toEqual(REPLY);
});
