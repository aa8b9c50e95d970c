/** What stands where a secret was. */
const HIDDEN = '[hidden]';

/** Names of fields that hold secrets, in any spelling: `token`, `sharedSecret`, `set-cookie`, `privateKey`. */
const SECRET = /token|secret|password|authorization|credential|cookie|private.?key|preimage/i;
const CREDENTIALS_IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/?#\s@]*@/gi;
const BEARER = /\b(bearer|basic) +[A-Za-z0-9._~+/=-]{8,}/gi;
const MAX_DEPTH = 6;

/** The fields of a log line without what must not be in a log. Amounts become text, errors their name and message. */
export function redact(fields: object): Record<string, unknown> {
  return clean(fields, 0) as Record<string, unknown>;
}

/** A text without the user and password of URLs, and without authorization. */
export function redactText(text: string): string {
  return text.replace(CREDENTIALS_IN_URL, `$1${HIDDEN}@`).replace(BEARER, `$1 ${HIDDEN}`);
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describe(value);
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET.test(name) && inner !== undefined ? HIDDEN : clean(inner, depth + 1),
    ]),
  );
}

function describe(error: Error): object {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, ...code, message: redactText(error.message) };
}
