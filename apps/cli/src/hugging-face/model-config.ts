import {
  Model,
  nearNames,
  numberFormats,
  parameterCounts,
  SimulatorError,
  type NumberFormat,
} from '@llmsim/contracts'
import { parseWith } from '@llmsim/catalog'
import type { FamilyReader } from './architecture.js'
import { ConfigReader } from './config-reader.js'
import { expertFamilies } from './expert-families.js'
import { gatedFamilies } from './gated-families.js'
import { plainFamilies } from './plain-families.js'

const families: ReadonlyMap<string, FamilyReader> = new Map(
  Object.entries({ ...gatedFamilies, ...expertFamilies, ...plainFamilies }),
)

/** Configurations that hold a language model among others, and what it is where they do not say. */
const holders: ReadonlyMap<string, string> = new Map([
  ['gemma3', 'gemma3_text'],
  ['llama4', 'llama4_text'],
  ['mistral3', 'mistral'],
])

/** Whether an object is a Hugging Face `config.json` rather than a catalog entry. */
export function isHuggingFaceConfig(value: Readonly<Record<string, unknown>>): boolean {
  const named = Object.hasOwn(value, 'model_type') || Object.hasOwn(value, 'architectures')
  return named && !Object.hasOwn(value, 'attention')
}

/**
 * The catalog entry of the model that a Hugging Face `config.json` describes; what sits beside the
 * decoder (a vision tower) is left out.
 *
 * Throws `SimulatorError` below `path`: `UNKNOWN_NAME` for a `model_type` that is not known,
 * `INVALID_VALUE` for sizes that are missing or out of range.
 */
export function modelFromHuggingFace(
  fields: Readonly<Record<string, unknown>>,
  path = 'model',
): Model {
  const whole = new ConfigReader(fields, path)
  const outer = whole.text('model_type') ?? ''
  const inner = whole.section('text_config')
  const holder = holders.get(outer)
  const config = holder !== undefined && inner !== undefined ? inner : whole
  const type = config === whole ? (holder ?? outer) : (config.text('model_type') ?? holder ?? outer)
  const reader = families.get(type)
  if (reader === undefined)
    throw new SimulatorError({
      code: 'UNKNOWN_NAME',
      path: `${path}.model_type`,
      message: 'is no family that can be read',
      given: whole.value('model_type') ?? null,
      accepted: [...families.keys(), ...holders.keys()].sort().join(', '),
      nearest: nearNames(type, families.keys()),
    })
  const repository = whole.text('_name_or_path') ?? ''
  const isRepository = /^[\w.-]+\/[\w.-]+$/.test(repository)
  const entry = {
    name: nameOf(repository, type),
    family: type,
    ...reader(config),
    dtype: formatOf(whole) ?? formatOf(config) ?? 'bf16',
    sources: [{ url: `https://huggingface.co${isRepository ? `/${repository}` : ''}` }],
  }
  // The count is derived: what the file describes is all that is known.
  const draft = parseWith(Model, { ...entry, published: { parameters: 1 } }, { path })
  return { ...draft, published: { parameters: parameterCounts(draft).total } }
}

function nameOf(repository: string, type: string): string {
  const last = repository.split('/').at(-1) ?? ''
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  return name === '' ? type.replaceAll('_', '-') : name
}

function formatOf(config: ConfigReader): NumberFormat | undefined {
  const method = config.section('quantization_config')?.text('quant_method')
  if (method === 'mxfp4') return 'fp4'
  if (method === 'fp8' || method === 'fbgemm_fp8') return 'fp8'
  if (method === 'awq' || method === 'gptq') return 'int4'
  const names: Readonly<Record<string, NumberFormat>> = {
    bfloat16: 'bf16',
    float16: 'fp16',
    float32: 'fp32',
    float8_e4m3fn: 'fp8',
  }
  const field = config.text('torch_dtype') === undefined ? 'dtype' : 'torch_dtype'
  const given = config.text(field)?.replace(/^torch\./, '')
  if (given === undefined || given === 'auto') return undefined
  const format = Object.hasOwn(names, given)
    ? names[given]
    : numberFormats.find((each) => each === given)
  if (format !== undefined) return format
  const accepted = [...Object.keys(names), ...numberFormats].join(', ')
  throw config.refusal(field, 'is no format of weights that is known', given, accepted)
}
