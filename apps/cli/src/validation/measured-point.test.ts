import { expect, it } from 'vitest'
import { parsePoints } from './measured-point.js'

const header = 'id,model,hardware,engine,scenario,batch,input_len,output_len,tpot_ms_mean,notes'

it('reads cells by column, blanks as absent, and passes over what it does not know', () => {
  const [point] = parsePoints(
    `${header},weather\nA,llama3-8b,h100,vllm,static,4,128,16,,"a, b",fair\n\n`,
    'p.csv',
  )
  expect(point).toMatchObject({ id: 'A', batch: 4, input_len: 128, tp: 1, dp: 1, notes: 'a, b' })
  expect(point?.tpot_ms_mean).toBeUndefined()
  expect(point).not.toHaveProperty('weather')
})

it.each([
  ['a column that is missing', 'id,model\nA,b', 'p.csv: has no column hardware'],
  [
    'a cell that is no number',
    `${header}\nA,m,h,e,static,4,128,16,1,\nB,m,h,e,static,4,x,16,1,`,
    'p.csv: line 3: input_len',
  ],
  ['a negative figure', `${header}\nA,m,h,e,static,4,128,16,-1,`, 'p.csv: line 2: tpot_ms_mean'],
  ['an unknown scenario', `${header}\nA,m,h,e,batch,4,128,16,1,`, 'p.csv: line 2: scenario'],
  ['a required cell that is blank', `${header}\nA,,h,e,static,4,128,16,1,`, 'line 2: model'],
  ['a row that is too short', `${header}\nA,m,h`, 'p.csv: line 2: has 3 cells'],
  [
    'an id that appears twice',
    `${header}\nA,m,h,e,static,4,1,1,1,\nA,m,h,e,static,4,1,1,1,`,
    'p.csv: line 3: id: appears twice',
  ],
  [
    'a row behind a cell of two lines',
    `${header}\nA,m,h,e,static,4,1,1,1,"a\nb"\nB,m,h,e,static,4,z,1,1,`,
    'p.csv: line 4: input_len',
  ],
])('refuses %s with its line and column', (_what, csv, message) => {
  expect(() => parsePoints(csv, 'p.csv')).toThrow(message)
})
