import { z } from 'zod'
import { Latency } from './latency.js'

/** Where prompts were computed, counted each time that a request was routed. */
export const DeciderUse = z.strictObject({
  /** In the pools that requests come to, and on the replica that decodes them. */
  prefill_requests: z.number(),
  decode_requests: z.number(),
})

/** Images of requests that were let in, over the whole run. */
export const ImageUse = z.strictObject({
  /** Requests with images, those images, and their tokens in prompts. */
  requests: z.number(),
  images: z.number(),
  tokens: z.number(),
  /** Images that were encoded: again after a preemption, and not where a prefix cache held all of one. */
  encoded_images: z.number(),
})
/** The pool that encodes images, if there is one. */
export const EncodePoolUse = z.strictObject({
  replicas: z.number(),
  devices: z.number(),
  /** Images that it encoded, over the whole run, and the bytes that it sent. */
  images: z.number(),
  bytes: z.number(),
  /** Busy share of the measured window. */
  utilization: z.number().min(0).max(1),
  /** Seconds from a request's arrival there to all of its images being where its prompt is computed. */
  time: Latency,
  energy_joules: z.number(),
})
export type ImageUse = z.infer<typeof ImageUse>
export type EncodePoolUse = z.infer<typeof EncodePoolUse>
