import { describe, expect, test } from 'vitest';
import {
  BtpRefusal,
  BtpType,
  describeBtpError,
  equalSecrets,
  type BtpError,
} from '../src/index.js';

const error = (data: string, change: Partial<BtpError> = {}): BtpError => ({
  type: BtpType.error,
  requestId: 1,
  code: 'F00',
  name: 'NotAcceptedError',
  triggeredAt: { epochMs: 0, leapSecond: false },
  data: new TextEncoder().encode(data),
  protocolData: [],
  ...change,
});

describe("a peer's Error in words", () => {
  test.each([
    ['invalid auth_token', 'F00 NotAcceptedError: invalid auth_token'],
    ['{"message":"no handler"}', 'F00 NotAcceptedError: no handler'],
    ['{"message":7}', 'F00 NotAcceptedError: {"message":7}'],
    ['{broken', 'F00 NotAcceptedError: {broken'],
    ['', 'F00 NotAcceptedError'],
  ])('data %j', (data, words) => {
    expect(describeBtpError(error(data))).toBe(words);
  });

  test('control characters are escaped, as they would move the cursor of whoever reads the log', () => {
    expect(describeBtpError(error('\u001b[2J\n\u202e', { code: '\u0007\u0000F' }))).toBe(
      '\\u{7}\\u{0}F NotAcceptedError: \\u{1b}[2J\\u{a}\\u{202e}',
    );
  });

  test('long texts are cut', () => {
    expect(describeBtpError(error('x'.repeat(8192))).length).toBeLessThan(250);
  });
});

test("a refusal knows the RFC's name of its code", () => {
  expect(new BtpRefusal('F08', 'too much').errorName).toBe('InsufficientBalanceError');
});

describe('equalSecrets', () => {
  test.each([
    ['secret', 'secret', true],
    ['secret', 'secreT', false],
    ['secre', 'secret', false],
    ['secretsecret', 'secret', false],
    ['', '', true],
    ['', 'secret', false],
    ['secret', '', false],
    ['\u0000', '', false],
    ['é', 'é', true],
  ])('%j and %j: %s', (given, expected, equal) => {
    expect(equalSecrets(given, expected)).toBe(equal);
    expect(equalSecrets(new TextEncoder().encode(given), expected)).toBe(equal);
  });
});
