import { isDeepStrictEqual } from 'node:util';
import type { NodeConfig } from '../config/schema.js';

/** What reading the configuration again came to, in words. */
export interface ReloadReport {
  /** What is different now. */
  readonly done: readonly string[];
  /** Settings that differ in the file and take effect at the next start only. */
  readonly needsRestart: readonly string[];
  /** What could not be done, with the reason; it is as it was. */
  readonly failed: readonly string[];
}

/** Settings of sections whose other settings can change while the node runs. */
const FIXED_PARTS = {
  btp: ['host', 'port'],
  http: ['host', 'port', 'path', 'callbackPath'],
  admin: ['host', 'port'],
  settlementApi: ['host', 'port'],
} as const;

const FIXED = ['address', 'network', 'store', 'routing', 'forwarding', 'strictPorts'] as const;

/** The names of settings that differ and need a restart. */
export function needingRestart(before: NodeConfig, after: NodeConfig): string[] {
  const whole = FIXED.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const parts = Object.entries(FIXED_PARTS).flatMap(([section, names]) => {
    const old = (before as Record<string, unknown>)[section] as Record<string, unknown> | undefined;
    const next = (after as Record<string, unknown>)[section] as Record<string, unknown> | undefined;
    if (old === undefined || next === undefined) return old === next ? [] : [section];
    const differing = names.filter((name) => old[name] !== next[name]);
    // A port does not become a TLS port, or the reverse.
    const tls = (old['tls'] === undefined) !== (next['tls'] === undefined) ? ['tls'] : [];
    return [...differing, ...tls].map((name) => `${section}.${name}`);
  });
  return [...whole, ...parts];
}
