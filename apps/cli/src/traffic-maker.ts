import type { AdapterSpec, RequestClassSpec, RequestSource } from '@llmsim/contracts'

/** Makes the requests of a run, from the first one each time. */
export interface Traffic {
  /** Names of tenants are added to a list as they are met, and adapters that a trace names to another. */
  source(tenants?: string[], adapters?: AdapterSpec[]): RequestSource
  /** Tokens of the longest request, prompt and output together. */
  readonly longestRequest: number
  readonly classes?: readonly RequestClassSpec[]
  /** Names of the tenants that are known before; absent: requests have none. */
  readonly tenants?: readonly string[]
  /** LoRA adapters that are known before; absent: requests have none. */
  readonly adapters?: readonly AdapterSpec[]
  /** What a user should know of it. */
  readonly notes?: readonly string[]
}
