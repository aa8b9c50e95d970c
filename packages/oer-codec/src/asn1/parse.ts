import type { Asn1Module, ClassNode, ObjectSetNode, TypeNode, ValueNode } from './model.js';
import { parseValue } from './parse-constraint.js';
import { parseType } from './parse-type.js';
import { TokenStream } from './token-stream.js';

/**
 * Reads the modules of a text.
 * @throws {@link Asn1SyntaxError} with the line, for what is no ASN.1 or not supported.
 */
export function parseAsn1(source: string): Asn1Module[] {
  const tokens = new TokenStream(source);
  const modules: Asn1Module[] = [];
  while (tokens.peek().kind !== 'end') modules.push(parseModule(tokens));
  return modules;
}

interface Assignments {
  readonly imports: Map<string, string>;
  readonly types: Map<string, TypeNode>;
  readonly values: Map<string, ValueNode>;
  readonly classes: Map<string, ClassNode>;
  readonly objectSets: Map<string, ObjectSetNode>;
}

function parseModule(tokens: TokenStream): Asn1Module {
  const name = tokens.take('word');
  skipIdentifier(tokens);
  tokens.expect('DEFINITIONS');
  const automaticTags = tokens.takes('AUTOMATIC', 'TAGS');
  if (!tokens.takes('EXPLICIT', 'TAGS')) tokens.takes('IMPLICIT', 'TAGS');
  tokens.expect('::=');
  tokens.expect('BEGIN');
  const module: Assignments = {
    imports: new Map(),
    types: new Map(),
    values: new Map(),
    classes: new Map(),
    objectSets: new Map(),
  };
  if (tokens.takes('EXPORTS')) while (!tokens.takes(';')) tokens.skip();
  if (tokens.takes('IMPORTS')) parseImports(tokens, module.imports);
  while (!tokens.takes('END')) parseAssignment(tokens, module);
  return { name, automaticTags, ...module };
}

/** The object identifier of a module says nothing that its name does not. */
function skipIdentifier(tokens: TokenStream): void {
  if (tokens.takes('{')) while (!tokens.takes('}')) tokens.skip();
}

function parseImports(tokens: TokenStream, imports: Map<string, string>): void {
  while (!tokens.takes(';')) {
    const names = [tokens.take('word')];
    while (tokens.takes(',')) names.push(tokens.take('word'));
    tokens.expect('FROM');
    const from = tokens.take('word');
    skipIdentifier(tokens);
    for (const name of names) imports.set(name, from);
  }
}

function parseAssignment(tokens: TokenStream, module: Assignments): void {
  const name = tokens.take('word');
  for (const names of Object.values(module) as Map<string, unknown>[]) {
    if (names.has(name)) throw tokens.error(`${name} is defined twice`);
  }
  if (/^[a-z]/.test(name)) {
    parseType(tokens);
    tokens.expect('::=');
    module.values.set(name, parseValue(tokens));
  } else if (tokens.takes('::=')) {
    if (tokens.takes('CLASS')) module.classes.set(name, parseClass(tokens));
    else module.types.set(name, parseType(tokens));
  } else {
    const className = tokens.take('word');
    tokens.expect('::=');
    module.objectSets.set(name, { className, ...parseRows(tokens) });
  }
}

/** `CLASS { &id Type UNIQUE, &Type } WITH SYNTAX { &id &Type }`: an id and a type, in this order. */
function parseClass(tokens: TokenStream): ClassNode {
  const fields = new Map<string, TypeNode | undefined>();
  tokens.expect('{');
  do {
    const field = tokens.take('field');
    fields.set(field, tokens.peek().kind === 'word' ? parseType(tokens) : undefined);
    tokens.takes('UNIQUE');
  } while (tokens.takes(','));
  tokens.expect('}');
  for (const text of ['WITH', 'SYNTAX', '{']) tokens.expect(text);
  const kinds = [...fields].map(([, type]) => type !== undefined);
  for (const field of fields.keys()) tokens.expect(field);
  tokens.expect('}');
  if (kinds.length !== 2 || kinds[0] !== true || kinds[1] !== false) {
    throw tokens.error('a class has a value field and a type field behind it');
  }
  return { fields };
}

/** `{ {1 A} | {2 B}, ... }`: those behind the marker count like the others. */
function parseRows(tokens: TokenStream): Pick<ObjectSetNode, 'rows' | 'extensible'> {
  const rows: { id: ValueNode; type: TypeNode }[] = [];
  let extensible = false;
  tokens.expect('{');
  do {
    if (tokens.takes('...')) {
      if (extensible) throw tokens.error('a second extension marker');
      extensible = true;
      continue;
    }
    tokens.expect('{');
    rows.push({ id: parseValue(tokens), type: parseType(tokens) });
    tokens.expect('}');
  } while (tokens.takes('|') || tokens.takes(','));
  tokens.expect('}');
  return { rows, extensible };
}
