import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authenticationData } from '../src/authentication.js';
import { newCounters } from '../src/counters.js';
import {
  BtpType,
  decodeBtpPacket,
  describeBtpError,
  encodeBtpPacket,
  octetsData,
  textData,
  type BtpError,
  type BtpPacket,
  type ProtocolData,
} from '../src/index.js';
import { BtpSession, type SessionEvent } from '../src/session.js';
import { ascii, hex } from './hex.js';

type Session = BtpSession<string>;

function session(role: 'client' | 'server', options: { swappedTypes?: boolean } = {}): Session {
  return new BtpSession<string>({
    role,
    firstRequestId: role === 'client' ? 100 : 200,
    policy: { maxMessageBytes: 1000, maxIncomingRequests: 2 },
    swappedTypes: options.swappedTypes ?? false,
    counters: newCounters(),
  });
}

const ilp = (...octets: number[]): ProtocolData[] => [octetsData('ilp', Uint8Array.from(octets))];

const frame = (type: 1 | 6, requestId: number, protocolData: readonly ProtocolData[]): Uint8Array =>
  encodeBtpPacket({ type, requestId, protocolData });

const auth = (user = 'alice', token = 'secret'): Uint8Array =>
  frame(BtpType.message, 9, authenticationData(user, token));

function message(
  from: Session,
  protocolData: readonly ProtocolData[],
  tag: string,
  deadline = 1e6,
) {
  const octets = from.encodeRequest({ type: BtpType.message, protocolData });
  const requestId = from.open(tag, deadline, 0);
  return { octets, requestId };
}

/** A client and a server that have authenticated. */
function pair(options: { swappedTypes?: boolean } = {}): { client: Session; server: Session } {
  const client = session('client', options);
  const server = session('server', options);
  server.handleFrame(client.authenticate(authenticationData('alice', 'secret')), 0);
  expect(client.handleFrame(server.accept([]), 0)).toEqual({
    type: 'authenticated',
    protocolData: [],
  });
  return { client, server };
}

/** The packet that an event wants sent. */
function answerOf(event: SessionEvent<string> | undefined): BtpPacket {
  if (event?.type !== 'answer' && event?.type !== 'violation') throw new Error('no answer');
  if (event.frame === undefined) throw new Error('no frame');
  return decodeBtpPacket(event.frame, { strict: true });
}

describe('authentication comes first (RFC 0023 Authentication)', () => {
  test('the first Message holds auth, empty, then name and token', () => {
    const packet = decodeBtpPacket(session('client').authenticate(authenticationData('al', 'tok')));
    expect(packet).toEqual({
      type: BtpType.message,
      requestId: 100,
      protocolData: [
        octetsData('auth', new Uint8Array(0)),
        textData('auth_username', 'al'),
        textData('auth_token', 'tok'),
      ],
    });
  });

  test('the server gives credentials out and answers under their id', () => {
    const server = session('server');
    expect(server.handleFrame(auth('ålice', 'geheim'), 0)).toMatchObject({
      type: 'authenticate',
      requestId: 9,
      data: { username: 'ålice', token: 'geheim' },
    });
    expect(server.phase).toBe('authenticating');
    expect(decodeBtpPacket(server.accept([]))).toEqual({
      type: BtpType.response,
      requestId: 9,
      protocolData: [],
    });
    expect(server.phase).toBe('open');
  });

  test('a user name may be missing, the token may be empty, more entries may follow', () => {
    const data = [octetsData('auth', new Uint8Array(0)), textData('auth_token', ''), ...ilp(1)];
    expect(session('server').handleFrame(frame(BtpType.message, 1, data), 0)).toMatchObject({
      type: 'authenticate',
      data: { username: '', token: '', protocolData: data },
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['a Message with another primary', frame(BtpType.message, 9, ilp(1)), 'F00'],
    ['an empty Message', frame(BtpType.message, 9, []), 'F00'],
    ['a Response', frame(BtpType.response, 9, []), 'F00'],
    [
      'a Transfer',
      encodeBtpPacket({ type: BtpType.transfer, requestId: 9, amount: 1n, protocolData: [] }),
      'F00',
    ],
    [
      'auth as a secondary entry',
      frame(BtpType.message, 9, [textData('auth_token', ''), octetsData('auth', hex(''))]),
      'F00',
    ],
    [
      'auth that is not empty',
      frame(BtpType.message, 9, [octetsData('auth', hex('00')), textData('auth_token', '')]),
      'F00',
    ],
    [
      'auth as text',
      frame(BtpType.message, 9, [textData('auth', ''), textData('auth_token', '')]),
      'F00',
    ],
    ['no auth_token', frame(BtpType.message, 9, [octetsData('auth', hex(''))]), 'F00'],
    [
      'a token that is not UTF-8',
      frame(BtpType.message, 9, [octetsData('auth', hex('')), octetsData('auth_token', hex('ff'))]),
      'F00',
    ],
    [
      'two entries of one name',
      hex(`06 00000009 10 0102 04 ${ascii('auth')} 00 00 04 ${ascii('auth')} 00 00`),
      'F01',
    ],
  ])('%s is answered with an Error, and the connection is to be closed', (_, octets, code) => {
    const server = session('server');
    const event = server.handleFrame(octets, 0);
    expect(event?.type).toBe('violation');
    expect(answerOf(event)).toMatchObject({ type: BtpType.error, requestId: 9, code });
    expect(server.handleFrame(auth(), 0)).toBeUndefined();
  });

  test('an unreadable first frame gets no answer, and the connection is to be closed', () => {
    const server = session('server');
    expect(server.handleFrame(hex('160301'), 0)).toMatchObject({
      type: 'violation',
      frame: undefined,
    });
    expect(server.counters.unreadable).toBe(1);
  });

  test('a refusal is an Error that the client understands', () => {
    const client = session('client');
    const server = session('server');
    server.handleFrame(client.authenticate(authenticationData('alice', 'wrong')), 0);
    const event = client.handleFrame(server.refuse('F00', 'no such user', 0), 0);
    expect(event).toMatchObject({ type: 'authentication-refused', error: { code: 'F00' } });
    const { error } = event as { error: BtpError };
    expect(describeBtpError(error)).toBe('F00 NotAcceptedError: no such user');
  });

  test('a client takes nothing but the answer to its own request for one', () => {
    const client = session('client');
    client.authenticate(authenticationData('a', 'b'));
    expect(client.handleFrame(frame(BtpType.response, 101, []), 0)).toBeUndefined();
    expect(client.handleFrame(frame(BtpType.message, 100, ilp(1)), 0)).toBeUndefined();
    expect(client.phase).toBe('authenticating');
    expect(client.counters.unexpected).toBe(2);
  });
});

describe('requests and responses', () => {
  test('go both ways with ids of their own', () => {
    const { client, server } = pair();
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const { octets, requestId } = message(from, ilp(1), 'tag');
      expect(to.handleFrame(octets, 0)).toEqual({
        type: 'request',
        packet: { type: BtpType.message, requestId, protocolData: ilp(1) },
      });
      expect(to.incoming).toBe(1);
      const reply = to.respond(requestId, ilp(2)) as Uint8Array;
      expect(from.handleFrame(reply, 25)).toEqual({
        type: 'reply',
        tag: 'tag',
        reply: { type: BtpType.response, requestId, protocolData: ilp(2) },
      });
      expect(from.outgoing + to.incoming).toBe(0);
      expect(from.counters.latency).toMatchObject({ count: 1, sumMs: 25, maxMs: 25 });
    }
  });

  test('a response that nobody waits for gets no answer and is counted (RFC 0023 Flow)', () => {
    const { client, server } = pair();
    const { octets, requestId } = message(client, ilp(1), 'tag');
    server.handleFrame(octets, 0);
    const reply = server.respond(requestId, ilp(2)) as Uint8Array;
    expect(client.handleFrame(reply, 0)?.type).toBe('reply');
    expect(client.handleFrame(reply, 0)).toBeUndefined();
    expect(client.handleFrame(frame(BtpType.response, 12345, []), 0)).toBeUndefined();
    expect(client.counters.unexpected).toBe(2);
  });

  test('the response to an expired or abandoned request is unexpected', () => {
    const { client, server } = pair();
    const first = message(client, ilp(1), 'expires', 50);
    const second = message(client, ilp(2), 'abandoned');
    server.handleFrame(first.octets, 0);
    server.handleFrame(second.octets, 0);
    expect(client.takeExpired(50).map(({ tag }) => tag)).toEqual(['expires']);
    expect(client.abandon(second.requestId)).toBe(true);
    expect(client.abandon(second.requestId)).toBe(false);
    for (const { requestId } of [first, second]) {
      expect(client.handleFrame(server.respond(requestId, []) as Uint8Array, 60)).toBeUndefined();
    }
    expect(client.counters.unexpected).toBe(2);
  });

  test('a request is answered once', () => {
    const { client, server } = pair();
    const { octets, requestId } = message(client, ilp(1), 'tag');
    server.handleFrame(octets, 0);
    expect(server.respond(requestId, [])).toBeInstanceOf(Uint8Array);
    expect(server.respond(requestId, [])).toBeUndefined();
    expect(server.respondError(requestId, 'F00', '', 0)).toBeUndefined();
  });

  test('an id that is still being answered gets no second answer, and works again afterwards', () => {
    const { server } = pair();
    const octets = frame(BtpType.message, 7, ilp(1));
    expect(server.handleFrame(octets, 0)?.type).toBe('request');
    expect(server.handleFrame(octets, 0)).toBeUndefined();
    expect(server.counters.duplicateRequests).toBe(1);
    server.respond(7, []);
    expect(server.handleFrame(octets, 0)?.type).toBe('request');
  });

  test('requests over the limit get T00 and do not count as being answered', () => {
    const { server } = pair();
    server.handleFrame(frame(BtpType.message, 1, []), 0);
    server.handleFrame(frame(BtpType.message, 2, []), 0);
    expect(answerOf(server.handleFrame(frame(BtpType.message, 3, []), 0))).toMatchObject({
      type: BtpType.error,
      requestId: 3,
      code: 'T00',
    });
    expect(server.incoming).toBe(2);
    expect(server.counters.requestsOverLimit).toBe(1);
  });

  test('requests are refused with T00 while the driver says so', () => {
    const { server } = pair();
    server.refuseRequests = 'closing';
    const answer = answerOf(server.handleFrame(frame(BtpType.message, 3, []), 0)) as BtpError;
    expect(describeBtpError(answer)).toBe('T00 UnreachableError: closing');
  });

  test('a response that is too long to send leaves the request to be answered otherwise', () => {
    const { server } = pair();
    server.handleFrame(frame(BtpType.message, 3, []), 0);
    expect(() => server.respond(3, [octetsData('ilp', new Uint8Array(1000))])).toThrow(RangeError);
    expect(server.respondError(3, 'T00', '', 0)).toBeInstanceOf(Uint8Array);
  });
});

describe('bad frames after authentication', () => {
  test.each([
    ['nothing', ''],
    ['noise', 'ffffffffffff'],
    ['another protocol', ascii('GET / HTTP/1.1')],
    ['a cut Message', '06 00000001 05 0101'],
    ['an unknown type', '09 00000001 02 0100'],
    ['a Response with two entries of one name', `01 00000001 0a 0102 0161 00 00 0161 00 00`],
  ])('%s gets no answer and is counted as unreadable', (_, bytes) => {
    const { server } = pair();
    expect(server.handleFrame(hex(bytes), 0)).toBeUndefined();
    expect(server.counters.unreadable).toBe(1);
    expect(server.phase).toBe('open');
  });

  test('a frame above the limit is unreadable', () => {
    const { server } = pair();
    const octets = frame(BtpType.message, 1, [octetsData('ilp', new Uint8Array(1000))]);
    expect(server.handleFrame(octets, 0)).toBeUndefined();
    expect(server.counters.unreadable).toBe(1);
  });

  test('a request with two entries of one name is readable: F01, and the link goes on', () => {
    const { server } = pair();
    const octets = hex('06 00000005 0a 0102 0161 00 00 0161 00 00');
    // Somewhere inside a larger buffer, as sockets give it.
    const within = Uint8Array.of(1, 2, 3, ...octets).subarray(3);
    expect(answerOf(server.handleFrame(within, 0))).toMatchObject({ requestId: 5, code: 'F01' });
    expect(server.handleFrame(frame(BtpType.message, 6, []), 0)?.type).toBe('request');
  });

  test('a call of BTP 1.0 gets F00', () => {
    const { server } = pair();
    const octets = hex(`05 0000000a 12 ${'00'.repeat(16)} 0100`);
    expect(answerOf(server.handleFrame(octets, 0))).toMatchObject({ requestId: 10, code: 'F00' });
  });

  test('an error to an id that is being answered would be taken for its answer, so none is sent', () => {
    const { server } = pair();
    server.handleFrame(frame(BtpType.message, 10, []), 0);
    expect(server.handleFrame(hex(`05 0000000a 12 ${'00'.repeat(16)} 0100`), 0)).toBeUndefined();
  });

  test('any bytes leave the session working', () => {
    const { client, server } = pair();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        const event = server.handleFrame(octets, 0);
        if (event?.type === 'request') server.respond(event.packet.requestId, []);
        const { octets: good, requestId } = message(client, ilp(1), 'tag');
        expect(server.handleFrame(good, 0)?.type).toBe('request');
        const reply = server.respond(requestId, []) as Uint8Array;
        expect(client.handleFrame(reply, 0)?.type).toBe('reply');
      }),
    );
  });
});

describe('the packet types of interledger-rs, where that is switched on', () => {
  const PREPARE = 12;

  test.each([13, 14])(
    'a Prepare in a Response is a request, type %i in a Message its reply',
    (type) => {
      const { client, server } = pair({ swappedTypes: true });
      const { requestId } = message(client, ilp(PREPARE), 'tag');
      expect(server.handleFrame(frame(BtpType.response, requestId, ilp(PREPARE)), 0)).toMatchObject(
        {
          type: 'request',
          packet: { type: BtpType.message, requestId },
        },
      );
      expect(client.handleFrame(frame(BtpType.message, requestId, ilp(type)), 0)).toMatchObject({
        type: 'reply',
        tag: 'tag',
      });
    },
  );

  test('usual types mean what they always do', () => {
    const { client, server } = pair({ swappedTypes: true });
    const { octets, requestId } = message(client, ilp(PREPARE), 'tag');
    expect(server.handleFrame(octets, 0)?.type).toBe('request');
    const reply = server.respond(requestId, ilp(13)) as Uint8Array;
    expect(client.handleFrame(reply, 0)?.type).toBe('reply');
  });

  test('where it is off nobody looks into the data', () => {
    const { client, server } = pair();
    expect(server.handleFrame(frame(BtpType.response, 1, ilp(PREPARE)), 0)).toBeUndefined();
    expect(client.handleFrame(frame(BtpType.message, 1, ilp(13)), 0)?.type).toBe('request');
  });
});
