import { describe, expect, it } from 'vitest';
import { createAdminApi } from '../src/admin/index.js';
import type { Connector } from '../src/index.js';
import { AdminClient, TOKEN } from './admin-client.js';
import { between } from './fixture.js';

interface SentEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Reads a stream of events as a browser would. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error('no body');
    this.#reader = response.body.getReader();
  }

  /** The next event, comments passed over; undefined at the end. */
  async next(): Promise<SentEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined) return { event, data: JSON.parse(data ?? 'null') };
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** What comes next as it is on the wire. */
  async raw(): Promise<string> {
    const { value } = await this.#reader.read();
    return this.#decoder.decode(value);
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

const listeners = (connector: Connector): number => connector.listenerCount('link');

describe('the stream of events', () => {
  it('tells what happens, and packets only to who asks for them', async () => {
    const { world, connector, alice, bob } = await between();
    const client = new AdminClient(connector, { clock: world.clock });
    const usual = new Reader(await client.ask('/events'));
    const packets = new Reader(await client.ask('/events?types=packet,link'));
    await world.until(alice.send({ amount: 1000n, destination: 'test.bob' }));
    bob.link.cut();
    expect(await packets.next()).toEqual({
      event: 'packet',
      data: {
        at: expect.any(Number),
        id: expect.any(Number),
        trace: expect.stringMatching(/^[0-9a-f]{16}$/),
        from: 'alice',
        to: 'bob',
        destination: 'test.bob',
        amount: '1000',
        outgoingAmount: '920',
        tookMs: expect.any(Number),
      },
    });
    const down = { event: 'link', data: { account: 'bob', connected: false } };
    expect(await packets.next()).toMatchObject(down);
    expect(await usual.next()).toMatchObject({ event: 'routes' });
    expect(await usual.next()).toMatchObject(down);
    await usual.cancel();
    await packets.cancel();
  });

  it('refuses a name that no event has', async () => {
    const { connector } = await between();
    expect((await new AdminClient(connector).ask('/events?types=link,lunch')).status).toBe(400);
  });

  it('drops the oldest events of a reader that is too slow, and says how many', async () => {
    const { world, connector, bob } = await between();
    const client = new AdminClient(connector, { clock: world.clock, events: { maxQueued: 3 } });
    const reader = new Reader(await client.ask('/events?types=link'));
    for (let i = 0; i < 6; i++) {
      bob.link.cut();
      bob.link.mend();
    }
    const read: SentEvent[] = [];
    while (read.length < 4) {
      const next = await reader.next();
      if (next !== undefined) read.push(next);
    }
    const dropped = read.find(({ event }) => event === 'dropped');
    expect(dropped).toEqual({ event: 'dropped', data: { events: 9 } });
    expect(read.filter(({ event }) => event === 'link')).toHaveLength(3);
    await reader.cancel();
  });

  it('has so many readers and no more, and forgets one that goes', async () => {
    const { world, connector } = await between();
    const client = new AdminClient(connector, { clock: world.clock, events: { maxStreams: 1 } });
    const before = listeners(connector);
    const reader = new Reader(await client.ask('/events'));
    expect((await client.ask('/events')).status).toBe(503);
    await reader.cancel();
    expect(listeners(connector)).toBe(before);
    const next = await client.ask('/events');
    expect(next.status).toBe(200);
    await next.body?.cancel();
  });

  it('is not opened by a HEAD, which nobody reads (RFC 9110 9.3.2)', async () => {
    const { connector } = await between();
    const api = createAdminApi(connector, { token: TOKEN });
    const before = listeners(connector);
    const response = await api.request('/events', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(listeners(connector)).toBe(before);
  });

  it('sends a comment where nothing happens, so that the connection is kept', async () => {
    const { world, connector } = await between();
    const client = new AdminClient(connector, { clock: world.clock });
    const reader = new Reader(await client.ask('/events?types=link'));
    expect(await reader.raw()).toBe(': connected\n\n');
    const next = reader.raw();
    await world.clock.advance(15_000);
    expect(await next).toBe(':\n\n');
    await reader.cancel();
  });

  it('ends when the node stops', async () => {
    const { world, connector } = await between();
    const client = new AdminClient(connector, { clock: world.clock });
    const reader = new Reader(await client.ask('/events?types=stopped'));
    await world.until(connector.stop());
    expect(await reader.next()).toMatchObject({ event: 'stopped' });
    expect(await reader.next()).toBeUndefined();
  });
});
