/** Runs code of ours in a real Chromium: a script is bundled for browsers, served on loopback, and opened as a page. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';

/** What keeps it from calling home, and lets it run where there is no sandbox and no display. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The path of a Chromium of this machine; undefined where there is none. */
export const CHROMIUM: string | undefined = findChromium();

/** Why tests in a browser are skipped, for a person to read; undefined where they run. */
export const NO_CHROMIUM: string | undefined =
  CHROMIUM === undefined
    ? 'there is no Chromium here: install it (Debian: apt-get install chromium), or set CHROMIUM to its path'
    : undefined;

function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const named = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  const set = process.env['CHROMIUM'];
  return [...(set === undefined ? [] : [set]), ...named].find((path) => existsSync(path));
}

/** A page that is open, and what it says. */
export interface OpenPage {
  readonly page: Page;
  /** Where it came from, which is what a server's check of `Origin` sees. */
  readonly origin: string;
  /** What it wrote to the console, and what went wrong in it. */
  readonly messages: readonly string[];
}

/** How a page is made. */
export interface PageOptions {
  /** The script, in TypeScript: a path. It is bundled as a web application would, from the sources of our packages. */
  readonly script: string | URL;
  /** The body's HTML; default empty. */
  readonly body?: string;
}

/** A browser without a window. Close it after use. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #servers = new Set<Server>();

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts it, with a profile of its own. @throws where there is none; look at {@link NO_CHROMIUM} before. */
  static async start(): Promise<TestBrowser> {
    if (CHROMIUM === undefined) throw new Error(NO_CHROMIUM);
    return new TestBrowser(
      await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS }),
    );
  }

  /** Serves a page from an origin of its own and opens it. */
  async open(options: PageOptions): Promise<OpenPage> {
    const script = await bundle(options.script);
    return this.visit(await this.#serve(script, options.body ?? ''));
  }

  /** Opens a page that somebody else serves. */
  async visit(url: string): Promise<OpenPage> {
    const page = await this.#browser.newPage();
    const messages: string[] = [];
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(`error: ${error.message}`));
    await page.goto(url);
    return { page, origin: new URL(url).origin, messages };
  }

  /** Ends the browser and the servers of its pages. */
  async close(): Promise<void> {
    await this.#browser.close();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #serve(script: string, body: string): Promise<string> {
    const html = `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"><body>${body}<script type="module" src="/script.js"></script>`;
    const server = createServer((request, response) => {
      const isScript = request.url === '/script.js';
      const found = isScript || request.url === '/';
      response.writeHead(found ? 200 : 404, {
        'content-type': isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8',
      });
      response.end(isScript ? script : found ? html : '');
    });
    this.#servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}

/** One script for a browser, from the sources: what needs Node fails here and not in the page. */
async function bundle(script: string | URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [script instanceof URL ? script.pathname : script],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@pennyswitch/source', 'browser'],
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
