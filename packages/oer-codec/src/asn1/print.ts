import { compileAsn1 } from './compile.js';
import type { Asn1Module } from './model.js';
import { parseAsn1 } from './parse.js';
import { Scope } from './scope.js';
import { Asn1SyntaxError } from './tokens.js';
import { Translator, type SchemaFunction, type Target } from './translate.js';

/**
 * The TypeScript that defines a schema, and the type of its values, for every type of some modules.
 * @throws {@link Asn1SyntaxError}, also for types that contain themselves: their TypeScript type has to be written by hand.
 */
export function printTypeScript(...sources: readonly string[]): string {
  compileAsn1(...sources); // Refuses what no schema can be made of.
  const scope = new Scope(sources.flatMap(parseAsn1));
  const target = new CodeTarget(scope);
  for (const module of scope.modules.values()) {
    for (const name of module.types.keys()) target.reference(module, name, 0);
  }
  const imports = [...target.used].sort().map((name) => `  ${name},`);
  return [
    'import {',
    ...imports,
    '  type Infer,',
    "} from '@pennyswitch/oer-codec';",
    '',
    ...target.definitions,
    '',
  ].join('\n');
}

/** Some code, to tell it from a text that is a value. */
class Code {
  constructor(readonly text: string) {}
}

class CodeTarget implements Target<Code> {
  readonly definitions: string[] = [];
  readonly used = new Set<SchemaFunction>();
  readonly #scope: Scope;
  readonly #translator: Translator<Code>;
  /** The module of each name that is defined; undefined while it is being. */
  readonly #names = new Map<string, Asn1Module | undefined>();

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#translator = new Translator<Code>(scope, this);
  }

  call(name: SchemaFunction, ...args: unknown[]): Code {
    this.used.add(name);
    return new Code(`${name}(${args.map(print).join(', ')})`);
  }

  reference(module: Asn1Module, name: string, line: number): Code {
    const found = this.#scope.type(module, name, line);
    const identifier = name.replaceAll('-', '_');
    if (this.#names.has(identifier)) {
      if (this.#names.get(identifier) === found.module) return new Code(identifier);
      throw new Asn1SyntaxError(line, `${name} contains itself or is defined in two modules`);
    }
    this.#names.set(identifier, undefined);
    const { text } = this.#translator.type(found.module, found.node);
    this.#names.set(identifier, found.module);
    this.definitions.push(
      `/** ${name} (${found.module.name}) */`,
      `export const ${identifier} = ${text};`,
      `export type ${identifier} = Infer<typeof ${identifier}>;`,
    );
    return new Code(identifier);
  }
}

/** An argument as TypeScript. */
function print(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `Uint8Array.of(${value.join(', ')})`;
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'undefined' : JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = /^([A-Za-z_]\w*|\d+)$/.test(key) ? key : JSON.stringify(key);
    return `${name}: ${print(inner)}`;
  });
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
