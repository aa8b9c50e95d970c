import { bitString } from '../schema/bit-string.js';
import { boolean } from '../schema/boolean.js';
import { choice, extensibleChoice } from '../schema/choice.js';
import { enumerated, extensibleEnumerated } from '../schema/enumerated.js';
import { integer } from '../schema/integer.js';
import { lazy } from '../schema/lazy.js';
import { nullType } from '../schema/null.js';
import { objectIdentifier, relativeOid } from '../schema/object-identifier.js';
import { octetString } from '../schema/octet-string.js';
import { real32, real64 } from '../schema/real.js';
import type { AnySchema, Schema } from '../schema/schema.js';
import { sequenceOf, setOf } from '../schema/sequence-of.js';
import { additionGroup, optional, sequence, set, withDefault } from '../schema/sequence.js';
import {
  ia5String,
  numericString,
  printableString,
  utf8String,
  visibleString,
} from '../schema/strings.js';
import { sequenceByOpenTable, sequenceByTable } from '../schema/table.js';
import { generalizedTime, utcTime } from '../schema/time.js';
import { bmpString, universalString } from '../schema/wide-strings.js';
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

/**
 * By their names. Not the namespace of the package: what is published would have it as an object, which bundlers keep
 * with all that it names, also for those who only want a cursor.
 */
const FUNCTIONS: Readonly<Record<SchemaFunction, unknown>> = {
  additionGroup,
  bitString,
  bmpString,
  boolean,
  choice,
  enumerated,
  extensibleChoice,
  extensibleEnumerated,
  generalizedTime,
  ia5String,
  integer,
  nullType,
  numericString,
  objectIdentifier,
  octetString,
  optional,
  printableString,
  real32,
  real64,
  relativeOid,
  sequence,
  sequenceByOpenTable,
  sequenceByTable,
  sequenceOf,
  set,
  setOf,
  universalString,
  utcTime,
  utf8String,
  visibleString,
  withDefault,
};

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
    return (FUNCTIONS[name] as (...args: unknown[]) => AnySchema)(...args);
  }

  reference(module: Asn1Module, name: string, line: number): AnySchema {
    const found = this.#scope.type(module, name, line);
    const key = `${found.module.name}.${name}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    // A type that contains itself is not there yet.
    if (this.#making.has(key)) return lazy(() => this.#made.get(key) as unknown as Schema<unknown>);
    this.#making.add(key);
    const schema = this.#translator.type(found.module, found.node);
    this.#made.set(key, schema);
    return schema;
  }
}
