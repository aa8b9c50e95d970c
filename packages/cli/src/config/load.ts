import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { CommandFailure, ExitCode } from '../exit-codes.js';
import { complaintsOf, fieldName } from './complaints.js';

/**
 * Reads a YAML or JSON file (JSON is YAML) and checks it. `${NAME}` in a text is replaced by the environment variable
 * NAME, so that secrets need not stand in the file.
 * @param options.isSecret refuses a file that other users of the machine can read.
 * @throws {@link CommandFailure} that names each wrong field, what was found and what was expected.
 */
export function loadConfig<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  options: { readonly isSecret?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
): z.infer<Schema> {
  if (options.isSecret === true) requirePrivate(file);
  return checkConfig(readDocument(file), schema, file, options.env ?? process.env);
}

/** Checks a document that was read or made elsewhere; `source` names it in errors. */
export function checkConfig<Schema extends z.ZodType>(
  document: unknown,
  schema: Schema,
  source: string,
  env: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const missing: string[] = [];
  const filled = substitute(document, env, [], missing);
  if (missing.length > 0) throw invalid(source, missing);
  const result = schema.safeParse(filled);
  if (result.success) return result.data;
  throw invalid(source, complaintsOf(result.error.issues, filled));
}

function readDocument(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandFailure(ExitCode.configuration, `cannot read ${file}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new CommandFailure(
      ExitCode.configuration,
      `${file} is no valid YAML or JSON: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** A profile holds a token that spends money. Windows has no such modes. */
function requirePrivate(file: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new CommandFailure(
      ExitCode.configuration,
      `${file} can be read by other users: it holds a secret, so run chmod 600 ${file}`,
    );
  }
}

function substitute(
  value: unknown,
  env: NodeJS.ProcessEnv,
  path: string[],
  missing: string[],
): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const replacement = env[name];
      if (replacement === undefined) {
        missing.push(`${fieldName(path)}: the environment variable ${name} is not set`);
      }
      return replacement ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, i) => substitute(item, env, [...path, String(i)], missing));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, substitute(inner, env, [...path, key], missing)]),
  );
}

function invalid(source: string, problems: readonly string[]): CommandFailure {
  return new CommandFailure(
    ExitCode.configuration,
    [`${source} is not right:`, ...problems.map((problem) => `  ${problem}`)].join('\n'),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
