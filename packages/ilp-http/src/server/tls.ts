import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { pem } from '../client/tls-options.js';

/** A server's certificate, PEM or the files to read it from, and whose certificates clients may show. */
export type IlpHttpServerTls = (IlpHttpTlsPair | IlpHttpTlsFiles) & {
  /**
   * Ask clients for a certificate. Those that one of these authorities signed may be recognised by name, all others by
   * their fingerprint only.
   */
  readonly clientCa?: readonly (string | Uint8Array)[];
};

/** A certificate chain and its key, PEM. */
export interface IlpHttpTlsPair {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** The files of a certificate chain and its key, PEM. They are read again when they change. */
export interface IlpHttpTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** How often to look whether they changed, in milliseconds; default 5000. */
  readonly watchIntervalMs?: number;
}

const WATCH_INTERVAL_MS = 5000;

/** TLS settings of a server as node takes them. @throws node's error for files that cannot be read. */
export function secureContext(tls: IlpHttpServerTls): {
  cert: string | Buffer;
  key: string | Buffer;
  ca?: (string | Buffer)[];
} {
  const pair =
    'certFile' in tls
      ? { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
      : { cert: pem(tls.cert), key: pem(tls.key) };
  const { clientCa } = tls;
  return { ...pair, ...(clientCa !== undefined && { ca: clientCa.map(pem) }) };
}

/** Calls `changed` whenever one of the files did. @returns how to end that. */
export function watchTls(tls: IlpHttpServerTls | undefined, changed: () => void): () => void {
  if (tls === undefined || !('certFile' in tls)) return () => undefined;
  const interval = tls.watchIntervalMs ?? WATCH_INTERVAL_MS;
  const files = [tls.certFile, tls.keyFile];
  for (const file of files) watchFile(file, { interval, persistent: false }, changed);
  return () => {
    for (const file of files) unwatchFile(file, changed);
  };
}
