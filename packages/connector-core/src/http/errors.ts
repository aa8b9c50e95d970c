import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A request that cannot be done, for whoever sent it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const STATUS: Partial<Record<string, ContentfulStatusCode>> = {
  BAD_SETTING: 400,
  UNKNOWN_ACCOUNT: 404,
  DUPLICATE_ACCOUNT: 409,
  ASSET_MISMATCH: 409,
  ASSET_CHANGED: 409,
  NOT_CONFIGURED: 409,
  TIMEOUT: 504,
};

/** The one form in which both APIs tell an error. What nobody expected says no more than that. */
export function respondToError(context: Context, error: unknown): Response {
  if (error instanceof HttpError) {
    return context.json({ error: { code: error.code, message: error.message } }, error.status);
  }
  const code = codeOf(error);
  const status = code === undefined ? undefined : STATUS[code];
  if (error instanceof Error && code !== undefined && status !== undefined) {
    return context.json({ error: { code, message: error.message } }, status);
  }
  return context.json({ error: { code: 'INTERNAL', message: 'internal error' } }, 500);
}

/** The code of one of this package's errors; by name, as there may be two copies of their classes (ESM and CommonJS). */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const isOurs = error.name === 'ConnectorError' || error.name === 'LedgerError';
  return isOurs && typeof error.code === 'string' ? error.code : undefined;
}
