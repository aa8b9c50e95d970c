/** ILDCP against npm ilp-protocol-ildcp, in both roles. */
import {
  decodeIldcpResponse,
  encodeIldcpRequest,
  encodeIldcpResponse,
  fetchIldcp,
  IldcpError,
  serveIldcp,
  type IldcpResponse,
} from '@pennyswitch/ildcp';
import { childAddress, parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, IlpError } from '@pennyswitch/ilp-packet';
import * as fc from 'fast-check';
import * as peer from 'ilp-protocol-ildcp';
import { describe, expect, it } from 'vitest';

const self = parseIlpAddress('test.parent');
const child: IldcpResponse = {
  clientAddress: childAddress(self, 'kid'),
  assetCode: 'EUR',
  assetScale: 6,
};

const responses: fc.Arbitrary<IldcpResponse> = fc.record({
  clientAddress: fc
    .stringMatching(/^[A-Za-z0-9_~-]{1,60}$/)
    .map((segment) => childAddress(self, segment)),
  assetCode: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  assetScale: fc.nat(255),
});

describe('the bytes', () => {
  it('of a response are those of npm ilp-protocol-ildcp, asset codes in UTF-8 included', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const theirs = peer.serializeIldcpResponse(response);
        const reply = decodeReply(theirs);
        expect(Buffer.from(encodeIldcpResponse(response))).toEqual(Buffer.from(reply.data));
        expect(decodeIldcpResponse(reply.data)).toEqual(response);
      }),
    );
  });

  it('of a request are those of npm ilp-protocol-ildcp', () => {
    const expiresAt = new Date(Date.UTC(2030, 0, 1));
    expect(Buffer.from(encodeIldcpRequest(expiresAt.getTime()))).toEqual(
      peer.serializeIldcpRequest({ expiresAt }),
    );
  });
});

describe('npm ilp-protocol-ildcp', () => {
  it('as a child gets its address from our parent', async () => {
    const answer = await peer.fetch((prepare) =>
      Promise.resolve(Buffer.from(serveIldcp(prepare, () => child, { self }))),
    );
    expect(answer).toEqual(child);
  });

  it('as a child understands our refusal', async () => {
    const refuse = (): never => {
      throw new IlpError('F00', 'only children are given a configuration.');
    };
    const asking = peer.fetch((prepare) =>
      Promise.resolve(Buffer.from(serveIldcp(prepare, refuse, { self }))),
    );
    await expect(asking).rejects.toThrow('only children are given a configuration.');
  });

  it('as a parent gives our child its address', async () => {
    const answer = await fetchIldcp((requestPacket) =>
      peer.serve({
        requestPacket: Buffer.from(requestPacket),
        serverAddress: self,
        handler: () => Promise.resolve(child),
      }),
    );
    expect(answer).toEqual(child);
  });

  it('as a parent refuses our child with a Reject that tells why', async () => {
    const asking = fetchIldcp((requestPacket) =>
      peer.serve({
        requestPacket: Buffer.from(requestPacket),
        serverAddress: self,
        handler: () => Promise.reject(new Error('not today')),
      }),
    );
    const error = await asking.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IldcpError);
    expect(error).toMatchObject({
      code: 'REJECTED',
      rejectCode: 'F00',
      reject: { triggeredBy: self },
    });
  });
});
