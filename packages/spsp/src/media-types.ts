/** The type of SPSP messages where the payment goes over STREAM (RFC 0009 "Response Headers"). */
export const SPSP_MEDIA_TYPE = 'application/spsp4+json';
/** The older type, which RFC 0009 has clients accept as well. */
export const SPSP_LEGACY_MEDIA_TYPE = 'application/spsp+json';

/** The Accept header of RFC 0009 ("Request"). */
export const SPSP_ACCEPT: string = `${SPSP_MEDIA_TYPE}, ${SPSP_LEGACY_MEDIA_TYPE}`;

/** Whether a Content-Type names one of the two; parameters do not matter. */
export function isSpspMediaType(contentType: string | null): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === SPSP_MEDIA_TYPE || type === SPSP_LEGACY_MEDIA_TYPE;
}

/** How closely each media range matches an SPSP answer; the closest one that is given decides. */
const CLOSENESS: Readonly<Record<string, number>> = {
  [SPSP_MEDIA_TYPE]: 3,
  [SPSP_LEGACY_MEDIA_TYPE]: 3,
  'application/*': 2,
  '*/*': 1,
};

/** Whether an Accept header (RFC 9110 12.5.1) allows an SPSP answer; without one, everything is acceptable. */
export function acceptsSpsp(accept: string | null): boolean {
  // What SPSP clients send, and who does not care: most of all queries.
  if (accept === null || accept === '*/*' || accept === SPSP_ACCEPT) return true;
  if (accept.trim() === '') return true;
  let closest = 0;
  let isAccepted = false;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const closeness = Object.hasOwn(CLOSENESS, type) ? (CLOSENESS[type] ?? 0) : 0;
    if (closeness === 0 || closeness < closest) continue;
    const isRefused = parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter));
    // Of two that are as close, one that accepts is enough.
    isAccepted = (closeness === closest && isAccepted) || !isRefused;
    closest = closeness;
  }
  return isAccepted;
}
