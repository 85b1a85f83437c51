import { darkDrawingRules, tones, type Tone } from './palette.js'

const page: Readonly<Record<string, Tone>> = {
  text: tones.text,
  muted: tones.muted,
  line: tones.grid,
  ground: { light: '#ffffff', dark: tones.surface.dark },
  raised: { light: '#f6f8fa', dark: '#1f2530' },
  link: { light: '#00568c', dark: '#7cc0f8' },
  better: { light: '#00694f', dark: '#3fcfa0' },
  worse: { light: '#a34100', dark: '#ff9a52' },
}

function variables(ground: keyof Tone): string {
  return Object.entries(page)
    .map(([name, tone]) => `--${name}:${tone[ground]};`)
    .join('')
}

/** The style sheet of a page. It names no font and no picture that would have to be fetched. */
export const pageStyle: string = `
:root{color-scheme:light dark;${variables('light')}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
body>*{max-width:76rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,2.5rem)}
h1,h2,h3{line-height:1.2;text-wrap:balance;overflow-wrap:anywhere;margin:0}
h1{font-size:clamp(1.6rem,1.1rem + 2.2vw,2.5rem);font-weight:700;letter-spacing:-.022em}
h2{font-size:1.4rem;font-weight:650;letter-spacing:-.012em}
h3{font-size:1.0625rem;font-weight:650}
p{margin:0;max-width:46rem}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:.5rem;width:auto;background:var(--ground);padding:.4rem .8rem;z-index:1}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header{padding-block:clamp(2rem,5vw,3.5rem) 1.5rem}
.kicker{font-size:.8125rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--muted);margin-bottom:.75rem}
.lede{margin-top:.75rem;color:var(--muted);font-size:1.0625rem;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1.5rem 0 0;padding:0}
nav a{display:inline-block;padding-block:.25rem;font-size:.9375rem}
section{padding-block:2.25rem;border-top:1px solid var(--line)}
section>h2+*{margin-top:.4rem}section>h2+.cards,section>h2+.notes,section>h2+.verdict{margin-top:1.25rem}
.intro{color:var(--muted)}
.notes{margin:0 0 1.75rem;padding:.85rem 1.1rem;background:var(--raised);border-left:4px solid var(--worse);border-radius:0 4px 4px 0}
.notes ul{margin:.3rem 0 0;padding-left:1.2rem}
.verdict{margin:0 0 1.75rem}
.verdict div{padding-block:.15rem}
.verdict dt,.verdict dd{display:inline;margin:0}
.verdict dd{color:var(--muted)}
.verdict .stable{color:var(--better)}
.verdict .backlogged,.verdict .overloaded{color:var(--worse)}
data{white-space:nowrap}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,9.5rem),1fr));gap:1.75rem 1.25rem;margin:0}
.cards>div{border-top:3px solid var(--line);padding-top:.65rem}
.cards dt{font-size:.875rem;color:var(--muted)}
.cards dd{margin:0}
.cards .value{font-size:clamp(1.35rem,1.15rem + .8vw,1.65rem);font-weight:650;letter-spacing:-.02em;line-height:1.25;font-variant-numeric:tabular-nums;white-space:nowrap}
.cards .unit{font-size:.875rem;font-weight:500;letter-spacing:0;color:var(--muted)}
.cards .more{font-size:.875rem;color:var(--muted);font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:2.75rem 2.5rem;margin-top:1.75rem}
figure{margin:0;min-width:0;container-type:inline-size}
figcaption p{font-size:.9375rem;color:var(--muted);margin:.25rem 0 .75rem;overflow-wrap:anywhere}
.plot svg{display:block;width:100%;height:auto;font-family:inherit}
.narrow{display:none}
@container (max-width:26rem){.wide{display:none}.narrow{display:block}}
.missing{color:var(--muted);font-size:.9375rem;margin-top:1.25rem}
.missing dt{font-weight:600;color:var(--text);display:inline}
.missing dd{display:inline;margin:0}
details{margin-top:.75rem;font-size:.9375rem}
summary{cursor:pointer;width:fit-content;color:var(--link);padding-block:.15rem}
.scroll{overflow-x:auto;max-height:26rem;overflow-y:auto;margin-top:.6rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.4rem}
th,td{padding:.4rem .9rem .4rem 0;text-align:right;vertical-align:baseline;border-bottom:1px solid var(--line)}
th:first-child,.text td,.text th{text-align:left}
td{white-space:nowrap}
.text td{white-space:normal;overflow-wrap:anywhere;min-width:8rem}
thead th{color:var(--muted);font-weight:550;font-size:.875rem}
tbody th{font-weight:500}
.scroll thead th{position:sticky;top:0;background:var(--ground)}
th small,td small{display:block;font-size:.8125rem;color:var(--muted);font-weight:400}
td small.better{color:var(--better)}
td small.worse{color:var(--worse)}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.tables{display:grid;grid-template-columns:minmax(0,1fr);gap:2rem;margin-top:1.75rem}
footer{padding-block:1.5rem 3rem;border-top:1px solid var(--line);color:var(--muted);font-size:.875rem}
footer p{max-width:none;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){:root{${variables('dark')}}${darkDrawingRules('.plot ')}}
@media print{nav,.skip,details:not([open]){display:none}figure,.cards>div{break-inside:avoid}body>*{max-width:none}}
`.replace(/\n/g, '')
