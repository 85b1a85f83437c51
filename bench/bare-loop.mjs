// The limit: one replica, prefill first, with the same traffic and step costs as the simulator, and
// nothing else: no metrics, no KV blocks, no scheduler, no checks. What is left is the arithmetic of
// drawing requests, of step times and of who finishes next.

/** Serves `count` requests of a source; returns when the last one is done, in simulated seconds. */
export function bareLoop(source, count, costModel, maxBatch, maxTokens) {
  const work = { prefillTokens: 0, prefillAttention: 0, decodes: 0, decodeContext: 0, logits: 0 }
  const cost = { seconds: 0, growth: 0, horizon: 1 }
  // Running requests in a heap by the step counter at which they finish, and their final context.
  const finish = new Float64Array(maxBatch + 1)
  const final = new Float64Array(maxBatch + 1)
  let running = 0
  let context = 0
  let counter = 0
  let now = 0
  // The request that arrives next.
  const draft = {
    arrivalSeconds: 0.5,
    promptTokens: 0,
    outputTokens: 0,
    sessionId: -1,
    priority: 0,
  }
  let left = count
  source.next(draft)
  while (left > 0 || running > 0) {
    if (running === 0 && draft.arrivalSeconds > now) now = draft.arrivalSeconds
    let prefills = 0
    let joined = running
    let tokens = 0
    let pairs = 0
    while (
      left > 0 &&
      draft.arrivalSeconds <= now &&
      running + prefills < maxBatch &&
      (tokens === 0 || tokens + draft.promptTokens <= maxTokens)
    ) {
      const { promptTokens, outputTokens } = draft
      tokens += promptTokens
      pairs += (promptTokens * (promptTokens + 1)) / 2
      prefills++
      if (outputTokens > 1) {
        let at = joined++
        const key = counter + outputTokens - 1
        while (at > 0 && finish[(at - 1) >> 1] > key) {
          finish[at] = finish[(at - 1) >> 1]
          final[at] = final[(at - 1) >> 1]
          at = (at - 1) >> 1
        }
        finish[at] = key
        final[at] = promptTokens + outputTokens - 1
        context += promptTokens
      }
      if (--left > 0) source.next(draft)
    }
    if (prefills > 0) {
      work.prefillTokens = tokens
      work.prefillAttention = pairs
      work.decodes = 0
      work.decodeContext = 0
      work.logits = prefills
      costModel.step(work, cost)
      now += cost.seconds
      running = joined
      continue
    }
    if (running === 0) continue
    work.prefillTokens = 0
    work.prefillAttention = 0
    work.decodes = running
    work.decodeContext = context + running
    work.logits = running
    costModel.step(work, cost)
    let steps = Math.min(finish[0] - counter, cost.horizon)
    if (left > 0 && running < maxBatch) {
      const span = draft.arrivalSeconds - now
      const linear = cost.seconds - cost.growth / 2
      const reach = Math.ceil(
        (2 * span) / (linear + Math.sqrt(linear * linear + 2 * cost.growth * span)),
      )
      if (reach < steps) steps = reach < 1 ? 1 : reach
    }
    now += steps * cost.seconds + (cost.growth * steps * (steps - 1)) / 2
    counter += steps
    context += steps * running
    while (running > 0 && finish[0] <= counter) {
      context -= final[0]
      const key = finish[--running]
      const value = final[running]
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= running) break
        if (child + 1 < running && finish[child + 1] < finish[child]) child++
        if (finish[child] >= key) break
        finish[at] = finish[child]
        final[at] = final[child]
        at = child
      }
      finish[at] = key
      final[at] = value
    }
  }
  return now
}
