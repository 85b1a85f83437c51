/**
 * Which package may use which: the one table behind the import check, the check of the manifests
 * and the table in CONTRIBUTING.md. A package that is not listed may not exist under packages/.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const arrows = {
  contracts: [],
  engine: [],
  catalog: ['contracts'],
  'cost-models': ['contracts'],
  schedulers: ['contracts'],
  routers: ['contracts'],
  metrics: ['contracts'],
  workloads: ['contracts', 'engine'],
  'catalog-models': ['contracts', 'catalog'],
  'catalog-hardware': ['contracts', 'catalog'],
  'catalog-calibrations': ['contracts'],
  simulator: ['contracts', 'engine', 'metrics'],
  planner: ['contracts', 'engine', 'metrics', 'simulator'],
  report: ['contracts', 'metrics', 'simulator'],
  conformance: ['contracts', 'simulator'],
}

/** Folders whose code may import any package, and which no package may import. */
export const consumers = ['apps', 'examples', 'bench', 'docs', 'scripts']
