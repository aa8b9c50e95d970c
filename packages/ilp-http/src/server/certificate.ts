import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../auth/incoming.js';

const known = new WeakMap<Socket, PeerCertificate | undefined>();

/** The certificate that the client of a connection showed; it is the same for all its requests. */
export function certificateOf(socket: Socket): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (known.has(socket)) return known.get(socket);
  const certificate = readCertificate(socket);
  known.set(socket, certificate);
  return certificate;
}

function readCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const { fingerprint256, subject, subjectAltName } = certificate;
  const dnsNames = (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  const commonName = /^CN=(.*)$/m.exec(subject)?.[1];
  const names = dnsNames.length === 0 && commonName !== undefined ? [commonName] : dnsNames;
  return { authorized: socket.authorized, names, fingerprint256 };
}
