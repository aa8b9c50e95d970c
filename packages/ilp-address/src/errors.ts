import type { AddressProblem } from './syntax.js';

const SENTENCES: Record<AddressProblem['rule'], string> = {
  'too-long': 'it is longer than 1023 characters',
  'bad-scheme':
    'its first segment is no allocation scheme (g, private, example, peer, self, test, test1 to test3, local)',
  'empty-segment': 'it has an empty segment',
  'bad-character': 'it has a character other than A-Z, a-z, 0-9, "_", "~", "-" and "."',
  'too-few-segments': 'it has nothing after the allocation scheme',
};

/** A text that is no ILP address or prefix. Says which rule of RFC 0015 ("Address Requirements") it breaks. */
export class InvalidIlpAddressError extends Error {
  override readonly name = 'InvalidIlpAddressError';
  /** The rule that is broken, for programs. */
  readonly code: AddressProblem['rule'];
  /** The index of the first wrong character. */
  readonly offset: number;
  /** The text as it was given. */
  readonly value: string;

  constructor(value: string, problem: AddressProblem) {
    const shown = value.length > 64 ? `${value.slice(0, 64)}… (${value.length} characters)` : value;
    super(
      `${JSON.stringify(shown)} is no ILP address: ${SENTENCES[problem.rule]} (at ${problem.offset}, RFC 0015)`,
    );
    this.code = problem.rule;
    this.offset = problem.offset;
    this.value = value;
  }
}
