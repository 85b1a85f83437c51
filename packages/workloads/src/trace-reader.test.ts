import { isSimulatorError } from '@llmsim/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wholeText } from './text-lines.js'
import { traceReader } from './trace-reader.js'
import { newRow, type TraceRow } from './trace-row.js'

function readAll(text: string): { format: string; failed: number; rows: TraceRow[] } {
  const reader = traceReader(wholeText(text), 'trace')
  const rows: TraceRow[] = []
  const row = newRow()
  while (reader.next(row)) rows.push({ ...row })
  return { format: reader.format, failed: reader.failed, rows }
}

function failure(text: string): string {
  try {
    readAll(text)
  } catch (error) {
    if (isSimulatorError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'no error'
}

/** Arrival, prompt, output and session of each row. */
function brief(text: string): (string | number)[][] {
  const { format, rows } = readAll(text)
  return rows.map((row) => [
    format,
    row.arrivalSeconds,
    row.promptTokens,
    row.outputTokens,
    row.sessionId,
  ])
}

const samples = {
  azure: 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n',
  azure2024:
    'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:00.017335+00:00,2399,6\n',
  vidur: 'arrived_at,num_prefill_tokens,num_decode_tokens,tenant_id\n0.5,13,199,a\n',
  burstgpt:
    'Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n100.0,x,43,GPT-4,906,446,1352,Conversation log\n110.0,y,,,5,0,5,API log\n130.0,x,,,36,29,65,Conversation log\n',
  splitwise:
    'request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n0,2,0,1,1,4096,32\n',
  blis: 'request_id,tenant_id,vllm_priority,session_id,input_tokens,output_tokens,arrival_time_us\n0,t,2,s,10,5,1000000\n1,t,0,s,10,5,1500000\n',
  mooncake:
    '{"timestamp": 3000, "input_length": 655, "output_length": 52, "hash_ids": [1, 2]}\n{"timestamp": 6000, "input_length": 1, "output_length": 0, "hash_ids": [1]}\n',
  timed:
    '{"timestamp": 12.4, "input_length": 42, "output_length": 8, "hash_ids": [981, 4412, 7]}\n',
  bailian:
    '{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0.5, "input_length": 16, "output_length": 3, "type": "text", "turn": 1, "hash_ids": [7]}\n{"chat_id": 2, "parent_chat_id": 1, "timestamp": 61.114, "input_length": 40, "output_length": 5, "type": "text", "turn": 2, "hash_ids": [7, 8, 9]}\n{"chat_id": 3, "parent_chat_id": 2, "timestamp": 70, "input_length": 50, "output_length": 5, "type": "text", "turn": 3, "hash_ids": [7, 8, 9, 10]}\n{"chat_id": 4, "parent_chat_id": -1, "timestamp": 71, "input_length": 5, "output_length": 5, "type": "text", "turn": 1, "hash_ids": [1]}\n',
  aiperf:
    '{"session_id": "s", "timestamp": 1000, "input_length": 100, "output_length": 50}\n{"session_id": "s", "delay": 2000, "input_length": 10, "output_length": 20}\n',
  servingsim:
    '{"input_toks": 10, "output_toks": 70, "arrival_time_ns": 46926808, "input_tok_ids": [1, 2]}\n{"session_id": "a", "arrival_time_ns": 1000000000, "sub_requests": [{"input_toks": 5, "output_toks": 6, "tool_duration_ns": 500000000}, {"input_toks": 20, "output_toks": 7}]}\n',
  log: '{"request_id": "b-0", "input_toks": 2358, "output_toks": 531, "arrival_time": 1787267980.25, "queued_ts": 1}\n{"request_id": "b-1", "input_toks": 8, "output_toks": 1, "arrival_time": 1787267981.5, "queued_ts": 2}\n',
  weka: '{"id": "w", "block_size": 64, "requests": [{"t": 0, "type": "n", "in": 130, "out": 7, "hash_ids": [1, 2], "think_time": 0}, {"t": 9, "type": "subagent", "requests": [{"t": 1, "type": "s", "in": 64, "out": 3}]}, {"t": 18.5, "type": "s", "in": 200, "out": 9, "think_time": 10}]}\n',
  pairs: '[[512, 128], [3, 4]]',
  lengths: '{"prompt_len": 5, "output_len": 6}\n{"prompt_len": 7, "output_len": 8}\n',
}

describe('traceReader', () => {
  test.each([
    ['azure', [['azure', 0, 374, 44, -1]]],
    [
      'azure2024',
      [
        ['azure', 0, 2162, 5, -1],
        ['azure', 0.007405, 2399, 6, -1],
      ],
    ],
    ['vidur', [['vidur', 0.5, 13, 199, -1]]],
    [
      'burstgpt',
      [
        ['burstgpt', 0, 906, 446, 0],
        ['burstgpt', 30, 36, 29, 0],
      ],
    ],
    ['splitwise', [['splitwise', 1, 4096, 32, -1]]],
    [
      'blis',
      [
        ['blis', 0, 10, 5, 0],
        ['blis', 0.5, 10, 5, 0],
      ],
    ],
    ['mooncake', [['mooncake', 3, 655, 52, -1]]],
    ['timed', [['timed-trace', 12.4, 42, 8, -1]]],
    [
      'bailian',
      [
        ['qwen-bailian', 0.5, 16, 3, 0],
        ['qwen-bailian', 61.114, 40, 5, 0],
        ['qwen-bailian', 70, 50, 5, 0],
        ['qwen-bailian', 71, 5, 5, 1],
      ],
    ],
    // The second turn carries the first one's 100 + 50 tokens.
    [
      'aiperf',
      [
        ['aiperf', 1, 100, 50, 0],
        ['aiperf', 3, 160, 20, 0],
      ],
    ],
    [
      'servingsim',
      [
        ['llmservingsim', 0.046926808, 10, 70, -1],
        ['llmservingsim', 1, 5, 6, 0],
        ['llmservingsim', 1.5, 20, 7, 0],
      ],
    ],
    [
      'log',
      [
        ['measured-log', 0, 2358, 531, -1],
        ['measured-log', 1.25, 8, 1, -1],
      ],
    ],
    [
      'weka',
      [
        ['weka', 0, 130, 7, 0],
        ['weka', 10, 64, 3, 0],
        ['weka', 18.5, 200, 9, 0],
      ],
    ],
    [
      'pairs',
      [
        ['lengths', 0, 512, 128, -1],
        ['lengths', 0, 3, 4, -1],
      ],
    ],
    [
      'lengths',
      [
        ['lengths', 0, 5, 6, -1],
        ['lengths', 0, 7, 8, -1],
      ],
    ],
  ] as const)('reads %s', (name, rows) => {
    expect(brief(samples[name])).toEqual(rows)
  })

  test('carries tenants, urgency, think times and block ids', () => {
    expect(readAll(samples.vidur).rows[0]!.tenant).toBe('a')
    expect(readAll(samples.blis).rows.map(({ priority }) => priority)).toEqual([-2, 0])
    expect(readAll(samples.weka).rows.map(({ thinkSeconds }) => thinkSeconds)).toEqual([0, -1, 10])
    expect(readAll(samples.mooncake).rows[0]!.blocks).toEqual([1, 2])
  })

  test('leaves out and counts requests that failed', () => {
    expect(readAll(samples.burstgpt).failed).toBe(1)
    expect(readAll(samples.mooncake).failed).toBe(1)
  })

  test('reads the columns of a table as keys, of lines, of a list or of one object', () => {
    const first = '{"arrived_at": 1, "num_prefill_tokens": 2, "num_decode_tokens": 3}'
    const second = '{"arrived_at": 4, "num_prefill_tokens": 5, "num_decode_tokens": 6}'
    const both = [
      ['vidur', 1, 2, 3, -1],
      ['vidur', 4, 5, 6, -1],
    ]
    expect(brief(`${first}\n\n${second}`)).toEqual(both)
    expect(brief(`[${first},\n${second}]`)).toEqual(both)
    expect(brief(first.replaceAll(',', ',\n'))).toEqual([both[0]])
  })

  test('tells seconds from milliseconds by the size of blocks, from the first lines that show it', () => {
    const lines = [1, 2, 3].map((at) =>
      JSON.stringify({ timestamp: at, input_length: 8, output_length: 1, hash_ids: [at] }),
    )
    const long = JSON.stringify({
      timestamp: 4,
      input_length: 160,
      output_length: 1,
      hash_ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    })
    expect(brief(lines.join('\n'))[2]![1]).toBe(0.003)
    expect(brief([...lines, long].join('\n'))[2]![1]).toBe(3)
  })

  test.each([
    ['{"a": 1}\n', 'FILE trace:1: has no keys of a known trace format; given "a"'],
    ['[]', 'FILE trace: is an empty list'],
    ['[1, 2]', 'FILE trace[0]:1: is not an object'],
    ['{"id": "x", "requests": []}', 'FILE trace:1:requests: is empty'],
    ['{"id": "x", "requests": [1]}', 'trace:1:requests[0]: is not an object'],
    ['{"id": "x", "requests": [{"in": 1}]}', 'INVALID_VALUE trace:1:requests[0].out: is empty'],
    ['{broken\n', 'FILE trace:1: is not JSON'],
    [`${samples.timed}{broken`, 'FILE trace:2: is not JSON'],
    [`${samples.timed}3`, 'FILE trace:2: is not an object'],
    [samples.timed.replace('42', '"x"'), 'INVALID_VALUE trace:1:input_length: is not a value'],
    [
      samples.timed.replace('42', '4.5'),
      'trace:1:input_length: is not a value of this column; given 4.5',
    ],
    [samples.timed.replace('12.4', '-1'), 'trace:1:timestamp'],
    [samples.timed.replace('12.4', 'null'), 'INVALID_VALUE trace:1:timestamp: is empty'],
    [samples.bailian.replace('[7]', '7'), 'trace:1:hash_ids: is not a value of this column'],
    [
      samples.bailian.replace('[7]', '["a"]'),
      'trace:1:hash_ids[0]: is no id of a block; given "a"',
    ],
    [samples.mooncake.replace('[1, 2]', '[1, -1]'), 'trace:1:hash_ids[1]: is no id of a block'],
    [samples.weka.replace('[1, 2]', '[1, 2.5]'), 'trace:1:requests[0].hash_ids[1]: is no id'],
    [
      samples.mooncake.replace('"input_length": 655', '"input_length": 5000'),
      'trace:1:hash_ids: has another number of ids than the prompt has blocks',
    ],
    [
      samples.mooncake.replace('"input_length": 655', '"input_length": 1536'),
      'accepted: 3, one for each 512 of 1536 tokens',
    ],
    [samples.mooncake.replace('[1, 2]', '[1, 2, 3]'), 'accepted: 1 or 2, one for each 512'],
    [
      samples.servingsim.replace('"input_toks": 5', '"input_toks": -5'),
      'trace:2:sub_requests[0].input_toks',
    ],
    [`${samples.burstgpt}x,y`, 'trace:5: has 2 cells'],
    [samples.blis.replace('t,2,', 't,high,'), 'trace:2:vllm_priority: is not a value'],
  ])('names the place of the defect in %j', (text, message) => {
    expect(failure(text)).toContain(message)
  })

  test('reads the same, however the text is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(samples)),
        fc.array(fc.nat({ max: 400 }), { maxLength: 12 }),
        (text, places) => {
          const cuts = [...places, text.length].sort((a, b) => a - b)
          let from = 0
          const pieces = cuts.map((to) => {
            const piece = text.slice(from, to)
            from = Math.max(from, to)
            return piece
          })
          let index = 0
          const reader = traceReader(() => pieces[index++], 'trace')
          const rows: TraceRow[] = []
          const row = newRow()
          while (reader.next(row)) rows.push({ ...row })
          expect(rows).toEqual(readAll(text).rows)
        },
      ),
    )
  })

  test('answers a defect anywhere with a SimulatorError at the file, and nothing else', () => {
    const scrap = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('"', '{', '}', '[', ']', ',', '\n', '-1', '1e999', 'null', '\0', '{}', '[]'),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(samples)),
        fc.nat({ max: 500 }),
        fc.nat({ max: 20 }),
        scrap,
        (text, at, removed, put) => {
          const broken = text.slice(0, at) + put + text.slice(at + removed)
          expect(failure(broken)).toMatch(/^(no error|(FILE|INVALID_VALUE) trace)/)
        },
      ),
      { numRuns: 3000 },
    )
  })
})
