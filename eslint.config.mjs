import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Files that are tests or only serve them. */
const tests = ['**/*.test.ts', '**/test/**/*.ts', '**/testing/**/*.ts']

/** The files that may touch the machine: a package's `node` entry and what only it imports. */
const nodeEntries = ['packages/*/src/node.ts', 'packages/*/src/node/**/*.ts']

const clocks =
  'Simulated time comes from the engine: a result may not depend on when it was computed.'
const machine =
  'Library code runs anywhere: only the node entry of a package may touch the process.'
const silent = 'Library code does not print: return the text, or throw an error that carries it.'
const seeded = 'Draw from a random stream of @llmsim/engine, so that a seed decides the result.'
const portable =
  'JavaScript engines round this function differently. Use the portable one of @llmsim/engine: the same seed must give the same workload everywhere.'

/** The functions of Math whose last digits ECMAScript leaves to the implementation. */
const approximated = [
  'acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot',
  'log log10 log1p log2 pow sin sinh tan tanh',
]
  .join(' ')
  .split(' ')

const pureProperties = [{ object: 'Math', property: 'random', message: seeded }]

/** A file is named after the one noun it holds; these names say nothing. */
const vagueNames = /(^|[-.])(utils?|helpers?|common|misc|shared|stuff)([-.]|$)/

const fileNamesPlugin = {
  rules: {
    'one-noun': {
      meta: { type: 'suggestion', schema: [] },
      create(context) {
        return {
          Program(node) {
            const parts = context.filename.split('/')
            const inside = parts.slice(parts.lastIndexOf('src') + 1)
            const vague = inside.find((part) => vagueNames.test(part))
            if (vague === undefined) return
            context.report({
              node,
              message: `The name "${vague}" does not say what is in it. Name a file after the noun it holds.`,
            })
          },
        }
      },
    },
  },
}

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '**/dist/**',
      '**/coverage/**',
      '**/.turbo/**',
      'scripts/packed-project/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.check.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Template literals of numbers and booleans read well and are exact.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Typed indexing into arrays whose bounds the loop above already proves.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Interfaces and types are both fine; schemas infer types.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Declarations are emitted file by file, so properties say their type even where it is plain.
      '@typescript-eslint/no-inferrable-types': 'off',
      // Plug-ins written in plain JavaScript call this code too: guards stay although types say no.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An unused parameter is often there to match a contract.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // A contract may be async where an implementation is not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      'no-undef': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        'process console URL Buffer setTimeout clearTimeout setInterval clearInterval fetch performance structuredClone globalThis SharedArrayBuffer Atomics'
          .split(' ')
          .map((name) => [name, 'readonly']),
      ),
    },
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    plugins: { names: fileNamesPlugin },
    rules: {
      'names/one-noun': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Export by name: a name is found by search and survives a rename.',
        },
      ],
      'no-restricted-properties': ['error', ...pureProperties],
      'no-restricted-globals': [
        'error',
        { name: 'Date', message: clocks },
        { name: 'performance', message: clocks },
        { name: 'setTimeout', message: clocks },
        { name: 'setInterval', message: clocks },
        { name: 'console', message: silent },
        { name: 'process', message: machine },
        { name: 'Buffer', message: machine },
      ],
    },
  },
  {
    files: nodeEntries,
    rules: { 'no-restricted-globals': ['error', { name: 'Date', message: clocks }] },
  },
  {
    files: ['packages/workloads/src/**/*.ts', 'packages/engine/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-properties': [
        'error',
        ...pureProperties,
        ...approximated.map((property) => ({ object: 'Math', property, message: portable })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Export by name: a name is found by search and survives a rename.',
        },
        { selector: "BinaryExpression[operator='**']", message: portable },
        { selector: "AssignmentExpression[operator='**=']", message: portable },
      ],
    },
  },
  {
    // Published figures: long by nature, one entry after the other.
    files: ['packages/catalog-*/src/**/*.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: tests,
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
)
