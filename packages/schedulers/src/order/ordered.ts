import type { Scheduler, SchedulerFactory } from '@llmsim/contracts'
import { wordOption } from '../option-values.js'
import { OrderedView } from './ordered-view.js'
import {
  longestPrefixOrder,
  priorityOrder,
  shortestPromptOrder,
  type WaitingOrder,
} from './waiting-order.js'

const names = ['fcfs', 'priority', 'shortest-prompt-first', 'lpm'] as const

const orders: Readonly<Record<(typeof names)[number], WaitingOrder | undefined>> = {
  fcfs: undefined,
  priority: priorityOrder,
  'shortest-prompt-first': shortestPromptOrder,
  lpm: longestPrefixOrder,
}

/**
 * A scheduler to which the waiting requests may be shown in another order than that of their arrival: as
 * `order` in `extra` says, `fcfs` (the default), `priority`, `shortest-prompt-first` or `lpm` (longest cached prefix). Who is preempted
 * stays for the scheduler to choose.
 *
 * The queue is sorted anew for each plan that looks at it.
 */
export function ordered(factory: SchedulerFactory): SchedulerFactory {
  return {
    ...factory,
    create(options) {
      const order = orders[wordOption(options, 'order', names, 'fcfs')]
      const scheduler = factory.create(options)
      if (order === undefined) return scheduler
      let shown: OrderedView | undefined
      return {
        name: scheduler.name,
        ...passedOn(scheduler),
        plan(view, plan) {
          shown ??= new OrderedView(view, order)
          shown.show(view)
          scheduler.plan(shown, plan)
          // A newcomer may come to stand first, and fit where the one that stood there did not.
          if (plan.ignoresArrivals && view.waiting > 0) plan.ignoresArrivals = false
          if (order === longestPrefixOrder && view.waiting > 0) plan.repeats = 1
        },
      }
    },
  }
}

/** What else the simulator asks of a scheduler. */
function passedOn(scheduler: Scheduler): Partial<Scheduler> {
  const { resumesSwapped = false, seesPrefixes = false } = scheduler
  if (scheduler.left === undefined) return { resumesSwapped, seesPrefixes }
  return {
    resumesSwapped,
    seesPrefixes,
    left: (slot, generated) => {
      scheduler.left?.(slot, generated)
    },
  }
}
