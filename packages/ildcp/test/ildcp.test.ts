import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  decodeReject,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  encodeReject,
  IlpError,
  PacketType,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeIldcpResponse,
  encodeIldcpRequest,
  encodeIldcpResponse,
  fetchIldcp,
  IldcpError,
  serveIldcp,
  type IldcpResponse,
} from '../src/index.js';

const NOW = Date.UTC(2026, 0, 1);
const now = (): number => NOW;
const self = parseIlpAddress('test.parent');
const child: IldcpResponse = {
  clientAddress: parseIlpAddress('test.parent.child'),
  assetCode: 'EUR',
  assetScale: 6,
};
const request = encodeIldcpRequest(NOW + 60_000);

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** A parent that answers every request with these bytes. */
function parentSaying(reply: Uint8Array): () => Promise<Uint8Array> {
  return () => Promise.resolve(reply);
}

function fulfillWith(data: Uint8Array): Uint8Array {
  return encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data });
}

describe('the request (RFC 0031 "Packet")', () => {
  it('is a Prepare of amount 0 to peer.config under the condition of 32 zero bytes, without data', () => {
    const prepare = decodePrepare(request, { strict: true });
    expect(prepare.amount).toBe(0n);
    expect(prepare.destination).toBe('peer.config');
    expect(Buffer.from(prepare.executionCondition).toString('base64')).toBe(
      'Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU=',
    );
    expect(prepare.data).toHaveLength(0);
    expect(prepare.expiresAt.getTime()).toBe(NOW + 60_000);
  });
});

describe('the configuration on the wire (DynamicConfigurationProtocol.asn)', () => {
  const bytes = hex('11 746573742e706172656e742e6368696c64 06 03 455552');

  it('is address, scale and code in this order', () => {
    expect(encodeIldcpResponse(child)).toEqual(bytes);
    expect(decodeIldcpResponse(bytes)).toEqual(child);
  });

  it('comes back as it was written, asset codes in UTF-8', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_~-]{1,30}$/),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        fc.nat(255),
        (segment, assetCode, assetScale) => {
          const response = {
            clientAddress: parseIlpAddress(`g.${segment}`),
            assetCode,
            assetScale,
          };
          expect(decodeIldcpResponse(encodeIldcpResponse(response))).toEqual(response);
        },
      ),
    );
  });

  it('may have fields behind these that a later version adds', () => {
    expect(decodeIldcpResponse(Uint8Array.of(...bytes, 1, 2, 3))).toEqual(child);
  });

  it('is refused when cut off anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeIldcpResponse(bytes.subarray(0, length))).toThrow(OerDecodeError);
    }
  });

  it('is refused with an empty address, an empty code, or a code of more than 255 bytes', () => {
    expect(() => decodeIldcpResponse(hex('00 06 03 455552'))).toThrow(OerDecodeError);
    expect(() => decodeIldcpResponse(hex('03 672e61 06 00'))).toThrow('asset code is empty');
    const long = { ...child, assetCode: 'é'.repeat(128) };
    expect(() => encodeIldcpResponse(long)).toThrow('longer than 255');
    expect(encodeIldcpResponse({ ...child, assetCode: 'x'.repeat(255) }).length).toBeGreaterThan(
      255,
    );
    expect(() => encodeIldcpResponse({ ...child, assetScale: 256 })).toThrow('256');
  });
});

describe('the child', () => {
  it('gets its configuration from the parent', async () => {
    const parent = (prepare: Uint8Array): Promise<Uint8Array> =>
      Promise.resolve(serveIldcp(prepare, () => child, { self, now }));
    expect(await fetchIldcp(parent, { now })).toEqual(child);
  });

  it('asks with an expiry that is as long as it says', async () => {
    let expiresAt = 0;
    await fetchIldcp(
      (prepare) => {
        expiresAt = decodePrepare(prepare).expiresAt.getTime();
        return Promise.resolve(fulfillWith(encodeIldcpResponse(child)));
      },
      { now, timeoutMs: 5_000 },
    );
    expect(expiresAt).toBe(NOW + 5_000);
  });

  it('learns why it was refused', async () => {
    const reject = encodeReject({
      code: 'F00',
      triggeredBy: self,
      message: 'not a child\n',
      data: new Uint8Array(0),
    });
    const error = await fetchIldcp(parentSaying(reject)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IldcpError);
    expect(error).toMatchObject({
      code: 'REJECTED',
      rejectCode: 'F00',
      reject: { triggeredBy: self },
    });
    expect((error as Error).message).toBe(
      'the parent refused to give a configuration: F00 "not a child\\n"',
    );
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['a Prepare', request],
    ['a Fulfill without configuration', fulfillWith(new Uint8Array(0))],
    [
      'another fulfillment',
      encodeFulfill({ fulfillment: new Uint8Array(32).fill(1), data: encodeIldcpResponse(child) }),
    ],
  ])('does not take %s for an answer', async (_, reply) => {
    await expect(fetchIldcp(parentSaying(reply))).rejects.toMatchObject({ code: 'BAD_REPLY' });
  });

  it.each(['peer.config', 'self.me'])(
    'does not take %s as its address (RFC 0015)',
    async (address) => {
      const data = encodeIldcpResponse({ ...child, clientAddress: parseIlpAddress(address) });
      await expect(fetchIldcp(parentSaying(fulfillWith(data)))).rejects.toMatchObject({
        code: 'UNSUITABLE',
      });
    },
  );

  it('passes on what sending throws', async () => {
    await expect(fetchIldcp(() => Promise.reject(new Error('no link')))).rejects.toThrow('no link');
  });
});

describe('the parent', () => {
  const serve = (prepare: Uint8Array, answer = (): IldcpResponse => child) =>
    decodeReject(serveIldcp(prepare, answer, { self, now }));

  it('refuses with the code that its application chooses, and names itself', () => {
    const refuse = (): never => {
      throw new IlpError('F00', 'only children get an address');
    };
    expect(serve(request, refuse)).toEqual({
      code: 'F00',
      triggeredBy: self,
      message: 'only children get an address',
      data: new Uint8Array(0),
    });
  });

  it('answers a request with any amount and data, since later versions may use them (RFC 0031 "Packet")', () => {
    const asking = encodePrepare({
      ...decodePrepare(request),
      amount: 7n,
      data: new Uint8Array([1, 2, 3]),
    });
    const reply = decodeReply(serveIldcp(asking, () => child, { self, now }));
    expect(reply.type).toBe(PacketType.fulfill);
    expect(decodeIldcpResponse(reply.data)).toEqual(child);
  });

  it('refuses another condition with F01, as deployed connectors do', () => {
    const forged = request.slice();
    const at = Buffer.from(forged).indexOf(Buffer.from('66687aad', 'hex'));
    forged[at] = 0;
    expect(serve(forged).code).toBe('F01');
  });

  it('refuses an expired request with R02 and another destination with F00', () => {
    expect(serve(encodeIldcpRequest(NOW)).code).toBe('R02');
    const elsewhere = Buffer.from(request.slice());
    elsewhere.write('peer.confid', elsewhere.indexOf('peer.config'));
    expect(serve(elsewhere).code).toBe('F00');
  });

  it('answers bytes that are no Prepare with F01', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(serve(bytes).code).toBe('F01');
      }),
    );
  });
});
