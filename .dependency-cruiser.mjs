import { arrows, consumers } from './scripts/arrows.mjs'

const tests = '[.]test[.]ts$'
/** The files of a package that may touch the machine. */
const nodeFiles = '^packages/[^/]+/src/node([.]ts$|/)'

/** A path inside this repository, resolved or, where nothing answers to it, as it was written. */
const ours = `^(packages|${consumers.join('|')})/|^@llmsim/|node_modules/@llmsim/|^([.][.]/)+[^.]`

/** Every way in which a package of this list shows up as the target of an import. */
function named(packages) {
  const names = packages.join('|')
  return `^packages/(${names})/|^@llmsim/(${names})(/|$)|node_modules/@llmsim/(${names})(/|$)`
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(([name, allowed]) => ({
      name: `arrow-from-${name}`,
      comment: `@llmsim/${name} may use ${allowed.length === 0 ? 'no other package' : `only ${allowed.join(', ')}`} of this repository, in its tests too.`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: ours, pathNot: named([name, ...allowed]) },
    })),
    {
      name: 'package-without-arrows',
      comment: 'Every package has a row in scripts/arrows.mjs.',
      severity: 'error',
      from: { path: '^packages/', pathNot: named(Object.keys(arrows)) },
      to: {},
    },
    {
      name: 'inside-of-another-package',
      comment: 'Another package is imported by its name, never by a path into it.',
      severity: 'error',
      from: { path: '^((packages|apps)/[^/]+|examples|bench|docs|scripts)/' },
      to: {
        path: '^(packages|apps)/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-workspace', 'npm'],
      },
    },
    {
      name: 'inside-by-name',
      comment: 'Only the entries that a package exports may be imported.',
      severity: 'error',
      from: {},
      to: {
        path: '^@llmsim/[^/]+/|node_modules/@llmsim/[^/]+/',
        pathNot: '/(node|package[.]json)$',
      },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or share a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'machine-only-in-node-entry',
      comment: 'The main entry of a package runs anywhere: Node modules belong in src/node.ts.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [tests, nodeFiles] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'node-entry-from-main-entry',
      comment: 'What a main entry reaches may not reach a node entry.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [tests, nodeFiles] },
      to: { path: `${nodeFiles}|@llmsim/[^/]+/node$` },
    },
    {
      name: 'unresolvable',
      comment: 'An import of something that is not there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@llmsim/' },
    },
    {
      name: 'undeclared-dependency',
      comment: 'What published code imports at run time stands in its own package.json.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: tests },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '(^|/)(dist|coverage)/|^scripts/packed-project/' },
    tsPreCompilationDeps: true,
    detectJSDocImports: true,
    exoticRequireStrings: ['vi.mock', 'vi.doMock', 'vi.importActual', 'import.meta.resolve'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@llmsim/source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
