import type { Accelerator, DevicePower } from '@llmsim/contracts'

/** Share of the power limit that a step with prefill draws. */
const PREFILL_SHARE = 0.95

/** Share of the power limit that a step of decoding alone draws. */
const DECODE_SHARE = 0.65

/**
 * Draw of one device in watts, by what its step does.
 *
 * Idle is the catalog's. Prefill runs at about the power limit and decoding well below it: Patel et
 * al., "Characterizing Power Management Opportunities for LLMs in the Cloud" (POLCA, ASPLOS 2024,
 * arXiv:2308.12908) find power spikes at or above TDP in the prompt phase and a lower, steady draw while
 * tokens are generated; Splitwise (ISCA 2024, arXiv:2311.18677) the same split, with a token phase that
 * hardly slows under a power cap. The two shares are typical values, not measurements of each device.
 */
export function devicePower(accelerator: Accelerator): DevicePower {
  const { tdp_w: limit, idle_w: idle } = accelerator.power
  return {
    idleWatts: idle,
    prefillWatts: Math.max(idle, PREFILL_SHARE * limit),
    decodeWatts: Math.max(idle, DECODE_SHARE * limit),
  }
}
