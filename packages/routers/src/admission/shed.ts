import type { AdmissionFactory, AdmissionRequest, AdmissionView } from '@llmsim/contracts'
import { number, numbers, word } from './admission-options.js'

const signals = ['queue-delay', 'outstanding', 'kv-use'] as const
const kinds = ['class', 'priority'] as const

/**
 * Sheds load, the least important first: each kind of request is refused from a load of its own on.
 * Options:
 *
 * - `signal` (`queue-delay`): the load. `queue-delay`: seconds that the longest waiting request has waited;
 *   `outstanding`: requests that are not finished; `kv-use`: share of the KV blocks in use.
 * - `by` (`class`): what tells kinds apart, the name of the class or the `priority`.
 * - `limits`: the load from which on each kind is refused: `{ batch: 1, chat: 10 }`, `{ "0": 1, "1": 10 }`.
 * - `otherwise`: the same for kinds that are not named; never refused when absent.
 *
 * Priority-based admission by load, as of Zhou et al., "Overload Control for Scaling WeChat Microservices"
 * (SoCC '18), with fixed limits.
 */
export const shed: AdmissionFactory = {
  name: 'shed',
  description: 'Refuses requests of each class or priority from a load of its own on.',
  options: ['signal', 'by', 'limits', 'otherwise'],
  create(options) {
    const signal = word(options, 'signal', signals, 'queue-delay')
    const by = word(options, 'by', kinds, 'class')
    const limits = numbers(options, 'limits')
    const otherwise = number(
      options,
      'otherwise',
      Infinity,
      'load from which on others are refused',
    )
    return {
      name: 'shed',
      admit(request, system) {
        const limit = limits.get(kindOf(request, by)) ?? otherwise
        return loadOf(system, signal) < limit ? true : 'overload'
      },
    }
  },
}

function kindOf({ className, priority }: AdmissionRequest, by: (typeof kinds)[number]): string {
  return by === 'class' ? (className ?? '') : String(priority)
}

function loadOf(system: AdmissionView, signal: (typeof signals)[number]): number {
  if (signal === 'queue-delay') return system.queueDelaySeconds
  return signal === 'outstanding' ? system.outstanding : system.usedBlocks / system.totalBlocks
}
