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

const SCHEMES: ReadonlySet<string> = new Set(ALLOCATION_SCHEMES);

/** For each ASCII code: 1 for a character that a segment may have. */
const SEGMENT_CHARACTER = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~-') {
  SEGMENT_CHARACTER[character.charCodeAt(0)] = 1;
}

const PERIOD = 46;
const MAX_LENGTH = 1023;

/**
 * Checks the syntax of an address or prefix in one pass (RFC 0015 "Address Requirements").
 * @param minimumSegments 2 for an address, 1 for a prefix.
 */
export function findAddressProblem(
  text: string,
  minimumSegments: 1 | 2,
): AddressProblem | undefined {
  if (text.length > MAX_LENGTH) return { rule: 'too-long', offset: MAX_LENGTH };
  let segmentStart = 0;
  let segments = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? PERIOD : text.charCodeAt(i);
    if (code === PERIOD) {
      if (i === segmentStart) return { rule: 'empty-segment', offset: i };
      if (segments === 0 && !SCHEMES.has(text.slice(0, i)))
        return { rule: 'bad-scheme', offset: 0 };
      segments += 1;
      segmentStart = i + 1;
    } else if (SEGMENT_CHARACTER[code] !== 1) {
      return { rule: 'bad-character', offset: i };
    }
  }
  return segments < minimumSegments ? { rule: 'too-few-segments', offset: text.length } : undefined;
}
