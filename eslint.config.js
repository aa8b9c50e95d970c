import { fileURLToPath } from 'node:url';
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Packages that run wherever JavaScript runs, and whose logic is reproducible from a seed. */
const portable = [
  'oer-codec',
  'ilp-address',
  'ilp-packet',
  'ccp-routing',
  'stream',
  'ildcp',
  'spsp',
];
const tests = ['packages/*/test/**/*.ts', 'packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'];

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/.tsc/',
      '.nx/',
      '**/coverage/',
      'packages/*/test/readme.example.ts',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: fileURLToPath(new URL('.', import.meta.url)),
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A loop that decodes to the end of the input says `while (true)`.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // The DOM's globals that a forgotten parameter would silently fall back to.
      'no-restricted-globals': ['error', 'event', 'length', 'name', 'origin', 'parent', 'status'],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['packages/{cli,bench}/**', ...tests],
    rules: { 'no-console': 'error' },
  },
  {
    files: portable.map((name) => `packages/${name}/src/**/*.ts`),
    // What runs from a shell runs in Node.
    ignores: [...tests, 'packages/*/src/main.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['event', 'length', 'name', 'origin', 'parent', 'status'],
        { name: 'Buffer', message: 'Bytes are Uint8Array: this package runs in browsers too.' },
        { name: 'process', message: 'This package runs where there is no process.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take randomness from the options.' },
        { object: 'globalThis', property: 'Buffer', message: 'Bytes are Uint8Array.' },
        { object: 'globalThis', property: 'process', message: 'There is no process everywhere.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: ['buffer', 'node:buffer', 'process', 'node:process'].map((name) => ({
            name,
            message: 'This package runs in browsers too.',
          })),
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off', // expect.objectContaining() and kin are any
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: globals.node },
  },
);
