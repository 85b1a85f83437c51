/** A colour on light and on dark ground. */
export interface Tone {
  readonly light: string
  readonly dark: string
}

/**
 * Told apart with every kind of colour blindness: the hues of Okabe and Ito (Color Universal Design,
 * 2008), darkened on white and lightened on black until text in them has a contrast of 4.5.
 */
export const seriesTones: readonly Tone[] = [
  { light: '#0068a8', dark: '#63b3f5' },
  { light: '#b84a00', dark: '#ff9a52' },
  { light: '#00785a', dark: '#3fcfa0' },
  { light: '#a03d7c', dark: '#ec96c8' },
  { light: '#7d5a00', dark: '#e8b93e' },
  { light: '#0f7390', dark: '#6fd3ee' },
  { light: '#5b52b5', dark: '#b3acff' },
  { light: '#59616d', dark: '#b6bfcc' },
]

type ToneName = 'text' | 'muted' | 'axis' | 'grid' | 'surface' | 'onSeries' | 'idle' | 'band'

/** What is no series. The names say what each is for. */
export const tones: Readonly<Record<ToneName, Tone>> = {
  text: { light: '#1b2230', dark: '#e8ecf2' },
  muted: { light: '#55606f', dark: '#a5b0bf' },
  axis: { light: '#9aa4b2', dark: '#5d6775' },
  grid: { light: '#e4e8ee', dark: '#2b323d' },
  surface: { light: '#fffffe', dark: '#171c24' },
  onSeries: { light: '#fefeff', dark: '#10141a' },
  idle: { light: '#dde2e9', dark: '#343c48' },
  band: { light: '#f2f4f7', dark: '#1e242d' },
}

/** The colour of a series in a drawing; a dark page changes it by its style sheet. */
export function seriesColor(index: number): string {
  return seriesTones[index % seriesTones.length]!.light
}

/** How the lines of a series are broken, so that no reader depends on colour alone. */
export function seriesDash(index: number): 'solid' | number[] {
  return [undefined, [7, 4], [2, 3], [10, 3, 2, 3]][index % 4] ?? 'solid'
}

/**
 * Rules that turn the colours of drawings into those for dark ground.
 *
 * @param scope selector of the drawings, with a space behind it; empty for a drawing of its own.
 */
export function darkDrawingRules(scope: string): string {
  return [...seriesTones, ...Object.values(tones)]
    .map(
      ({ light, dark }) =>
        `${scope}[fill="${light}"]{fill:${dark}}${scope}[stroke="${light}"]{stroke:${dark}}`,
    )
    .join('')
}
