import {
  NO_SLOT,
  type ReplicaView,
  type Scheduler,
  type SchedulerFactory,
  type SchedulerOptions,
  type StepPlan,
} from '@llmsim/contracts'
import { defaultSchedulerOptions } from '../default-options.js'

/** A request of a view made by hand; its slot is its place among all of them. */
export interface Request {
  readonly prompt: number
  readonly generated?: number
  /** Tokens in its KV cache. */
  readonly kv?: number
  readonly queued?: number
  readonly priority?: number
}

export interface Scene {
  readonly waiting?: readonly Request[]
  readonly running?: readonly Request[]
  readonly now?: number
  readonly role?: ReplicaView['role']
  readonly totalBlocks?: number
}

export const blockSize = 16
export const blocksFor = (tokens: number): number => Math.ceil(tokens / blockSize)

/** A request that decodes with so many tokens in its cache. */
export const decoding = (kv: number): Request => ({ prompt: kv, generated: 1, kv })
/** A request whose KV cache has been transferred. */
export const resident = (kv: number): Request => decoding(kv)
/** A request that was preempted after so many tokens. */
export const preempted = (prompt: number, generated: number): Request => ({
  prompt,
  generated,
  kv: 0,
})

/** Running requests have the slots from 0 on, waiting ones those after them. */
export function viewOf(scene: Scene): ReplicaView {
  const { waiting = [], running = [], now = 0, role = 'mixed', totalBlocks = 100 } = scene
  const all = [...running, ...waiting]
  const kv = (slot: number): number => all[slot]!.kv ?? 0
  const generated = (slot: number): number => all[slot]!.generated ?? 0
  const remaining = (slot: number): number => {
    // One that has tokens needs no prefill as long as its cache is there.
    if (generated(slot) > 0 && kv(slot) > 0) return 0
    return all[slot]!.prompt + generated(slot) - kv(slot)
  }
  const slots = all.map((_, slot) => slot)
  const isDecoding = (slot: number): boolean => slot < running.length && remaining(slot) === 0
  const growth = (slot: number): number =>
    remaining(slot) === 0 && kv(slot) % blockSize === 0 ? 1 : 0
  const within = (slot: number, from: number, to: number): number =>
    slot >= from && slot < to ? slot : NO_SLOT
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  return {
    nowSeconds: now,
    role,
    waiting: waiting.length,
    firstWaiting: () => within(running.length, running.length, all.length),
    nextWaiting: (slot) => within(slot + 1, running.length, all.length),
    running: running.length,
    firstRunning: () => within(0, 0, running.length),
    nextRunning: (slot) => within(slot + 1, 0, running.length),
    lastRunning: () => running.length - 1,
    previousRunning: (slot) => slot - 1,
    decoding: slots.filter(isDecoding).length,
    arrivalSeconds: (slot) => all[slot]!.queued ?? 0,
    queuedSeconds: (slot) => all[slot]!.queued ?? 0,
    priority: (slot) => all[slot]!.priority ?? 0,
    promptTokens: (slot) => all[slot]!.prompt,
    generatedTokens: generated,
    prefillRemaining: remaining,
    kvTokens: kv,
    heldBlocks: (slot) => blocksFor(kv(slot)),
    blocksToDecode: growth,
    blockSize,
    blocksFor,
    totalBlocks,
    freeBlocks: totalBlocks - sum(slots.map((slot) => blocksFor(kv(slot)))),
    blocksToDecodeAll: sum(slots.filter(isDecoding).map(growth)),
  }
}

export interface Planned {
  /** Tokens to prefill, by slot. */
  readonly prefill: Record<number, number>
  readonly admit: readonly number[]
  readonly preempt: readonly number[]
  readonly decodes: boolean
  /** Those that decode, where not all do. */
  readonly only?: readonly number[]
  readonly repeats: number
  /** KV blocks that must stay free, where any must. */
  readonly spare?: number
  readonly review: number
  readonly ignoresArrivals: boolean
}

export function plan(scheduler: Scheduler, scene: Scene): Planned {
  const prefill: Record<number, number> = {}
  const admit: number[] = []
  const preempt: number[] = []
  const only: number[] = []
  let decodes = false
  const into: StepPlan = {
    prefill(slot, tokens) {
      prefill[slot] = tokens
    },
    admit: (slot) => admit.push(slot),
    preempt: (slot) => preempt.push(slot),
    decodeAll() {
      decodes = true
    },
    decode: (slot) => only.push(slot),
    repeats: 1,
    reviewAtSeconds: Infinity,
    ignoresArrivals: false,
  }
  scheduler.plan(viewOf(scene), into)
  const { repeats, reviewAtSeconds: review, ignoresArrivals } = into
  const planned = { prefill, admit, preempt, decodes, repeats, review, ignoresArrivals }
  const { spareBlocks: spare = 0 } = into
  return {
    ...planned,
    ...(only.length === 0 ? {} : { only }),
    ...(spare === 0 ? {} : { spare }),
  }
}

export const nothing: Planned = {
  prefill: {},
  admit: [],
  preempt: [],
  decodes: false,
  repeats: 1,
  review: Infinity,
  ignoresArrivals: false,
}

export function make(
  factory: SchedulerFactory,
  options: Partial<SchedulerOptions> = {},
): Scheduler {
  return factory.create({ ...defaultSchedulerOptions, watermark: 0, ...options })
}

export const prompts = (...tokens: number[]): Request[] => tokens.map((prompt) => ({ prompt }))
