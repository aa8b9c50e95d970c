/** What a server knows about whoever connects, before it authenticates. */
export interface BtpPeer {
  /** The address of the other end of the TCP connection: a proxy's, where there is one. */
  readonly address: string;
  /** Path and query of the URL that was asked for. */
  readonly path: string;
  /** The `Origin` header, which browsers send and pages cannot forge. */
  readonly origin: string | undefined;
  /** The client's TLS certificate, where one was asked for and given. */
  readonly certificate: BtpPeerCertificate | undefined;
}

/** The part of a certificate that names its owner. */
export interface BtpPeerCertificate {
  /** Whether one of the server's `clientCa` signed it. Where false, anybody may have made it. */
  readonly authorized: boolean;
  /** The subject's common name, as the certificate says. */
  readonly commonName: string | undefined;
  /** SHA-256 of the certificate, upper-case hex with colons. */
  readonly fingerprint256: string;
}

/** PEM texts, or the files to read them from; files are read again when they change. */
export type BtpServerTls = (BtpTlsPair | BtpTlsFiles) & {
  /** Ask clients for a certificate and check it against these authorities; any certificate where the list is empty. */
  readonly clientCa?: readonly (string | Uint8Array)[];
};

/** A certificate chain and its key, PEM. */
export interface BtpTlsPair {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** The files of a certificate chain and its key, PEM. */
export interface BtpTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** How often to look whether they changed, in milliseconds; default 5000. */
  readonly watchIntervalMs?: number;
}

/** A `node:http` or `node:https` server, as far as it matters here. */
export interface UpgradeServer {
  on(event: 'upgrade', listener: (...args: unknown[]) => void): unknown;
  off(event: 'upgrade', listener: (...args: unknown[]) => void): unknown;
}
