import type { ConstraintNode, RangeNode, ValueNode } from './model.js';
import type { TokenStream } from './token-stream.js';

/** Reads a value: a number, a text in quotes, TRUE, FALSE, MIN, MAX or the name of another. */
export function parseValue(tokens: TokenStream): ValueNode {
  const { kind, line } = tokens.peek();
  if (kind === 'number') return { kind: 'number', value: BigInt(tokens.take('number')) };
  if (kind === 'text') return { kind: 'text', value: tokens.take('text') };
  const name = tokens.take('word');
  if (name === 'TRUE' || name === 'FALSE') return { kind: 'boolean', value: name === 'TRUE' };
  if (name === 'MIN') return { kind: 'min' };
  if (name === 'MAX') return { kind: 'max' };
  return { kind: 'name', name, line };
}

/** Reads all constraints behind a type. One that is extensible (`...`) does not count for the encoding (X.696 8.2.3). */
export function parseConstraints(tokens: TokenStream): ConstraintNode {
  let all: ConstraintNode = {};
  while (tokens.takes('(')) {
    const one = parseElements(tokens);
    const extensible = tokens.takes(',');
    if (extensible) {
      tokens.expect('...');
      while (!tokens.sees(')')) {
        tokens.expect(',');
        parseElements(tokens);
      }
    }
    tokens.expect(')');
    if (!extensible) all = { ...all, ...one };
  }
  return all;
}

function parseElements(tokens: TokenStream): ConstraintNode {
  let node: ConstraintNode = {};
  const values: RangeNode[] = [];
  do {
    if (tokens.takes('SIZE')) {
      tokens.expect('(');
      const size = parseRange(tokens);
      const extensible = tokens.takes(',', '...');
      tokens.expect(')');
      if (!extensible) node = { ...node, size };
    } else if (tokens.takes('FROM')) {
      node = { ...node, from: parseAlphabet(tokens) };
    } else if (tokens.takes('WITH', 'COMPONENTS')) {
      node = { ...node, ...parseComponents(tokens) };
    } else if (tokens.takes('(')) {
      node = { ...node, ...tokens.nested(() => parseElements(tokens)) };
      tokens.expect(')');
    } else {
      values.push(parseRange(tokens));
    }
  } while (tokens.takes('|') || tokens.takes('UNION') || tokens.takes('INTERSECTION'));
  return values.length === 0 ? node : { ...node, values };
}

function parseRange(tokens: TokenStream): RangeNode {
  const from = parseValue(tokens);
  return tokens.takes('..') ? { from, to: parseValue(tokens) } : { from, to: from };
}

function parseAlphabet(tokens: TokenStream): RangeNode[] {
  tokens.expect('(');
  const ranges: RangeNode[] = [];
  do ranges.push(parseRange(tokens));
  while (tokens.takes('|'));
  tokens.expect(')');
  return ranges;
}

/** The components of a REAL: mantissa, base, exponent. */
function parseComponents(tokens: TokenStream): ConstraintNode {
  let mantissa: RangeNode | undefined;
  tokens.expect('{');
  do {
    const name = tokens.take('word');
    tokens.expect('(');
    const range = parseRange(tokens);
    tokens.expect(')');
    if (name === 'mantissa') mantissa = range;
  } while (tokens.takes(','));
  tokens.expect('}');
  return mantissa === undefined ? {} : { mantissa };
}
