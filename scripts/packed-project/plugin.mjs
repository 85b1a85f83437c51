// A plug-in as a file: what `--plugin ./plugin.mjs` names.
export { costModels, routers, schedulers } from 'outside-policies'
