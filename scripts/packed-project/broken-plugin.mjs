// Policies that break their contracts: the run has to end with an error that names them.
const named = (name, made) => ({
  name,
  description: `The ${name} policy.`,
  create: () => ({ name, ...made }),
})

export const schedulers = [
  named('overcommitting', {
    plan(view, plan) {
      const slot = view.firstWaiting()
      if (slot !== -1) plan.prefill(slot, view.prefillRemaining(slot) + 1)
    },
  }),
  named('idle', { plan: () => undefined }),
]

export const routers = [named('astray', { route: (_request, pool) => pool.replicas + 3 })]

export const costModels = [
  named('timeless', { step: (_work, into) => Object.assign(into, { seconds: NaN }) }),
  { ...named('unmade', {}), create: () => undefined },
]
