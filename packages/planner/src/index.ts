export * from './evaluate-all.js'
export * from './executor.js'
