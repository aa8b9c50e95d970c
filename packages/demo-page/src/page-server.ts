import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bundlePage } from './bundle.js';
import type { ConnectTo } from './connect-to.js';
import type { WalletTicket } from './page/ticket.js';
import { BTP_PATH, Provider } from './provider.js';
import { SpspRelay } from './spsp-relay.js';

/** How a {@link PageServer} is made. */
export interface PageServerOptions {
  /** Whom the page pays: a payment pointer. */
  readonly pointer: string;
  /** The provider's connector, `btp+ws://:TOKEN@HOST:PORT`. */
  readonly uplink: string;
  /** SPSP servers that only this machine reaches. */
  readonly connectTo?: readonly ConnectTo[];
  /** A file with authorities (PEM) to trust for them. */
  readonly ca?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** How much the page may spend in all, in whole units of the uplink's asset; default 5. */
  readonly budget?: bigint;
}

const HOST = '127.0.0.1';
/** Names that a browser on this machine may have for this server. */
const NAMES = [HOST, 'localhost'];

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain', body });
const json = (value: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
});

/** Serves the page, and is the page's way to Interledger, on one port of this machine. */
export class PageServer {
  /** What to open in a browser. */
  readonly url: string;
  /** Whom the page pays. */
  readonly pointer: string;
  readonly provider: Provider;
  readonly #server: Server;

  private constructor(server: Server, url: string, pointer: string, provider: Provider) {
    this.#server = server;
    this.url = url;
    this.pointer = pointer;
    this.provider = provider;
  }

  /** Starts it. @throws where the uplink gives no address in time, or the port is taken. */
  static async start(options: PageServerOptions): Promise<PageServer> {
    const files = await readPage(options.pointer);
    const relay = new SpspRelay(options.connectTo ?? [], options.ca);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, HOST, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const origins = NAMES.map((name) => `http://${name}:${port}`);
    try {
      const provider = await Provider.start({ ...options, server, origins });
      const site = new Site(files, relay, port, provider);
      server.on('request', (request, response) => {
        void site.answer(request).then(({ status, type, body }) => {
          response.writeHead(status, { ...site.headers, 'content-type': `${type}; charset=utf-8` });
          response.end(request.method === 'HEAD' ? undefined : body);
        });
      });
      return new PageServer(server, `http://${HOST}:${port}/`, options.pointer, provider);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /** Ends the page's link and the server. */
  async close(): Promise<void> {
    await this.provider.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What is where on the page's server. */
class Site {
  readonly #files: ReadonlyMap<string, Answer>;
  readonly #relay: SpspRelay;
  readonly #hosts: readonly string[];
  readonly #ticket: WalletTicket;
  /** Of every answer. The page loads nothing from elsewhere, and connects to SPSP servers and its own only. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    files: ReadonlyMap<string, Answer>,
    relay: SpspRelay,
    port: number,
    { token, budget }: Provider,
  ) {
    this.#files = files;
    this.#relay = relay;
    this.#hosts = NAMES.map((name) => `${name}:${port}`);
    this.#ticket = {
      uplink: `btp+ws://:${token}@${HOST}:${port}${BTP_PATH}`,
      budget: budget.toString(),
      relayedHosts: relay.hosts,
    };
    this.headers = {
      'content-security-policy': `default-src 'self'; connect-src 'self' ws://${HOST}:${port} https:; img-src data:; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    };
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const { method = '', url = '/', headers } = request;
    // Under another name another page has led here: what it could read would let it spend (DNS rebinding).
    if (!this.#hosts.includes(headers.host ?? '')) return text(421, 'not the name of this server');
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET');
    if (!url.startsWith('/')) return text(400, 'not a path');
    const [pathname = '', query = ''] = url.split(/\?(.*)/s, 2);
    if (pathname === '/wallet.json') return json(this.#ticket);
    if (pathname === '/spsp') {
      return this.#passOn(new URLSearchParams(query).get('url') ?? '', request);
    }
    return this.#files.get(pathname) ?? text(404, 'nothing is here');
  }

  async #passOn(target: string, { headers }: IncomingMessage): Promise<Answer> {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return text(403, 'for the page only');
    try {
      const answered = await this.#relay.ask(target, (name) => {
        const value = headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      });
      return answered === undefined ? text(403, 'not a host that was named') : json(answered);
    } catch (error) {
      return text(502, error instanceof Error ? error.message : String(error));
    }
  }
}

async function readPage(pointer: string): Promise<ReadonlyMap<string, Answer>> {
  const read = (name: string): Promise<string> =>
    readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
  const [html, style, script] = await Promise.all([
    read('index.html'),
    read('style.css'),
    bundlePage(),
  ]);
  const body = html.replaceAll('{{pointer}}', () => escapeHtml(pointer));
  return new Map([
    ['/', { status: 200, type: 'text/html', body }],
    ['/style.css', { status: 200, type: 'text/css', body: style }],
    ['/page.js', { status: 200, type: 'text/javascript', body: script }],
  ]);
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
