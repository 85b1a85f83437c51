import { z } from 'zod'

export const count: z.ZodInt = z.int().positive()
/** Large enough for every real study, small enough that products stay exact. */
export const positive: z.ZodNumber = z.number().positive().max(1e15)
export const nonNegative: z.ZodNumber = z.number().nonnegative().max(1e15)
export const tokens: z.ZodInt = z.int().positive().max(10_000_000)
