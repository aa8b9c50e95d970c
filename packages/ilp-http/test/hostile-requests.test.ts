/** Requests that are wrong in one way each, as bytes on a socket: each is refused or cut, and another peer's go on. */
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAndServer, closing, soon, TOKEN_OF_ALICE, until } from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);
const REPLY = Uint8Array.of(3, 2, 1);

const AUTHORIZATION = `Authorization: Bearer ${TOKEN_OF_ALICE}`;
const TYPE = 'Content-Type: application/octet-stream';

/** A request of Alice's token; only what is given is wrong with it. */
function request(fields: string[], body = '', line = 'POST /ilp HTTP/1.1'): string {
  return [line, 'Host: bob', ...fields, '', body].join('\r\n');
}

/** What comes back until the server ends the connection. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closing(() => Promise.resolve(socket.destroy()));
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.end(Buffer.from(bytes, 'latin1'));
  await closed;
  return text;
}

const good = [AUTHORIZATION, TYPE];

const REFUSED: [string, string, number][] = [
  ['another method', request([...good, 'Content-Length: 1'], 'x', 'PUT /ilp HTTP/1.1'), 405],
  ['a GET', request(good, '', 'GET /ilp HTTP/1.1'), 405],
  ['a method that nobody knows', request(good, '', 'STEAL /ilp HTTP/1.1'), 400],
  ['another path', request([...good, 'Content-Length: 1'], 'x', 'POST /admin HTTP/1.1'), 404],
  [
    'a path with dots',
    request([...good, 'Content-Length: 1'], 'x', 'POST /x/../ilp HTTP/1.1'),
    404,
  ],
  ['an empty path', request([...good, 'Content-Length: 1'], 'x', 'POST  HTTP/1.1'), 400],
  [
    'a target that is no URL',
    request([...good, 'Content-Length: 1'], 'x', 'POST http://[ HTTP/1.1'),
    404,
  ],
  ['another version of HTTP', request(good, '', 'POST /ilp HTTP/9.9'), 400],
  ['no host', `POST /ilp HTTP/1.1\r\n${AUTHORIZATION}\r\n\r\n`, 400],
  ['a length that is no number', request([...good, 'Content-Length: x']), 400],
  ['a negative length', request([...good, 'Content-Length: -1']), 400],
  ['two lengths', request([...good, 'Content-Length: 1', 'Content-Length: 2'], 'xx'), 400],
  [
    'a length and chunks',
    request([...good, 'Content-Length: 1', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
  ],
  ['a chunk of no size', request([...good, 'Transfer-Encoding: chunked'], 'zz\r\nxx\r\n'), 400],
  ['a coding that nobody knows', request([...good, 'Transfer-Encoding: zip'], 'x'), 400],
  ['a length beyond the limit', request([...good, 'Content-Length: 65537'], 'x'), 413],
  ['a length of 2^60', request([...good, 'Content-Length: 1152921504606846976'], 'x'), 413],
  ['no body', request([...good, 'Content-Length: 0']), 400],
  ['a body that is cut', request([...good, 'Content-Length: 100'], 'x'), 400],
  ['a header without a colon', request([...good, 'nonsense']), 400],
  ['a header with a zero octet', request([...good, 'X: a\0b']), 400],
  ['64 KiB of header', request([...good, `X: ${'x'.repeat(65_536)}`]), 431],
  ['no type', request([AUTHORIZATION, 'Content-Length: 1'], 'x'), 415],
  [
    'a type of text',
    request([AUTHORIZATION, 'Content-Type: text/plain', 'Content-Length: 1'], 'x'),
    415,
  ],
  [
    'a compressed body',
    request([...good, 'Content-Encoding: gzip', 'Content-Length: 1'], 'x'),
    415,
  ],
  ['no token', request([TYPE, 'Content-Length: 1'], 'x'), 401],
  ['an empty token', request([TYPE, 'Authorization: Bearer ', 'Content-Length: 1'], 'x'), 401],
  [
    'a password',
    request([TYPE, 'Authorization: Basic YWxpY2U6eA==', 'Content-Length: 1'], 'x'),
    401,
  ],
  [
    'half a JWT',
    request([TYPE, 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30', 'Content-Length: 1'], 'x'),
    401,
  ],
  [
    'a JWT that nobody signed',
    request(
      [
        TYPE,
        'Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.',
        'Content-Length: 1',
      ],
      'x',
    ),
    401,
  ],
  [
    'the right token in the address',
    request([TYPE, 'Content-Length: 1'], 'x', `POST /ilp?access_token=${TOKEN_OF_ALICE} HTTP/1.1`),
    401,
  ],
];

describe('over HTTP/1.1', () => {
  it.each(REFUSED)('%s is refused', async (_, bytes, status) => {
    const { url, alice, bob } = await clientAndServer();
    const answer = await answerTo(url, bytes);
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(answer).not.toContain(TOKEN_OF_ALICE);
    expect(bob.counters.requestsReceived).toBe(0);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    await until(() => bob.gauges.incoming === 0);
  });

  it('the first of two tokens counts', async () => {
    const { url } = await clientAndServer();
    const wrong = 'Authorization: Bearer wrong';
    const length = 'Content-Length: 1';
    const first = await answerTo(url, request([wrong, AUTHORIZATION, TYPE, length], 'x'));
    expect(first).toMatch(/^HTTP\/1.1 401 /);
    const second = await answerTo(url, request([AUTHORIZATION, wrong, TYPE, length], 'x'));
    expect(second).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('over HTTP/2', () => {
  it('streams that are reset as soon as they begin leave nothing behind, and others go on', async () => {
    const { url, alice, bob } = await clientAndServer({ client: { http2: 'prior-knowledge' } });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    for (let round = 0; round < 5; round++) {
      const session = connectHttp2(new URL(url).origin);
      session.on('error', () => undefined);
      closing(() => {
        session.destroy();
        return Promise.resolve();
      });
      const closed = Array.from({ length: 400 }, () => {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/ilp',
          authorization: `Bearer ${TOKEN_OF_ALICE}`,
          'content-type': 'application/octet-stream',
        });
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
        return new Promise((resolve) => stream.once('close', resolve));
      });
      await Promise.all(closed);
      expect(await alice.send(PACKET, soon())).toEqual(REPLY);
      session.destroy();
    }
    await until(() => bob.gauges.incoming === 0);
  });

  it('a header beyond the limit is refused', async () => {
    const { url, alice } = await clientAndServer();
    const session = connectHttp2(new URL(url).origin);
    session.on('error', () => undefined);
    closing(() => {
      session.destroy();
      return Promise.resolve();
    });
    const stream = session.request({ ':method': 'POST', ':path': '/ilp', x: 'x'.repeat(60_000) });
    stream.on('error', () => undefined).resume();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
  });
});
