/** One token, or several that are valid together. */
export function tokensOf(tokens: string | readonly string[]): readonly string[] {
  return typeof tokens === 'string' ? [tokens] : tokens;
}
