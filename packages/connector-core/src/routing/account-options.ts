import type { CcpAccountOptions } from '@pennyswitch/ccp-routing';
import { parseIlpAddressPrefix, type IlpAddressPrefix } from '@pennyswitch/ilp-address';
import type { Account } from '../account/account.js';
import { segmentOf } from '../node/node-state.js';

/** An account's settings as routing takes them. They have been checked. */
export function ccpOptionsOf(account: Account): CcpAccountOptions {
  const { relation, sendRoutes, receiveRoutes, staticRoutes, routing = {} } = account.settings;
  const { accept, refuse, tell, withhold, ...rest } = routing;
  return {
    relation,
    ...(sendRoutes !== undefined && { sendRoutes }),
    ...(receiveRoutes !== undefined && { receiveRoutes }),
    ...(staticRoutes && { staticRoutes: parsed(staticRoutes) }),
    ...(relation === 'child' && { childSegment: segmentOf(account) }),
    ...(accept && { accept: parsed(accept) }),
    ...(refuse && { refuse: parsed(refuse) }),
    ...(tell && { tell: parsed(tell) }),
    ...(withhold && { withhold: parsed(withhold) }),
    ...rest,
  };
}

function parsed(prefixes: readonly string[]): IlpAddressPrefix[] {
  return prefixes.map(parseIlpAddressPrefix);
}
