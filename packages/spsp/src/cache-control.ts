/**
 * For how many seconds a response may be used again (RFC 0009 "Response Headers"): `max-age` with a positive number, and
 * no `no-cache` or `no-store` beside it; otherwise 0.
 */
export function maxAgeSeconds(cacheControl: string | null): number {
  const directives = (cacheControl ?? '').split(',').map((part) => part.trim().toLowerCase());
  if (directives.includes('no-cache') || directives.includes('no-store')) return 0;
  for (const directive of directives) {
    const match = /^max-age="?([0-9]{1,9})"?$/.exec(directive);
    if (match !== null) return Number(match[1]);
  }
  return 0;
}
