/** Our SPSP client in a page asks servers of other origins: what CORS and redirects in a real browser make of both. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { createSpspHandler, type SpspQuery } from '@pennyswitch/spsp';
import { nodeListener } from '@pennyswitch/spsp/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_CHROMIUM, TestBrowser, type OpenPage } from '../src/chromium.js';
import type { SpspPage } from './pages/spsp.js';

const SCRIPT = new URL('./pages/spsp.ts', import.meta.url);
const ID = 'dcd479ad-7d8d-4210-956a-13c14b8c67eb';

/** Calls a function of the page. */
function query(
  { page }: OpenPage,
  ...args: Parameters<SpspPage['query']>
): ReturnType<SpspPage['query']> {
  return page.evaluate(`spsp.query(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
}

describe.skipIf(NO_CHROMIUM !== undefined)(
  `SPSP in Chromium${NO_CHROMIUM === undefined ? '' : ` (${NO_CHROMIUM})`}`,
  () => {
    let browser: TestBrowser;
    let opened: OpenPage;
    const servers: Server[] = [];
    const queries: SpspQuery[] = [];

    beforeAll(async () => {
      browser = await TestBrowser.start();
      opened = await browser.open({ script: SCRIPT });
    }, 30_000);

    afterAll(async () => {
      await browser.close();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    });

    /** A server of another origin; its host. */
    async function serve(listener: RequestListener): Promise<string> {
      const server = createServer(listener);
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    const wallet = (): RequestListener =>
      nodeListener(
        createSpspHandler({
          answer: (asked) => {
            queries.push(asked);
            const destination = parseIlpAddress('test.wallet.token');
            return asked.path === '/bob'
              ? { credentials: { destination, sharedSecret: new Uint8Array(32) } }
              : undefined;
          },
        }),
      );

    test('a page asks a server of another origin, and with a Monetization ID after a preflight', async () => {
      const methods: (string | undefined)[] = [];
      const listener = wallet();
      const host = await serve((request, response) => {
        methods.push(request.method);
        listener(request, response);
      });
      expect(await query(opened, `http://${host}/bob`)).toBe(`test.wallet.token from ${host}`);
      expect(await query(opened, `http://${host}/bob`, { monetizationId: ID })).toBe(
        `test.wallet.token from ${host}`,
      );
      expect(methods).toEqual(['GET', 'OPTIONS', 'GET']);
      expect(queries.map(({ header }) => header('web-monetization-id'))).toEqual([null, ID]);
      // Errors are readable across origins, too.
      expect(await query(opened, `http://${host}/eve`)).toBe('NOT_FOUND');
    });

    test('a page asks for receipts of its own (RFC 0039), which a preflight allows', async () => {
      const host = await serve(wallet());
      const receipts = {
        nonce: Buffer.alloc(16, 1).toString('base64'),
        secret: Buffer.alloc(32, 2).toString('base64'),
      };
      expect(await query(opened, `http://${host}/bob`, { receipts })).toBe(
        `test.wallet.token from ${host}`,
      );
      expect(queries.at(-1)?.receipts).toMatchObject({
        nonce: new Uint8Array(16).fill(1),
        secret: new Uint8Array(32).fill(2),
      });
    });

    test('a page follows a redirect and learns whose answer it got', async () => {
      const host = await serve(wallet());
      const from = await serve((_, response) =>
        response
          .writeHead(302, { location: `http://${host}/bob`, 'access-control-allow-origin': '*' })
          .end(),
      );
      expect(await query(opened, `http://${from}/bob`)).toBe(`test.wallet.token from ${host}`);
    });

    test('a page learns of servers that cannot be used', async () => {
      const silent = await serve((_, response) => response.writeHead(200).end('{}'));
      expect(await query(opened, `http://${silent}/bob`)).toBe('UNREACHABLE');
      const other = await serve((_, response) =>
        response.writeHead(200, { 'access-control-allow-origin': '*' }).end('{}'),
      );
      expect(await query(opened, `http://${other}/bob`)).toBe('BAD_RESPONSE');
      expect(await query(opened, 'http://wallet.example/bob')).toBe('BAD_ENDPOINT');
      expect(await query(opened, '$wallet.example:1/bob')).toBe('HAS_PORT');
    });
  },
);
