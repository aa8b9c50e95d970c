/** What becomes of packets that are under way when somebody gives up: each gets an answer, and nothing stays behind. */
import { describe, expect, it } from 'vitest';
import type { IlpHttpPeer, IlpHttpPeerOptions } from '../src/index.js';
import {
  aPeer,
  asynchronousPair,
  clientAndServer,
  deferred,
  failureOf,
  rawServer,
  soon,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);

/** Ten packets that wait for their replies. */
function ten(alice: IlpHttpPeer, signal?: AbortSignal) {
  const options = { ...soon(), ...(signal !== undefined && { signal }) };
  return Array.from({ length: 10 }, () => failureOf(alice.send(PACKET, options)));
}

const VERSIONS: [string, IlpHttpPeerOptions][] = [
  ['HTTP/1.1', {}],
  ['HTTP/2', { http2: 'prior-knowledge' }],
];

describe.each(VERSIONS)('synchronous, over %s', (_, client) => {
  it('our link is closed: each packet fails at once, its outcome unknown', async () => {
    const { alice, bob } = await clientAndServer({ client });
    bob.handle(() => new Promise(() => undefined));
    const failures = ten(alice);
    await until(() => bob.counters.requestsReceived === 10);
    await alice.close({ drainTimeoutMs: 1 });
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'CLOSING', sent: 'unknown' });
    }
    expect(alice.gauges.outgoing).toBe(0);
    expect(alice.counters.requestsAborted).toBe(10);
  });

  it('the caller aborts: each packet fails at once, its outcome unknown, and the link goes on', async () => {
    const { alice, bob } = await clientAndServer({ client });
    bob.handle(() => new Promise(() => undefined));
    const controller = new AbortController();
    const failures = ten(alice, controller.signal);
    await until(() => bob.counters.requestsReceived === 10);
    const reason = new Error('not needed any more');
    controller.abort(reason);
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'ABORTED', sent: 'unknown', cause: reason });
    }
    bob.handle((octets) => Promise.resolve(octets));
    expect(await alice.send(PACKET, soon())).toEqual(PACKET);
  });

  it('the node that answers is closed: what it is still at gets 503, what came too late too', async () => {
    const { alice, bob, server } = await clientAndServer({ client });
    bob.handle(() => new Promise(() => undefined));
    const failures = ten(alice);
    await until(() => bob.counters.requestsReceived === 10);
    const closed = server.close({ drainTimeoutMs: 50 });
    const late = await failureOf(alice.send(PACKET, soon()));
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'PEER_STATUS', sent: 'yes', status: 503 });
    }
    expect(['PEER_STATUS', 'UNREACHABLE', 'CONNECTION_LOST']).toContain(late.code);
    await closed;
    expect(bob.gauges.incoming).toBe(0);
  });

  it('the node that answers is closed: what gets done meanwhile is answered', async () => {
    const { alice, bob, server } = await clientAndServer({ client });
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const replies = Array.from({ length: 10 }, () => alice.send(PACKET, soon()));
    await until(() => bob.counters.requestsReceived === 10);
    const closed = server.close({ drainTimeoutMs: 30_000 });
    held.resolve(PACKET);
    expect(await Promise.all(replies)).toEqual(replies.map(() => PACKET));
    await closed;
  });
});

it('packets that wait for a connection never left when the caller aborts', async () => {
  let asked = 0;
  const { url } = await rawServer(() => (asked += 1));
  const alice = aPeer({ url, policy: { maxConnections: 1 } });
  const controller = new AbortController();
  const failures = ten(alice, controller.signal);
  await until(() => asked === 1);
  controller.abort();
  const errors = await Promise.all(failures);
  expect(errors.map(({ sent }) => sent)).toEqual(['unknown', ...Array(9).fill('no')]);
  expect(asked).toBe(1);
});

describe('asynchronous', () => {
  it('our link is closed: each accepted packet fails, its outcome unknown', async () => {
    const { alice, bob } = await asynchronousPair();
    bob.handle(() => new Promise(() => undefined));
    const failures = ten(alice);
    await until(() => bob.counters.requestsReceived === 10);
    await alice.close({ drainTimeoutMs: 1 });
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'CLOSING', sent: 'unknown' });
    }
  });

  it('the caller aborts: a reply that comes later gets 400 and is not sent again', async () => {
    const { alice, bob } = await asynchronousPair();
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const controller = new AbortController();
    const failures = ten(alice, controller.signal);
    await until(() => bob.counters.requestsReceived === 10);
    controller.abort();
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'ABORTED', sent: 'unknown' });
    }
    held.resolve(PACKET);
    await until(() => alice.counters.unexpectedReplies === 10);
    await until(() => bob.gauges.deliveries === 0);
    expect(bob.counters).toMatchObject({ repliesRetried: 0, repliesUndelivered: 10 });
  });

  it('the node that answers is closed: replies that are done meanwhile are delivered', async () => {
    const { alice, bob, bobServer } = await asynchronousPair();
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const replies = Array.from({ length: 10 }, () => alice.send(PACKET, soon()));
    await until(() => bob.counters.requestsReceived === 10);
    const closed = bobServer.close({ drainTimeoutMs: 30_000 });
    held.resolve(PACKET);
    expect(await Promise.all(replies)).toEqual(replies.map(() => PACKET));
    await closed;
    expect(bob.gauges).toEqual({ outgoing: 0, incoming: 0, deliveries: 0 });
  });

  it('the node that answers was closed: a reply that is done later goes nowhere', async () => {
    const { alice, bob, bobServer } = await asynchronousPair();
    const held = deferred<Uint8Array>();
    bob.handle(() => held.promise);
    const controller = new AbortController();
    const failures = ten(alice, controller.signal);
    await until(() => bob.counters.requestsReceived === 10);
    await bobServer.close({ drainTimeoutMs: 1 });
    held.resolve(PACKET);
    await until(() => bob.gauges.incoming === 0);
    expect(alice.counters).toMatchObject({ repliesReceived: 0, unexpectedReplies: 0 });
    expect(bob.gauges).toEqual({ outgoing: 0, incoming: 0, deliveries: 0 });
    controller.abort();
    await Promise.all(failures);
  });
});
