import type { WhatifInput } from './whatif-inputs.js'

/** What an input is at one of its ends: a value, or a share of what it is. */
export function inputText(value: unknown, input: WhatifInput): string {
  if (input.base !== undefined || typeof value !== 'number')
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  if (!input.field.includes('xpu.')) return String(value)
  return `${value > 0 ? '+' : ''}${Math.round(value * 100)} %`
}
