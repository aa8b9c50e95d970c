import type { IlpHttpClientTls } from './transport.js';

type Pem = string | Buffer;

/** TLS settings as node takes them: only those that are set, bytes as buffers. */
export function tlsOptions(tls: IlpHttpClientTls): {
  ca?: Pem[];
  cert?: Pem;
  key?: Pem;
  servername?: string;
} {
  const { ca, cert, key, servername } = tls;
  return {
    ...(ca !== undefined && { ca: isList(ca) ? ca.map(pem) : [pem(ca)] }),
    ...(cert !== undefined && { cert: pem(cert) }),
    ...(key !== undefined && { key: pem(key) }),
    ...(servername !== undefined && { servername }),
  };
}

/** PEM as node takes it. */
export function pem(value: string | Uint8Array): Pem {
  return typeof value === 'string' ? value : Buffer.from(value);
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
