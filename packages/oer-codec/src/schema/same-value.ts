/** Whether two values of one type are equal: numbers, texts, bytes, and lists and objects of those. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  const [ours, theirs] = [a as Fields, b as Fields];
  // A component that is missing and one that is undefined are the same.
  return Object.keys({ ...ours, ...theirs }).every((key) => sameValue(ours[key], theirs[key]));
}

type Fields = Readonly<Record<string, unknown>>;

function isList(value: object): value is readonly unknown[] {
  return Array.isArray(value) || value instanceof Uint8Array;
}
