import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { z } from 'zod';
import type { Connector, Link } from '../src/index.js';
import { createAdminApi, type AccountKeeper, type AdminApiOptions } from '../src/admin/index.js';

export const TOKEN = '0123456789abcdef';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, unknown> }>>;
}

/** The part of an OpenAPI document that is read here. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** What one request differs in. */
export interface Ask {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks a connector's admin API, and holds every response against the OpenAPI document that the API itself serves. */
export class AdminClient {
  readonly #app: ReturnType<typeof createAdminApi>;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  #document: OpenApi | undefined;
  /** The `operationId status` of every response so far. */
  readonly seen: Set<string> = new Set<string>();

  constructor(connector: Connector, options: Partial<AdminApiOptions> = {}) {
    this.#app = createAdminApi(connector, { token: TOKEN, ...options });
  }

  async document(): Promise<OpenApi> {
    if (this.#document === undefined) {
      this.#document = (await (await this.#app.request('/openapi.json')).json()) as OpenApi;
      this.#ajv.addSchema(this.#document, 'api');
    }
    return this.#document;
  }

  /** The raw response, checked. */
  async ask(
    path: string,
    { method = 'GET', token = TOKEN, body, headers }: Ask = {},
  ): Promise<Response> {
    const response = await this.#app.request(path, {
      method,
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    await this.#check(method.toLowerCase(), path.split('?')[0] ?? '', response);
    return response;
  }

  /** The response's JSON. */
  async json(path: string, ask: Ask = {}): Promise<unknown> {
    return (await this.ask(path, ask)).json();
  }

  async #check(method: string, path: string, response: Response): Promise<void> {
    const { paths } = await this.document();
    const template = Object.keys(paths).find((each) => matches(each, path)) ?? '';
    const operation = paths[template]?.[method];
    if (operation === undefined) {
      expect([401, 404]).toContain(response.status);
      return;
    }
    const { operationId, responses } = operation;
    this.seen.add(`${operationId} ${response.status}`);
    const status = String(response.status) in responses ? String(response.status) : 'default';
    const content = responses[status]?.content;
    const [mediaType = ''] = (response.headers.get('content-type') ?? '').split(';');
    if (content === undefined) {
      expect(await response.clone().text()).toBe('');
      return;
    }
    expect(Object.keys(content)).toContain(mediaType);
    if (mediaType !== 'application/json') return;
    const where = ['paths', template, method, 'responses', status, 'content', mediaType, 'schema'];
    const validate = this.#validator(where);
    validate(await response.clone().json());
    expect(validate.errors ?? [], `${operationId} ${response.status}`).toEqual([]);
  }

  #validator(where: readonly string[]): ValidateFunction {
    const pointer = where.map((part) => encodeURIComponent(part.replaceAll('/', '~1'))).join('/');
    return this.#ajv.compile({ $ref: `api#/${pointer}` });
  }
}

function matches(template: string, path: string): boolean {
  if (template === path) return true;
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => part === given[i] || (part === '{id}' && given[i] !== ''))
  );
}

/** Takes accounts in and out of service as a program does that opens links in its own way. */
export function keeperOf<LinkSettings>(
  connector: Connector,
  linkSchema: z.ZodType<LinkSettings>,
  open: (id: string) => Promise<Link>,
): AccountKeeper<LinkSettings> {
  return {
    linkSchema,
    add: async (settings) => connector.addAccount(settings, await open(settings.id)),
    change: (settings) => connector.changeAccount(settings),
    remove: (id, options) => connector.removeAccount(id, options),
  };
}
