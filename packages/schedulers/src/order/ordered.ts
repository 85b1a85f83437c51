import type {
  ReplicaView,
  Scheduler,
  SchedulerFactory,
  SchedulerOptions,
  StepPlan,
} from '@llmsim/contracts'
import { numberOption, wordOption } from '../option-values.js'
import { fairShare } from './fair-share.js'
import { OrderedView } from './ordered-view.js'
import { sortedBy, type QueueDiscipline } from './queue-discipline.js'
import {
  earliestDeadlineOrder,
  longestPrefixOrder,
  priorityOrder,
  shortestJobOrder,
  shortestPromptOrder,
} from './waiting-order.js'

const names = ['fcfs', 'priority', 'shortest-prompt-first', 'lpm', 'sjf', 'edf', 'fair'] as const

const disciplines: Readonly<
  Record<(typeof names)[number], (options: SchedulerOptions) => QueueDiscipline | undefined>
> = {
  fcfs: () => undefined,
  priority: () => sortedBy(priorityOrder),
  'shortest-prompt-first': () => sortedBy(shortestPromptOrder),
  // What is cached changes while a request waits.
  lpm: () => ({ ...sortedBy(longestPrefixOrder), limit: oneStep }),
  sjf: () => sortedBy(shortestJobOrder),
  edf: () => sortedBy(earliestDeadlineOrder),
  fair: (options) => fairShare(weight(options, 'input', 1), weight(options, 'output', 2)),
}

const optionNames = ['order', 'fair_input_weight', 'fair_output_weight']

/**
 * A scheduler to which the waiting requests may be shown in another order than that of their arrival: as
 * `order` in `extra` says. `fcfs` is the default; `priority`: the higher first; `shortest-prompt-first`;
 * `lpm`: the longest cached prefix; `sjf`: the shortest predicted output; `edf`: the earliest deadline of the first token; `fair`: the oldest
 * of the tenant that has been served least, with the weights `fair_input_weight` (1) and
 * `fair_output_weight` (2) of a token. Who is preempted stays for the scheduler to choose.
 *
 * The queue is sorted anew for each plan that looks at it.
 */
export function ordered(factory: SchedulerFactory): SchedulerFactory {
  return {
    ...factory,
    ...(factory.options === undefined ? {} : { options: [...optionNames, ...factory.options] }),
    create(options) {
      // What is out of bounds is refused under every order.
      fairShare(weight(options, 'input', 1), weight(options, 'output', 2))
      const discipline = disciplines[wordOption(options, 'order', names, 'fcfs')](options)
      const scheduler = factory.create(options)
      return discipline === undefined ? scheduler : disciplined(scheduler, discipline)
    },
  }
}

/** A scheduler that is shown its queue in the order of a discipline. */
export function disciplined(scheduler: Scheduler, discipline: QueueDiscipline): Scheduler {
  let shown: OrderedView | undefined
  return {
    name: scheduler.name,
    resumesSwapped: scheduler.resumesSwapped ?? false,
    seesPrefixes: scheduler.seesPrefixes ?? false,
    promptChunkTokens: scheduler.promptChunkTokens ?? Infinity,
    plan(view, plan) {
      discipline.observe?.(view)
      shown ??= new OrderedView(view, discipline)
      shown.show(view)
      scheduler.plan(shown, plan)
      discipline.limit?.(view, plan)
      // A newcomer may come to stand first, and fit where the one that stood there did not.
      if (plan.ignoresArrivals && (view.waiting > 0 || discipline.heedsArrivals))
        plan.ignoresArrivals = false
    },
    left(slot, generatedTokens) {
      discipline.left?.(slot, generatedTokens)
      scheduler.left?.(slot, generatedTokens)
    },
  }
}

function oneStep(view: ReplicaView, plan: StepPlan): void {
  if (view.waiting > 0) plan.repeats = 1
}

function weight(options: SchedulerOptions, kind: 'input' | 'output', otherwise: number): number {
  const meaning = `what ${kind} tokens weigh in the share of a tenant`
  return numberOption(options, `fair_${kind}_weight`, otherwise, { least: 0, most: 1000, meaning })
}
