import { SimulatorError, type ErrorCode, type ReplicaLayout } from '@llmsim/contracts'

/**
 * Checks how experts are spread and attention is repeated.
 *
 * @param at Dotted path of a field of the section that holds the parallel sizes.
 * @throws SimulatorError `INVALID_VALUE` for a size that is no size, `CONFLICT` for one that does not suit
 *   the model or the other sizes.
 */
export function checkExperts(layout: ReplicaLayout, at: (field: string) => string): void {
  const { model, tensorParallel: tp } = layout
  const { attentionDataParallel: ranks = 1, expertParallel: spread = 1 } = layout
  const { redundantExperts: copies = 0, expertImbalance: imbalance = 1 } = layout
  const refuse = (
    field: string,
    given: unknown,
    message: string,
    accepted: string,
    code: ErrorCode = 'CONFLICT',
  ): never => {
    throw new SimulatorError({ code, path: at(field), message, given, accepted })
  }
  for (const [field, size] of [
    ['attention_data_parallel_size', ranks],
    ['expert_parallel_size', spread],
  ] as const)
    if (!Number.isInteger(size) || size < 1)
      refuse(field, size, 'must be a positive whole number', 'from 1 on', 'INVALID_VALUE')
  if (!Number.isInteger(copies) || copies < 0)
    refuse('redundant_experts', copies, 'must be a whole number', 'from 0 on', 'INVALID_VALUE')
  if (!(imbalance >= 1 && imbalance < Infinity))
    refuse(
      'expert_imbalance',
      imbalance,
      'is the fullest device over the average',
      'from 1 on',
      'INVALID_VALUE',
    )
  const { contextParallel: context = 1 } = layout
  if (!Number.isInteger(context) || context < 1)
    refuse(
      'context_parallel_size',
      context,
      'must be a positive whole number',
      'from 1 on',
      'INVALID_VALUE',
    )
  if (context > 1 && (ranks > 1 || spread > 1))
    refuse(
      'context_parallel_size',
      context,
      'does not go with attention ranks or spread experts',
      '1, or attention_data_parallel_size and expert_parallel_size of 1',
    )
  const { ffn } = model
  const { allToAllBackend: backend = 'allgather_reducescatter' } = layout
  if (ffn.kind !== 'moe') {
    const dense = `${model.name} has no experts`
    if (ranks > 1)
      refuse(
        'attention_data_parallel_size',
        ranks,
        dense,
        '1; data_parallel_size copies a dense model',
      )
    if (spread > 1) refuse('expert_parallel_size', spread, dense, '1')
    if (copies > 0) refuse('redundant_experts', copies, dense, '0')
    if (imbalance > 1) refuse('expert_imbalance', imbalance, dense, '1')
    if (backend !== 'allgather_reducescatter')
      refuse('all_to_all_backend', backend, dense, 'allgather_reducescatter, or none')
    return
  }
  const devices = tp * ranks
  if (devices % spread !== 0)
    refuse(
      'expert_parallel_size',
      spread,
      `a stage has tp x attention-dp = ${devices} devices`,
      `a divisor of ${devices}`,
    )
  if (spread > ffn.experts + copies)
    refuse(
      'expert_parallel_size',
      spread,
      `${model.name} has ${ffn.experts} experts, ${copies} copies besides`,
      `at most ${ffn.experts + copies}`,
    )
  if (copies > 0 && spread === 1)
    refuse(
      'redundant_experts',
      copies,
      'experts are not spread over devices',
      'expert_parallel_size above 1',
    )
  if (imbalance > 1 && spread === 1)
    refuse(
      'expert_imbalance',
      imbalance,
      'experts are not spread over devices',
      'expert_parallel_size above 1',
    )
  if (backend !== 'allgather_reducescatter' && ranks > 1 && spread !== devices)
    refuse(
      'all_to_all_backend',
      backend,
      'sends tokens to whole experts, which lie on one device each',
      `allgather_reducescatter, or expert_parallel_size ${devices}`,
    )
}
