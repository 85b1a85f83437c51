/** What the help of each command ends with. */
export const examples: Readonly<Record<string, string>> & { readonly program: string } = {
  program: `
Examples:
  llmsim --model llama2-70b --xpu mi300x --tp 8 --arrival-rate 5 --duration 500 --warm-up 60
  llmsim --config scenario.yaml --arrival-rate 8 --output results.json
  llmsim compare --xpu h100,h200,mi300x --model llama3-70b --tp 4 --arrival-rate 5
  llmsim estimate --model llama3-70b --xpu h100 --tp 4 --batch-size 64
`,
  run: `
Examples:
  llmsim run --model llama2-70b --xpu mi300x --n-xpus-per-node 8 --tp 8 --arrival-rate 5
  llmsim run --model llama3-70b --xpu h100 --tp 4 --concurrency 64 --num-requests 2000
  llmsim run --model llama3-70b --xpu h100 --tp 4 --trace trace.csv --slo-ttft 500
  llmsim run --model llama2-70b --disaggregated \\
    --prefill-xpu a100-80gb --prefill-n-xpus 4 --prefill-tp 4 \\
    --decode-xpu mi300x --decode-n-xpus 8 --decode-tp 8 --transfer-bandwidth 400
  llmsim run --config results.json --set scheduler.watermark=0.05

A relative path in a scenario file starts from the folder of the file, or else from the current one.
`,
  estimate: `
Examples:
  llmsim estimate --model llama3-70b --xpu h100 --tp 4 --batch-size 64 --context-length 2048
  llmsim estimate --config scenario.yaml --format json

TIME, FLOP, MEMORY and SENT are those of one device.
`,
  compare: `
Examples:
  llmsim compare --xpu h100,h200,mi300x --model llama3-70b --tp 4 --arrival-rate 5
  llmsim compare aggregated.yaml disaggregated.yaml --arrival-rate 8
`,
  sweep: `
Examples:
  llmsim sweep --model llama3-8b --xpu h100 --vary arrival-rate=1..10:1 --vary tp=1,2
  llmsim sweep study.yaml --samples 256 --output points.csv --output points.html
  llmsim sweep study.yaml --journal points.jsonl --resume
  llmsim sweep study.yaml --shard 3/8 --journal part-3.jsonl
`,
  capacity: `
Examples:
  llmsim capacity --model llama3-70b --xpu h100 --tp 8 --slo-ttft p99=1s --slo-tpot p95=50ms
  llmsim capacity scenario.yaml --of concurrency --slo-e2e p99=10s --replications 9
`,
  optimize: `
Examples:
  llmsim optimize --model llama3.1-70b --accelerators h100,h200,b200,mi300x --max-devices 16 \\
    --arrival-rate 10 --slo-ttft p99=1s --slo-tpot p99=50ms
  llmsim optimize traffic.yaml --accelerators h100,l40s --objective cost,ttft --max-price 40
`,
  worker: `
Example:
  llmsim worker --redis redis://queue.example:6379
`,
  merge: `
Example:
  llmsim merge part-*.jsonl --output points.csv
`,
  models: `
Examples:
  llmsim models
  llmsim models llama2-70b --json
`,
  hardware: `
Examples:
  llmsim hardware
  llmsim hardware mi300x
  llmsim hardware --catalog ./my-chips
`,
  'catalog validate': `
Example:
  llmsim catalog validate ./my-chips
`,
  'config check': `
Examples:
  llmsim config check scenario.yaml
  llmsim config check scenario.yaml --json
`,
  'config schema': `
Example:
  llmsim config schema > scenario.schema.json
`,
  validate: `
Examples:
  llmsim validate points.csv
  llmsim validate points.csv --summary --cost-model roofline --html scatter.html
  llmsim validate points.csv --filter hardware=h100-80gb --filter engine=vllm --format json
  llmsim validate points.csv --quality

One row per configuration; the columns are in docs/accuracy.md.
`,
  'replay-check': `
Example:
  llmsim replay-check requests.jsonl --model llama3.1-8b --xpu rtx-4090 \\
    --max-num-seqs 256 --max-num-batched-tokens 2048 --num-gpu-blocks-override 2588

Each line: input_toks, output_toks, queued_ts, scheduled_ts, first_token_ts, last_token_ts (seconds).
Latencies count from queued_ts.
`,
}
