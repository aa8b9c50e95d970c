import type { Connector } from '../connector.js';
import type { AccountSnapshot } from '../snapshots.js';

/** How far accounts are from their limits on balances, as the reservation of a packet sees them. */
export function limitsInUse(connector: Connector): Promise<object[]> {
  return Promise.all(connector.accounts().map((account) => inUse(connector, account)));
}

async function inUse(
  connector: Connector,
  { id, asset, limits }: AccountSnapshot,
): Promise<object> {
  if (asset === undefined) return { account: id, limits };
  const { net, heldIncoming, heldOutgoing } = await connector.balance(id);
  const { maximumBalance, minimumBalance } = limits;
  const owed = net + heldIncoming;
  const owing = net - heldOutgoing;
  return {
    account: id,
    limits,
    owed,
    owing,
    canReceive: maximumBalance === undefined ? undefined : notBelowZero(maximumBalance - owed),
    canSend: minimumBalance === undefined ? undefined : notBelowZero(owing - minimumBalance),
  };
}

function notBelowZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
