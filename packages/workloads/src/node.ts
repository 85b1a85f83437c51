export { readTrace } from './node/trace-file.js'
