import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Certificate chain and key, in PEM. */
export interface TlsTexts {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** The files that they are in. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Reads both files. @throws the errors of `readFile`; TLS errors for a certificate and key that cannot be used together. */
export async function readTlsFiles({ certFile, keyFile }: TlsFiles): Promise<TlsTexts> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const texts = { cert, key };
  checkTls(texts);
  return texts;
}

/** @throws TLS errors for a certificate and key that cannot be used, or not together. */
export function checkTls(texts: TlsTexts): void {
  createSecureContext(toSecureContextOptions(texts));
}

/** In the form that Node's TLS takes. */
export function toSecureContextOptions({ cert, key }: TlsTexts): {
  cert: string;
  key: string;
} {
  const decoder = new TextDecoder();
  return {
    cert: typeof cert === 'string' ? cert : decoder.decode(cert),
    key: typeof key === 'string' ? key : decoder.decode(key),
  };
}

/** A text that changes whenever one of the files is written. */
export async function fileVersions({ certFile, keyFile }: TlsFiles): Promise<string> {
  const stats = await Promise.all([certFile, keyFile].map((file) => stat(file, { bigint: true })));
  return stats.map(({ mtimeNs, size, ino }) => `${mtimeNs}/${size}/${ino}`).join(' ');
}
