import type { BuiltinName, ComponentNode, TypeNode } from './model.js';
import { parseConstraints, parseValue } from './parse-constraint.js';
import type { TokenStream } from './token-stream.js';

const TWO_WORDS: Readonly<Record<string, string>> = {
  OCTET: 'STRING',
  BIT: 'STRING',
  OBJECT: 'IDENTIFIER',
};
const ONE_WORD: readonly string[] = [
  'BOOLEAN',
  'NULL',
  'INTEGER',
  'REAL',
  'RELATIVE-OID',
  'UTF8String',
  'IA5String',
  'PrintableString',
  'VisibleString',
  'NumericString',
  'GeneralizedTime',
];

/** Reads a type with its constraints. */
export function parseType(tokens: TokenStream): TypeNode {
  const { line } = tokens;
  const word = tokens.take('word');
  if (word === 'SEQUENCE' || word === 'SET') return parseStructure(tokens, word, line);
  if (word === 'CHOICE') return structure(tokens, word, line);
  if (word === 'ENUMERATED') return parseEnumerated(tokens, line);
  const second = TWO_WORDS[word];
  if (second !== undefined) {
    tokens.expect(second);
    skipNamedNumbers(tokens);
    const name = `${word} ${second}` as BuiltinName;
    return { kind: 'builtin', name, line, constraint: parseConstraints(tokens) };
  }
  if (ONE_WORD.includes(word)) {
    skipNamedNumbers(tokens);
    return {
      kind: 'builtin',
      name: word as BuiltinName,
      line,
      constraint: parseConstraints(tokens),
    };
  }
  if (tokens.takes('.')) return parseClassField(tokens, word, line);
  return { kind: 'reference', name: word, line, constraint: parseConstraints(tokens) };
}

/** Names that an INTEGER or BIT STRING gives to some numbers have no meaning for the encoding. */
function skipNamedNumbers(tokens: TokenStream): void {
  if (!tokens.takes('{')) return;
  do {
    tokens.take('word');
    tokens.expect('(');
    parseValue(tokens);
    tokens.expect(')');
  } while (tokens.takes(','));
  tokens.expect('}');
}

function parseStructure(tokens: TokenStream, of: 'SEQUENCE' | 'SET', line: number): TypeNode {
  if (tokens.sees('{')) return structure(tokens, of, line);
  // The size stands before OF, with or without parentheses around it.
  let constraint = {};
  if (tokens.sees('(')) constraint = parseConstraints(tokens);
  tokens.expect('OF');
  return { kind: 'list', of, element: parseType(tokens), line, constraint };
}

function structure(tokens: TokenStream, of: 'SEQUENCE' | 'SET' | 'CHOICE', line: number): TypeNode {
  const components: ComponentNode[] = [];
  let additions: ComponentNode[] | undefined;
  tokens.expect('{');
  while (!tokens.takes('}')) {
    if (tokens.takes('...')) {
      if (additions !== undefined) throw tokens.error('a second extension marker is not supported');
      additions = [];
    } else {
      (additions ?? components).push(parseComponent(tokens));
    }
    if (!tokens.sees('}')) tokens.expect(',');
  }
  return { kind: 'structure', of, components, additions, line, constraint: {} };
}

function parseComponent(tokens: TokenStream): ComponentNode {
  const { line } = tokens;
  const name = tokens.take('word');
  const type = parseType(tokens);
  if (tokens.takes('OPTIONAL')) return { name, type, presence: 'optional', line };
  if (tokens.takes('DEFAULT')) return { name, type, presence: parseValue(tokens), line };
  return { name, type, presence: 'required', line };
}

function parseEnumerated(tokens: TokenStream, line: number): TypeNode {
  const names: [string, number][] = [];
  let extensible = false;
  tokens.expect('{');
  do {
    if (tokens.takes('...')) {
      extensible = true;
      continue;
    }
    const name = tokens.take('word');
    let number = names.length === 0 ? 0 : (names.at(-1)?.[1] ?? 0) + 1;
    if (tokens.takes('(')) {
      number = Number(tokens.take('number'));
      tokens.expect(')');
    }
    names.push([name, number]);
  } while (tokens.takes(','));
  tokens.expect('}');
  return { kind: 'enumerated', names, extensible, line, constraint: {} };
}

/** `CLASS.&field ({Set})` or `CLASS.&Type ({Set}{@id})`. */
function parseClassField(tokens: TokenStream, className: string, line: number): TypeNode {
  const field = tokens.take('field');
  tokens.expect('(');
  tokens.expect('{');
  const set = tokens.take('word');
  tokens.expect('}');
  let chosenBy: string | undefined;
  if (tokens.takes('{')) {
    tokens.expect('@');
    chosenBy = tokens.take('word');
    tokens.expect('}');
  }
  tokens.expect(')');
  return { kind: 'class field', className, field, set, chosenBy, line, constraint: {} };
}
