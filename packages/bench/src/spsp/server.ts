/** A process of its own: an SPSP server, ours or a bare handler on the same `node:http`, that tells its port and its CPU time. */
import { randomBytes } from 'node:crypto';
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

const server = createServer(process.argv[2] === 'ours' ? ours() : bare());
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
