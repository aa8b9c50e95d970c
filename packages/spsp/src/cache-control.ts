/** RFC 9111 1.2.2: what is larger counts as this. */
const MOST_SECONDS = 2 ** 31;

/**
 * For how many seconds a response may be used again (RFC 0009 "Response Headers"): `max-age` with a positive number, and
 * no `no-cache` or `no-store` beside it; otherwise 0.
 */
export function maxAgeSeconds(cacheControl: string | null): number {
  let seconds: number | undefined;
  for (const directive of directivesOf(cacheControl ?? '')) {
    const [name = '', value] = directive.split(/=(.*)/s, 2);
    switch (name.toLowerCase()) {
      case 'no-cache':
      case 'no-store':
        return 0;
      case 'max-age':
        seconds ??= secondsOf(value ?? '');
    }
  }
  return seconds ?? 0;
}

/** The directives of a Cache-Control field. A comma in a quoted text is none between two of them. */
function directivesOf(field: string): string[] {
  const parts = field.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/gs) ?? [];
  return parts.map((part) => part.trim());
}

function secondsOf(value: string): number {
  const digits = /^"?([0-9]+)"?$/.exec(value)?.[1];
  return digits === undefined ? 0 : Math.min(Number(digits), MOST_SECONDS);
}
