import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** One line for each thing that is wrong with a document: the field, what was expected, what was found. */
export function complaintsOf(issues: readonly Issue[], document: unknown): string[] {
  return issues.flatMap((issue) => describe(issue, [], document));
}

/** How a field is called in a complaint. */
export function fieldName(path: readonly string[]): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

function describe(issue: Issue, above: readonly string[], document: unknown): string[] {
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${fieldName([...path, key])}: there is no such setting`);
  }
  const found = valueAt(document, path);
  if (issue.code === 'invalid_union') {
    const meant = meantForm(issue.errors, found);
    if (meant !== undefined) return meant.flatMap((inner) => describe(inner, path, document));
  }
  if (issue.code === 'custom' && issue.params?.['isWhole'] === true) {
    return [`${fieldName(path)}: ${issue.message}`];
  }
  const isKey = issue.code === 'invalid_key';
  const text = isKey ? issue.issues[0]?.message : issue.message;
  const message = inPlainWords(text ?? issue.message);
  return [`${fieldName(path)}: ${message}, found ${show(isKey ? path.at(-1) : found, path)}`];
}

/** What zod says, without its terms. */
function inPlainWords(message: string): string {
  return message
    .replace(/^(Invalid (input|option|string)|Too (small|big)): /, '')
    .replace(/, received .*$/, '')
    .replace(/^expected (number|int) to be >=/, 'expected a number of at least ')
    .replace(/^expected (number|int) to be <=/, 'expected a number of at most ')
    .replace(/^expected (number|int) to be >/, 'expected a number above ')
    .replace(/^expected int$/, 'expected a whole number')
    .replace(/^expected (string|number)$/, (_, type) =>
      type === 'string' ? 'expected a text' : 'expected a number',
    )
    .replace(/^expected boolean$/, 'expected true or false')
    .replace(/^expected (object|record)$/, 'expected a group of settings')
    .replace(/^expected array$/, 'expected a list');
}

/**
 * Where a group of settings has several forms, the one that was meant: the only one that has all the settings that are there.
 * @returns what is wrong with it; undefined where that cannot be said.
 */
function meantForm(
  forms: readonly (readonly Issue[])[],
  found: unknown,
): readonly Issue[] | undefined {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
  const possible = forms.filter((issues) => issues.every((issue) => !isOtherForm(issue, found)));
  return possible.length === 1 ? possible[0] : undefined;
}

/** Whether an issue says that the settings are of another form: one that the form has not, or another fixed value. */
function isOtherForm(issue: Issue, found: object): boolean {
  const [key] = issue.path;
  if (key === undefined) return true;
  const isFixed = issue.code === 'invalid_value' && issue.values.length === 1;
  return isFixed && issue.path.length === 1 && key in found;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string, unknown>)[key]
        : undefined,
    document,
  );
}

const SECRET = /token|secret|password/i;
const USER_OF_URL = /[^\s/]+@/g;

/** What stands there, unless it is a secret or long. */
function show(value: unknown, path: readonly string[]): string {
  if (value === undefined) return 'nothing';
  if (path.some((key) => SECRET.test(key))) {
    return typeof value === 'string' ? `a text of ${value.length} characters` : `a ${typeof value}`;
  }
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return value === null ? 'null' : 'a group of settings';
  }
  const text = JSON.stringify(
    typeof value === 'string' ? value.replace(USER_OF_URL, '[hidden]@') : value,
  );
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
