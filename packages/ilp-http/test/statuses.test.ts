/** What each HTTP answer becomes (RFC 0035 "Error Handling"), in both exchanges. */
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { aPeer, failureOf, rawServer, soon, until } from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);

/** A peer that answers everything alike. */
async function answering(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = { 'content-type': 'application/octet-stream' },
): Promise<string> {
  const { url } = await rawServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, headers).end(body));
  });
  return url;
}

describe('where the peer should answer at once', () => {
  it.each([301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 500, 502, 503, 504])(
    'status %i is an error of the peer, which got the request',
    async (status) => {
      const alice = aPeer({ url: await answering(status, 'no', { location: '/elsewhere' }) });
      const error = await failureOf(alice.send(PACKET, soon()));
      expect(error).toMatchObject({ code: 'PEER_STATUS', sent: 'yes', status });
      expect(alice.counters).toMatchObject({ errorsReceived: 1, requestsRetried: 0 });
    },
  );

  it.each<[string, number, string, Record<string, string>]>([
    ['202, as if it would answer later', 202, '', {}],
    ['204', 204, '', {}],
    ['201 with a body', 201, 'x', { 'content-type': 'application/octet-stream' }],
    ['200 without a body', 200, '', { 'content-type': 'application/octet-stream' }],
    ['200 with a page', 200, '<html>', { 'content-type': 'text/html' }],
    ['200 with JSON', 200, '{}', { 'content-type': 'application/json' }],
    [
      '200 with a compressed body',
      200,
      'x',
      { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' },
    ],
  ])('%s is no reply: what became of the packet is unknown', async (_, status, body, headers) => {
    const alice = aPeer({ url: await answering(status, body, headers) });
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'BAD_REPLY', sent: 'unknown', status });
    expect(alice.counters.badReplies).toBe(1);
  });

  it.each([undefined, 'application/octet-stream; charset=binary', 'APPLICATION/ILP+OCTET-STREAM'])(
    '200 with a body of type %s is the reply',
    async (type) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      const alice = aPeer({ url: await answering(200, Uint8Array.of(9), headers) });
      expect(await alice.send(PACKET, soon())).toEqual(Uint8Array.of(9));
    },
  );
});

describe('where the peer should answer later', () => {
  const later = { exchange: 'asynchronous', callbackUrl: 'http://127.0.0.1:9/x' } as const;

  it.each([400, 401, 404, 429, 500, 503])('status %i ends the wait at once', async (status) => {
    const alice = aPeer({ ...later, url: await answering(status) });
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'PEER_STATUS', sent: 'yes', status });
  });

  it('200 with the reply is taken: the peer ignored the preference (RFC 7240)', async () => {
    const alice = aPeer({ ...later, url: await answering(200, Uint8Array.of(9)) });
    expect(await alice.send(PACKET, soon())).toEqual(Uint8Array.of(9));
  });

  it.each([200, 202, 204])('%i without a body is an acceptance', async (status) => {
    const clock = new VirtualClock();
    const alice = aPeer({ ...later, clock, url: await answering(status) });
    const failure = failureOf(alice.send(PACKET, { deadline: clock.now() + 1000 }));
    await until(() => alice.counters.bytesSent > 0);
    await clock.advance(1000);
    expect(await failure).toMatchObject({ code: 'DEADLINE_PASSED', sent: 'unknown' });
  });
});
