/** Between a store and its server: passes bytes on until it is told to break the connection at the worst moment. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { RedisServer } from './redis-server.js';

export class RedisProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #breaks: 'request' | 'reply' | undefined;
  #staysDown = false;
  #isDown = false;

  private constructor(server: RedisServer, name: string) {
    const path = join(server.folder, name);
    this.url = `unix://${path}`;
    this.#server = createServer((near) => {
      if (this.#isDown) {
        near.destroy();
        return;
      }
      const far = connect(server.url.slice('unix://'.length));
      this.#sockets.add(near).add(far);
      this.#pass(near, far, 'request');
      this.#pass(far, near, 'reply');
    }).listen(path);
  }

  static async start(server: RedisServer, name: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(server, name);
    await new Promise((resolve) => proxy.#server.once('listening', resolve));
    return proxy;
  }

  /**
   * The next bytes of this kind do not arrive; the connection breaks instead. Before a reply the server has done its work.
   * @param options.staysDown refuses connections from then on, until {@link up}.
   */
  breakAt(kind: 'request' | 'reply', options: { readonly staysDown?: boolean } = {}): void {
    this.#breaks = kind;
    this.#staysDown = options.staysDown ?? false;
  }

  /** Whether connections are refused now. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Breaks all connections, and refuses others until {@link up}. */
  down(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Takes connections again. */
  up(): void {
    this.#isDown = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: Socket, to: Socket, kind: 'request' | 'reply'): void {
    from.on('data', (bytes) => {
      if (this.#breaks !== kind) {
        to.write(bytes);
        return;
      }
      this.#breaks = undefined;
      this.#isDown = this.#staysDown;
      from.destroy();
      to.destroy();
    });
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  }
}
