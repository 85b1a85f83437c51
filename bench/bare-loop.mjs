// The limit: one replica, prefill first, with the same requests and step costs as the simulator, and
// nothing else. No metrics, no KV blocks, no scheduler, no checks; requests are drawn beforehand.

/** Draws `count` requests into columns. */
export function drawRequests(source, count) {
  const arrivals = new Float64Array(count)
  const prompts = new Int32Array(count)
  const outputs = new Int32Array(count)
  const draft = { arrivalSeconds: 0, promptTokens: 0, outputTokens: 0, sessionId: -1, priority: 0 }
  for (let i = 0; i < count; i++) {
    source.next(draft)
    arrivals[i] = draft.arrivalSeconds
    prompts[i] = draft.promptTokens
    outputs[i] = draft.outputTokens
  }
  return { arrivals, prompts, outputs, count }
}

/** Serves them all; returns when the last one is done, in simulated seconds. */
export function bareLoop({ arrivals, prompts, outputs, count }, costModel, maxBatch, maxTokens) {
  const work = { prefillTokens: 0, prefillAttention: 0, decodes: 0, decodeContext: 0, logits: 0 }
  const cost = { seconds: 0, growth: 0, horizon: 1 }
  // Running requests in a heap by the step counter at which they finish, and their final context.
  const finish = new Float64Array(maxBatch + 1)
  const final = new Float64Array(maxBatch + 1)
  let running = 0
  let context = 0
  let counter = 0
  let now = 0
  let next = 0
  while (next < count || running > 0) {
    if (running === 0 && arrivals[next] > now) now = arrivals[next]
    const first = next
    let tokens = 0
    let pairs = 0
    while (
      next < count &&
      arrivals[next] <= now &&
      running + next - first < maxBatch &&
      (tokens === 0 || tokens + prompts[next] <= maxTokens)
    ) {
      const prompt = prompts[next++]
      tokens += prompt
      pairs += (prompt * (prompt + 1)) / 2
    }
    if (next > first) {
      work.prefillTokens = tokens
      work.prefillAttention = pairs
      work.decodes = 0
      work.decodeContext = 0
      work.logits = next - first
      costModel.step(work, cost)
      now += cost.seconds
      for (let i = first; i < next; i++) {
        if (outputs[i] === 1) continue
        let at = running++
        const key = counter + outputs[i] - 1
        while (at > 0 && finish[(at - 1) >> 1] > key) {
          finish[at] = finish[(at - 1) >> 1]
          final[at] = final[(at - 1) >> 1]
          at = (at - 1) >> 1
        }
        finish[at] = key
        final[at] = prompts[i] + outputs[i] - 1
        context += prompts[i]
      }
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
    if (next < count && running < maxBatch) {
      const span = arrivals[next] - now
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
