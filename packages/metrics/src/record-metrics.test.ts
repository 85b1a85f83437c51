import { isSimulatorError } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { recordMetrics, type RequestRecord } from './record-metrics.js'

const record: RequestRecord = {
  arrivalSeconds: 100,
  startSeconds: 100.25,
  firstTokenSeconds: 100.5,
  finishSeconds: 101.5,
  promptTokens: 10,
  outputTokens: 5,
}

function refusal(records: RequestRecord[]): unknown {
  try {
    recordMetrics(records)
  } catch (error) {
    return isSimulatorError(error) ? { code: error.code, path: error.path } : error
  }
  return undefined
}

describe('recordMetrics', () => {
  it('gives the statistics of a log, over the time that it spans', () => {
    const result = recordMetrics([
      record,
      {
        ...record,
        arrivalSeconds: 102,
        startSeconds: 102,
        firstTokenSeconds: 103,
        finishSeconds: 104,
      },
    ])
    expect(result.total_requests).toBe(2)
    expect(result.first_token_latency).toMatchObject({ mean: 0.75, min: 0.5, max: 1, p50: 0.5 })
    expect(result.end_to_end_latency).toMatchObject({ mean: 1.75, p99: 2 })
    expect(result.time_per_output_token.mean).toBe(0.25)
    expect(result.queue_time).toMatchObject({ mean: 0.125, std: 0.125 })
    // Ten tokens and two requests in the four seconds from 100 to 104.
    expect(result.throughput).toEqual({ requests_per_sec: 0.5, tokens_per_sec: 2.5 })
    expect(result.goodput_requests_per_sec).toBe(0.5)
    expect(result.inter_token_latency.mean).toBeNull()
  })

  it('counts tokens and gaps by their own times where the log has them', () => {
    const result = recordMetrics(
      [{ ...record, tokenSeconds: [100.5, 100.75, 101, 101.25, 101.5] }],
      { startSeconds: 100, endSeconds: 101 },
    )
    expect(result.inter_token_latency).toMatchObject({ mean: 0.25, std: 0, max: 0.25 })
    expect(result.throughput).toEqual({ requests_per_sec: 0, tokens_per_sec: 3 })
    expect(result.end_to_end_latency.mean).toBe(1.5)
  })

  it('measures inside the window that it is given, and against objectives', () => {
    const result = recordMetrics([record, { ...record, arrivalSeconds: 99 }], {
      startSeconds: 100,
      endSeconds: 110,
      objectives: { e2eSeconds: 2 },
    })
    expect(result.end_to_end_latency.max).toBe(1.5)
    expect(result.throughput.requests_per_sec).toBe(0.2)
    expect(result.goodput_requests_per_sec).toBe(0.1)
  })

  it('takes the arrival for the start where the server does not tell', () => {
    const { startSeconds: _, ...silent } = record
    expect(recordMetrics([silent]).queue_time.max).toBe(0)
  })

  it('has rates of 0 where no time passed', () => {
    const instant = { ...record, arrivalSeconds: 1, startSeconds: 1, firstTokenSeconds: 1 }
    const result = recordMetrics([{ ...instant, finishSeconds: 1 }])
    expect(result.throughput).toEqual({ requests_per_sec: 0, tokens_per_sec: 0 })
  })

  it('takes hundreds of thousands of records', () => {
    const many = Array.from({ length: 300_000 }, () => record)
    expect(recordMetrics(many).total_requests).toBe(300_000)
  })

  it('refuses no records', () => {
    expect(refusal([])).toEqual({ code: 'INVALID_VALUE', path: 'records' })
  })

  it.each([
    ['a first token before the arrival', { arrivalSeconds: 100.6 }],
    ['a finish before the first token', { finishSeconds: 100.4 }],
    ['no output token', { outputTokens: 0 }],
    ['an arrival of NaN', { arrivalSeconds: NaN }],
    ['a finish of NaN', { finishSeconds: NaN }],
    ['an endless request', { finishSeconds: Infinity }],
    ['tokens of NaN', { outputTokens: NaN }],
    ['a start before the arrival', { startSeconds: 99 }],
    ['a start of NaN', { startSeconds: NaN }],
    ['token times that run backwards', { tokenSeconds: [100.5, 101, 100.9] }],
  ])('refuses %s, and names the record', (_fault, fields) => {
    expect(refusal([record, { ...record, ...fields }])).toEqual({
      code: 'INVALID_VALUE',
      path: 'records[1]',
    })
  })
})
