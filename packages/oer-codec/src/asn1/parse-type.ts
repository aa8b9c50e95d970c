import type {
  AdditionNode,
  BuiltinName,
  ComponentNode,
  GroupNode,
  TagNode,
  TypeNode,
} from './model.js';
import { parseConstraints, parseElement, parseValue } from './parse-constraint.js';
import type { TokenStream } from './token-stream.js';

const TWO_WORDS: readonly (readonly [string, string])[] = [
  ['OCTET', 'STRING'],
  ['BIT', 'STRING'],
  ['OBJECT', 'IDENTIFIER'],
];
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
  'BMPString',
  'UniversalString',
  'UTCTime',
  'GeneralizedTime',
];

/** Reads a type with its constraints. */
export function parseType(tokens: TokenStream): TypeNode {
  return tokens.nested(() => {
    const tag = parseTag(tokens);
    const type = parseUntagged(tokens);
    return tag === undefined ? type : { ...type, tag };
  });
}

const TAG_CLASSES = {
  UNIVERSAL: 'universal',
  APPLICATION: 'application',
  PRIVATE: 'private',
} as const;

/** `[5]`, `[APPLICATION 5] IMPLICIT`: whether it is implicit or explicit makes no difference to OER. */
function parseTag(tokens: TokenStream): TagNode | undefined {
  if (!tokens.takes('[')) return undefined;
  const names = ['UNIVERSAL', 'APPLICATION', 'PRIVATE'] as const;
  const name = names.find((text) => tokens.takes(text));
  const number = Number(tokens.take('number'));
  tokens.expect(']');
  if (!tokens.takes('IMPLICIT')) tokens.takes('EXPLICIT');
  return { class: name === undefined ? 'context' : TAG_CLASSES[name], number };
}

function parseUntagged(tokens: TokenStream): TypeNode {
  const { line } = tokens;
  const word = tokens.take('word');
  if (word === 'SEQUENCE' || word === 'SET') return parseStructure(tokens, word, line);
  if (word === 'CHOICE') return structure(tokens, word, line);
  if (word === 'ENUMERATED') return parseEnumerated(tokens, line);
  const second = TWO_WORDS.find(([first]) => first === word)?.[1];
  if (second !== undefined) {
    tokens.expect(second);
    const named = skipNamedNumbers(tokens);
    const name = `${word} ${second}` as BuiltinName;
    return { kind: 'builtin', name, named, line, constraint: parseConstraints(tokens) };
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
  if (word === 'ISO646String') {
    return { kind: 'builtin', name: 'VisibleString', line, constraint: parseConstraints(tokens) };
  }
  if (tokens.takes('.')) return parseClassField(tokens, word, line);
  return { kind: 'reference', name: word, line, constraint: parseConstraints(tokens) };
}

/**
 * Which names an INTEGER or BIT STRING gives to some numbers has no meaning for the encoding; returns whether there are
 * any, which has one for the BIT STRING.
 */
function skipNamedNumbers(tokens: TokenStream): boolean {
  if (!tokens.takes('{')) return false;
  do {
    tokens.take('word');
    tokens.expect('(');
    parseValue(tokens);
    tokens.expect(')');
  } while (tokens.takes(','));
  tokens.expect('}');
  return true;
}

function parseStructure(tokens: TokenStream, of: 'SEQUENCE' | 'SET', line: number): TypeNode {
  if (tokens.sees('{')) return structure(tokens, of, line);
  // The size stands before OF, with or without parentheses around it (X.680 51.3).
  const constraint = tokens.sees('SIZE') ? parseElement(tokens) : parseConstraints(tokens);
  tokens.expect('OF');
  // The elements may have a name, which says nothing (X.680 26.1).
  if (/^[a-z]/.test(tokens.peek().text)) tokens.take('word');
  return { kind: 'list', of, element: parseType(tokens), line, constraint };
}

function structure(tokens: TokenStream, of: 'SEQUENCE' | 'SET' | 'CHOICE', line: number): TypeNode {
  const components: ComponentNode[] = [];
  let additions: AdditionNode[] | undefined;
  let markers = 0;
  tokens.expect('{');
  while (!tokens.takes('}')) {
    if (tokens.takes('...')) {
      markers += 1;
      if (markers > 2) throw tokens.error('a third extension marker');
      additions ??= [];
    } else if (tokens.takes('[', '[')) {
      if (markers !== 1) throw tokens.error('a group stands behind the extension marker');
      additions?.push(parseGroup(tokens));
    } else {
      // Behind a second marker the components go on that were before the first.
      (markers === 1 ? (additions ?? components) : components).push(parseComponent(tokens));
    }
    if (!tokens.sees('}')) tokens.expect(',');
  }
  return { kind: 'structure', of, components, additions, line, constraint: {} };
}

/** `[[ a A, b B ]]` or `[[ 2: a A, b B ]]`: the number is that of the version. */
function parseGroup(tokens: TokenStream): GroupNode {
  if (tokens.peek().kind === 'number') {
    tokens.take('number');
    tokens.expect(':');
  }
  const components: ComponentNode[] = [];
  do components.push(parseComponent(tokens));
  while (tokens.takes(','));
  tokens.expect(']');
  tokens.expect(']');
  return { kind: 'group', components };
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
  const items: { name: string; number: number | undefined; isAddition: boolean }[] = [];
  let extensible = false;
  tokens.expect('{');
  do {
    if (tokens.takes('...')) {
      extensible = true;
      continue;
    }
    const name = tokens.take('word');
    let number: number | undefined;
    if (tokens.takes('(')) {
      number = Number(tokens.take('number'));
      tokens.expect(')');
    }
    items.push({ name, number, isAddition: extensible });
  } while (tokens.takes(','));
  tokens.expect('}');
  // Items without a number get the lowest ones that no other of the first list has; additions, higher ones than those
  // before them (X.680 20.3, 20.6).
  const used = new Set(items.filter(({ isAddition }) => !isAddition).map(({ number }) => number));
  let next = 0;
  const numberOf = (number: number | undefined, isAddition: boolean): number => {
    if (number === undefined) while (used.has(next)) next += 1;
    const chosen = number ?? next++;
    if (isAddition) next = Math.max(next, chosen + 1);
    return chosen;
  };
  const names = items.map(({ name, number, isAddition }): [string, number] => [
    name,
    numberOf(number, isAddition),
  ]);
  if (new Set(items.map(({ name }) => name)).size < items.length) {
    throw tokens.error('two names of an ENUMERATED are the same');
  }
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
