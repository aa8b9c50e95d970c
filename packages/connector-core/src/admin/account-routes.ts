import { z } from 'zod';
import type { Connector } from '../connector.js';
import { ConnectorError } from '../errors.js';
import type { AccountSettings } from '../account/settings.js';
import type { Link } from '../links/link.js';
import { DRAIN_MS } from '../node/account-service.js';
import { accountChangeSchema, newAccountSchema } from '../schema/account.js';
import { flag } from './queries.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

/** How links are opened for accounts that a request adds. */
export interface AdminLinks<Settings> {
  /** What a request may say about a link. */
  readonly schema: z.ZodType<Settings>;
  /** Opens it. Rejects with a {@link ConnectorError} `BAD_SETTING` for what cannot be. */
  readonly open: (id: string, settings: Settings) => Promise<Link>;
}

const UNKNOWN = { description: 'There is no such account.', schema: views.error };

/** Accounts: seen, added, changed, removed. */
export function accountRoutes<Settings>(
  connector: Connector,
  links: AdminLinks<Settings> | undefined,
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
    ...(links === undefined ? [] : [addAccount(connector, links)]),
    defineRoute({
      method: 'get',
      path: '/accounts/{id}',
      operationId: 'showAccount',
      tag: 'accounts',
      summary: 'One account',
      responses: { 200: { description: 'The account.', schema: views.account }, 404: UNKNOWN },
      handle: ({ id }) => ({ status: 200, body: connector.account(id) }),
    }),
    changeAccount(connector),
    removeAccount(connector),
  ];
}

function addAccount<Settings>(connector: Connector, links: AdminLinks<Settings>): RouteDefinition {
  return defineRoute({
    method: 'post',
    path: '/accounts',
    operationId: 'addAccount',
    tag: 'accounts',
    summary: 'Add an account',
    description:
      'It is there until it is removed or the node stops: an account that is to stay belongs into the configuration file too.',
    body: newAccountSchema(links.schema),
    responses: {
      201: { description: 'It is in service.', schema: views.account },
      400: { description: 'A setting is wrong.', schema: views.error },
      409: { description: 'There is an account of this id.', schema: views.error },
    },
    handle: async ({ body }) => {
      const { link: linkSettings, ...settings } = body;
      if (connector.accounts().some(({ id }) => id === settings.id)) {
        throw new ConnectorError('DUPLICATE_ACCOUNT', `there is an account ${settings.id} already`);
      }
      const link = await links.open(settings.id, linkSettings);
      try {
        await connector.addAccount(settings, link);
      } catch (error) {
        await link.close();
        throw error;
      }
      return { status: 201, body: connector.account(settings.id) };
    },
  });
}

function changeAccount(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'patch',
    path: '/accounts/{id}',
    operationId: 'changeAccount',
    tag: 'accounts',
    summary: 'Change limits, routes or settlement of an account',
    description:
      'Each setting that is named is replaced as a whole; null takes it away. It lasts until the node stops or reads its configuration again.',
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
      await connector.changeAccount(changed as unknown as AccountSettings);
      return { status: 200, body: connector.account(id) };
    },
  });
}

function removeAccount(connector: Connector): RouteDefinition {
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
      await connector.removeAccount(id, query);
      return new Response(null, { status: 204 });
    },
  });
}
