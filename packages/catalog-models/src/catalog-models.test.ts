import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { bytesPerElement, Model, parameterCounts } from '@llmsim/contracts'
import { describe, expect, it } from 'vitest'
import { models } from './index.js'

const parsed = models.map((entry) => Model.parse(entry))
const byName = new Map(parsed.map((model) => [model.name, model]))

function named(name: string): Model {
  const model = byName.get(name)
  if (model === undefined) throw new Error(`no model ${name}`)
  return model
}

/** `prefix-a`, `prefix-b` from `prefix` and `a/b`. */
function family(prefix: string, sizes: string): string[] {
  return sizes.split('/').map((size) => `${prefix}-${size}`)
}

const required = [
  ...family('llama', '7b/13b/30b/65b'),
  ...family('llama2', '7b/13b/70b'),
  ...family('llama3', '8b/70b'),
  ...family('llama3.1', '8b/70b/405b'),
  ...family('llama3.2', '1b/3b'),
  'llama3.3-70b',
  ...family('llama4', 'scout/maverick'),
  ...family('mistral', '7b/small-24b/large-123b/nemo-12b'),
  ...family('mixtral', '8x7b/8x22b'),
  ...family('qwen2.5', '0.5b/1.5b/3b/7b/14b/32b/72b'),
  ...family('qwen3', '0.6b/1.7b/4b/8b/14b/32b/30b-a3b/235b-a22b/coder-480b-a35b'),
  ...family('deepseek', 'v2-lite/v2/v3/r1'),
  ...family('gemma2', '9b/27b'),
  'gemma3-27b',
  ...family('phi', '3-medium/4'),
  ...family('gpt3', '13b/175b'),
  ...family('gpt-oss', '20b/120b'),
  'falcon-40b',
  'bloom-176b',
  ...family('opt', '13b/66b/175b'),
  'gptj-6b',
  'kimi-k2',
  'tiny-1b',
  'small-3b',
  'codellama-34b',
  'yi-34b',
  'glm-4.5',
]

/** Publishers whose count of active parameters leaves out a part, as their sources say. */
const notCountedAsActive: Readonly<Record<string, readonly ('embedding' | 'lmHead')[]>> = {
  'deepseek-v2-lite': ['embedding'],
  'minimax-text-01': ['embedding'],
  'glm-4.5': ['embedding', 'lmHead'],
  'glm-4.5-air': ['embedding', 'lmHead'],
  'gpt-oss-20b': ['embedding'],
  'gpt-oss-120b': ['embedding'],
}

const src = import.meta.dirname
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
)

describe('files', () => {
  it('are all listed in the entries', () => {
    expect(files.map((file) => basename(file, '.json')).sort()).toEqual([...byName.keys()].sort())
  })

  it.each(files)('%s is named after its model and lies in its family', (file) => {
    const model = Model.parse(JSON.parse(readFileSync(join(src, file), 'utf8')))
    expect(file).toBe(join(model.family, `${model.name}.json`))
    expect(dirname(file)).toBe(model.family)
  })
})

describe('encoders of images', () => {
  const seeing = parsed.filter(({ vision }) => vision !== undefined)

  it('are those of several families', () => {
    expect(new Set(seeing.map(({ family }) => family)).size).toBeGreaterThanOrEqual(3)
  })

  it.each(seeing.map((model) => [model.name, model] as const))(
    '%s has the parameters that its shape implies, positions aside',
    (_name, model) => {
      const { layers, hidden_size: h, intermediate_size: m, gated, ...vision } = model.vision!
      const { images, patch_size: patch, frames, projector } = vision
      // Norms with a bias where networks are not gated (LayerNorm), and learned positions.
      const network = gated ? 3 * h * m + 2 * m + h + 2 * h : 2 * h * m + m + h + 4 * h
      const positions = images.kind === 'native' ? 0 : Math.floor(images.size / patch) ** 2 * h
      const tower = layers * (4 * h * h + 4 * h + network) + 3 * frames * patch * patch * h
      const products = projector.slice(1).map((width, i) => projector[i]! * width)
      const whole = tower + positions + products.reduce((sum, each) => sum + each, 0)
      expect(whole / model.other_parameters).toBeCloseTo(1, 3)
      expect(projector.at(-1)).toBe(model.hidden_size)
    },
  )
})

describe('names', () => {
  it('are unique, aliases included', () => {
    const names = parsed.flatMap((model) => [model.name, ...model.aliases])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it.each(required)('include %s', (name) => {
    expect(byName.has(name)).toBe(true)
  })
})

describe('architectures', () => {
  it.each(parsed.map((model) => [model.name, model] as const))(
    '%s has the published number of parameters',
    (_name, model) => {
      const published = model.published.parameters
      expect(Math.abs(parameterCounts(model).total / published - 1)).toBeLessThan(0.01)
    },
  )

  it.each(
    parsed.flatMap((model) => {
      const active = model.published.active_parameters
      return active === undefined ? [] : [[model.name, model, active] as const]
    }),
  )('%s has the published number of active parameters', (name, model, published) => {
    const counts = parameterCounts(model)
    const leftOut = notCountedAsActive[name] ?? []
    const active = leftOut.reduce((sum, part) => sum - counts[part], counts.active)
    expect(Math.abs(active / published - 1)).toBeLessThan(0.05)
  })

  it.each(parsed.map((model) => [model.name, model] as const))(
    '%s is consistent in itself',
    (_name, model) => {
      const { attention, ffn, layers } = model
      if (attention.kind === 'gqa') {
        expect(attention.heads % attention.kv_heads).toBe(0)
        expect(attention.window?.layers ?? 1).toBeLessThanOrEqual(layers)
      }
      if (ffn.kind === 'moe') {
        expect(ffn.experts_per_token).toBeLessThanOrEqual(ffn.experts)
        expect(ffn.dense_layers).toBeLessThan(layers)
        expect(ffn.dense_intermediate_size > 0).toBe(ffn.dense_layers > 0)
      }
    },
  )
})

describe('hand-checked figures', () => {
  const grouped = (name: string): Extract<Model['attention'], { kind: 'gqa' }> => {
    const { attention } = named(name)
    if (attention.kind !== 'gqa') throw new Error(`${name} has no key/value heads`)
    return attention
  }

  it('llama2-70b keeps 320 KiB of KV cache per token', () => {
    const { kv_heads, head_dim } = grouped('llama2-70b')
    expect(kv_heads).toBe(8)
    const { layers } = named('llama2-70b')
    expect(layers * 2 * kv_heads * head_dim * bytesPerElement.bf16).toBe(327_680)
  })

  it('deepseek-v3 keeps 576 elements per token and layer', () => {
    const { attention } = named('deepseek-v3')
    if (attention.kind !== 'mla') throw new Error('deepseek-v3 has latent attention')
    expect(attention.kv_lora_rank + attention.qk_rope_head_dim).toBe(576)
    expect(parameterCounts(named('deepseek-v3')).total).toBe(671_026_419_200)
  })

  it.each([
    ['llama3-8b', 8_030_261_248],
    ['llama3.1-405b', 405_853_388_800],
    ['llama4-scout', 108_641_793_536],
    ['mixtral-8x7b', 46_702_792_704],
    ['qwen2.5-72b', 72_706_203_648],
    ['qwen3-30b-a3b', 30_532_122_624],
    ['gemma2-9b', 9_241_705_984],
    ['gemma3-27b', 27_432_406_640],
    ['gpt-oss-120b', 116_829_156_672],
    ['bloom-176b', 176_247_271_424],
    ['opt-13b', 12_853_473_280],
    ['small-3b', 2_795_443_200],
  ])('%s has %d parameters to the last one', (name, count) => {
    expect(parameterCounts(named(name)).total).toBe(count)
  })

  it.each([
    ['mistral-7b', 4096, 32],
    ['gemma2-27b', 4096, 23],
    ['gemma3-27b', 1024, 52],
    ['gpt-oss-20b', 128, 12],
    ['gpt-oss-120b', 128, 18],
    ['phi-3-medium', 2047, 40],
    ['llama4-maverick', 8192, 36],
  ])('%s has a window of %d tokens in %d layers', (name, tokens, layers) => {
    expect(grouped(name).window).toMatchObject({ tokens, layers })
  })

  it('mixtral has no window', () => {
    expect(grouped('mixtral-8x7b').window).toBeUndefined()
  })
})
