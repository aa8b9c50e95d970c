#!/usr/bin/env node
/**
 * Prints the TypeScript of ASN.1 modules: `node main.js MODULE.asn...`.
 */
import { readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printTypeScript } from './asn1/index.js';

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length === 0) throw new Error('usage: node main.js MODULE.asn...');
writeSync(1, printTypeScript(...positionals.map((path) => readFileSync(path, 'utf8'))));
