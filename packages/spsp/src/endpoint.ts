import { SpspError } from './errors.js';
import { parsePaymentPointer } from './payment-pointer.js';

const LOOPBACK = /^(localhost|.*\.localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/**
 * The URL that a query goes to.
 * @param allowHttp whether plain http is allowed to this machine itself.
 * @throws PaymentPointerError, {@link SpspError} `BAD_ENDPOINT`
 */
export function endpointUrl(endpoint: string, allowHttp: boolean): string {
  if (endpoint.startsWith('$')) return parsePaymentPointer(endpoint).url;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !isSecure(url, allowHttp)) {
    throw new SpspError(
      'BAD_ENDPOINT',
      'expected a payment pointer such as $wallet.example/bob, or an https URL',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new SpspError('BAD_ENDPOINT', 'the URL of an SPSP endpoint has no user name or password');
  }
  // It never reaches the server, and two endpoints that differ in it are one.
  url.hash = '';
  return url.href;
}

/** SPSP messages go over HTTPS (RFC 0009 "Interfaces"); http to this very machine only where the caller allows it. */
export function isSecure({ protocol, hostname }: URL, allowHttp: boolean): boolean {
  return protocol === 'https:' || (allowHttp && protocol === 'http:' && LOOPBACK.test(hostname));
}
