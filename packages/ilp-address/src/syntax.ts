/** The first rule that a text breaks, and where. */
export interface AddressProblem {
  readonly rule: 'too-long' | 'bad-scheme' | 'empty-segment' | 'bad-character' | 'too-few-segments';
  readonly offset: number;
}

/** The allocation schemes of RFC 0015. */
export const ALLOCATION_SCHEMES = [
  'g',
  'private',
  'example',
  'peer',
  'self',
  'test',
  'test1',
  'test2',
  'test3',
  'local',
] as const;

/** The first segment of an address (RFC 0015 "Allocation Schemes"). */
export type AllocationScheme = (typeof ALLOCATION_SCHEMES)[number];

const SCHEMES: readonly string[] = ALLOCATION_SCHEMES;

const PERIOD = 46;
const MAX_LENGTH = 1023;

const SEGMENT = 0;
const SEPARATOR = 1;
const WRONG = 2;

/** For each byte: a character of a segment, the period, or neither. Made when first needed. */
let classes: Uint8Array | undefined;

function makeClasses(): Uint8Array {
  const table = new Uint8Array(256).fill(WRONG);
  for (let code = 0; code < 128; code++) {
    if (/[\w~-]/.test(String.fromCharCode(code))) table[code] = SEGMENT;
  }
  table[PERIOD] = SEPARATOR;
  return table;
}

/**
 * Checks the syntax of an address or prefix in one pass (RFC 0015 "Address Requirements").
 * @param minimumSegments 2 for an address, 1 for a prefix.
 */
export function findAddressProblem(
  text: string,
  minimumSegments: 1 | 2,
): AddressProblem | undefined {
  if (text.length > MAX_LENGTH) return { rule: 'too-long', offset: MAX_LENGTH };
  const kinds = (classes ??= makeClasses());
  let segmentStart = 0;
  let segments = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? PERIOD : text.charCodeAt(i);
    if (code === PERIOD) {
      if (i === segmentStart) return { rule: 'empty-segment', offset: i };
      if (segments === 0 && !SCHEMES.includes(text.slice(0, i)))
        return { rule: 'bad-scheme', offset: 0 };
      segments += 1;
      segmentStart = i + 1;
    } else if (kinds[code] !== SEGMENT) {
      return { rule: 'bad-character', offset: i };
    }
  }
  return segments < minimumSegments ? { rule: 'too-few-segments', offset: text.length } : undefined;
}

/**
 * Whether the bytes `start..end` spell an address: what {@link findAddressProblem} decides, without making a string.
 */
export function isAddressBytes(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_LENGTH) return false;
  const scheme = schemeEnd(bytes, start, end);
  if (scheme === 0) return false;
  const kinds = (classes ??= makeClasses());
  // No branch per character: `bad` gets a bit for a wrong one and one for a period behind a period.
  let previous = SEGMENT;
  let bad = 0;
  for (let i = scheme; i < end; i++) {
    const kind = kinds[bytes[i] as number] as number;
    bad |= (kind & previous) | (kind & WRONG);
    previous = kind;
  }
  return bad === 0 && previous === SEGMENT;
}

/** Where the period behind the allocation scheme stands; 0 for bytes that start with none. */
function schemeEnd(bytes: Uint8Array, start: number, end: number): number {
  // `g.` is what nearly every packet has.
  if (bytes[start] === 0x67 && bytes[start + 1] === PERIOD && start + 1 < end) return start + 1;
  let text = '';
  for (let i = start; i < end && text.length <= LONGEST_SCHEME; i++) {
    if (bytes[i] === PERIOD) return SCHEMES.includes(text) ? i : 0;
    text += String.fromCharCode(bytes[i] as number);
  }
  return 0;
}

const LONGEST_SCHEME = 7; // private, example
