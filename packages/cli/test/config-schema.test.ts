import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { nodeConfigJsonSchema } from '../src/config/json-schema.js';
import { checkConfig } from '../src/config/load.js';
import { nodeConfigSchema } from '../src/config/schema.js';
import { run } from './commands.js';

const published = JSON.parse(
  readFileSync(new URL('../schema/node-config.schema.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(published);

const EXAMPLE = {
  $schema: './node-config.schema.json',
  address: 'test.b',
  btp: { port: 7768, tls: { cert: 'cert.pem', key: 'key.pem' } },
  http: { host: '0.0.0.0', port: 7769 },
  admin: { port: 7770, token: ['0123456789abcdef', 'fedcba9876543210'] },
  rates: { pairs: { 'USD/EUR': '0.92' } },
  spread: '0.002',
  spreads: { 'USD/EUR': '0.001' },
  accounts: {
    alice: {
      relation: 'child',
      asset: { code: 'USD', scale: 6 },
      link: { type: 'btp', listen: true, token: '0123456789abcdef' },
      limits: { maximumBalance: '5000000', packets: { limit: 100 } },
      settlement: { engine: 'http://127.0.0.1:3000', threshold: 1000, intervalMs: 60_000 },
    },
    bob: {
      relation: 'peer',
      asset: { code: 'EUR', scale: 6 },
      link: { type: 'http', url: 'https://bob.example/ilp', token: 'x' },
    },
  },
};

describe('the published JSON Schema of a configuration', () => {
  it('is what configurations are checked with; after a change: pennyswitch config schema > schema/node-config.schema.json', async () => {
    expect(published).toEqual(nodeConfigJsonSchema());
    const { stdout } = await run(['config', 'schema']);
    expect(JSON.parse(stdout)).toEqual(published);
  });

  it('takes what the program takes', () => {
    expect(checkConfig(EXAMPLE, nodeConfigSchema, 'x', {})).toBeDefined();
    validate(EXAMPLE);
    expect(validate.errors).toBeNull();
  });

  it.each([
    { ...EXAMPLE, adress: 'test.b' },
    { ...EXAMPLE, spread: 0.002 },
    { ...EXAMPLE, btp: { port: 70_000 } },
    {
      ...EXAMPLE,
      accounts: { alice: { ...EXAMPLE.accounts.alice, limits: { maximumBalance: 'x' } } },
    },
    { ...EXAMPLE, accounts: { 'a b': EXAMPLE.accounts.bob } },
    { ...EXAMPLE, accounts: { bob: { ...EXAMPLE.accounts.bob, link: { type: 'http' } } } },
  ])('refuses what the program refuses %#', (document) => {
    expect(() => checkConfig(document, nodeConfigSchema, 'x', {})).toThrow();
    expect(validate(document)).toBe(false);
  });
});
