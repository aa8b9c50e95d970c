import type { Clock } from './environment.js';
import type { IncomingMoney, MoneyDecision } from './receiver-money.js';

/** The longest delay that timers of every platform take; longer ones would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Asks the application about money and waits for its answer as long as the packet is worth anything.
 * @param onLate called with an answer that comes after `late` was returned.
 */
export async function decideInTime(
  decide: (money: IncomingMoney) => MoneyDecision | PromiseLike<MoneyDecision>,
  money: IncomingMoney,
  clock: Clock,
  onLate: (decision: MoneyDecision) => void,
): Promise<MoneyDecision | 'late'> {
  const answer = decide(money);
  if (typeof answer === 'string' || !('then' in answer)) return answer;
  const decision = Promise.resolve(answer);
  let timer: unknown;
  const expiry = new Promise<'late'>((resolve) => {
    const delay = Math.max(0, money.expiresAt.getTime() - clock.now());
    timer = clock.setTimeout(() => resolve('late'), Math.min(delay, MAX_DELAY_MS));
  });
  try {
    const first = await Promise.race([decision, expiry]);
    // A failure after the packet expired has no one left to hear of it.
    if (first === 'late') decision.then(onLate, () => undefined);
    return first;
  } finally {
    clock.clearTimeout(timer);
  }
}
