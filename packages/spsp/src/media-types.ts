/** The type of SPSP messages where the payment goes over STREAM (RFC 0009 "Response Headers"). */
export const SPSP_MEDIA_TYPE = 'application/spsp4+json';
/** The older type, which RFC 0009 has clients accept as well. */
export const SPSP_LEGACY_MEDIA_TYPE = 'application/spsp+json';

/** Whether a Content-Type names one of the two; parameters do not matter. */
export function isSpspMediaType(contentType: string | null): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === SPSP_MEDIA_TYPE || type === SPSP_LEGACY_MEDIA_TYPE;
}

/** Whether an Accept header (RFC 9110 12.5.1) allows an SPSP answer; without one, everything is acceptable. */
export function acceptsSpsp(accept: string | null): boolean {
  if (accept === null || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return (
      type === SPSP_MEDIA_TYPE ||
      type === SPSP_LEGACY_MEDIA_TYPE ||
      type === 'application/*' ||
      type === '*/*'
    );
  });
}
