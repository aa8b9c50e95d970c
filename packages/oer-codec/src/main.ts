#!/usr/bin/env node
/**
 * `asn1-to-typescript MODULE.asn...`: prints the TypeScript of ASN.1 modules, those that import from each other together.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Asn1SyntaxError, printTypeScript } from './asn1/index.js';

const USAGE = `usage: asn1-to-typescript MODULE.asn... > schemas.ts
Prints a schema and a type for each type of the modules; those that import from each other go together.
`;

const paths = process.argv.slice(2);
if (paths.includes('--help') || paths.includes('-h')) {
  process.stdout.write(USAGE);
} else if (paths.length === 0 || paths.some((path) => path.startsWith('-'))) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(printTypeScript(...paths.map((path) => readFileSync(path, 'utf8'))));
  } catch (error) {
    const isExpected = error instanceof Asn1SyntaxError || (error as { code?: string }).code;
    if (!isExpected) throw error;
    process.stderr.write(`asn1-to-typescript: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
