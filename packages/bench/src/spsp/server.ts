/** A process of its own: an SPSP server, ours or a bare handler on the same `node:http`, that tells its port and its CPU time. */
import { createCipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { createSpspHandler } from '@pennyswitch/spsp';
import { nodeListener } from '@pennyswitch/spsp/node';
import { StreamReceiver } from '@pennyswitch/stream';

/** What this process tells its parent. */
export interface ServerReport {
  readonly port: number;
  /** Microseconds of CPU since it started. */
  readonly cpu: number;
}

/** What answers with a text of the same size, and does nothing else that a server must do. */
function bare(): Parameters<typeof createServer>[1] {
  const body = JSON.stringify({
    destination_account: `test.wallet.${'x'.repeat(48)}`,
    shared_secret: Buffer.alloc(32).toString('base64'),
    receipts_enabled: false,
  });
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'web-monetization-id',
    'content-type': 'application/spsp4+json',
    'cache-control': 'no-cache',
    'content-length': Buffer.byteLength(body),
  };
  return (_, response) => {
    response.writeHead(200, headers);
    response.end(body);
  };
}

/**
 * The same with what every receiver that stores nothing must do for a query: a fresh token that nobody else can read or make,
 * and a secret that follows from it. By hand, with `node:crypto` alone.
 */
function sealing(): Parameters<typeof createServer>[1] {
  const key = createSecretKey(randomBytes(32));
  const details = Buffer.from('.bob.EUR.6');
  return ({ url = '' }, response) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = [iv, cipher.update(details), cipher.update(url), cipher.final()];
    const token = Buffer.concat([...sealed, cipher.getAuthTag()]);
    const body = JSON.stringify({
      destination_account: `test.wallet.${token.toString('base64url')}`,
      shared_secret: createHmac('sha256', key).update(token).digest('base64'),
      receipts_enabled: false,
    });
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'web-monetization-id',
      'content-type': 'application/spsp4+json',
      'cache-control': 'no-cache',
      'content-length': Buffer.byteLength(body),
    };
    response.writeHead(200, headers);
    response.end(body);
  };
}

function ours(): Parameters<typeof createServer>[1] {
  const receiver = new StreamReceiver({
    secret: randomBytes(32),
    address: () => parseIlpAddress('test.wallet'),
    asset: { code: 'EUR', scale: 6 },
  });
  const handler = createSpspHandler({
    answer: ({ path }) => ({ credentials: receiver.createCredentials({ tag: path.slice(1) }) }),
    rateLimit: { perMinute: 1e9, burst: 1e9 },
  });
  return nodeListener(handler);
}

const kinds: Partial<Record<string, () => Parameters<typeof createServer>[1]>> = {
  bare,
  sealing,
  ours,
};
const listener = kinds[process.argv[2] ?? '']?.();
if (listener === undefined) throw new Error('expected bare, sealing or ours');
const server = createServer(listener);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

function report(): void {
  const { user, system } = process.cpuUsage();
  const message: ServerReport = { port, cpu: user + system };
  process.send?.(message);
}

process.on('message', report);
report();
