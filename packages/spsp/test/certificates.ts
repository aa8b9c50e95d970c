import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/** A certificate and its key, PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly fingerprint256: string;
}

/** An authority that signs certificates. */
export class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: CryptoKeyPair;
  #serial = 1;

  static async create(): Promise<Authority> {
    x509.cryptoProvider.set(webcrypto as Crypto);
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=Test authority',
      ...validity(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new Authority(certificate, keys);
  }

  private constructor(certificate: x509.X509Certificate, keys: CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
  }

  /** What believers need. */
  get pem(): string {
    return this.#certificate.toString('pem');
  }

  /** A certificate for these DNS names and IP addresses, good for servers and clients. */
  async issue(names: { dns?: string[]; ip?: string[] }): Promise<Pair> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++this.#serial).toString(16).padStart(2, '0'),
      subject: `CN=${names.dns?.[0] ?? 'nobody'}`,
      issuer: this.#certificate.subject,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          ...(names.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
          ...(names.ip ?? []).map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    });
    return pair(certificate, keys);
  }
}

/** A certificate that nobody else signed. */
export async function selfSigned(name: string): Promise<Pair> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  return pair(certificate, keys);
}

async function pair(certificate: x509.X509Certificate, keys: CryptoKeyPair): Promise<Pair> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const thumbprint = new Uint8Array(await certificate.getThumbprint('SHA-256'));
  return {
    cert: certificate.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    fingerprint256: Buffer.from(thumbprint).toString('hex'),
  };
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
