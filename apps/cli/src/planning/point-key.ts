import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { moduleFile } from '../module-file.js'
import { packageVersions } from '../output/results-document.js'
import type { Registries } from '../registries.js'
import { findFile } from '../scenario/catalog-entries.js'
import type { ResolvedScenario } from '../scenario/resolved-scenario.js'
import type { StudyContext } from './point-job.js'

/**
 * Names points by what decides their outcome: the scenario with every default filled in, the versions of
 * the packages, the bytes of its trace, and what `--catalog` and `--plugin` brought.
 */
export class PointKeys {
  private readonly common: string
  private readonly files = new Map<string, string>()

  constructor(
    private readonly context: StudyContext,
    registries: Registries,
  ) {
    const { catalog, plugin, cwd } = context
    this.common = JSON.stringify([
      packageVersions(),
      catalog.length === 0 ? null : catalogHash(registries),
      plugin.map((name) => {
        const file = moduleFile(name, cwd)
        return file === undefined || !existsSync(file) ? name : hashed(readFileSync(file))
      }),
    ])
  }

  /** The key of a point, 64 hexadecimal digits. */
  async of(scenario: ResolvedScenario): Promise<string> {
    // A name says nothing of the outcome.
    const { name: _, ...rest } = scenario
    const trace = await this.traceHash(rest.workload.trace)
    return hashed(`${this.common}\n${trace}\n${JSON.stringify(rest)}`)
  }

  private async traceHash(trace: string | undefined): Promise<string> {
    const file = trace === undefined ? undefined : findFile(trace, this.context.folders)
    if (file === undefined) return ''
    const { mtimeMs, size } = statSync(file)
    const identity = JSON.stringify([file, mtimeMs, size])
    const known = this.files.get(identity)
    if (known !== undefined) return known
    const hash = createHash('sha256')
    if (statSync(file).isFile()) await pipeline(createReadStream(file), hash)
    else hash.update(identity)
    const found = hash.digest('hex')
    this.files.set(identity, found)
    return found
  }
}

function catalogHash({ models, accelerators, engineProfiles, calibrations }: Registries): string {
  const entries = [models, accelerators, engineProfiles].map((catalog) =>
    catalog.names().map((name) => catalog.get(name, name)),
  )
  return hashed(JSON.stringify([entries, calibrations]))
}

function hashed(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
