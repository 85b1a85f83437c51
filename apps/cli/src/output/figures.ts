/** How the terminal writes numbers: as the report does. */
export {
  countText as count,
  dollarsText as dollars,
  durationText as duration,
  figureText as figure,
  percentText as percent,
  prefixedText as prefixed,
} from '@llmsim/metrics'
