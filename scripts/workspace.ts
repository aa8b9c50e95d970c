/** The workspace's packages as their manifests describe them. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Package {
  readonly folder: string;
  readonly manifest: Manifest;
}

export function packages(): Package[] {
  const root = new URL('../packages/', import.meta.url);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => ({
      folder,
      manifest: JSON.parse(
        readFileSync(new URL(`${folder}/package.json`, root), 'utf8'),
      ) as Manifest,
    }));
}
