/**
 * What documents say about accounts, as zod schemas: the operator's HTTP API and configuration files share them, and JSON Schemas
 * are made from them.
 *
 * @packageDocumentation
 */
export {
  accountChangeSchema,
  accountId,
  accountSchema,
  assetSchema,
  limitsSchema,
  newAccountSchema,
  settlementSchema,
  type AccountChange,
  type AccountDocument,
} from './account.js';
export { accountRoutingSchema, prefixSchema, routingPolicySchema } from './routing.js';
export { decimal, positiveUnits, units } from './numbers.js';
