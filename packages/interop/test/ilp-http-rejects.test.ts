/** What the HTTP errors of a peer become for the sender of a packet (RFC 0035 "Error Handling"), through a whole connector. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connector, httpLink } from '@pennyswitch/connector-core';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { IlpHttpPeer } from '@pennyswitch/ilp-http';
import { decodeReply, encodePrepare } from '@pennyswitch/ilp-packet';
import { afterEach, expect, it } from 'vitest';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** A connector whose only way leads over HTTP to a peer that answers as it is told. */
async function nodeBefore(listener: RequestListener): Promise<Connector> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const peer = new IlpHttpPeer({ url: `http://127.0.0.1:${port}/ilp` });
  const node = new Connector({ address: parseIlpAddress('test.a') });
  const asset = { code: 'USD', scale: 2 };
  await node.addAccount(
    { id: 'b', relation: 'peer', asset, staticRoutes: ['test.b'] },
    httpLink(peer),
  );
  await node.start();
  open.push(async () => {
    await node.stop({ drainMs: 1 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return node;
}

const prepare = (): Uint8Array =>
  encodePrepare({
    amount: 70n,
    expiresAt: new Date(Date.now() + 30_000),
    executionCondition: new Uint8Array(32),
    destination: parseIlpAddress('test.b.x'),
    data: new Uint8Array(0),
  });

it.each([500, 501, 502, 503, 504, 599, 400, 401, 404, 413, 429])(
  'status %i becomes a Reject with T00, and nothing stays held',
  async (status) => {
    const node = await nodeBefore((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end('for people'));
    });
    expect(decodeReply(await node.sendLocal(prepare()))).toMatchObject({
      code: 'T00',
      triggeredBy: 'test.a',
    });
    expect(await node.balance('b')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
  },
);

it.each([
  ['is cut', undefined],
  ['is no ILP packet', 'hello'],
])('an answer that %s becomes a Reject with T00', async (_, body) => {
  const node = await nodeBefore((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      if (body === undefined) request.socket.destroy();
      else response.end(body);
    });
  });
  expect(decodeReply(await node.sendLocal(prepare()))).toMatchObject({ code: 'T00' });
  expect(await node.balance('b')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
});
