import { readFileSync } from 'node:fs';
import { CommandFailure, ExitCode } from '../exit-codes.js';

/** A certificate chain and its key, PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** A PEM file. @throws {@link CommandFailure} `configuration` that names it. */
export function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(ExitCode.configuration, `cannot read ${file}: ${reason}`, { cause });
  }
}

/** Certificate and key as they are in their files now. @throws {@link CommandFailure} */
export function readTls({ cert, key }: TlsPair): TlsPair {
  return { cert: readPem(cert), key: readPem(key) };
}
