/** A text that is no ASN.1 module, or uses a part of the notation that is not supported. */
export class Asn1SyntaxError extends Error {
  override readonly name = 'Asn1SyntaxError';
  /** The line, counted from 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}

/** A word, number, quoted text or symbol of a module; of `'0A'H` and `'101'B` the digits. */
export interface Token {
  readonly kind: 'word' | 'field' | 'number' | 'text' | 'hex' | 'bits' | 'symbol' | 'end';
  readonly text: string;
  readonly line: number;
}

/** The longest module, in characters: engines give up on longer runs of some kinds of token. */
const MAX_LENGTH = 0x20_0000;

// In this order: a comment may end at the next two hyphens or with its line.
const TOKEN =
  /(?<space>\s+|--.*?(?:--|$))|(?<comment>\/\*)|(?<word>[A-Za-z](?:-?[A-Za-z0-9])*)|(?<field>&[A-Za-z](?:-?[A-Za-z0-9])*)|(?<number>-?\d+)|"(?<text>[^"]*(?:""[^"]*)*)"|'(?<hex>[\dA-F\s]*)'H|'(?<bits>[01\s]*)'B|(?<symbol>::=|\.\.\.|\.\.|[{}()[\],;|@:.<^])/my;

/** Cuts a module into tokens; comments and spaces are left out. */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_LENGTH) {
    throw new Asn1SyntaxError(1, `a module of more than ${MAX_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const start = TOKEN.lastIndex;
    const groups = TOKEN.exec(source)?.groups;
    if (groups === undefined) {
      throw new Asn1SyntaxError(
        line,
        `${JSON.stringify(source.slice(start, start + 10))} is no token`,
      );
    }
    if (groups['comment'] !== undefined) TOKEN.lastIndex = commentEnd(source, start, line);
    for (const kind of ['word', 'field', 'number', 'text', 'hex', 'bits', 'symbol'] as const) {
      const text = groups[kind];
      // In quotes, two quotes are one (X.680 12.14).
      if (text !== undefined) tokens.push({ kind, text: text.replaceAll('""', '"'), line });
    }
    line += source.slice(start, TOKEN.lastIndex).split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: 'the end of the text', line });
  return tokens;
}

/** Where a comment ends that starts with a slash and an asterisk: others may be within it (X.680 12.6.4). */
function commentEnd(source: string, start: number, line: number): number {
  const bounds = /\/\*|\*\//g;
  bounds.lastIndex = start;
  let depth = 0;
  do {
    const bound = bounds.exec(source)?.[0];
    if (bound === undefined) throw new Asn1SyntaxError(line, 'a comment does not end');
    depth += bound === '/*' ? 1 : -1;
  } while (depth > 0);
  return bounds.lastIndex;
}
