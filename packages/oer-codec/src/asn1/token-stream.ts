import { Asn1SyntaxError, tokenize, type Token } from './tokens.js';

const MAX_DEPTH = 64;

/** The tokens of a module, one after the other. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  /** The token `ahead` places on, without moving. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#next + ahead] as Token;
  }

  /** The line of the next token. */
  get line(): number {
    return this.peek().line;
  }

  /** Whether these texts come next. */
  sees(...texts: string[]): boolean {
    return texts.every((text, i) => this.peek(i).text === text && this.peek(i).kind !== 'text');
  }

  /** Moves on past these texts if they come next. */
  takes(...texts: string[]): boolean {
    if (!this.sees(...texts)) return false;
    this.#next += texts.length;
    return true;
  }

  /** Moves on past whatever comes next, but not past the end. */
  skip(): void {
    if (this.peek().kind === 'end') throw this.error('the text ends too soon');
    this.#next += 1;
  }

  /** Moves on past a text that has to come next. */
  expect(text: string): void {
    if (!this.takes(text)) throw this.error(`expected ${text}, found ${this.peek().text}`);
  }

  /** Takes the next token, which has to be of a kind. */
  take(kind: Token['kind']): string {
    const token = this.peek();
    if (token.kind !== kind) throw this.error(`expected a ${kind}, found ${token.text}`);
    this.#next += 1;
    return token.text;
  }

  /** Parses what may contain itself; what is nested too deep is an error, and no overflow of the stack. */
  nested<T>(parse: () => T): T {
    if (this.#depth === MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`);
    this.#depth += 1;
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  error(reason: string): Asn1SyntaxError {
    return new Asn1SyntaxError(this.line, reason);
  }
}
