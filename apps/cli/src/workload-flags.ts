import { group, integer, number, text, window, type ScenarioFlag } from './flag-rows.js'

const openLoop = [
  'workload.arrival_rate',
  'workload.arrival_process',
  'workload.cv',
  'workload.load',
]
const sharedPrefixes = ['workload.shared_prefix_length', 'workload.num_shared_prefixes']
const drawnLengths = [
  'workload.classes',
  'workload.joint_lengths',
  'workload.input_lengths',
  'workload.output_lengths',
  'workload.sessions',
  'workload.tenants',
  'workload.avg_input_length',
  'workload.input_length_std',
  'workload.avg_output_length',
  'workload.output_length_std',
  'workload.length_distribution',
]

/** Flags of the traffic. */
export const workloadFlags: readonly ScenarioFlag[] = group('Workload:', [
  number(
    '--avg-input-length TOKENS',
    'workload.avg_input_length',
    'mean prompt length (default: 1024)',
  ),
  integer(
    '--max-input-length TOKENS',
    'workload.max_input_length',
    'longest prompt (default: 8 times the mean, within the context of the model)',
  ),
  number(
    '--avg-output-length TOKENS',
    'workload.avg_output_length',
    'mean output length (default: 256)',
  ),
  integer(
    '--max-output-length TOKENS',
    'workload.max_output_length',
    'longest output (default: 8 times the mean, within the context of the model)',
  ),
  number(
    '--input-length-std TOKENS',
    'workload.input_length_std',
    'standard deviation of the prompt length (default: half the mean)',
  ),
  number(
    '--output-length-std TOKENS',
    'workload.output_length_std',
    'standard deviation of the output length (default: half the mean)',
  ),
  text(
    '--length-distribution NAME',
    'workload.length_distribution',
    'fixed, uniform, normal, lognormal or zipf (default: lognormal)',
  ),
  number('--arrival-rate RATE', 'workload.arrival_rate', 'requests per second (default: 1)', [
    'workload.concurrency',
    'workload.trace',
  ]),
  text(
    '--arrival-process NAME',
    'workload.arrival_process',
    'poisson, gamma, weibull or constant (default: poisson)',
    ['workload.concurrency', 'workload.trace'],
  ),
  number(
    '--cv CV',
    'workload.cv',
    'coefficient of variation of the gaps of gamma and weibull arrivals',
  ),
  integer(
    '--concurrency N',
    'workload.concurrency',
    'closed loop: requests in the system at any time, in place of a rate',
    openLoop,
  ),
  number(
    '--output-prediction-error SHARE',
    'workload.output_prediction_error',
    'relative error of the output lengths that a scheduler is told (default: it is told none)',
  ),
  integer(
    '--shared-prefix-length TOKENS',
    'workload.shared_prefix_length',
    'tokens with which prompts begin alike, for --enable-prefix-caching',
  ),
  integer(
    '--num-shared-prefixes N',
    'workload.num_shared_prefixes',
    'different beginnings (default: 1)',
  ),
  integer(
    '--num-adapters N',
    'workload.adapters.number',
    'different LoRA adapters of the requests, for --max-loras (default: none)',
  ),
  number(
    '--adapter-zipf S',
    'workload.adapters.zipf_exponent',
    'popularity of the adapters: shares in proportion to k^-S (default: 0)',
  ),
  integer(
    '--images-per-request N',
    'workload.images.per_request',
    'images in front of the text of each prompt (default: none)',
  ),
  number(
    '--client-timeout S',
    'workload.client.timeout_s',
    'a client gives up a request after so long (default: never)',
  ),
  integer(
    '--client-retries N',
    'workload.client.max_retries',
    'a client sends a request so often again that was refused or took too long (default: 0)',
  ),
  integer('--num-requests N', 'workload.num_requests', 'requests at most'),
  text(
    '--trace FILE',
    'workload.trace',
    'trace to replay: Azure, Vidur, Mooncake, BurstGPT and others, told by their header or keys',
    [...openLoop, ...drawnLengths, ...sharedPrefixes],
  ),
  window('--window FROM..TO', 'workload.window_s', 'only these seconds of the trace'),
  number('--speed FACTOR', 'workload.speed', 'replay the trace so many times as fast'),
  number('--rate-scale FACTOR', 'workload.rate_scale', 'requests in place of each of the trace'),
  number(
    '--spread-ticks S',
    'workload.spread_ticks_s',
    'spread requests of the trace that share a time over so many seconds',
  ),
  integer(
    '--max-total-length TOKENS',
    'workload.max_total_length',
    'longest prompt and output together, of a trace or of the calls of sessions',
  ),
  text(
    '--over-long WHAT',
    'workload.over_long',
    'cut over-long requests of the trace, or drop them (default: cut)',
  ),
])
