import type { Fetch } from '@pennyswitch/connector-core';
import type { NodeConfig } from '../config/schema.js';

/** A `fetch` that sends each settlement engine the bearer token that the configuration has for it. */
export function engineFetch(accounts: NodeConfig['accounts']): Fetch {
  const tokens: { readonly base: string; readonly token: string }[] = [];
  for (const { settlement } of Object.values(accounts)) {
    if (settlement?.engineToken === undefined) continue;
    tokens.push({
      base: `${settlement.engine.replace(/\/+$/, '')}/`,
      token: settlement.engineToken,
    });
  }
  return (url, init) => {
    const token = tokens.find(({ base }) => url.startsWith(base))?.token;
    if (token === undefined) return fetch(url, init);
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(url, { ...init, headers });
  };
}
