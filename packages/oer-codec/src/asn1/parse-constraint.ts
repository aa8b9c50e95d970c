import type { ConstraintNode, RangeNode, UnionNode, ValueNode } from './model.js';
import type { TokenStream } from './token-stream.js';

/** Reads a value: a number, a text in quotes, bits, TRUE, FALSE, NULL, `{}`, MIN, MAX or the name of another. */
export function parseValue(tokens: TokenStream): ValueNode {
  const { kind, line } = tokens.peek();
  if (kind === 'number') return { kind: 'number', value: parseNumber(tokens) };
  if (kind === 'text') return { kind: 'text', value: tokens.take('text') };
  if (kind === 'hex') return bitsOf(tokens.take('hex'), 4);
  if (kind === 'bits') return bitsOf(tokens.take('bits'), 1);
  if (tokens.takes('{', '}')) return { kind: 'empty' };
  const name = tokens.take('word');
  if (name === 'TRUE' || name === 'FALSE') return { kind: 'boolean', value: name === 'TRUE' };
  if (name === 'NULL') return { kind: 'null' };
  if (name === 'MIN') return { kind: 'min' };
  if (name === 'MAX') return { kind: 'max' };
  return { kind: 'name', name, line };
}

/** Longer ones, in digits, take longer than linear time. */
const MAX_NUMBER_LENGTH = 10_000;

function parseNumber(tokens: TokenStream): bigint {
  const digits = tokens.take('number');
  if (digits.length <= MAX_NUMBER_LENGTH) return BigInt(digits);
  throw tokens.error(`a number of more than ${MAX_NUMBER_LENGTH} digits`);
}

/** The bits that some digits stand for, each of `width` of them. */
function bitsOf(text: string, width: 1 | 4): ValueNode {
  const digits = text.replace(/\s/g, '');
  const length = digits.length * width;
  const bytes = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < digits.length; i++) {
    const at = i * width;
    const digit = parseInt(digits.charAt(i), 16);
    bytes[at >> 3] = (bytes[at >> 3] as number) | (digit << (8 - width - (at & 7)));
  }
  return { kind: 'bits', bytes, length };
}

/** Behind one type: each is added to a copy of those before it. */
const MAX_CONSTRAINTS = 256;

/** Reads all constraints behind a type. One that is extensible (`...`) does not count for the encoding (X.696 8.2.3). */
export function parseConstraints(tokens: TokenStream): ConstraintNode {
  let all: ConstraintNode = {};
  for (let count = 0; tokens.takes('('); count++) {
    if (count === MAX_CONSTRAINTS) throw tokens.error(`more than ${MAX_CONSTRAINTS} constraints`);
    all = both(all, parseConstraint(tokens));
  }
  return all;
}

/** A constraint, behind its opening parenthesis. */
function parseConstraint(tokens: TokenStream): ConstraintNode {
  const constraint = tokens.nested(() => parseUnion(tokens));
  const extensible = tokens.takes(',');
  if (extensible) {
    tokens.expect('...');
    if (tokens.takes(',')) tokens.nested(() => parseUnion(tokens));
  }
  tokens.expect(')');
  return extensible ? {} : constraint;
}

/** The constraint that two together are. */
export function both(a: ConstraintNode, b: ConstraintNode): ConstraintNode {
  const lists = (['values', 'size', 'from'] as const).map((kind): [string, unknown] => [
    kind,
    [...(a[kind] ?? []), ...(b[kind] ?? [])],
  ]);
  const real = b.real ?? a.real;
  return {
    ...Object.fromEntries(lists.filter(([, list]) => (list as unknown[]).length > 0)),
    ...(real !== undefined && { real }),
  };
}

function parseUnion(tokens: TokenStream): ConstraintNode {
  const parts = [parseIntersection(tokens)];
  while (tokens.takes('|') || tokens.takes('UNION')) parts.push(parseIntersection(tokens));
  // A REAL is 0 or has a mantissa.
  const components = parts.find(({ real }) => real !== undefined);
  if (components !== undefined) return components;
  const [first, ...rest] = parts;
  if (first === undefined || rest.length === 0) return first ?? {};
  for (const kind of ['values', 'size', 'from'] as const) {
    if (!parts.every((part) => Object.keys(part).join() === kind)) continue;
    const unions = parts.map((part) => part[kind] as readonly UnionNode[]);
    if (unions.every(({ length }) => length === 1)) return { [kind]: [unions.flat(2)] };
  }
  throw tokens.error('only values of one kind can be alternatives in a constraint');
}

function parseIntersection(tokens: TokenStream): ConstraintNode {
  let all = parseElement(tokens);
  while (tokens.takes('^') || tokens.takes('INTERSECTION')) all = both(all, parseElement(tokens));
  return all;
}

/** One constraint: a size, an alphabet, a range of values, or others in parentheses. */
export function parseElement(tokens: TokenStream): ConstraintNode {
  if (tokens.takes('SIZE')) {
    tokens.expect('(');
    const { values } = parseConstraint(tokens);
    return values === undefined ? {} : { size: values };
  }
  if (tokens.takes('FROM')) {
    tokens.expect('(');
    const { values } = parseConstraint(tokens);
    return values === undefined ? {} : { from: values };
  }
  if (tokens.takes('WITH', 'COMPONENTS')) return parseComponents(tokens);
  if (tokens.takes('(')) {
    const inner = tokens.nested(() => parseUnion(tokens));
    tokens.expect(')');
    return inner;
  }
  return { values: [[parseRange(tokens)]] };
}

function parseRange(tokens: TokenStream): RangeNode {
  const from = parseValue(tokens);
  const isAbove = tokens.takes('<');
  if (isAbove) tokens.expect('..');
  else if (!tokens.takes('..')) return { from, to: from };
  const isBelow = tokens.takes('<');
  return { from, to: parseValue(tokens), isAbove, isBelow };
}

const REAL_COMPONENTS: readonly string[] = ['mantissa', 'base', 'exponent'];

/** The components of a REAL: mantissa, base, exponent. Those of other types have no meaning for the encoding. */
function parseComponents(tokens: TokenStream): ConstraintNode {
  const real: Record<string, RangeNode> = {};
  tokens.expect('{');
  do {
    const name = tokens.take('word');
    tokens.expect('(');
    const range = parseRange(tokens);
    tokens.expect(')');
    if (REAL_COMPONENTS.includes(name)) real[name] = range;
  } while (tokens.takes(','));
  tokens.expect('}');
  return { real };
}
