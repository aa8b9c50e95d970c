import { z } from 'zod';
import type { Connector } from '../connector.js';
import type { AccountSettings } from '../account/settings.js';
import { DRAIN_MS, type RemoveAccountOptions } from '../node/account-service.js';
import { accountChangeSchema, newAccountSchema } from '../schema/account.js';
import { flag } from './queries.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

/** Who takes accounts in and out of service for requests: the program, since links are its own affair. */
export interface AccountKeeper<LinkSettings> {
  /** What a request may say about a link. */
  readonly linkSchema: z.ZodType<LinkSettings>;
  /** Adds an account. See {@link Connector.addAccount}. */
  add(settings: AccountSettings, link: LinkSettings): Promise<void>;
  /** See {@link Connector.changeAccount}. */
  change(settings: AccountSettings): Promise<void>;
  /** See {@link Connector.removeAccount}. */
  remove(id: string, options: RemoveAccountOptions): Promise<void>;
}

const UNKNOWN = { description: 'There is no such account.', schema: views.error };

/** Accounts: seen, added, changed, removed. */
export function accountRoutes<LinkSettings>(
  connector: Connector,
  keeper: AccountKeeper<LinkSettings> | undefined,
): RouteDefinition[] {
  return [
    defineRoute({
      method: 'get',
      path: '/accounts',
      operationId: 'listAccounts',
      tag: 'accounts',
      summary: 'All accounts with what happened on them',
      responses: {
        200: { description: 'In the order in which they came.', schema: views.accounts },
      },
      handle: () => ({ status: 200, body: { accounts: connector.accounts() } }),
    }),
    ...(keeper === undefined ? [] : [addAccount(connector, keeper)]),
    defineRoute({
      method: 'get',
      path: '/accounts/{id}',
      operationId: 'showAccount',
      tag: 'accounts',
      summary: 'One account',
      responses: { 200: { description: 'The account.', schema: views.account }, 404: UNKNOWN },
      handle: ({ id }) => ({ status: 200, body: connector.account(id) }),
    }),
    changeAccount(connector, keeper?.change.bind(keeper)),
    removeAccount(connector, keeper?.remove.bind(keeper)),
  ];
}

function addAccount<LinkSettings>(
  connector: Connector,
  keeper: AccountKeeper<LinkSettings>,
): RouteDefinition {
  return defineRoute({
    method: 'post',
    path: '/accounts',
    operationId: 'addAccount',
    tag: 'accounts',
    summary: 'Add an account',
    description:
      'It is there until it is removed or the node stops; where several processes share a store, it is there in all of them, until it is removed. An account that is to stay in any case belongs into the configuration file.',
    body: newAccountSchema(keeper.linkSchema),
    responses: {
      201: { description: 'It is in service.', schema: views.account },
      400: { description: 'A setting is wrong.', schema: views.error },
      409: { description: 'There is an account of this id.', schema: views.error },
    },
    handle: async ({ body }) => {
      const { link, ...settings } = body;
      await keeper.add(settings, link);
      return { status: 201, body: connector.account(settings.id) };
    },
  });
}

function changeAccount(
  connector: Connector,
  change: AccountKeeper<never>['change'] = (settings) => connector.changeAccount(settings),
): RouteDefinition {
  return defineRoute({
    method: 'patch',
    path: '/accounts/{id}',
    operationId: 'changeAccount',
    tag: 'accounts',
    summary: 'Change limits, routes or settlement of an account',
    description:
      'Each setting that is named is replaced as a whole; null takes it away. It lasts until the configuration file says something else of the account, or the node stops; where several processes share a store, all change it, and it outlasts them.',
    body: accountChangeSchema,
    responses: {
      200: { description: 'The account as it is now.', schema: views.account },
      400: { description: 'A setting is wrong, or cannot change.', schema: views.error },
      404: UNKNOWN,
    },
    handle: async ({ id, body }) => {
      const changed: Record<string, unknown> = { ...connector.accountSettings(id), ...body };
      for (const [name, value] of Object.entries(changed)) {
        if (value === null) Reflect.deleteProperty(changed, name);
      }
      await change(changed as unknown as AccountSettings);
      return { status: 200, body: connector.account(id) };
    },
  });
}

function removeAccount(
  connector: Connector,
  remove: AccountKeeper<never>['remove'] = (id, options) => connector.removeAccount(id, options),
): RouteDefinition {
  return defineRoute({
    method: 'delete',
    path: '/accounts/{id}',
    operationId: 'removeAccount',
    tag: 'accounts',
    summary: 'Remove an account',
    description:
      'It takes no new packets; when those under way have ended, its link is closed and this is answered. Its book stays unless it is to be forgotten.',
    query: z.strictObject({
      forget: flag.describe('Delete the book too.'),
      drainMs: z.coerce
        .number()
        .int()
        .min(0)
        .max(300_000)
        .default(DRAIN_MS)
        .meta({ type: 'integer', description: 'How long to wait for packets under way.' }),
    }),
    responses: { 204: { description: 'It is gone.' }, 404: UNKNOWN },
    handle: async ({ id, query }) => {
      await remove(id, query);
      return new Response(null, { status: 204 });
    },
  });
}
