import { z } from 'zod';
import { nodeConfigSchema } from './schema.js';

/** The JSON Schema (2020-12) of a node's configuration file, made from what the file is checked with. */
export function nodeConfigJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(nodeConfigSchema, { io: 'input' });
  return {
    $schema,
    $id: 'https://unpkg.com/pennyswitch/schema/node-config.schema.json',
    title: 'Configuration of pennyswitch node',
    ...schema,
  };
}
