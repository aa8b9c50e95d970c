/** A code of RFC 0027 ("Error Codes"), or one that a later document may add: F, T or R and two digits. */
export type IlpErrorCode = `${'F' | 'T' | 'R'}${Digit}${Digit}`;
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';

/** The codes of RFC 0027 with their names. */
export const ILP_ERROR_NAMES: Readonly<Partial<Record<IlpErrorCode, string>>> = {
  F00: 'Bad Request',
  F01: 'Invalid Packet',
  F02: 'Unreachable',
  F03: 'Invalid Amount',
  F04: 'Insufficient Destination Amount',
  F05: 'Wrong Condition',
  F06: 'Unexpected Payment',
  F07: 'Cannot Receive',
  F08: 'Amount Too Large',
  F99: 'Application Error',
  T00: 'Internal Error',
  T01: 'Peer Unreachable',
  T02: 'Peer Busy',
  T03: 'Connector Busy',
  T04: 'Insufficient Liquidity',
  T05: 'Rate Limited',
  T99: 'Application Error',
  R00: 'Transfer Timed Out',
  R01: 'Insufficient Source Amount',
  R02: 'Insufficient Timeout',
  R99: 'Application Error',
};

/** What the first letter of a code tells the sender: final (do not retry), temporary, or relative (more margin). */
export type IlpErrorClass = 'final' | 'temporary' | 'relative';

/** Whether a text has the form of an ILP error code. */
export function isIlpErrorCode(text: string): text is IlpErrorCode {
  return text.length === 3 && isCode(text.charCodeAt(0), text.charCodeAt(1), text.charCodeAt(2));
}

/** The error code in the three bytes at `at`, or undefined. */
export function errorCodeAt(bytes: Uint8Array, at: number): IlpErrorCode | undefined {
  const letter = bytes[at] as number;
  const tens = bytes[at + 1] as number;
  const ones = bytes[at + 2] as number;
  return isCode(letter, tens, ones)
    ? (String.fromCharCode(letter, tens, ones) as IlpErrorCode)
    : undefined;
}

function isCode(letter: number, tens: number, ones: number): boolean {
  return (
    (letter === 0x46 || letter === 0x54 || letter === 0x52) && // F, T, R
    tens >= 0x30 &&
    tens <= 0x39 &&
    ones >= 0x30 &&
    ones <= 0x39
  );
}

/** The class of an error code (RFC 0027 "Error Codes"). */
export function ilpErrorClass(code: IlpErrorCode): IlpErrorClass {
  return code.startsWith('F') ? 'final' : code.startsWith('T') ? 'temporary' : 'relative';
}
