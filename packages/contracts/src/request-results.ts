import { z } from 'zod'

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
export type ImageUse = z.infer<typeof ImageUse>
