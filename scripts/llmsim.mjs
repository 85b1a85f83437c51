/** `npm run llmsim -- ARGS`: the command line of the working tree, built first if need be. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap, root } from './bootstrap.mjs'

bootstrap()
const bin = path.join(root, 'apps/cli/dist/bin.js')
// npm runs scripts at the root of the repository; paths among the arguments are meant from where
// the command was typed.
const { INIT_CWD: typedIn, npm_lifecycle_event: script } = process.env
if (typedIn !== undefined && script === 'llmsim') process.chdir(typedIn)
process.argv[1] = bin
await import(pathToFileURL(bin).href)
