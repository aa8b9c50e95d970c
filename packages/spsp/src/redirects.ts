import type { Deadline } from './deadline.js';
import { isSecure } from './endpoint.js';
import { SpspError } from './errors.js';

/** What {@link SpspClient} asks servers with. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** How redirects are treated. */
export interface RedirectRules {
  readonly fetch: FetchFunction;
  readonly maxRedirects: number;
  readonly allowHttp: boolean;
  readonly confirmRedirect: (fromHost: string, toHost: string) => boolean | Promise<boolean>;
}

/** An answer that is no redirect, and where it came from. */
export interface FollowedResponse {
  readonly response: Response;
  readonly finalUrl: string;
}

/**
 * Sends a GET, and again to where redirects lead, within the rules.
 * @throws {@link SpspError} `REDIRECT`; whatever `fetch` throws.
 */
export async function getFollowing(
  url: string,
  headers: Record<string, string>,
  rules: RedirectRules,
  deadline: Deadline,
): Promise<FollowedResponse> {
  const init = {
    headers,
    signal: deadline.signal,
    redirect: 'manual',
    // What may be kept is kept here; a browser is neither to keep secrets nor to send cookies.
    cache: 'no-store',
    credentials: 'omit',
  } as const;
  let current = url;
  for (let redirects = 0; ; redirects++) {
    const response = await deadline.race(rules.fetch(current, init));
    if (response.type === 'opaqueredirect') return followInBrowser(current, init, rules, deadline);
    if (response.status < 300 || response.status >= 400) return { response, finalUrl: current };
    discard(response);
    if (redirects === rules.maxRedirects) {
      throw new SpspError('REDIRECT', `more than ${rules.maxRedirects} redirects`);
    }
    current = await redirectTarget(current, response, rules, deadline);
  }
}

/** Lets a body go that nobody reads. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined);
}

/** A browser does not say where a redirect leads: it follows by itself, and only the last URL can be checked. */
async function followInBrowser(
  url: string,
  init: RequestInit,
  rules: RedirectRules,
  deadline: Deadline,
): Promise<FollowedResponse> {
  const response = await deadline.race(rules.fetch(url, { ...init, redirect: 'follow' }));
  const target = new URL(response.url);
  await checkTarget(new URL(url), target, rules, deadline);
  return { response, finalUrl: target.href };
}

async function redirectTarget(
  from: string,
  { headers, status }: Response,
  rules: RedirectRules,
  deadline: Deadline,
): Promise<string> {
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, from)) {
    throw new SpspError('REDIRECT', `status ${status} without a valid Location`, { status });
  }
  const target = new URL(location, from);
  await checkTarget(new URL(from), target, rules, deadline);
  return target.href;
}

async function checkTarget(
  from: URL,
  target: URL,
  { allowHttp, confirmRedirect }: RedirectRules,
  deadline: Deadline,
): Promise<void> {
  const isAllowed = isSecure(target, allowHttp && from.protocol === 'http:');
  if (!isAllowed || target.username !== '' || target.password !== '') {
    throw new SpspError('REDIRECT', `${from.host} redirects to a URL that is not plain https`);
  }
  if (from.host === target.host) return;
  const answer = Promise.resolve(confirmRedirect(from.host, target.host));
  if (!(await deadline.race(answer))) {
    throw new SpspError('REDIRECT', `the redirect from ${from.host} to ${target.host} was refused`);
  }
}
