export * from './node/open-trace.js'
export { readTrace } from './node/trace-file.js'
