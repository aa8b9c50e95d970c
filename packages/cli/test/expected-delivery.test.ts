import { describe, expect, it } from 'vitest';
import { amountAfterHop, expectedDelivery } from '../src/demo/expected-delivery.js';

const usdToEur = { rate: '0.92', spread: '0.005', incomingScale: 6, outgoingScale: 6 };
const eurToXrp = { rate: '1.85', spread: '0.002', incomingScale: 6, outgoingScale: 9 };

describe('what must have arrived', () => {
  it('rounds down once a hop, in whole units of the outgoing asset', () => {
    // 7 × 0.92 × 0.995 = 6.4078
    expect(amountAfterHop(7n, usdToEur)).toBe(6n);
    // 6 × 1.85 × 0.998 × 1000 = 11077.8
    expect(amountAfterHop(6n, eurToXrp)).toBe(11_077n);
  });

  it('sums packet by packet, so that every packet loses its own fraction', () => {
    expect(expectedDelivery([7n, 7n, 7n], [usdToEur, eurToXrp])).toBe(33_231n);
    expect(expectedDelivery([21n], [usdToEur, eurToXrp])).toBe(35_079n);
  });

  it('is exact where a float is not', () => {
    const hop = { rate: '0.1', spread: '0', incomingScale: 0, outgoingScale: 18 };
    expect(amountAfterHop(9_007_199_254_740_993n, hop)).toBe(
      900_719_925_474_099_300_000_000_000_000_000n,
    );
  });

  it('refuses a rate that is no decimal', () => {
    expect(() => amountAfterHop(1n, { ...usdToEur, rate: '1e3' })).toThrow('1e3');
  });
});
