export * from './simulate.js'
