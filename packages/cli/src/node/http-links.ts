import {
  IlpHttpPeer,
  IlpHttpServer,
  type IncomingAuth,
  type IlpHttpPeerOptions,
  type OutgoingAuth,
} from '@pennyswitch/ilp-http';
import type { Logger } from '@pennyswitch/connector-core';
import { PrepareView } from '@pennyswitch/ilp-packet';
import type { LinkConfig, NodeConfig } from '../config/schema.js';
import { readPem, readTls } from './files.js';

/** A link over HTTP as the configuration says it. */
export type HttpLinkConfig = Extract<LinkConfig, { type: 'http' }>;

/** The ends of a node's links over HTTP: one server for all peers' requests, and a client for each. */
export class HttpLinks {
  /** Undefined where the configuration has no port for it. */
  readonly server: IlpHttpServer | undefined;
  readonly #logger: Logger;

  constructor(config: NodeConfig['http'], logger: Logger) {
    this.#logger = logger;
    if (config === undefined) return;
    const { path, callbackPath, tls } = config;
    this.server = new IlpHttpServer({
      logger,
      ...(path !== undefined && { path }),
      ...(callbackPath !== undefined && { callbackPath }),
      ...(tls !== undefined && { tls: readTls(tls) }),
    });
  }

  /** The end of the link of one account. @returns undefined where the peer would have to ask us, and there is no port. */
  open(id: string, link: HttpLinkConfig): IlpHttpPeer | undefined {
    const options = this.#peerOptions(link);
    if (this.server !== undefined) {
      return this.server.addPeer(id, { ...options, incoming: incomingAuth(link) });
    }
    const needsPort = link.incoming !== undefined || link.exchange === 'asynchronous';
    return needsPort ? undefined : new IlpHttpPeer(options);
  }

  /** Takes other tokens and keys from the peer. */
  setIncoming(id: string, link: HttpLinkConfig): void {
    this.server?.setIncomingAuth(id, incomingAuth(link));
  }

  /** Reads the certificate again. */
  renewTls(config: NodeConfig['http']): void {
    if (config?.tls !== undefined) this.server?.renewTls(readTls(config.tls));
  }

  /** Forgets an account whose link is closed. */
  async release(id: string): Promise<void> {
    await this.server?.removePeer(id, { drainTimeoutMs: 0 });
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  #peerOptions(link: HttpLinkConfig): IlpHttpPeerOptions {
    const { url, exchange, callbackUrl, peerCallbackUrl, retryRequests, ca } = link;
    const auth = outgoingAuth(link);
    return {
      url,
      logger: this.#logger,
      expiresAt: expiryOf,
      ...(exchange !== undefined && { exchange }),
      ...(callbackUrl !== undefined && { callbackUrl }),
      ...(peerCallbackUrl !== undefined && { peerCallbackUrl }),
      ...(retryRequests !== undefined && { retryRequests }),
      ...(ca !== undefined && { tls: { ca: readPem(ca) } }),
      ...(auth !== undefined && { auth }),
    };
  }
}

function outgoingAuth({ token, jwt }: HttpLinkConfig): OutgoingAuth | undefined {
  if (jwt !== undefined) return { type: 'jwt-hs256', ...jwt };
  return token === undefined ? undefined : { type: 'bearer', token };
}

function incomingAuth({ incoming }: HttpLinkConfig): IncomingAuth {
  const { tokens, jwt } = incoming ?? {};
  return {
    ...(tokens !== undefined && { tokens }),
    ...(jwt !== undefined && { jwt: [{ algorithm: 'HS256', ...jwt }] }),
  };
}

/** When a packet expires; the link itself does not look into packets. */
function expiryOf(octets: Uint8Array): number | undefined {
  try {
    return new PrepareView(octets).expiresAtMs;
  } catch {
    return undefined;
  }
}
