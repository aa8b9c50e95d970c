import { BtpUrlError } from './errors.js';

/** A BTP URL, taken apart. */
export interface BtpUrl {
  /** What the WebSocket connects to: `ws:` or `wss:`, without credentials. */
  readonly webSocketUrl: string;
  readonly username: string;
  readonly token: string;
}

const SCHEMES = /^(?:btp\+)?(wss?):\/\//i;

/**
 * Takes apart `btp+ws://user:token@host:port/path?query` (or `btp+wss`, or without `btp+`). User name and token are
 * percent-decoded; either may be missing, a token alone reads `:token@`. Path and query are kept.
 * @throws {@link BtpUrlError}; its message holds nothing of the URL but the scheme, as the rest may be secret.
 */
export function parseBtpUrl(url: string | URL): BtpUrl {
  const text = String(url);
  const scheme = SCHEMES.exec(text);
  if (scheme === null) {
    throw new BtpUrlError('a BTP URL starts with btp+ws:// or btp+wss://');
  }
  let parsed: URL;
  try {
    // As ws: or wss:, which URL parsers know: default ports and hosts are treated alike everywhere.
    parsed = new URL(
      text.slice(text.indexOf(':')).replace(/^/, (scheme[1] as string).toLowerCase()),
    );
  } catch {
    throw new BtpUrlError('host, port or credentials of the BTP URL are malformed');
  }
  if (parsed.hash !== '') throw new BtpUrlError('a BTP URL has no fragment');
  const username = decoded(parsed.username, 'user name');
  const token = decoded(parsed.password, 'token');
  parsed.username = '';
  parsed.password = '';
  return { webSocketUrl: parsed.href, username, token };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BtpUrlError(`the ${what} of the BTP URL is not percent-encoded UTF-8`);
  }
}
