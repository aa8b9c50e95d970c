import * as oer from '../index.js';
import type { AnySchema, Schema } from '../index.js';
import type { Asn1Module } from './model.js';
import { parseAsn1 } from './parse.js';
import { Scope } from './scope.js';
import { Translator, type SchemaFunction, type Target } from './translate.js';

/**
 * Makes a schema of every type of some modules, by the name of the type, or `Module.Type` where two modules have the
 * same name. Values have the types that the functions of this package give them, which the compiler cannot know.
 * @throws {@link Asn1SyntaxError} for what is no ASN.1, not supported, or not defined.
 */
export function compileAsn1(...sources: readonly string[]): ReadonlyMap<string, Schema<unknown>> {
  const scope = new Scope(sources.flatMap(parseAsn1));
  const target = new SchemaTarget(scope);
  const schemas = new Map<string, Schema<unknown>>();
  const counts = new Map<string, number>();
  for (const module of scope.modules.values()) {
    for (const name of module.types.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const module of scope.modules.values()) {
    for (const name of module.types.keys()) {
      const key = counts.get(name) === 1 ? name : `${module.name}.${name}`;
      schemas.set(key, target.reference(module, name, 0) as unknown as Schema<unknown>);
    }
  }
  return schemas;
}

class SchemaTarget implements Target<AnySchema> {
  readonly #scope: Scope;
  readonly #translator: Translator<AnySchema>;
  readonly #made = new Map<string, AnySchema>();
  readonly #making = new Set<string>();

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#translator = new Translator<AnySchema>(scope, this);
  }

  call(name: SchemaFunction, ...args: unknown[]): AnySchema {
    return (oer[name] as (...args: unknown[]) => AnySchema)(...args);
  }

  reference(module: Asn1Module, name: string, line: number): AnySchema {
    const found = this.#scope.type(module, name, line);
    const key = `${found.module.name}.${name}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    // A type that contains itself is not there yet.
    if (this.#making.has(key))
      return oer.lazy(() => this.#made.get(key) as unknown as Schema<unknown>);
    this.#making.add(key);
    const schema = this.#translator.type(found.module, found.node);
    this.#made.set(key, schema);
    return schema;
  }
}
