/** What an admission policy may know of the system that a request is about to enter. */
export interface AdmissionView {
  readonly nowSeconds: number
  /** Requests that were admitted and are not finished. */
  readonly outstanding: number
  /** Of those, the ones in the queues of replicas. */
  readonly queued: number
  /** How long the request at the head of a queue has waited, of all replicas the longest; 0: none waits. */
  readonly queueDelaySeconds: number
  /** KV blocks in use on the replicas that new requests go to, and those that there are. */
  readonly usedBlocks: number
  readonly totalBlocks: number
}

/** What an admission policy may know of a request. */
export interface AdmissionRequest {
  /** When the client sent it first, in seconds. */
  readonly arrivalSeconds: number
  readonly promptTokens: number
  /** Tokens that its client allows it to generate; Infinity: no limit. */
  readonly maxOutputTokens: number
  /** Number of its session; -1: none. */
  readonly sessionId: number
  readonly priority: number
  /** Name of its class of requests; undefined where there are none. */
  readonly className: string | undefined
  /** Number of its tenant; -1: none. */
  readonly tenantId: number
  /** How often its client has sent it before. */
  readonly retries: number
}

/** Whether a request may enter, asked once for each time that a client sends one, before it is routed. */
export interface AdmissionPolicy {
  readonly name: string
  /** True, or the reason of a refusal in a word or two: refusals are counted by reason. */
  admit(request: AdmissionRequest, system: AdmissionView): true | string
}

export interface AdmissionOptions {
  /** The policy's own random stream, uniform in [0, 1). */
  random(): number
  readonly extra: Readonly<Record<string, unknown>>
}

/** Makes an admission policy: what a registry or a plug-in holds. */
export interface AdmissionFactory {
  readonly name: string
  /** One sentence for listings. */
  readonly description: string
  /** Names of its options; absent: any. */
  readonly options?: readonly string[]
  create(options: AdmissionOptions): AdmissionPolicy
}
